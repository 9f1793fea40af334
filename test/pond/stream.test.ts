import {existsSync} from "node:fs";
import {readdir, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {Readable} from "node:stream";
import fc from "fast-check";
import {expect, onTestFinished, test} from "vitest";
import {check} from "../../pond/check.js";
import {blobKey} from "../../pond/contents.js";
import {host} from "../../pond/disk.js";
import type {Disk, OpenFile} from "../../pond/disk.js";
import {Duck} from "../../pond/duck.js";
import {LocalStore} from "../../pond/local.js";
import {Pond} from "../../pond/pond.js";
import {batchesOf, windowsOf} from "../../pond/stream.js";
import type {Piece, Range, Series} from "../../pond/types.js";
import {newPond, rowsOf, write} from "./harness.js";
import {readings} from "./readings.js";

const minute = 60_000_000; // µs

test("a series streams by time, restated readings once, in batches of a row group or so", async () => {
  const {pond} = await newPond();
  const length = 60_000;
  for (let version = 0; version < 6; version++) {
    const times = Array.from({length}, (_, i) => (version * 40_000 + i) * 60); // a third restates the version before
    await write(pond, (tx) => tx.append("/s", readings(times, {a: times.map((time) => time + version / 8)})));
  }
  const fs = await pond.fs();
  let [rows, last, batches, largest, sum] = [0, -Infinity, 0, 0, 0];
  for await (const batch of fs.batches("/s")) {
    batches++;
    largest = Math.max(largest, batch.numRows);
    const [times, values] = [batch.getChild("timestamp")!, batch.getChild("a")!];
    for (let i = 0; i < batch.numRows; i++) {
      const time = Number(times.get(i));
      expect(time > last || `${time} after ${last}`).toBe(true);
      [last, rows, sum] = [time, rows + 1, sum + (values.get(i) as number)];
    }
  }
  const [told] = await pond.duck.rows(
    `SELECT count(*)::INT AS n, sum(a) AS s FROM ${await (await fs.series("/s")).relation()}`
  );
  expect([rows, sum]).toEqual([told!.n, told!.s]); // eighths: no order of adding rounds
  expect(rows).toBe(260_000);
  expect(batches).toBeGreaterThanOrEqual(3);
  expect(largest).toBeLessThanOrEqual(150_000);
});

test("where memory is short the stream goes on, when the whole does not", {timeout: 60_000}, async () => {
  const {pond} = await newPond();
  const length = 200_000;
  for (let version = 0; version < 6; version++) {
    const times = Array.from({length}, (_, i) => (version * 150_000 + i) * 60);
    const columns = Object.fromEntries(
      ["a", "b", "c", "d"].map((name, k) => [name, times.map((time) => Math.sin(time + k + version))])
    );
    await write(pond, (tx) => tx.append("/s", readings(times, columns)));
  }
  const series = await (await pond.fs()).series("/s");
  const poor = new Duck({memory: "60MB", threads: 1, spill: "/nowhere/at/all"});
  onTestFinished(() => poor.close());
  await expect(poor.rows(`SELECT * FROM ${await series.relation()} ORDER BY a`)).rejects.toThrow(/Memory|nowhere/i);
  let rows = 0;
  for await (const batch of batchesOf(poor, series)) rows += batch.numRows;
  expect(rows).toBe(950_000);
});

test("a range reads only the versions that overlap it: the others may be gone", async () => {
  const {pond, dir} = await newPond();
  for (const day of [0, 1, 2]) {
    const times = Array.from({length: 20_000}, (_, i) => day * 86_400 + i * 4);
    await write(pond, (tx) => tx.append("/s", readings(times, {a: times.map((time) => Math.sin(time))})));
  }
  const fs = await pond.fs();
  const [first, , third] = await fs.versions("/s");
  await rm(join(dir, blobKey(first!.sha256)));
  await writeFile(join(dir, blobKey(third!.sha256)), "none");
  const series = await fs.series("/s");
  const range = {begin: 86_400e6, end: 2 * 86_400e6};
  const hour = {begin: 90_000e6, end: 90_008e6};
  expect(Object.keys(await rowsOf(pond, await series.relation(hour)))).toEqual(["90000", "90004"]);
  let rows = 0;
  for await (const batch of fs.batches("/s", range)) rows += batch.numRows;
  expect(rows).toBe(20_000);
  await expect(series.relation()).rejects.toMatchObject({code: "CORRUPT"});
});

test("a series without readings in the range gives one batch with its columns", async () => {
  const {pond} = await newPond();
  await write(pond, (tx) => tx.append("/s", readings([1], {a: [1]})));
  const found = [];
  for await (const batch of (await pond.fs()).batches("/s", {begin: 5e6})) found.push(batch);
  expect(found.map(({numRows, schema}) => [numRows, schema.names])).toEqual([[0, ["timestamp", "a"]]]);
});

test("of a series that tells whole pieces each row comes once, in order, whatever is asked for", async () => {
  const duck = new Duck();
  onTestFinished(() => duck.close());
  const bound = fc.option(fc.nat(1_000), {nil: undefined});
  const cut = fc.record({rows: fc.integer({min: 1, max: 60}), counted: fc.option(fc.nat(300_000), {nil: undefined})});
  await fc.assert(
    fc.asyncProperty(fc.array(cut, {minLength: 1, maxLength: 8}), bound, bound, async (cuts, begin, end) => {
      fc.pre((begin ?? -Infinity) < (end ?? Infinity));
      const pieces: Piece[] = [];
      for (const {rows, counted} of cuts) {
        const minTime = (pieces.at(-1)?.maxTime ?? -1) + 1;
        pieces.push({key: "", minTime, maxTime: minTime + rows * 3 - 1, rows: counted}); // one in 3 µs
      }
      const told: number[] = [];
      for await (const batch of batchesOf(duck, whole(pieces), {begin, end}))
        for (const time of batch.getChild("timestamp")!) told.push(Math.round(Number(time) * 1000)); // Arrow tells ms
      const {maxTime} = pieces.at(-1)!;
      const all = Array.from({length: (maxTime + 1) / 3}, (_, row) => row * 3);
      expect(told).toEqual(all.filter((time) => time >= (begin ?? 0) && time < (end ?? Infinity)));
    }),
    {numRuns: 60}
  );
});

/** A series with a reading in 3 µs, of which whatever is asked tells all of the pieces that the range meets. */
function whole(pieces: readonly Piece[]): Series {
  const meeting = ({begin = -Infinity, end = Infinity}: Range = {}) =>
    pieces.filter(({minTime, maxTime}) => maxTime >= begin && minTime < end);
  const rows = ({minTime, maxTime}: Piece) =>
    `SELECT make_timestamptz(t) AS timestamp FROM range(${minTime}, ${maxTime + 1}, 3) AS r(t)`;
  const none = "SELECT NULL::TIMESTAMPTZ AS timestamp WHERE false";
  return {
    path: "/whole",
    columns: async () => [],
    pieces: async (range) => meeting(range),
    relation: async (range) => `(${[none, ...meeting(range).map(rows)].join(" UNION ALL ")})`
  };
}

const piece: fc.Arbitrary<Piece> = fc
  .record({
    minTime: fc.integer({min: 0, max: 5_000}),
    span: fc.integer({min: 0, max: 3_000}),
    rows: fc.option(fc.integer({min: 1, max: 900_000}), {nil: undefined})
  })
  .map(({minTime, span, rows}) => ({key: "", minTime: minTime * minute, maxTime: (minTime + span) * minute, rows}));

test("windows follow one another without a gap, and none has far more than it should", () => {
  const bound = fc.option(
    fc.integer({min: 0, max: 8_000}).map((time) => time * minute),
    {nil: undefined}
  );
  fc.assert(
    fc.property(fc.array(piece, {maxLength: 12}), bound, bound, (pieces, begin, end) => {
      fc.pre((begin ?? -Infinity) < (end ?? Infinity));
      const windows = windowsOf(pieces, {begin, end});
      expect([windows[0]!.begin, windows.at(-1)!.end]).toEqual([begin, end]);
      for (const [i, window] of windows.entries()) {
        expect((window.begin ?? -Infinity) < (window.end ?? Infinity)).toBe(true);
        if (i > 0) expect(window.begin).toBe(windows[i - 1]!.end);
        expect(readingsIn(pieces, window)).toBeLessThan(250_000);
      }
    }),
    {
      numRuns: 500,
      // the range begins with a piece that is cut
      examples: [[[{key: "", minTime: minute, maxTime: minute, rows: 100_001}], minute, undefined]]
    }
  );
});

/** About how many readings of pieces lie in a window; those of one instant, which no cut parts, not counted. */
function readingsIn(
  pieces: readonly Piece[],
  {begin = -Infinity, end = Infinity}: {begin?: number; end?: number}
): number {
  return pieces.reduce((total, {minTime, maxTime, rows = 100_000}) => {
    if (maxTime === minTime) return total;
    const shared = Math.min(end, maxTime + 1) - Math.max(begin, minTime);
    return total + (rows * Math.max(0, shared)) / (maxTime + 1 - minTime);
  }, 0);
}

test("what is too large to hold is written piece by piece, each put away before the next is read", async () => {
  const piece = Buffer.alloc(100_000, "0123456789");
  let [read, most, written] = [0, 0, 0];
  async function* pieces() {
    for (let i = 0; i < 50; i++) {
      read += piece.length;
      most = Math.max(most, read - written);
      yield piece;
    }
  }
  const {dir, pond} = await newPond();
  await pond.close();
  const counting: Disk = {
    ...host,
    open: async (path, flags) => {
      const file = await host.open(path, flags);
      const write: OpenFile["write"] = async (buffer, offset, length, position) => {
        written += length;
        return file.write(buffer, offset, length, position);
      };
      return {
        read: file.read.bind(file),
        write,
        stat: file.stat.bind(file),
        sync: file.sync.bind(file),
        close: file.close.bind(file)
      };
    }
  };
  const open = await Pond.over(new LocalStore(dir, counting), join(dir, "cache"));
  onTestFinished(() => open.close());
  let passes = 0;
  const twice = (): AsyncIterable<Uint8Array> => {
    if (passes++ > 0) [read, most, written] = [0, 0, 0]; // the first time they are only hashed
    return pieces();
  };
  await write(open, (tx) => tx.write("/large", twice));
  expect([passes, read, most]).toEqual([2, 5_000_000, 100_000]);
  const content = await (await open.fs()).read("/large");
  expect(Buffer.from(content).equals(Buffer.concat(Array.from({length: 50}, () => piece)))).toBe(true);
  await write(open, (tx) => tx.write("/small", () => Readable.from([piece.subarray(0, 10), piece.subarray(0, 5)])));
  expect(Buffer.from(await (await open.fs()).read("/small")).toString()).toBe("012345678901234");
  expect((await check(open, {data: true})).problems).toEqual([]);
});

test("content that changes between being hashed and being stored is refused, and nothing of it stays", async () => {
  const {dir, pond} = await newPond();
  let asked = 0;
  const changing = (): AsyncIterable<Uint8Array> => Readable.from([Buffer.alloc(70_000, asked++)]);
  await expect(write(pond, (tx) => tx.write("/f", changing))).rejects.toMatchObject({
    code: "BAD_CONTENT",
    message: "What is written to /f changed while it was read; write it again when it is at rest."
  });
  expect(await (await pond.fs()).list("/")).toEqual([]);
  expect(await readdir(join(dir, "tmp"))).toEqual([]);
  expect(
    existsSync(join(dir, "blobs"))
      ? (await readdir(join(dir, "blobs"), {recursive: true})).filter((name) => name.length > 60)
      : []
  ).toEqual([]);
});
