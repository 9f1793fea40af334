import {execFile} from "node:child_process";
import {mkdtemp, rm, stat} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {promisify} from "node:util";
import {formatCount, formatRows} from "../../loaders/format.js";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Resource} from "../../loaders/types.js";
import {Duck, literal} from "../../pond/duck.js";
import {Pond} from "../../pond/pond.js";

/**
 * What it costs to take a file into a series, beside DuckDB's COPY of the same file to Parquet with the same options,
 * in turn in the same run; and the most memory that each takes, for two sizes: `npm run bench:inbox`. Each
 * measurement is a process of its own, so that none has what another left. ROWS (of the larger), COLUMNS and ROUNDS
 * may be set, and with SIZE one file of so many GB is taken alone, once: CSV, or with ENDING=parquet Parquet; these
 * figures are for comparing, since the machine decides what they are.
 */

const rows = Number(process.env.ROWS ?? 4_000_000);
const columns = Number(process.env.COLUMNS ?? 20);
const rounds = Number(process.env.ROUNDS ?? 3);
const sizes = [Math.round(rows / 4), rows];
const gigabytes = Number(process.env.SIZE ?? 0);
const ending = process.env.ENDING ?? "csv";

interface Measured {
  readonly seconds: number;
  readonly processor: number; // seconds of all cores, which tell more than the clock where others share the machine
  readonly megabytes: number; // the most that the process had resident
}

/** A second a row, values with three decimals as instruments write them. */
async function makeFile(file: string, count: number): Promise<void> {
  const duck = new Duck();
  const values = Array.from(
    {length: columns},
    (_, index) => `round(10 + 5 * sin(i / 1440.0 + ${index}) + random(), 3) AS "P${index}.mg/L"`
  );
  const time = "make_timestamp(1262304000000000 + i * 1000000)";
  const options = file.endsWith(".csv") ? {FORMAT: "csv", HEADER: true} : undefined;
  await duck.copy(`SELECT ${time} AS timestamp, ${values.join(", ")} FROM range(${count}) AS t(i)`, file, options);
  await duck.close();
}

/** In the process of its own: takes the file one way or the other and prints what that cost. */
async function measure(way: string, file: string, directory: string): Promise<void> {
  const work = way === "copy" ? await copying(file, directory) : await taking(file, directory);
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const {user, system} = process.cpuUsage(before);
  const measured: Measured = {
    seconds: (performance.now() - began) / 1000,
    processor: (user + system) / 1e6,
    megabytes: process.resourceUsage().maxRSS / 1024
  };
  process.stdout.write(JSON.stringify(measured));
}

async function copying(file: string, directory: string): Promise<() => Promise<number>> {
  const duck = new Duck({spill: join(directory, "spill")});
  return () => duck.copy(`SELECT * FROM ${literal(file)}`, join(directory, "copy.parquet"));
}

async function taking(file: string, directory: string): Promise<() => Promise<void>> {
  const pond = await Pond.open(join(directory, "pond"), {create: true, dynamic: dynamicFactories()});
  const {schema} = kinds.find(({name}) => name === "Inbox")!;
  const source = {files: file, into: "/bench"};
  const place = {file: join(directory, "resources.yaml"), line: 1, column: 1};
  const resource: Resource = {kind: "Inbox", name: "bench", description: "", spec: schema.parse(source), source, place};
  return async () => {
    const {rows: told} = await run(pond, [resource], {now: Date.now, env: {}, reporter: silent});
    if (told[0]!.errors.length > 0 || told[0]!.stored !== told[0]!.read) throw new Error(JSON.stringify(told));
  };
}

async function inProcess(way: string, file: string): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const self = join(import.meta.dirname, "inbox.ts");
    const {stdout} = await promisify(execFile)(process.execPath, ["--import", "tsx", self, way, file, directory]);
    return JSON.parse(stdout) as Measured;
  } finally {
    await rm(directory, {recursive: true});
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

async function compare(file: string, count: number, times = rounds): Promise<Record<string, unknown>> {
  const [copies, takes]: [Measured[], Measured[]] = [[], []];
  for (let round = 0; round < times; round++) {
    copies.push(await inProcess("copy", file));
    takes.push(await inProcess("take", file));
  }
  const of = (all: readonly Measured[], pick: (one: Measured) => number) => median(all.map(pick));
  const ratio = (pick: (one: Measured) => number) => (of(takes, pick) / of(copies, pick)).toFixed(2);
  const most = (all: readonly Measured[]) => formatCount(Math.round(Math.max(...all.map(({megabytes}) => megabytes))));
  return {
    file: file.slice(file.lastIndexOf(".") + 1),
    rows: formatCount(count),
    MB: formatCount(Math.round((await stat(file)).size / 1e6)),
    seconds: of(takes, ({seconds}) => seconds).toFixed(2),
    "COPY's": of(copies, ({seconds}) => seconds).toFixed(2),
    ratio: ratio(({seconds}) => seconds),
    "ratio of processor time": ratio(({processor}) => processor),
    "peak MB": most(takes),
    "COPY's peak": most(copies)
  };
}

/** One file of so many bytes, once: what matters is that its memory is that of a small one. */
async function compareLarge(directory: string): Promise<Record<string, unknown>> {
  const [sample, file] = [join(directory, `sample.${ending}`), join(directory, `large.${ending}`)];
  await makeFile(sample, 122_880); // a group of rows of Parquet
  const count = Math.round((gigabytes * 1e9 * 122_880) / (await stat(sample)).size);
  await makeFile(file, count);
  return compare(file, count, 1);
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  const told: Record<string, unknown>[] = [];
  try {
    if (gigabytes > 0) told.push(await compareLarge(directory));
    for (const ending of gigabytes > 0 ? [] : ["csv", "parquet"])
      for (const count of sizes) {
        const file = join(directory, `${count}.${ending}`);
        await makeFile(file, count);
        told.push(await compare(file, count));
        await rm(file);
      }
  } finally {
    await rm(directory, {recursive: true});
  }
  process.stdout.write(
    `Medians of ${gigabytes > 0 ? 1 : rounds} rounds, ${columns} columns.\n${formatRows(told, "table")}\n`
  );
}

const [way, file, directory] = process.argv.slice(2);
if (way === undefined) await main();
else await measure(way, file!, directory!);
process.exit(0);
