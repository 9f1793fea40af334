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
 * may be set, and with SIZE one file of so many GB is taken alone, once: CSV, or with ENDING=parquet Parquet. SORTS=all,
 * or some of them with commas, takes CSVs that are not plain, and ENDINGS=jsonl,csv.gz other files (CSV and Parquet unless
 * given); what COPY leaves as it is and a series does not, its order, its zone or a row per parameter, is also done by
 * hand, by a COPY that does it. These figures are for comparing, since the machine decides
 * what they are; but where a larger file takes more memory, by a third of what it holds more, the run fails.
 */

const rows = Number(process.env.ROWS ?? 4_000_000);
const columns = Number(process.env.COLUMNS ?? 20);
const rounds = Number(process.env.ROUNDS ?? 3);
const sizes = [Math.round(rows / 4), rows];
const gigabytes = Number(process.env.SIZE ?? 0);
const ending = process.env.ENDING ?? "csv";
const endings = process.env.ENDINGS?.split(",") ?? ["csv", "parquet"];

/** CSV of which a row `i` of `n` is made otherwise than of a plain one. */
interface Sort {
  readonly time?: string; // SQL: its second
  readonly timestamp?: string; // SQL: how that is written
  readonly beside?: string; // SQL: more columns
  readonly columns?: string; // SQL: all but the timestamp
  readonly options?: string; // of COPY
  readonly spec?: object; // of the inbox
  readonly byHand?: string; // SQL: what COPY makes of `f`, the file, where it is to be what the series holds
}

const zone = "America/Los_Angeles";
const byTime = "SELECT * FROM f ORDER BY timestamp";
const lastOfTime = "SELECT timestamp, last(COLUMNS(* EXCLUDE timestamp)) FROM f GROUP BY timestamp ORDER BY timestamp";
const sorts: Readonly<Record<string, Sort>> = {
  falling: {time: "n - i", byHand: byTime},
  late: {time: "i - CASE WHEN i % 1000 = 7 THEN 60 ELSE 0 END", byHand: lastOfTime},
  twice: {time: "i - CASE WHEN i % 1000 = 7 THEN 1 ELSE 0 END", byHand: lastOfTime},
  shuffled: {time: "(i * 7919) % n", byHand: byTime},
  local: {
    timestamp: `timezone('${zone}', make_timestamptz(epoch_us(t)))`,
    spec: {timeZone: zone},
    byHand: `SELECT timezone('${zone}', timestamp) AS timestamp, * EXCLUDE timestamp FROM f`
  },
  "day first": {timestamp: "strftime(t, '%d/%m/%Y %H:%M:%S')", spec: {timeFormat: "%d/%m/%Y %H:%M:%S"}},
  text: {beside: `'River Pier' AS Station, CASE WHEN i % 5000 = 9 THEN 'n/a' ELSE '8.1' END AS "pH"`},
  quoted: {options: ", FORCE_QUOTE *"},
  long: {
    time: "i // 20",
    columns: "'P' || i % 20 AS parameter, 'mg/L' AS unit, i % 997 / 10 AS value",
    byHand: "FROM (PIVOT f ON parameter USING max(value) GROUP BY timestamp) ORDER BY timestamp"
  }
};
const chosen = process.env.SORTS === "all" ? Object.keys(sorts) : (process.env.SORTS?.split(",") ?? []);

interface Measured {
  readonly seconds: number;
  readonly processor: number; // seconds of all cores, which tell more than the clock where others share the machine
  readonly megabytes: number; // the most that the process had resident
}

/** A second a row, values with three decimals as instruments write them. */
async function makeFile(file: string, count: number, sort: Sort = {}): Promise<void> {
  const duck = new Duck();
  const values = Array.from(
    {length: columns},
    (_, index) => `round(10 + 5 * sin(i / 1440.0 + ${index}) + random(), 3) AS "P${index}.mg/L"`
  );
  const {time = "i", timestamp = "t", beside, columns: all = values.join(", "), options = ""} = sort;
  const rows = `SELECT i, make_timestamp(1262304000000000 + (${time}) * 1000000) AS t FROM (SELECT i, ${count} AS n FROM range(${count}) AS t(i))`;
  const select = `SELECT ${timestamp} AS timestamp, ${beside === undefined ? "" : `${beside}, `}${all} FROM (${rows})`;
  const packed = file.endsWith(".gz") ? ", COMPRESSION gzip" : file.endsWith(".zst") ? ", COMPRESSION zstd" : "";
  const format = file.includes(".jsonl") ? "json" : `csv, HEADER${options}`;
  if (file.endsWith(".parquet")) await duck.copy(select, file);
  else await duck.run(`COPY (${select}) TO ${literal(file)} (FORMAT ${format}${packed})`);
  await duck.close();
}

