import {randomBytes} from "node:crypto";
import {mkdtemp, readdir, readFile, rm, stat, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import fc from "fast-check";
import {afterEach, beforeEach, expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {hintKey} from "../../pond/checkpoint.js";
import {advance, emptyLog} from "../../pond/log.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import {rootId} from "../../pond/record.js";
import type {Store} from "../../pond/types.js";
import {tried} from "../thorough.js";
import {readings} from "./readings.js";

const hour = 3_600_000;
const day = 24 * hour;

let dir: string;
let clock: number;
let store: MemoryStore;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "pond-maintain-"));
  clock = Date.UTC(2026, 0, 1);
  store = new MemoryStore();
});

afterEach(() => rm(dir, {recursive: true}));

const effects = {now: () => (clock += 1000), user: "ann"};
const open = (): Promise<Pond> => Pond.over(store, join(dir, "cache"), {create: true, effects});

async function keys(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const {key} of store.list(prefix)) found.push(key);
  return found;
}

/** All that a pond shows: every path, what it holds, and a series' readings. */
async function all(fs: Awaited<ReturnType<Pond["fs"]>>): Promise<string[]> {
  const lines: string[] = [];
  for await (const stat of fs.walk("/")) {
    const what =
      stat.kind === "series"
        ? JSON.stringify((await fs.query(`SELECT * FROM '${stat.path}' ORDER BY timestamp`)).toArray().map(String))
        : stat.kind === "file"
          ? Buffer.from(await fs.read(stat.path))
              .toString("utf8")
              .slice(0, 50)
          : "";
    lines.push(`${stat.path} ${stat.kind} v${stat.version} ${stat.sha256} ${what}`);
  }
  return lines;
}

/** A series that grows by a reading a day, restates the day before, and once long ago; a file that changes each time. */
async function grow(pond: Pond, days: number, from = 0): Promise<void> {
  for (let i = from; i < from + days; i++)
    await pond.transaction({command: "grow"}, async (tx) => {
      const at = i * 86_400;
      await tx.append("/dock/level", readings([at - 86_400, at], {level: [i + 0.5, i]}), {parents: true});
      if (i % 40 === 7) await tx.append("/dock/level", readings([3_600], {late: [i]}));
      await tx.write("/note", `day ${i}`);
      if (i % 10 === 0) await tx.write(`/big-${i % 20}`, `${i}`.repeat(40_000));
    });
}

test("maintenance shows the same, now and at every version before", {timeout: 60_000}, async () => {
  const pond = await open();
  await grow(pond, 90);
  const newest = await all(await pond.fs());
  const [first, middle] = [await all(await pond.at({version: 5})), await all(await pond.at({version: 50}))];
  const versions = await (await pond.fs()).versions("/dock/level");

  const changes = await pond.diff(await pond.at({version: 5}), await pond.fs());
  const done = await pond.maintain();

  expect(done).toMatchObject({partitions: 2, checkpoint: 91, records: 0, commits: 0, files: 0});
  expect(done.versions).toBeGreaterThan(80);
  for (const reader of [pond, await open()]) {
    expect(await all(await reader.fs())).toEqual(newest);
    expect(await all(await reader.at({version: 5}))).toEqual(first);
    expect(await all(await reader.at({version: 50}))).toEqual(middle);
    expect(await (await reader.fs()).versions("/dock/level")).toEqual(versions);
    expect(await reader.diff(await reader.at({version: 5}), await reader.fs())).toEqual(changes);
    expect((await (await reader.fs()).series("/dock/level").then((series) => series.pieces())).length).toBeLessThan(30);
    expect((await check(reader, {data: true})).problems).toEqual([]);
  }
  await grow(pond, 30, 90);
  const grown = await all(await pond.fs());
  expect((await pond.maintain()).opFiles).toBeGreaterThan(0);
  expect(await all(await (await open()).fs())).toEqual(grown);
  expect(await all(await pond.at({version: 50}))).toEqual(middle);
});

