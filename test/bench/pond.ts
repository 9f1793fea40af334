import {existsSync} from "node:fs";
import {link, mkdir, mkdtemp, open, rm, unlink} from "node:fs/promises";
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
 * length of the shorter history (10,000 unless given); the longer one has ten times as many, and takes long to make:
 * HISTORIES is a directory in which both stay for the next time.
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
  await mkdir(join(directory, "plain/tmp"), {recursive: true});
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
    baseline: `${syncs} fsyncs of small files and, linked, of their directory`,
    "baseline ms": quantile(plain, 0.95).toFixed(1),
    note: `${(quantile(ours, 0.95) - quantile(plain, 0.95)).toFixed(1)} ms above (medians ${(quantile(ours, 0.5) - quantile(plain, 0.5)).toFixed(1)} ms)`
  };
}

/**
 * Pairs of syncs as every careful writer makes them: a new file's, and, once it has its name, that of its directory. In
 * one directory and under one name the second would find nothing left to do.
 */
async function syncByHand(directory: string, name: string, syncs: number): Promise<void> {
  for (let i = 0; i < syncs / 2; i++) {
    const temp = join(directory, "tmp", `${name}-${i}`);
    const file = await open(temp, "wx");
    await file.writeFile("x".repeat(2000));
    await file.sync();
    await file.close();
    await link(temp, join(directory, `${name}-${i}`));
    const folder = await open(directory, "r");
    await folder.sync();
    await folder.close();
    await unlink(temp);
  }
}

/** A pond with a history, maintained now and then. */
async function grow(place: string, history: number): Promise<void> {
  let now = Date.UTC(2020, 0, 1);
  const effects = {now: () => (now += 600_000)}; // a transaction every ten minutes: two years for a hundred thousand
  const build = await Pond.over(new LocalStore(place, counting(true)), join(place, "cache"), {create: true, effects});
  for (let i = 0; i < history; i++) {
    await build.transaction({command: "grow"}, (tx) => tx.write(`/${i % 10}/deep/${i % 50}`, `${i}`, {parents: true}));
    if (i % upkeep === upkeep - 1) await build.maintain();
  }
  await build.close();
}

/** A pond opened anew, a path resolved and read. */
async function reopen(place: string): Promise<void> {
  const pond = await Pond.open(place);
  await (await pond.fs()).read("/7/deep/7");
  await pond.close();
}

/** Memory that is kept by opening a pond again and again. */
async function megabytesKept(times: number, place: string): Promise<number> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < times; i++) await reopen(place);
  globalThis.gc?.();
  return Math.max(0, (process.memoryUsage().rss - before) / 2 ** 20);
}

/** What it takes to tell the newest twenty transactions, and to go back half-way, in an open pond. */
async function lookBack({place, history}: History): Promise<number> {
  const pond = await Pond.open(place);
  const {timestamp: time} = (await pond.commit(history / 2)).commit;
  const taken: number[] = [];
  const look = async (): Promise<void> => {
    await pond.log({limit: 20});
    await pond.at({time});
  };
  for (let i = 0; i < 31; i++) taken.push(await msOf(look));
  await pond.close();
  return quantile(taken, 0.5);
}

/** A history and one ten times as long, opened in turns, so that what else the machine does tells on both. */
async function histories(directory: string): Promise<Figures[]> {
  const [one, ten] = [short, 10 * short].map((history) => ({
    history,
    place: join(directory, `history-${history}`),
    taken: [] as number[]
  })) as [History, History];
  for (const {place, history} of [one, ten]) if (!existsSync(place)) await grow(place, history);
  for (let i = -warm / 10; i < 31; i++)
    for (const {place, taken} of [one, ten]) {
      const ms = await msOf(() => reopen(place));
      if (i >= 0) taken.push(ms);
    }
  const [brief, long] = [quantile(one.taken, 0.5), quantile(ten.taken, 0.5)];
  const told = async ({place}: History): Promise<string> =>
    `${(await megabytesKept(100, place)).toFixed(0)} MB more after 100 times`;
  const [near, far] = [await lookBack(one), await lookBack(ten)];
  return [
    {
      what: `log of 20 and half-way back, ${formatCount(ten.history)} transactions`,
      ms: far.toFixed(1),
      baseline: "a tenth of the history",
      "baseline ms": near.toFixed(1),
      note: `${(far / near).toFixed(2)} times`
    },
    {
      what: `open and resolve, ${formatCount(one.history)} transactions`,
      ms: brief.toFixed(0),
      baseline: "",
      "baseline ms": "",
      note: await told(one)
    },
    {
      what: `open and resolve, ${formatCount(ten.history)} transactions`,
      ms: long.toFixed(0),
      baseline: "a tenth of the history",
      "baseline ms": brief.toFixed(0),
      note: `${(long / brief).toFixed(2)} times; ${await told(ten)}`
    }
  ];
}

interface History {
  readonly history: number; // transactions
  readonly place: string;
  readonly taken: number[]; // ms
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
  const kept = process.env.HISTORIES ?? directory;
  const figures = [await acknowledge(directory), await select(directory), ...(await histories(kept))];
  process.stdout.write(`${formatRows(figures, "table")}\n`);
} finally {
  await rm(directory, {recursive: true});
}
