import {execFile} from "node:child_process";
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join, relative} from "node:path";
import process from "node:process";
import {promisify} from "node:util";
import {stringify} from "yaml";
import {formatCount, formatRows} from "../../loaders/format.js";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {publish} from "../../loaders/site/publish.js";
import {datasetsOf} from "../../loaders/series/dataset.js";
import {reductionOf, type ReduceSpec} from "../../loaders/kinds/reduce.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Effects, Resource} from "../../loaders/types.js";
import {sync} from "../../pond/disk.js";
import {Pond} from "../../pond/pond.js";
import {Duck, identifier, literal} from "../../pond/duck.js";

/**
 * What a full reduce to five resolutions costs beside SQL by hand that makes the finest alone, of the same readings in
 * the same pond, in turn; and what one more day, one old day restated, and nothing new cost beside that:
 * `npm run bench:reduce`. Beside that, what many datasets cost that come for the first time, and night by night. YEARS (0:
 * many datasets alone), COLUMNS, ROUNDS and NIGHTS may be set; a reading a minute. New days are four days apart, so that
 * eight of them are from all over a month, and old ones five weeks, from three years ago on. Each round is a process of its
 * own, so that none has what another left. The figures are for comparing, since the machine decides what they are.
 */

const years = Number(process.env.YEARS ?? 10);
const count = Number(process.env.COLUMNS ?? 20);
const rounds = Number(process.env.ROUNDS ?? 3);
const nights = Number(process.env.NIGHTS ?? 8);
const stride = 4; // days from one new day that is measured to the next
const datasets = 100;
const minute = 60e6;
const day = 1440 * minute;
const first = Date.parse("2015-01-01T00:00Z") * 1000;
const effects: Effects = {now: () => Date.parse("2026-01-01T00:00Z"), env: {}, reporter: silent};

const names = Array.from({length: count}, (_, index) => `P${index}.mg/L`);

function resource(kind: string, name: string, source: unknown): Resource {
  const {schema} = kinds.find((one) => one.name === kind)!;
  const place = {file: "/resources.yaml", line: 1, column: 1};
  return {kind, name, description: "", spec: schema.parse(source), source, place};
}

const reduce = resource("Reduce", "all", {
  input: "/in/*",
  output: "/reduced/$0",
  resolutions: ["10m", "1h", "6h", "24h", "7d"]
});

