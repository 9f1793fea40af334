import {execFile} from "node:child_process";
import {existsSync} from "node:fs";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {promisify} from "node:util";
import {formatCount, formatRows} from "../../loaders/format.js";
import {measured} from "../../loaders/cloud/harbour.js";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {transactionsShown} from "../../loaders/site/details.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Effects, Resource} from "../../loaders/types.js";
import {Pond} from "../../pond/pond.js";
import {identifier} from "../../pond/duck.js";

/**
 * A network of DEVICES instruments (200) with YEARS of history (5) collected into one pond, every night for NIGHTS (365),
 * and maintained as the nightly workflow does: `npm run bench:network`. What a night costs in a month beside the first
 * one is what matters; a night opens the pond, collects, reads the log as publishing does, and tidies up. After MINUTES
 * (9) no further night begins. With APART=1 each night is a process of its own, as in a deployment, whose start is not
 * counted; otherwise one process lives through all of them, which shows what it does not give back.
 */

const devices = Number(process.env.DEVICES ?? 200);
const years = Number(process.env.YEARS ?? 5);
const nights = Number(process.env.NIGHTS ?? 365);
const minutes = Number(process.env.MINUTES ?? 9);
const isApart = process.env.APART === "1";

const day = 86_400_000;
const start = Date.parse("2026-01-01T03:00:00Z");
const begin = start - years * 365 * day;
const interval = 15 * 60_000;

const simulator = kinds.find(({name}) => name === "Simulator")!;
const sites = Array.from({length: Math.ceil(devices / 2)}, (_, index) => ({
  name: `s${index}`,
  depth: 4 + (index % 7),
  river: (index % 10) / 10,
  shelter: (index % 3) / 3
}));
const source = {into: "/instruments", from: new Date(begin).toISOString(), sites};
const origin = {file: "/resources.yaml", line: 1, column: 1};
const resources: readonly Resource[] = [
  {kind: "Simulator", name: "network", description: "", spec: simulator.schema.parse(source), source, place: origin}
];

function effectsAt(now: number): Effects {
  return {now: () => now, env: {}, reporter: silent};
}

function openAt(directory: string, now: number): Promise<Pond> {
  return Pond.open(directory, {create: true, dynamic: dynamicFactories(), effects: {now: () => now}});
}

/** Years of readings at once, as a collector would have stored them that began with a full history. */
async function loadHistory(directory: string): Promise<void> {
  const pond = await openAt(directory, start - day);
  const rows = Math.floor((start - day - begin) / interval);
  const columns = measured.map(({parameter, unit}) => ({name: `${parameter}.${unit}`, attributes: {parameter, unit}}));
  for (const [index, name] of sites.flatMap((site) => [`${site.name}-surface`, `${site.name}-bottom`]).entries()) {
    const values = columns.map(
      (column, i) => `round(10 + 5 * sin(i / 96.0 + ${index + i}), 2) AS ${identifier(column.name)}`
    );
    const sql = `SELECT make_timestamptz(${begin * 1000} + i * ${interval * 1000}) AS timestamp, ${values.join(", ")} FROM range(${rows}) AS t(i)`;
    const attributes = {instrument: name};
    await pond.transaction({command: "bench"}, (tx) =>
      tx.append(`/instruments/${name}`, {sql: [sql], columns}, {parents: true, attributes})
    );
  }
  await pond.close();
}

interface Night {
  readonly collect: number; // seconds, from opening the pond to its last transaction
  readonly maintain: number;
  readonly heap: number; // MB, after garbage was collected
  readonly resident: number; // MB
  readonly stored: number;
}

async function spend(directory: string, now: number): Promise<Night> {
  const began = performance.now();
  const pond = await openAt(directory, now);
  const {rows, failed} = await run(pond, resources, effectsAt(now));
  if (failed) throw new Error(JSON.stringify(rows));
  await pond.log({limit: transactionsShown});
  const collected = performance.now();
  await pond.maintain();
  const maintained = performance.now();
  await pond.close();
  globalThis.gc?.();
  const {heapUsed, arrayBuffers, rss} = process.memoryUsage();
  return {
    collect: (collected - began) / 1000,
    maintain: (maintained - collected) / 1000,
    heap: (heapUsed + arrayBuffers) / 1e6,
    resident: (isApart ? process.resourceUsage().maxRSS * 1024 : rss) / 1e6,
    stored: rows.reduce((sum, row) => sum + row.stored, 0)
  };
}

async function spendApart(directory: string, now: number): Promise<Night> {
  const self = join(import.meta.dirname, "network.ts");
  const args = ["--import", "tsx", "--expose-gc", self, directory, String(now)];
  const {stdout} = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Night;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

/** Maintenance does more on some nights than on others, so a month's is told by its mean. */
function monthsOf(all: readonly Night[]): Record<string, unknown>[] {
  const length = Math.max(1, Math.round(all.length / 12));
  const months = Array.from({length: Math.ceil(all.length / length)}, (_, i) =>
    all.slice(i * length, (i + 1) * length)
  );
  const costOf = (month: readonly Night[]) => mean(month.map(({collect, maintain}) => collect + maintain));
  return months
    .filter((month) => month.length === length)
    .map((month, index) => ({
      month: index + 1,
      collect: median(month.map(({collect}) => collect)).toFixed(3),
      maintain: mean(month.map(({maintain}) => maintain)).toFixed(3),
      "a night": costOf(month).toFixed(3),
      "to the first": (costOf(month) / costOf(months[0]!)).toFixed(2),
      "heap MB": formatCount(Math.round(median(month.map(({heap}) => heap)))),
      "resident MB": formatCount(Math.round(Math.max(...month.map(({resident}) => resident)))),
      stored: formatCount(month.reduce((sum, {stored}) => sum + stored, 0))
    }));
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  const all: Night[] = [];
  try {
    const pond = join(directory, "pond");
    const began = performance.now();
    await loadHistory(pond);
    const history = (performance.now() - began) / 1000;
    for (let night = 0; night < nights && performance.now() - began < minutes * 60_000; night++) {
      all.push(await (isApart ? spendApart : spend)(pond, start + night * day));
      if (process.stderr.isTTY) process.stderr.write(`\rnight ${night + 1} of ${nights}`);
    }
    const told = `${devices} instruments, ${years} years loaded in ${history.toFixed(0)} s, then ${all.length} nights; seconds.`;
    process.stdout.write(`${told}\n${formatRows(monthsOf(all), "table")}\n`);
  } finally {
    if (existsSync(directory)) await rm(directory, {recursive: true});
  }
}

const [place, now] = process.argv.slice(2);
if (place === undefined) await main();
else process.stdout.write(JSON.stringify(await spend(place, Number(now))));
process.exit(0);
