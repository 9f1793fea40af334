import {truncate} from "node:fs/promises";
import {join} from "node:path";
import fc from "fast-check";
import {expect, test} from "vitest";
import {placeBins, readBins} from "../../loaders/reduction/addition.js";
import {
  type Bins,
  binsWithin,
  decodeBins,
  encodeBins,
  joinBins,
  keepAlike,
  replaceBins,
  sealBins
} from "../../loaders/reduction/bins.js";
import type {Partials} from "../../loaders/reduction/partial.js";
import {Scratch} from "../../loaders/scratch.js";
import {temporaryDirectory} from "./memory.js";

const doubles = (length: number) => fc.float64Array({minLength: length, maxLength: length});
const some = fc.nat(20).chain((length) =>
  fc.record({
    starts: doubles(length),
    columns: fc
      .dictionary(
        fc.string(),
        fc.record({
          sum: doubles(length),
          count: doubles(length),
          min: doubles(length),
          max: doubles(length),
          digest: fc.array(fc.float64Array({maxLength: 5}), {minLength: length, maxLength: length})
        })
      )
      .map((columns) => new Map<string, Partials>(Object.entries(columns)))
  })
);

test("bins come back from bytes as they were, wherever these stand in memory", () => {
  fc.assert(
    fc.property(some, fc.nat(7), (bins, offset) => {
      const bytes = encodeBins(bins);
      const moved = new Uint8Array(bytes.length + offset).subarray(offset);
      moved.set(bytes);
      expect(decodeBins(moved)).toEqual(bins);
    })
  );
});

test("bytes that are not as they were written are nothing: any one changed, and cut off anywhere", () => {
  const one = Float64Array.from([1, 2]);
  const bytes = encodeBins({starts: one, columns: new Map([["a", {sum: one, count: one, min: one, max: one}]])});
  expect(decodeBins(bytes)).toBeDefined();
  for (let index = 0; index < bytes.length; index++) {
    const changed = Uint8Array.from(bytes);
    changed[index]! ^= 1;
    expect([index, decodeBins(changed)]).toEqual([index, undefined]);
    expect([index, decodeBins(bytes.subarray(0, index))]).toEqual([index, undefined]);
  }
  expect(decodeBins(new Uint8Array(bytes.length))).toBeUndefined();
});

test("a file of bins that is gone, or cut short, is none; a directory in its place is told of", async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, "x.bins");
  const bins: Bins = {starts: Float64Array.from([1, 2]), columns: new Map()};
  expect(await readBins(file, new Scratch())).toBeUndefined();
  const size = await placeBins(file, bins);
  expect((await readBins(file, new Scratch()))!.bins).toEqual(bins);
  await truncate(file, size - 1);
  expect(await readBins(file, new Scratch())).toBeUndefined();
  await expect(readBins(directory, new Scratch())).rejects.toThrow("EISDIR");
});

test("a range of bins is half-open", () => {
  const starts = Float64Array.from([0, 10, 20, 30]);
  const bins: Bins = {starts, columns: new Map([["a", {sum: starts, count: starts, min: starts, max: starts}]])};
  const within = binsWithin(bins, {begin: 10, end: 30});
  expect([...within.starts]).toEqual([10, 20]);
  expect([...within.columns.get("a")!.max]).toEqual([10, 20]);
  expect(binsWithin(bins, {})).toEqual(bins);
});

test("bins that were cut, wherever that was, are joined to what they were, without columns that hold nothing", () => {
  const scratch = new Scratch();
  const cuts = fc.array(fc.integer({min: -1, max: 21}), {maxLength: 4});
  fc.assert(
    fc.property(some, cuts, (drawn, at) => {
      const starts = drawn.starts.map((_, bin) => bin);
      const counted = [...drawn.columns].map(
        ([name, one]) => [name, {...one, count: one.count.map(Math.abs)}] as const
      );
      const edges = [-Infinity, ...at.sort((a, b) => a - b), Infinity];
      const parts = edges
        .slice(1)
        .map((end, part) => binsWithin({starts, columns: new Map(counted)}, {begin: edges[part]!, end}));
      const held = counted.filter(([, {count}]) => count.some((number) => number > 0));
      const names = counted.map(([name]) => name);
      expect(keepAlike(parts)).toBe(true);
      expect(joinBins(parts, names, scratch)).toEqual({starts, columns: new Map(held)});
    })
  );
});

test("what some of the parts that are joined do not keep counts there as nothing", () => {
  const values = Float64Array.of(1, 2);
  const basic = {sum: values, count: values, min: values, max: values};
  const part = (begin: number, columns: Record<string, Partials>): Bins => ({
    starts: Float64Array.of(begin, begin + 1),
    columns: new Map(Object.entries(columns))
  });
  const parts = [part(0, {a: basic}), part(2, {a: {...basic, suspect: values, fail: values}, b: basic})];
  expect(keepAlike(parts)).toBe(false);
  const {columns} = joinBins(parts, ["b", "a"]);
  expect([...columns.keys()]).toEqual(["b", "a"]);
  expect(columns.get("a")).toMatchObject({count: Float64Array.of(1, 2, 1, 2), fail: Float64Array.of(0, 0, 1, 2)});
  expect(columns.get("b")).toMatchObject({count: Float64Array.of(0, 0, 1, 2), min: Float64Array.of(NaN, NaN, 1, 2)});
});

test("bins take the place of those of the same times, in the bytes of a file, or leave all as it was", () => {
  const of = (starts: readonly number[], value: number, name = "a"): Bins => {
    const values = Float64Array.from(starts, () => value);
    const partials = {sum: values, count: values.slice(), min: values.slice(), max: values.slice()};
    return {starts: Float64Array.from(starts), columns: new Map([[name, partials]])};
  };
  const bytes = encodeBins(of([0, 10, 20, 30], 1));
  const bins = decodeBins(bytes)!;
  for (const other of [of([10, 25], 2), of([30, 40], 2), of([10], 2, "b")]) {
    expect(replaceBins(bins, [of([0], 2), other])).toBe(false);
    expect(bins).toEqual(of([0, 10, 20, 30], 1));
  }
  expect(replaceBins(bins, [of([10, 20], 2)])).toBe(true);
  const changed = of([0, 10, 20, 30], 1);
  for (const values of Object.values(changed.columns.get("a")!)) (values as Float64Array).fill(2, 1, 3);
  expect(sealBins(bytes)).toEqual(encodeBins(changed));
});