test("round after round of growth and maintenance shows the same at every version", {timeout: 120_000}, async () => {
  // A day more, and the version that a round ends with may be the last of a merge: then that is what its stat tells of.
  const rounds = fc.array(fc.integer({min: 2, max: 24}), {minLength: 10, maxLength: 14});
  await fc.assert(
    fc.asyncProperty(rounds, async (lengths) => {
      store = new MemoryStore();
      const pond = await open();
      const seen: [version: number, shown: string[]][] = [];
      let versions = 0;
      for (const [index, days] of lengths.entries()) {
        await grow(
          pond,
          days,
          lengths.slice(0, index).reduce((a, b) => a + b, 0)
        );
        const fs = await pond.fs();
        seen.push([fs.version, await all(fs)]);
        versions += (await pond.maintain()).versions;
        expect(await all(await (await open()).fs())).toEqual(seen.at(-1)![1]);
      }
      const again = await open();
      for (const [version, shown] of seen) expect(await all(await again.at({version})), `${version}`).toEqual(shown);
      expect(versions).toBeGreaterThan(0);
      expect((await check(again, {data: true})).problems).toEqual([]);
      for (const one of [pond, again]) await one.close();
    }),
    {numRuns: tried(2, 1)}
  );
});

/** What was put of op files and blobs. */
class Counting extends MemoryStore {
  bytes = 0;