/** Days of readings, stored as one transaction stores them. */
async function store(pond: Pond, from: number, days: number): Promise<void> {
  const values = names.map(
    (name, index) => `round(10 + 5 * sin(i / 1440.0 + ${index}) + random(), 3) AS ${identifier(name)}`
  );
  const select = (begin: number, length: number) =>
    `SELECT make_timestamptz(${first + begin * day} + i * ${minute}) AS timestamp, ${values.join(", ")} FROM range(${length * 1440}) AS t(i)`;
  const sql: string[] = [];
  for (let begin = from; begin < from + days; begin += 365) sql.push(select(begin, Math.min(365, from + days - begin)));
  const columns = names.map((name) => ({name, attributes: {parameter: name.split(".")[0]!, unit: "mg/L"}}));
  await pond.transaction({command: "bench"}, (tx) => tx.append("/in/site", {sql, columns}, {parents: true}));
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Every bin of every resolution, from the newest snapshot. */
async function reduceAll(pond: Pond): Promise<void> {
  const fs = await pond.fs();
  const spec = reduce.spec as ReduceSpec;
  for (const dataset of await datasetsOf(spec, fs)) {
    const reduction = await reductionOf(spec, dataset, {fs, cache: pond.cache});
    for (const level of await reduction.levels()) await reduction.build(level);
  }
}

async function publishAll(pond: Pond, directory: string): Promise<void> {
  const [fs, commits] = [await pond.fs(), await pond.log()];
  await publish({fs, commits, resources: [reduce], effects, cache: pond.cache, directory});
}

/** The finest resolution as one would write it by hand, on all cores, into one file. */
async function byHand(pond: Pond, duck: Duck, target: string): Promise<number> {
  const told = names.flatMap((name) =>
    ["avg", "min", "max", "count"].map((call) => `${call}(${identifier(name)}) AS ${identifier(`${name}.${call}`)}`)
  );
  const relation = await (await (await pond.fs()).series("/in/site")).relation();
  const sql = `SELECT time_bucket(INTERVAL 10 MINUTE, timestamp) AS bin, ${told.join(", ")} FROM ${relation} GROUP BY bin ORDER BY bin`;
  return secondsOf(() => duck.run(`COPY (${sql}) TO ${literal(target)}`));
}

/** What was written before is on the disk: it is to cost nothing of what is measured next, which comes a day later. */
async function written(): Promise<void> {
  await promisify(execFile)("sync");
}

type Measured = Record<string, number>;

/** In a process of its own. `way`: by hand, ours, or many datasets. */
async function measure(way: string, length: number, directory: string): Promise<Measured> {
  if (way === "network") return network(directory);
  const pond = await Pond.open(join(directory, "pond"), {create: true, dynamic: dynamicFactories(), effects});
  if (way === "nights") return nightly(directory, length);
  if (way === "store") {
    await store(pond, 0, length * 365);
    await run(pond, [reduce], effects);
    return {};
  }
  const duck = new Duck();
  await duck.run("SELECT 1"); // the library is loaded, whoever is measured
  if (way === "hand") {
    await written();
    return {hand: await byHand(pond, duck, join(directory, "hand.parquet")), ...memory()};
  }
  const target = join(directory, "published");
  await written();
  const full = await secondsOf(() => reduceAll(pond));
  const peak = memory();
  const published = await secondsOf(() => publishAll(pond, target));
  await written();
  const took: Record<string, number[]> = {added: [], restated: [], "added published": [], "restated published": []};
  for (let night = 0; night < nights; night++) {
    const newest = length * 365 + stride * night;
    await store(pond, newest, stride - 1);
    await reduceAll(pond);
    for (const [name, from] of [
      ["added", newest + stride - 1],
      ["restated", Math.max(0, length * 365 - 1100) + 37 * night]
    ] as const) {
      await store(pond, from, 1);
      took[name]!.push(await secondsOf(() => reduceAll(pond)));
      took[`${name} published`]!.push(await secondsOf(() => publishAll(pond, target)));
    }
  }
  const next = Object.fromEntries(Object.entries(took).map(([name, seconds]) => [name, median(seconds)]));
  const nothing = await secondsOf(() => reduceAll(pond));
  return {
    full,
    published,
    ...next,
    nothing,
    "nothing published": await secondsOf(() => publishAll(pond, target)),
    ...peak
  };
}

/** A new day and an old one as nights bring them: `pond run`, each a process of its own, of all that is in a pond. */
async function nightly(directory: string, length: number): Promise<Measured> {
  const pondCommand = await commandIn(directory, join(directory, "pond"));
  const storeInto = async (from: number, days: number) => {
    const pond = await Pond.open(join(directory, "pond"), {dynamic: dynamicFactories(), effects});
    await store(pond, from, days);
    await pond.close();
    await written();
  };
  await pondCommand("run");
  const [added, restated]: [number[], number[]] = [[], []];
  for (let night = 0; night < nights; night++) {
    const newest = length * 365 + stride * night;
    await storeInto(newest, stride - 1);
    await pondCommand("run");
    await storeInto(newest + stride - 1, 1);
    added.push(await pondCommand("run"));
    await storeInto(Math.max(0, length * 365 - 1100) + 37 * night, 1);
    restated.push(await pondCommand("run"));
  }
  return {added: median(added), restated: median(restated), idle: await pondCommand("run")};
}

/** Has the command run on a pond whose only resource reduces it; gives the seconds that it takes. */
async function commandIn(directory: string, place: string): Promise<(...args: string[]) => Promise<number>> {
  const resources = join(directory, "resources");
  await mkdir(resources);
  const {kind, name, source: spec} = reduce;
  await writeFile(join(resources, "all.yaml"), stringify({apiVersion: "duckpond/v1", kind, metadata: {name}, spec}));
  const command = join(import.meta.dirname, "../../loaders/pond.js");
  return (...args) =>
    secondsOf(() =>
      promisify(execFile)(process.execPath, [command, ...args, "--pond", place, "--resources", resources])
    );
}

/**
 * As many datasets as a large network has, a year of hourly readings each: `pond run` from nothing, again without news,
 * and after each night that brought one more hour of each. Every run is a process of its own.
 */
async function network(directory: string): Promise<Measured> {
  const place = join(directory, "many");
  const pond = await Pond.open(place, {create: true, dynamic: dynamicFactories(), effects});
  const columns = names.slice(0, 4).map((name) => ({name, attributes: {parameter: name.split(".")[0]!, unit: "mg/L"}}));
  const values = (site: number) =>
    columns.map(({name}, index) => `round(10 + sin(i / 24.0 + ${index + site}), 3) AS ${identifier(name)}`);
  const sqlOf = (site: number, from: number, to: number) =>
    `SELECT make_timestamptz(${first} + i * ${60 * minute}) AS timestamp, ${values(site).join(", ")} FROM range(${from}, ${to}) AS t(i)`;
  const collect = (from: number, to: number) =>
    pond.transaction({command: "bench"}, async (tx) => {
      for (let site = 0; site < datasets; site++)
        await tx.append(`/in/site${site}`, {sql: [sqlOf(site, from, to)], columns}, {parents: true});
    });
  const pondCommand = await commandIn(directory, place);
  await pondCommand("kinds"); // the program is compiled, and what it needs of that is kept
  await collect(0, 8760);
  await written();
  const everything = await pondCommand("run");
  await written();
  const copied = await secondsOf(() => copyPlainly(join(place, "cache"), join(directory, "copied")));
  const files = (await filesBelow(join(place, "cache/published"))).length;
  const [idle, empty, night]: [number[], number[], number[]] = [[], [], []];
  for (let count = 0; count < nights; count++) {
    idle.push(await pondCommand("run"));
    empty.push(await pondCommand("kinds"));
  }
  for (let count = 0; count < nights; count++) {
    await collect(8760 + count, 8761 + count);
    await written();
    night.push(await pondCommand("run"));
  }
  await pond.close();
  return {everything, copied, files, idle: median(idle), started: median(empty), night: median(night)};
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, {recursive: true, withFileTypes: true});
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The files that a run made, read and written one by one; what it publishes is synced, as are the directories of that. */
async function copyPlainly(from: string, to: string): Promise<void> {
  const folders = new Set<string>();
  for (const file of await filesBelow(from)) {
    const copy = join(to, relative(from, file));
    await mkdir(dirname(copy), {recursive: true});
    await writeFile(copy, await readFile(file));
    if (!relative(from, file).startsWith("published")) continue;
    await sync(copy);
    folders.add(dirname(copy));
  }
  for (const folder of folders) await sync(folder);
}

function memory(): Measured {
  return {peak: process.resourceUsage().maxRSS / 1024};
}

async function inProcess(way: string, length: number, directory: string): Promise<Measured> {
  const self = join(import.meta.dirname, "reduce.ts");
  const args = ["--import", "tsx", self, way, String(length), directory];
  const {stdout} = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Measured;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

async function table(length: number): Promise<Record<string, unknown>> {
  const all: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    const directory = await mkdtemp(join(tmpdir(), "bench-"));
    await inProcess("store", length, directory);
    const hand = await inProcess("hand", length, directory);
    const ours = await inProcess("ours", length, directory);
    all.push({...ours, hand: hand.hand!});
    if ((await readdir(join(directory, "published"))).length === 0) throw new Error("nothing was published");
    await rm(directory, {recursive: true});
  }
  const of = (name: string) => median(all.map((one) => one[name]!));
  const share = (name: string) => `${((100 * of(name)) / of("full")).toFixed(1)} %`;
  const ratio = (name: string) => (of(name) / of("hand")).toFixed(2);
  return {
    years: length,
    rows: formatCount(length * 365 * 1440),
    "by hand, finest alone, s": of("hand").toFixed(2),
    "full, s": of("full").toFixed(2),
    ratio: ratio("full"),
    "publish, s": of("published").toFixed(2),
    "its ratio": ratio("published"),
    "one more day, s": of("added").toFixed(3),
    "of full": share("added"),
    "an old day, s": of("restated").toFixed(3),
    "to a new one": (of("restated") / of("added")).toFixed(2),
    "their publishing, s": `${of("added published").toFixed(3)} / ${of("restated published").toFixed(3)}`,
    "nothing, s": `${of("nothing").toFixed(3)} / ${of("nothing published").toFixed(3)}`,
    "peak MB": formatCount(Math.round(Math.max(...all.map(({peak}) => peak!))))
  };
}

async function nightsTable(): Promise<Record<string, unknown>> {
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  await inProcess("store", years, directory);
  const {added, restated, idle} = await inProcess("nights", years, directory);
  await rm(directory, {recursive: true});
  return {
    years,
    "pond run with a new day, s": added!.toFixed(2),
    "with an old day, s": restated!.toFixed(2),
    ratio: (restated! / added!).toFixed(2),
    "with nothing, s": idle!.toFixed(2)
  };
}

async function networkTable(): Promise<Record<string, unknown>> {
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  const {everything, copied, files, idle, started, night} = await inProcess("network", 1, directory);
  await rm(directory, {recursive: true});
  return {
    datasets,
    "published files": formatCount(files!),
    "first pond run, s": everything!.toFixed(2),
    "its files copied and synced, s": copied!.toFixed(2),
    ratio: (everything! / copied!).toFixed(2),
    "an hour more of each, s": night!.toFixed(2),
    "nothing new, s": idle!.toFixed(3),
    "pond kinds, s": started!.toFixed(3) // what it takes to start
  };
}

const [way, length, directory] = process.argv.slice(2);
if (way === undefined) {
  const rows = [];
  for (const one of years > 0 ? [Math.max(1, years / 10), years] : []) rows.push(await table(one));
  process.stdout.write(`Medians of ${rounds} rounds, ${count} columns.\n${formatRows(rows, "table")}\n`);
  if (years > 0) process.stdout.write(`\n${formatRows([await nightsTable()], "table")}\n`);
  process.stdout.write(`\n${formatRows([await networkTable()], "table")}\n`);
} else process.stdout.write(JSON.stringify(await measure(way, Number(length), directory!)));
process.exit(0); // the engines of the reduction stay open for the next piece of work
