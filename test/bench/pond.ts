import {existsSync} from "node:fs";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {basename, dirname, join} from "node:path";
import process from "node:process";
import * as arrow from "apache-arrow";
import {formatCount, formatRows} from "../../loaders/format.js";
import {tableOf, vectorOf} from "../../pond/arrow.js";
import {host, sync} from "../../pond/disk.js";
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
const commits = 600;
const warm = 1500; // commits before they are measured: until then V8 compiles what it sees run, on the processor that the disk's work needs

type Figures = Readonly<Record<string, string | number>>;

function quantile(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The disk of this machine without its syncs: for histories that nobody loses. */
const quick: Disk = {
  ...host,
  open: async (path, flags) => {
    const file = await host.open(path, flags);
    return {
      read: file.read.bind(file),
      write: file.write.bind(file),
      stat: file.stat.bind(file),
      close: file.close.bind(file),
      sync: async () => undefined
    };
  }
};

/** The disk of this machine, which remembers the files that were given a name: their bytes, by their path. */
function remembering(): Disk & {readonly linked: Map<string, Uint8Array>} {
  const [written, linked] = [new Map<string, Uint8Array>(), new Map<string, Uint8Array>()];
  return {
    ...host,
    linked,
    open: async (path, flags) => {
      const file = await host.open(path, flags);
      return {
        read: file.read.bind(file),
        write: (buffer, offset, length, position) => {
          written.set(path, buffer);
          return file.write(buffer, offset, length, position);
        },
        stat: file.stat.bind(file),
        close: file.close.bind(file),
        sync: file.sync.bind(file)
      };
    },
    link: async (existing, path) => {
      linked.set(path, written.get(existing)!);
      return host.link(existing, path);
    },
    unlink: async (path) => {
      written.delete(path);
      return host.unlink(path);
    }
  };
}

/** A transaction that writes a small file, and after each the same files by hand: the least that a durable one costs. */
async function acknowledge(directory: string): Promise<readonly Figures[]> {
  const disk = remembering();
  const place = join(directory, "pond");
  const pond = await Pond.over(new LocalStore(place, disk), join(directory, "cache"), {create: true});
  const write = (i: number): Promise<unknown> =>
    pond.transaction({command: "bench"}, (tx) => tx.write("/a/small", `${i}`, {parents: true}));
  await write(0);
  const measured: Acknowledged[] = [];
  let files: [string, Uint8Array][] = [];
  for (let i = 1; i <= warm + commits; i++) {
    disk.linked.clear();
    const our = await msOf(() => write(i));
    files = [...disk.linked];
    const their = await msOf(() => putByHand(join(place, "tmp"), files));
    measured.push({our, their});
  }
  await pond.close();
  const bytes = files.reduce((total, [, {length}]) => total + length, 0);
  const hand = `its ${files.length} files (${formatCount(bytes)} bytes) by hand: create, write, fsync, link, fsync the directory`;
  return [
    acknowledged("commit acknowledged, p95", hand, measured.slice(warm)),
    acknowledged("the first 100 commits of a process, p95", "the same", measured.slice(0, 100))
  ];
}

/** Milliseconds of a commit, and of its files by hand. */
interface Acknowledged {
  readonly our: number;
  readonly their: number;
}

function acknowledged(what: string, baseline: string, measured: readonly Acknowledged[]): Figures {
  const [ours, theirs] = [measured.map(({our}) => our), measured.map(({their}) => their)];
  const above = (q: number): string => (quantile(ours, q) - quantile(theirs, q)).toFixed(1);
  return {
    what,
    ms: quantile(ours, 0.95).toFixed(1),
    baseline,
    "baseline ms": quantile(theirs, 0.95).toFixed(1),
    note: `${above(0.95)} ms above (medians ${above(0.5)} ms)`
  };
}

/**
 * Makes files durable one after the other, beside those that the pond made, as every careful writer does and by the same
 * calls to the system. In other directories the same would be another cost: where a file system looks for room depends
 * on the directory. What the files say is known already, for to encode it is no cost of the disk.
 */
async function putByHand(temporary: string, files: readonly [string, Uint8Array][]): Promise<void> {
  for (const [path, bytes] of files) {
    const temp = join(temporary, basename(path));
    const file = await host.open(temp, "wx");
    await file.write(bytes, 0, bytes.length, 0);
    await file.sync();
    await file.close();
    await host.link(temp, `${path}.hand`);
    await sync(dirname(path));
    await host.unlink(temp);
  }
}

/** A pond with a history, maintained now and then. */
async function grow(place: string, history: number): Promise<void> {
  let now = Date.UTC(2020, 0, 1);
  const effects = {now: () => (now += 600_000)}; // a transaction every ten minutes: two years for a hundred thousand
  const build = await Pond.over(new LocalStore(place, quick), join(place, "cache"), {create: true, effects});
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
  for (let i = -10; i < 31; i++)
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
  const store = new LocalStore(place, quick);
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
  const figures = [...(await acknowledge(directory)), await select(directory), ...(await histories(kept))];
  process.stdout.write(`${formatRows(figures, "table")}\n`);
} finally {
  await rm(directory, {recursive: true});
}