  override async putIfAbsent(key: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<boolean> {
    if (content instanceof Uint8Array && !key.startsWith("oplog/_delta_log/")) this.bytes += content.length;
    return super.putIfAbsent(key, content);
  }
}

/** So many nights of 6 series and a file, each maintained: what each night's commit put, and its maintenance. */
async function nightsOf(
  pond: Pond,
  counting: Counting,
  {count, keep}: {readonly count: number; readonly keep?: number}
): Promise<{came: number[]; made: number[]}> {
  const [came, made]: [number[], number[]] = [[], []];
  const putBy = async (work: () => Promise<unknown>): Promise<number> => {
    const before = counting.bytes;
    await work();
    return counting.bytes - before;
  };
  for (let night = 0; night < count; night++) {
    const times = Array.from({length: 96}, (_, i) => night * 86_400 + i * 900);
    const commit = () =>
      pond.transaction({command: "night"}, async (tx) => {
        for (let i = 0; i < 6; i++) await tx.append(`/${i}`, readings(times, {x: times.map(() => Math.random())}));
        await tx.write("/note", `night ${night}`);
      });
    came.push(await putBy(commit));
    made.push(await putBy(() => pond.maintain(keep === undefined ? {} : {keep})));
    clock += day;
  }
  return {came, made};
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

test("what maintenance writes follows from what came, whatever there is", {timeout: 120_000}, async () => {
  const counting = new Counting();
  store = counting;
  const pond = await open();
  await pond.transaction({command: "fill"}, async (tx) => {
    for (let i = 0; i < 100; i++) await tx.write(`/large-${i}`, randomBytes(60_000)); // in their records, and they stay
  });
  const {came, made} = await nightsOf(pond, counting, {count: 128});
  const levels = Math.log2(128);
  const [first, ...others] = made.filter((bytes) => bytes > 0);
  expect(first).toBeGreaterThan(6_000_000); // what stays is put into its place once
  expect(others.length).toBeGreaterThan(10);
  expect(sum(others)).toBeLessThan(sum(came) * levels);
  const files = (await advance(store, emptyLog)).partition(rootId);
  expect(files.filter(({isPast}) => !isPast).length).toBeLessThan(8 + levels);
  expect(files.length).toBeLessThan(8 + 2 * levels);
  const series = await (await pond.fs()).series("/0");
  expect((await series.pieces()).length).toBeLessThan(16 + 16 + 8);
  await pond.close();
});

test("with something to let go every night, versions are merged and op files few", {timeout: 60_000}, async () => {
  const counting = new Counting();
  store = counting;
  const pond = await open();
  const {came, made} = await nightsOf(pond, counting, {count: 60, keep: 2 * day});
  expect(sum(made)).toBeLessThan(2 * sum(came) * Math.log2(60));
  expect((await advance(store, emptyLog)).partition(rootId).length).toBeLessThan(8 + Math.log2(60));
  expect((await (await (await pond.fs()).series("/0")).pieces()).length).toBeLessThan(16 + 16);
  const row: unknown = (await (await pond.fs()).query("SELECT count(*)::INT AS n FROM '/0'")).get(0);
  expect(row).toMatchObject({n: 60 * 96});
  expect((await check(pond, {data: true})).problems).toEqual([]);
  await pond.close();
});

test("of two compactions of the same files one is void", async () => {
  const pond = await open();
  await grow(pond, 30);
  let isOther = false;
  const late: Store = {
    get: (key) => store.get(key),
    getRange: (key, begin, end) => store.getRange(key, begin, end),
    list: (prefix) => store.list(prefix),
    delete: (key) => store.delete(key),
    putIfAbsent: async (key, content) => {
      if (!isOther && key.startsWith("oplog/_delta_log/0") && key.endsWith(".json")) {
        isOther = true;
        await pond.maintain();
      }
      return store.putIfAbsent(key, content);
    }
  };
  const slow = await Pond.over(late, join(dir, "slow"), {effects});
  const before = await all(await pond.fs());
  const commits = (await pond.log()).length;
  await slow.maintain().catch((error: unknown) => expect(error).toMatchObject({code: "CONFLICT"}));
  expect(isOther).toBe(true);
  expect((await pond.log()).length).toBe(commits + 1);
  expect(await all(await pond.fs())).toEqual(before);
  for (const one of [pond, slow]) await one.close();
});

test("replaced files go a week later, and not while somebody may read them", async () => {
  const pond = await open();
  await grow(pond, 20);
  const reader = await open();
  const before = await reader.fs();
  const seen = await all(before);
  const done = await pond.maintain();
  expect(await all(before)).toEqual(seen);
  clock += 8 * day;
  const swept = await pond.maintain();
  expect(swept.files).toBe(done.opFiles);
  expect(swept.bytes).toBeGreaterThan(0);
  expect(await all(await pond.fs())).toEqual(seen);
  expect((await check(pond, {data: true})).problems).toEqual([]);
  await expect(pond.maintain()).resolves.toMatchObject({partitions: 0, files: 0});
});

test("with --keep the past before it goes, and its blobs and commits", async () => {
  const pond = await open();
  await grow(pond, 40);
  await pond.transaction({command: "rm"}, (tx) => tx.remove("/big-10"));
  clock += 30 * day;
  await grow(pond, 20, 40);
  expect((await keys("blobs/")).length).toBe(5);
  const [newest, then] = [await all(await pond.fs()), await all(await pond.at({version: 45}))];

  const done = await pond.maintain({keep: day});
  expect(done.records).toBeGreaterThan(40);
  expect(done.commits).toBeGreaterThan(30);
  expect(await all(await (await open()).fs())).toEqual(newest);
  expect(await all(await pond.at({version: 45}))).toEqual(then);
  await expect(pond.at({version: 5})).rejects.toThrow("keeps its past from transaction 41 on");
  await expect(pond.at({time: Date.UTC(2026, 0, 1, 0, 0, 30) * 1000})).rejects.toThrow("keeps its past");
  expect((await pond.log())[0]!.version).toBe(41);
  expect(await pond.log({limit: 2})).toEqual((await pond.log()).slice(-2));
  expect(await pond.log({limit: 1000})).toEqual(await pond.log());
  await pond.maintain({keep: day});
  clock += 8 * day;
  await pond.maintain({keep: 100 * day});
  expect((await keys("blobs/")).length).toBe(3); // the two of the file that was removed before went
  expect((await check(pond, {data: true})).problems).toEqual([]);
  expect(await all(await (await open()).fs())).toEqual(newest);
});

test("a pond whose log was cleaned up under it sees the newest and never writes into the hole", async () => {
  const pond = await open();
  await grow(pond, 5);
  const behind = await open();
  await behind.fs();
  let release = (): void => undefined;
  const waits = new Promise<void>((resolve) => (release = resolve));
  let runs = 0;
  const writing = behind.transaction({command: "late"}, async (tx) => {
    runs++;
    await tx.write("/late", "late");
    if (runs === 1) await waits;
  });
  await grow(pond, 30, 5);
  clock += 3 * hour;
  await grow(pond, 5, 35);
  await pond.maintain({keep: hour});
  clock += 3 * hour;
  await pond.transaction({command: "more"}, (tx) => tx.write("/more", "more"));
  await pond.maintain({keep: hour});
  expect((await keys("oplog/_delta_log/")).some((key) => key.endsWith("06.json"))).toBe(false);
  release();
  await writing;
  expect(runs).toBe(2);
  for (const reader of [behind, pond, await open()]) {
    const fs = await reader.fs();
    expect(Buffer.from(await fs.read("/late")).toString()).toBe("late");
    expect(Buffer.from(await fs.read("/more")).toString()).toBe("more");
  }
  expect((await check(pond)).problems).toEqual([]);
});

test("what op files of the past need is remembered, and not believed where that was changed", async () => {
  const pond = await open();
  await grow(pond, 45);
  await pond.maintain();
  const before = await all(await pond.fs());
  const file = join(dir, "cache/needs.json");
  const [sum, text] = (await readFile(file, "utf8")).split("\n") as [string, string];
  const remembered = JSON.parse(text) as Record<string, string[]>;
  expect(Object.values(remembered).flat().length).toBe(4); // of /big-0 and /big-10; the first is short
  const nothing = JSON.stringify(Object.fromEntries(Object.keys(remembered).map((op) => [op, []])));
  await writeFile(file, `${sum}\n${nothing}`);
  for (let days = 0; days < 30; days += 10) {
    clock += 10 * day;
    await pond.maintain();
  }
  const {mtimeMs} = await stat(file);
  await pond.maintain();
  expect((await stat(file)).mtimeMs).toBe(mtimeMs); // what stands there already is not written again
  expect(await all(await pond.fs())).toEqual(before);
  expect((await check(pond, {data: true})).problems).toEqual([]);
  expect(await readFile(file, "utf8")).toBe(`${sum}\n${text}`);
});

test("an object that nothing refers to goes after the retention, unless it was put again", async () => {
  const pond = await open();
  await grow(pond, 2);
  const [lost, wanted] = ["a", "b"].map((letter) => `blobs/${letter}${letter}/${letter.repeat(64)}`);
  await store.putIfAbsent(lost!, Buffer.from("x"));
  await store.putIfAbsent(wanted!, Buffer.from("y"));
  await pond.maintain();
  clock += 5 * day;
  await store.putIfAbsent(wanted!, Buffer.from("y"));
  await pond.maintain();
  clock += 5 * day;
  expect(await pond.maintain()).toMatchObject({files: 1, bytes: 1});
  expect(await keys("blobs/")).toContain(wanted);
  expect(await keys("blobs/")).not.toContain(lost);
});

test("without its hint, and with a hint that is none, a pond opens as before; with a damaged checkpoint not", async () => {
  const pond = await open();
  await grow(pond, 12);
  clock += 2 * hour;
  await grow(pond, 3, 12);
  await pond.maintain({keep: hour});
  const seen = await all(await pond.fs());
  const hint = await store.get(hintKey);
  await store.delete(hintKey);
  expect(await all(await (await open()).fs())).toEqual(seen);
  await store.putIfAbsent(hintKey, Buffer.from("{"));
  expect(await all(await (await open()).fs())).toEqual(seen);
  await store.delete(hintKey);
  await store.putIfAbsent(hintKey, hint);
  const key = (await keys("oplog/_delta_log/")).find((name) => name.endsWith(".checkpoint.parquet"))!;
  const bytes = await store.get(key);
  await store.delete(key);
  await expect(open()).rejects.toThrow("run pond repair checkpoint");
  let refused = 0;
  for (let bit = 0; bit < bytes.length * 8; bit += 499) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    await store.putIfAbsent(key, flipped);
    const opened = await open().catch((error: Error) => error.message);
    if (typeof opened === "string") {
      expect(opened).toMatch(/repair checkpoint/);
      refused++;
    } else expect(await all(await opened.fs())).toEqual(seen); // the bit meant nothing
    await store.delete(key);
  }
  expect(refused).toBeGreaterThan(20);
});

test("a time below an hour is refused", async () => {
  const pond = await open();
  await expect(pond.maintain({keep: 60_000})).rejects.toThrow("at least one hour");
  await expect(pond.maintain({retention: 0})).rejects.toThrow("at least one hour");
  expect(await readdir(dir)).toEqual(["cache"]);
});

test("op files of a large directory stay small, and are not made anew without need", {timeout: 60_000}, async () => {
  const pond = await open();
  const content = (i: number) => randomBytes(30_000).toString("hex") + String(i); // in its record, and not to be packed
  for (let night = 0; night < 10; night++)
    await pond.transaction({command: "grow"}, async (tx) => {
      for (let i = 0; i < 40; i++) await tx.write(`/${night * 40 + i}`, content(i));
    });
  const sizesOf = async () => {
    const sizes: number[] = [];
    for await (const {stat} of store.list("oplog/part_id=")) sizes.push((await stat())!.size);
    return sizes;
  };
  const before = await all(await pond.fs());
  const {opFiles} = await pond.maintain();
  clock += 10 * day;
  expect(await pond.maintain()).toMatchObject({partitions: 0, files: opFiles}); // as few as one compaction leaves
  const sizes = await sizesOf();
  expect(sizes.length).toBeGreaterThan(1);
  for (const size of sizes) expect(size).toBeLessThan(9 * 2 ** 20);
  expect(await all(await pond.fs())).toEqual(before);
});
