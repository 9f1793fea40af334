import {join} from "node:path";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import {afterAll, beforeAll, expect, test} from "vitest";
import {PondError} from "../../pond/error.js";
import {mirror} from "../../pond/mirror.js";
import {Pond} from "../../pond/pond.js";
import type {Transaction} from "../../pond/types.js";
import {scratch} from "../pond/harness.js";
import {readings, readingsOf} from "../pond/readings.js";
import {Judge} from "./client.js";
import {ourReadings, ourRecords, theirReadings, theirRecords} from "./records.js";

let judge: Judge;
beforeAll(() => void (judge = new Judge()));
afterAll(() => judge.close());

type Operation = (tx: Transaction) => Promise<void>;

const directory = fc.constantFrom("/a", "/b", "/a/ü ü");
const inside = (...names: string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.oneof(fc.constant(""), directory), fc.constantFrom(...names))
    .map(([parent, name]) => `${parent}/${name}`);
const file = inside("f", "g.txt");
const series = inside("s", "t");

const values = fc.option(fc.double({noNaN: true, noDefaultInfinity: true}).map((value) => value + 0)); // no -0
const append = fc.record({
  path: series,
  times: fc.uniqueArray(fc.integer({min: -30, max: 30}), {minLength: 1, maxLength: 8}),
  name: fc.constantFrom("T.C", "surface.DO.mg/L", "grün"),
  cells: fc.array(values, {minLength: 8, maxLength: 8})
});

const words = fc.option(fc.string({unit: "binary", maxLength: 12}).map((text) => text.replaceAll("\0", "")));
const note = fc.record({
  path: series,
  times: fc.uniqueArray(fc.integer({min: -30, max: 30}), {minLength: 1, maxLength: 8}),
  cells: fc.array(words, {minLength: 8, maxLength: 8})
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  directory.map(
    (path): Operation =>
      (tx) =>
        tx.mkdir(path, {recursive: true})
  ),
  fc.tuple(file, fc.string()).map(
    ([path, text]): Operation =>
      (tx) =>
        tx.write(path, text, {parents: true, attributes: {text}})
  ),
  fc.tuple(file, fc.integer({min: 0, max: 30})).map(
    ([path, n]): Operation =>
      (tx) =>
        tx.write(path, `${n} `.repeat(40_000), {parents: true}) // more than 64 KiB: a blob
  ),
  append.map(({path, times, name, cells}): Operation => async (tx) => {
    await tx.append(path, readings(times, {[name]: cells.slice(0, times.length)}), {parents: true});
  }),
  note.map(({path, times, cells}): Operation => async (tx) => {
    const column = arrow.vectorFromArray(cells.slice(0, times.length), new arrow.Utf8());
    await tx.append(path, readingsOf(times, "note", column), {parents: true});
  }),
  fc.oneof(fc.tuple(directory, directory), fc.tuple(file, file), fc.tuple(series, series)).map(
    ([from, to]): Operation =>
      (tx) =>
        tx.rename(from, to)
  ),
  fc.oneof(directory, file, series).map(
    (path): Operation =>
      (tx) =>
        tx.remove(path, {recursive: true})
  )
);

/** What is done in one go, and whether the pond is maintained after it. */
const sequence = fc.record({operations: fc.array(operation, {minLength: 1, maxLength: 6}), isKept: fc.boolean()});

const day = 24 * 3_600_000;

/** Does what can be done, each in a transaction of its own, and counts it. */
async function play(pond: Pond, operations: readonly Operation[]): Promise<number> {
  let done = 0;
  for (const body of operations)
    try {
      if ((await pond.transaction({command: "test"}, body)).commit !== undefined) done++;
    } catch (error) {
      if (!(error instanceof PondError)) throw error; // a path that is not there, or of another kind
    }
  return done;
}

const seen = {
  ...{sequences: 0, transactions: 0, records: 0, readings: 0},
  ...{checkpoints: 0, compacted: 0, merged: 0, cleaned: 0}
};

/** The judge sees the records that we see, and those that no merge made are as many as the commits say. */
async function compareLog(pond: Pond, dir: string): Promise<number> {
  const ours = await ourRecords(pond);
  expect(await theirRecords(judge, dir)).toEqual(ours);
  const told = (await pond.log()).reduce((total, {operations}) => total + operations, 0);
  const written = ours.filter(({merged}) => merged === null);
  expect(written).toHaveLength(told);
  seen.merged += ours.length - written.length;
  return ours.length;
}

/** The judge sees the readings that we see, in the mirror of each series. */
async function compareSeries(pond: Pond, host: string): Promise<number> {
  const all = await (await pond.fs()).glob("/**/{s,t}");
  if (all.length > 0) await mirror(pond, "/**/{s,t}", host);
  let rows = 0;
  for (const {path} of all) {
    const ours = await ourReadings(pond, path);
    expect(await theirReadings(judge, join(host, path)), path).toEqual(ours);
    rows += ours.length;
  }
  return rows;
}

test("after each of 1,000 random sequences of operations another reader sees the same log and the same series", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(sequence, {minLength: 10, maxLength: 10, size: "max"}), async (sequences) => {
      const dir = await scratch();
      let later = 0;
      const pond = await Pond.open(dir, {create: true, effects: {now: () => Date.now() + later}});
      const host = join(dir, "mirror");
      for (const {operations, isKept} of sequences) {
        seen.transactions += await play(pond, operations);
        const {checkpoint, opFiles} = isKept ? await pond.maintain() : {opFiles: 0};
        if (checkpoint !== undefined) seen.checkpoints++;
        seen.compacted += opFiles;
        seen.records += await compareLog(pond, dir);
        seen.readings += await compareSeries(pond, host);
        seen.sequences++;
      }
      later = 30 * day; // the past goes: commits, and, of the rest, what was replaced
      await play(pond, [(tx) => tx.write("/f", "late"), (tx) => tx.write("/f", "later")]);
      seen.cleaned += (await pond.maintain({keep: day})).commits;
      expect(await theirRecords(judge, dir)).toEqual(await ourRecords(pond));
      seen.readings += await compareSeries(pond, host);
      await pond.close();
    }),
    {numRuns: 100, endOnFailure: true} // a shrunk failure would cost an hour
  );
  console.info(seen); // eslint-disable-line no-console -- the figures are what this test is for
  expect(seen.sequences).toBe(1000);
  expect(seen.transactions).toBeGreaterThan(1000);
  expect(seen.readings).toBeGreaterThan(1000);
  expect(seen.checkpoints).toBeGreaterThan(300);
  expect(seen.compacted).toBeGreaterThan(300);
  expect(seen.merged).toBeGreaterThan(0); // it takes many versions of one series
  expect(seen.cleaned).toBeGreaterThan(100);
}, 1_200_000);