/** In the process of its own: takes the file one way or the other and prints what that cost. */
async function measure(way: string, file: string, {directory, spec}: {directory: string; spec: object}): Promise<void> {
  const work = way === "take" ? await taking(file, {directory, spec}) : await copying(file, directory, way);
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

/** As it is, or by what a sort says of it. */
async function copying(file: string, directory: string, way: string): Promise<() => Promise<number>> {
  const duck = new Duck({spill: join(directory, "spill")});
  const select = sorts[way]?.byHand?.replaceAll(/\bf\b/g, literal(file)) ?? `SELECT * FROM ${literal(file)}`;
  return () => duck.copy(select, join(directory, "copy.parquet"));
}

async function taking(
  file: string,
  {directory, spec}: {directory: string; spec: object}
): Promise<() => Promise<void>> {
  const pond = await Pond.open(join(directory, "pond"), {create: true, dynamic: dynamicFactories()});
  const {schema} = kinds.find(({name}) => name === "Inbox")!;
  const source = {files: file, into: "/bench", ...spec};
  const place = {file: join(directory, "resources.yaml"), line: 1, column: 1};
  const resource: Resource = {kind: "Inbox", name: "bench", description: "", spec: schema.parse(source), source, place};
  return async () => {
    const {rows: told} = await run(pond, [resource], {now: Date.now, env: {}, reporter: silent});
    if (told[0]!.errors.length > 0 || told[0]!.stored === 0) throw new Error(JSON.stringify(told));
  };
}

async function inProcess(way: string, file: string, spec: object): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const self = join(import.meta.dirname, "inbox.ts");
    const {stdout} = await promisify(execFile)(process.execPath, [
      ...["--import", "tsx", self],
      ...[way, file, directory, JSON.stringify(spec)]
    ]);
    return JSON.parse(stdout) as Measured;
  } finally {
    await rm(directory, {recursive: true});
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

interface Comparing {
  readonly times?: number;
  readonly name?: string;
  readonly spec?: object;
}

interface Compared {
  readonly told: Record<string, unknown>;
  readonly megabytes: number; // of what the file holds, as numbers in memory
  readonly peak: number; // of what takes it
}

async function compare(
  file: string,
  count: number,
  {times = rounds, name = file.slice(file.lastIndexOf(".") + 1), spec = {}}: Comparing = {}
): Promise<Compared> {
  const [copies, takes, byHand]: [Measured[], Measured[], Measured[]] = [[], [], []];
  for (let round = 0; round < times; round++) {
    copies.push(await inProcess("copy", file, spec));
    takes.push(await inProcess("take", file, spec));
    byHand.push(sorts[name]?.byHand === undefined ? copies.at(-1)! : await inProcess(name, file, spec));
  }
  const of = (all: readonly Measured[], pick: (one: Measured) => number) => median(all.map(pick));
  const ratio = (pick: (one: Measured) => number, base = copies) => (of(takes, pick) / of(base, pick)).toFixed(2);
  const most = (all: readonly Measured[]) => Math.round(Math.max(...all.map((one) => one.megabytes)));
  const told = {
    file: name,
    rows: formatCount(count),
    MB: formatCount(Math.round((await stat(file)).size / 1e6)),
    seconds: of(takes, ({seconds}) => seconds).toFixed(2),
    "COPY's": of(copies, ({seconds}) => seconds).toFixed(2),
    ratio: ratio(({seconds}) => seconds),
    "of by hand": ratio(({seconds}) => seconds, byHand),
    "ratio of processor time": ratio(({processor}) => processor),
    "peak MB": formatCount(most(takes)),
    "COPY's peak": formatCount(most(copies))
  };
  return {told, megabytes: (count * (name === "long" ? 1 : columns) * 8) / 1e6, peak: most(takes)};
}

/** A kind of file in two sizes, of which the larger is to take hardly more memory: else that is said, and the run fails. */
async function compareSizes(directory: string, ending: string, name = ending): Promise<Record<string, unknown>[]> {
  const {[name]: sort} = sorts;
  const found: Compared[] = [];
  for (const size of sizes) {
    const file = join(directory, `${size}.${ending}`);
    const count = sort?.columns === undefined ? size : size * 5;
    await makeFile(file, count, sort);
    found.push(await compare(file, count, {name, spec: sort?.spec ?? {}}));
    await rm(file);
  }
  const [small, large] = found as [Compared, Compared];
  const isSmall = small.megabytes < 100; // so much is held of any file
  if (!isSmall && (large.peak - small.peak) * 3 > large.megabytes - small.megabytes) {
    process.stderr.write(`${name}: memory grows with the file, from ${small.peak} MB to ${large.peak} MB.\n`);
    process.exitCode = 1;
  }
  return found.map(({told}) => told);
}

/** One file of so many bytes, once: what matters is that its memory is that of a small one. */
async function compareLarge(directory: string): Promise<Record<string, unknown>> {
  const [sample, file] = [join(directory, `sample.${ending}`), join(directory, `large.${ending}`)];
  await makeFile(sample, 122_880); // a group of rows of Parquet
  const count = Math.round((gigabytes * 1e9 * 122_880) / (await stat(sample)).size);
  await makeFile(file, count);
  return (await compare(file, count, {times: 1, name: ending})).told;
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  const told: Record<string, unknown>[] = [];
  try {
    if (gigabytes > 0) told.push(await compareLarge(directory));
    else if (chosen.length > 0) for (const name of chosen) told.push(...(await compareSizes(directory, "csv", name)));
    else for (const ending of endings) told.push(...(await compareSizes(directory, ending)));
  } finally {
    await rm(directory, {recursive: true});
  }
  process.stdout.write(
    `Medians of ${gigabytes > 0 ? 1 : rounds} rounds, ${columns} columns.\n${formatRows(told, "table")}\n`
  );
}

const [way, file, directory, spec] = process.argv.slice(2);
if (way === undefined) await main();
else await measure(way, file!, {directory: directory!, spec: JSON.parse(spec!) as object});
process.exit();
