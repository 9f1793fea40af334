import {mkdir, mkdtemp, open, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import * as arrow from "apache-arrow";
import {formatCount, formatRows} from "../../loaders/format.js";
import {tableOf, vectorOf} from "../../pond/arrow.js";
import {host} from "../../pond/disk.js";
import type {Disk} from "../../pond/disk.js";
import {literal} from "../../pond/duck.js";
import {LocalStore} from "../../pond/local.js";
import {Pond} from "../../pond/pond.js";

/**
 * What the pond itself costs, each figure beside a baseline from the same run: `npm run bench:pond`. COMMITS is the
 * length of the shorter history (10,000 unless given); the longer one has ten times as many.
 */

const short = Number(process.env.COMMITS ?? 10_000);
const upkeep = 1000; // transactions between two maintenances
const commits = 300;
const warm = 100; // commits before they are measured

type Figures = Readonly<Record<string, string | number>>;

function quantile(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function median(times: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) taken.push(await msOf(work));
  return quantile(taken, 0.5);
}

/** The disk of this machine, whose syncs are counted, and not done when `isQuick`: for histories that nobody loses. */
function counting(isQuick = false): Disk & {syncs: number} {
  const disk = {
    ...host,
    syncs: 0,
    open: async (path: string, flags: "r" | "wx") => {
      const file = await host.open(path, flags);
      const sync = async (): Promise<void> => {
        disk.syncs++;
        if (!isQuick) await file.sync();
      };
      return {
        read: file.read.bind(file),
        write: file.write.bind(file),
        stat: file.stat.bind(file),
        close: file.close.bind(file),
        sync
      };
    }
  };
  return disk;
}

/** A transaction that writes a small file, and beside it as many writes and syncs by hand as it asked of the disk. */
async function acknowledge(directory: string): Promise<Figures> {
  const disk = counting();
  const pond = await Pond.over(new LocalStore(join(directory, "pond"), disk), join(directory, "cache"), {create: true});
  const write = (i: number): Promise<unknown> =>
    pond.transaction({command: "bench"}, (tx) => tx.write("/a/small", `${i}`, {parents: true}));
  await write(0);
  await mkdir(join(directory, "plain"));
  const [ours, plain]: [number[], number[]] = [[], []];
  let syncs = 0;
  for (let i = 1; i <= warm + commits; i++) {
    disk.syncs = 0;
    const our = await msOf(() => write(i));
    syncs = disk.syncs;
    const their = await msOf(() => syncByHand(join(directory, "plain"), `${i}`, syncs));
    if (i > warm) ours.push(our);
    if (i > warm) plain.push(their);
  }
  await pond.close();
  return {
    what: "commit acknowledged, p95",
    ms: quantile(ours, 0.95).toFixed(1),
    baseline: `${syncs} fsyncs of small files and their directory, by hand`,
    "baseline ms": quantile(plain, 0.95).toFixed(1),
    note: `${(quantile(ours, 0.95) - quantile(plain, 0.95)).toFixed(1)} ms above (medians ${(quantile(ours, 0.5) - quantile(plain, 0.5)).toFixed(1)} ms)`
  };
}

/** Pairs of syncs as every careful writer makes them: a new file's, and its directory's. */
async function syncByHand(directory: string, name: string, syncs: number): Promise<void> {
  for (let i = 0; i < syncs / 2; i++) {
    const file = await open(join(directory, `${name}-${i}`), "wx");
    await file.writeFile("x".repeat(2000));
    await file.sync();
    await file.close();
    const folder = await open(directory, "r");
    await folder.sync();
    await folder.close();
  }
}

/** A pond with a history, maintained now and then: opened anew, a path resolved and read. */
async function reopen(directory: string, history: number): Promise<{readonly ms: number; readonly megabytes: number}> {
  const place = join(directory, `history-${history}`);
  let now = Date.UTC(2020, 0, 1);
  const effects = {now: () => (now += 600_000)}; // a transaction every ten minutes: two years for a hundred thousand
  const build = await Pond.over(new LocalStore(place, counting(true)), join(place, "cache"), {create: true, effects});
  for (let i = 0; i < history; i++) {
    await build.transaction({command: "grow"}, (tx) => tx.write(`/${i % 10}/deep/${i % 50}`, `${i}`, {parents: true}));
    if (i % upkeep === upkeep - 1) await build.maintain();
  }
  await build.close();
  const once = async (): Promise<void> => {
    const pond = await Pond.open(place);
    await (await pond.fs()).read("/7/deep/7");
    await pond.close();
  };
  await once();
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const ms = await median(15, once);
  return {ms, megabytes: (process.memoryUsage().rss - before) / 2 ** 20};
}

async function histories(directory: string): Promise<Figures[]> {
  const one = await reopen(directory, short);
  const ten = await reopen(directory, 10 * short);
  const told = (megabytes: number): string => `${Math.max(0, megabytes).toFixed(0)} MB more after 15 times`;
  return [
    {
      what: `open and resolve, ${formatCount(short)} transactions`,
      ms: one.ms.toFixed(0),
      baseline: "",
      "baseline ms": "",
      note: told(one.megabytes)
    },
    {
      what: `open and resolve, ${formatCount(10 * short)} transactions`,
      ms: ten.ms.toFixed(0),
      baseline: "a tenth of the history",
      "baseline ms": one.ms.toFixed(0),
      note: `${(ten.ms / one.ms).toFixed(2)} times; ${told(ten.megabytes)}`
    }
  ];
}

const versions = 1000;
const rows = 5000; // in each version

/** A series of many versions, and DuckDB's own reader over the same files. */
async function select(directory: string): Promise<Figures> {
  const place = join(directory, "series");
  const store = new LocalStore(place, counting(true));
  const build = await Pond.over(store, join(place, "cache"), {create: true});
  for (let v = 0; v < versions; v++)
    await build.transaction({command: "grow"}, (tx) => tx.append("/series", readingsFrom(v * rows)));
  await build.close();
  const pond = await Pond.open(place);
  const fs = await pond.fs();
  const parts = await (await fs.series("/series")).relation();
  const files = [...parts.matchAll(/'([^']+)'/g)].map(([, file]) => file!).filter((file) => file.startsWith("/"));
  const sql = (from: string): string => `SELECT count(*), avg(a), max(b), sum(c), min(d) FROM ${from}`;
  const plain = sql(`read_parquet([${files.map(literal).join(", ")}])`);
  const [ours, baseline]: [number[], number[]] = [[], []];
  for (let i = 0; i < 7; i++) {
    ours.push(await msOf(() => fs.query(sql("'/series'"))));
    baseline.push(await msOf(() => pond.duck.rows(plain)));
  }
  await pond.close();
  const [our, their] = [quantile(ours, 0.5), quantile(baseline, 0.5)];
  return {
    what: `SQL over a series, ${formatCount(versions)} versions, ${formatCount(versions * rows)} rows`,
    ms: our.toFixed(0),
    baseline: `read_parquet over the same ${formatCount(files.length)} files`,
    "baseline ms": their.toFixed(0),
    note: `${(our / their).toFixed(2)} times`
  };
}

function readingsFrom(start: number): arrow.Table {
  const micros = new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, "UTC");
  const double = new arrow.Float64();
  const names = ["a", "b", "c", "d"];
  const schema = new arrow.Schema([
    new arrow.Field("timestamp", micros, true),
    ...names.map((name) => new arrow.Field(name, double, true))
  ]);
  const each = <T>(value: (i: number) => T): T[] => Array.from({length: rows}, (_, i) => value(start + i));
  return tableOf(schema, [
    vectorOf(
      each((i) => BigInt(i) * 60_000_000n),
      micros
    ),
    ...names.map((_, k) =>
      vectorOf(
        each((i) => Math.sin(i / 100 + k)),
        double
      )
    )
  ]);
}

const directory = await mkdtemp(join(tmpdir(), "bench-pond-"));
try {
  const figures = [await acknowledge(directory), await select(directory), ...(await histories(directory))];
  process.stdout.write(`${formatRows(figures, "table")}\n`);
} finally {
  await rm(directory, {recursive: true});
}
