import process from "node:process";
import {setImmediate} from "node:timers/promises";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {Contents} from "../../pond/contents.js";
import {PondError} from "../../pond/error.js";
import {advance, emptyLog} from "../../pond/log.js";
import {decodeParquet} from "../../pond/parquet.js";
import {Pond} from "../../pond/pond.js";
import {prepare, united} from "../../pond/readings.js";
import {decodeEntries, hash, rootId} from "../../pond/record.js";
import type {Store} from "../../pond/types.js";
import {Partitions, Snapshot} from "../../pond/view.js";
import {tried} from "../thorough.js";
import {Faulty} from "./faulty.js";
import {scratch} from "./harness.js";
import {Platter} from "./platter.js";
import type {Left, State} from "./platter.js";
import {readings} from "./readings.js";
import {remoteStore} from "./remote.js";

/** Maintenance on disks that fail and that forget. */

const root = "/pond";
const day = 24 * 3_600_000;

type Image = readonly (readonly [string, Left | "directory"])[];

function imageOf(platter: Platter, state: State): Image {
  return platter.paths().flatMap((path) => {
    const left = state(path);
    return left === undefined ? [] : [[path, left] as const];
  });
}

/** All that is on a disk now, durable. */
function settledImage(platter: Platter): Image {
  return imageOf(platter, [...platter.states(() => false, 1)][0]!);
}

const openOn = (disk: Platter | Faulty, cache: string, now: () => number): Promise<Pond> =>
  Pond.over(remoteStore(root, disk), cache, {create: true, effects: {now, user: "ann"}});

/** What the newest snapshot shows: of each path the content, of a series its readings. Without DuckDB, for speed. */
async function contentIn(store: Store): Promise<string[]> {
  const state = await advance(store, emptyLog);
  const contents = new Contents(store, "/nowhere");
  const snapshot = new Snapshot(state, new Partitions(contents));
  const lines: string[] = [];
  const visit = async (path: string, nodeId: string, partId: string): Promise<void> => {
    const records = (await snapshot.partition(partId)).get(nodeId)!;
    const bytes = await Promise.all(records.map((record) => contents.read(record)));
    const {kind} = records[0]!;
    if (kind === "directory")
      for (const entry of decodeEntries(bytes.at(-1)!).values())
        await visit(`${path}/${entry.name}`, entry.nodeId, entry.partId);
    else if (kind === "series") {
      const {table} = prepare(united(bytes.map((content) => decodeParquet(content, path))), path)!;
      lines.push(`${path} ${table.schema.names.map((name) => [...table.getChild(name)!].join()).join()}`);
    } else lines.push(`${path} ${hash(bytes.at(-1)!)}`);
  };
  await visit("", rootId, rootId);
  return lines;
}

/** Transactions enough to be compacted: a series, a file, and content that is replaced. */
async function grow(pond: Pond, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++)
    await pond.transaction({command: "grow"}, async (tx) => {
      await tx.append("/a/series", readings([i, i + 1], {level: [i, -i]}), {parents: true});
      await tx.write("/a/small", `${i}`);
      if (i % 6 === 0) await tx.write("/large", `${i}`.repeat(70_000));
    });
}

interface Neglected {
  readonly image: Image;
  readonly now: number; // ms since 1970
}

let made: Promise<Neglected> | undefined;
const neglected = (cache: string): Promise<Neglected> => (made ??= neglect(cache)); // all tests begin with the same

/** A disk with a pond that has all to do for `maintain({keep: day})`: compaction, checkpoint, cleanup and vacuum. */
async function neglect(cache: string): Promise<Neglected> {
  let now = Date.UTC(2026, 0, 1);
  const platter = new Platter();
  const pond = await openOn(platter, cache, () => (now += 1000));
  await grow(pond, 0, 9);
  await pond.maintain();
  now += 2 * day;
  await grow(pond, 9, 18);
  await pond.maintain({keep: day});
  now += 10 * day;
  await grow(pond, 18, 27);
  await pond.close();
  return {image: settledImage(platter), now};
}

test("whatever a loss of power leaves of maintenance shows what the pond held", {timeout: 120_000}, async () => {
  const cache = await scratch();
  const {image, now} = await neglected(cache);
  const platter = Platter.from(image);
  const before = await contentIn(remoteStore(root, platter));
  let clock = now;
  const pond = await openOn(platter, cache, () => (clock += 1000));
  const found = new Map<string, Image>();
  platter.onCall = () => {
    for (const state of platter.states((path) => path.startsWith(`${root}/tmp/`), 64)) {
      const left = imageOf(platter, state);
      found.set(left.map(([path, what]) => `${path} ${what === "directory" ? "" : what.id}`).join("\n"), left);
    }
  };
  const done = await pond.maintain({keep: day});
  platter.onCall = () => undefined;
  expect(done).toMatchObject({checkpoint: expect.any(Number) as number});
  for (const count of [done.opFiles, done.records, done.commits, done.files]) expect(count).toBeGreaterThan(5);
  expect(found.size).toBeGreaterThan(40);
  for (const [index, left] of [...found.values()].entries()) {
    const disk = Platter.from(left);
    expect(await contentIn(remoteStore(root, disk))).toEqual(before);
    if (index % 10 > 0) continue;
    expect((await check({store: remoteStore(root, disk), cache}, {data: true})).problems).toEqual([]);
    const again = await openOn(disk, cache, () => (clock += 1000));
    await again.maintain({keep: day});
    await grow(again, 40, 41);
    expect((await check(again, {data: true})).problems).toEqual([]);
    await again.close();
  }
  await pond.close();
});

/**
 * Ways to fail. Each call of maintenance fails in one of them, or every fourth one, so that the test takes seconds and
 * not minutes; with STRIDE=1 in the environment each fails in all of them.
 */
const ways = ["EIO", "SHORT", "ENOSPC", "EACCES", "EMFILE"].flatMap((code) =>
  [false, true].map((isForever) => ({code, isForever}))
);
const apart = tried(1, 4);
const stride = Number(process.env.STRIDE ?? ways.length * apart);

test.each(ways.map((way, index) => ({...way, first: 1 + ((index * apart) % stride)})))(
  "maintenance survives $code of any call, for ever: $isForever",
  {timeout: 300_000},
  async ({first, ...fault}) => {
    const cache = await scratch();
    const {image, now} = await neglected(cache);
    const before = await contentIn(remoteStore(root, Platter.from(image)));
    let clock = now;
    let failed = 0;
    for (let [at, isDone, attempts] = [first, false, 0]; !isDone; at += stride, attempts++) {
      const disk = new Faulty(Platter.from(image));
      const pond = await openOn(disk, cache, () => (clock += 1000));
      disk.set({...fault, at});
      const error = await pond.maintain({keep: day}).then(
        () => undefined,
        (thrown: unknown) => thrown
      );
      isDone = disk.calls < at;
      disk.set();
      if (error !== undefined) failed++;
      if (error !== undefined) expect(error).toBeInstanceOf(PondError);
      if (error !== undefined) expect(error).toMatchObject({code: "DISK", cause: {code: fault.code}});
      expect(await contentIn(remoteStore(root, disk)), `call ${at}`).toEqual(before);
      if (attempts % 8 === 0 || isDone) await expectWorking(pond, disk, before);
      await pond.close();
    }
    if (fault.code === "SHORT") expect(failed).toBe(0);
    else expect(failed).toBeGreaterThan(100 / stride);
  }
);

/** The pond is sound, can be maintained, and keeps no temporary file. */
async function expectWorking(pond: Pond, disk: Faulty, content: readonly string[]): Promise<void> {
  expect((await check(pond, {data: true})).problems).toEqual([]);
  await pond.maintain({keep: day});
  expect(await contentIn(remoteStore(root, disk))).toEqual(content);
  await pond.transaction({command: "after"}, (tx) => tx.write("/after", "works"));
  expect(await disk.files(`${root}/tmp`)).toEqual([]);
}

test("writers and maintainers at work together lose nothing", {timeout: 60_000}, async () => {
  const cache = await scratch();
  const platter = new Platter(3);
  let clock = Date.UTC(2026, 0, 1);
  const open = (): Promise<Pond> => openOn(platter, cache, () => (clock += 60_000));
  const ponds = [await open(), await open(), await open()];
  const keepers = [await open(), await open()];
  let [done, writers] = [0, ponds.length];
  const writing = ponds.map(async (pond, writer) => {
    let written = 0;
    for (; written < tried(40, 20) || done < 4; written++) {
      await setImmediate(); // a disk in memory leaves nobody else a turn
      await pond.transaction({command: "write"}, async (tx) => {
        await tx.append(`/${writer}/series`, readings([written], {level: [1]}), {parents: true});
        const count = (await tx.exists("/count")) ? Number(Buffer.from(await tx.read("/count")).toString()) : 0;
        await tx.write("/count", String(count + 1));
      });
    }
    writers--;
    return written;
  });
  const keeping = keepers.map(async (pond) => {
    while (writers > 0) {
      const error = await pond.maintain({keep: 3_600_000}).then(
        () => undefined,
        (thrown: unknown) => thrown
      );
      if (error === undefined) done++;
      else expect(error).toMatchObject({code: "CONFLICT"});
    }
  });
  const written = await Promise.all(writing);
  await Promise.all(keeping);
  const fs = await (await open()).fs();
  expect(Buffer.from(await fs.read("/count")).toString()).toBe(String(written.reduce((a, b) => a + b)));
  for (const [writer, count] of written.entries()) {
    const row: unknown = (await fs.query(`SELECT count(*)::INT n, sum(level)::INT s FROM '/${writer}/series'`)).get(0);
    expect(row).toMatchObject({n: count, s: count});
  }
  expect((await check(ponds[0]!, {data: true})).problems).toEqual([]);
  for (const pond of [...ponds, ...keepers]) await pond.close();
});
