import {readFileSync} from "node:fs";
import fc from "fast-check";
import {expect} from "vitest";
import {decodeBins} from "../../loaders/reduction/bins.js";
import {Engine} from "../../loaders/reduction/engine.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {binStart, parseResolution, parseResolutions} from "../../loaders/time/resolution.js";
import {statistics} from "../../loaders/reduction/statistic.js";
import type {Series} from "../../pond/types.js";
import {day, hour, merged, micros, minute, type Reading} from "./memory.js";

/** What may happen to a series. */
export type Step =
  | {readonly do: "append" | "late" | "restate"; readonly at: number; readonly values: readonly (number | null)[]}
  | {readonly do: "delete"; readonly index: number}
  | {readonly do: "compact"}
  | {readonly do: "reconfigure"; readonly names: readonly string[]};

export type Versions = readonly (readonly Reading[])[];

export const engine = new Engine(1);

/** A zero is a zero: SQL spells none with a sign. */
const value = fc.oneof(
  {weight: 9, arbitrary: fc.double({min: -1e3, max: 1e3, noNaN: true}).map((x) => x + 0)},
  {weight: 1, arbitrary: fc.constant(null)}
);
const values = fc.array(value, {minLength: 1, maxLength: 6});
const readings = (what: "append" | "late" | "restate", min: number, max: number) =>
  fc.record({do: fc.constant(what), at: fc.integer({min, max}), values});
const step: fc.Arbitrary<Step> = fc.oneof(
  {weight: 3, arbitrary: readings("append", 0, 12)},
  {weight: 2, arbitrary: readings("late", -200, 0)},
  {weight: 2, arbitrary: readings("restate", 0, 20)},
  {weight: 1, arbitrary: fc.record({do: fc.constant("delete" as const), index: fc.nat(5)})},
  {weight: 1, arbitrary: fc.record({do: fc.constant("compact" as const)})},
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("reconfigure" as const),
      names: fc.subarray(["30m", "1h", "3h", "5h", "24h", "1d", "7d", "1w", "1mo", "1q", "1y"], {
        minLength: 1,
        maxLength: 3
      })
    })
  }
);

export const steps = fc.array(step, {minLength: 2, maxLength: 6});

/** The first readings are about when clocks change. */
export const beginning = micros("2025-03-07T00:00Z");

/** The readings that a step adds: they follow each other in 25 minutes, and histories stride over days. */
export function added(versions: Versions, {do: what, at, values}: Extract<Step, {at: number}>): readonly Reading[] {
  const known = versions.flat().map(({time}) => time);
  const last = known.reduce((time, one) => Math.max(time, one), beginning);
  const begin = {
    append: last + at * day,
    late: last + at * hour + minute,
    restate: known[at % Math.max(1, known.length)] ?? last
  }[what];
  return values.map((a, index) => ({time: begin + index * 25 * minute, values: {a}}));
}

const timeZone = "America/Los_Angeles";

export interface Kept {
  readonly cache: string;
  readonly known: Set<string>; // keys of shards
  readonly isRanked: boolean; // percentiles are told too: shards then hold more than numbers
}

type File = readonly [resolution: string, content: Buffer];

/** Every shard of every resolution, as the bytes of its file. Exactly those whose keys were never there are computed. */
export async function everything(
  series: Series,
  names: readonly string[],
  {cache, known, isRanked}: Kept
): Promise<File[]> {
  const computed: string[] = [];
  const reduction = new Reduction(series, {
    ladder: async () => ({resolutions: parseResolutions(names, timeZone)}),
    cache,
    statistics: statistics.filter((name) => name !== "coverage" && (isRanked || !/^p\d/.test(name))),
    engine,
    built: ({key}) => computed.push(key)
  });
  const levels = await reduction.levels();
  const files: File[] = [];
  const keys: string[] = [];
  for (const level of levels)
    for (const {file, key} of await reduction.build(level)) {
      files.push([level.resolution.name, readFileSync(file)]);
      keys.push(key);
    }
  expect(computed.sort()).toEqual([...new Set(keys)].filter((key) => !known.has(key)).sort());
  for (const key of keys) known.add(key);
  return files;
}

/** The same files, byte for byte. */
export function expectSame(files: readonly File[], others: readonly File[]): void {
  const told = (list: readonly File[]) => list.map(([name, {length}]) => [name, length]);
  expect(told(files)).toEqual(told(others));
  expect(files.every(([, content], index) => content.equals(others[index]![1]))).toBe(true);
}

/** What the files tell of each bin is what the readings alone do: their count, the least, and the last. */
export function expectTrue(files: readonly File[], versions: Versions, names: readonly string[]): void {
  for (const name of names) {
    const rows = files.flatMap(([resolution, bytes]) => {
      if (resolution !== name) return [];
      const {starts, columns} = decodeBins(bytes)!;
      const {count, min, last} = columns.get("a") ?? {};
      return Array.from(starts, (start, i) => [start, count![i], min![i], last![i]]);
    });
    expect([name, rows]).toEqual([name, expected(versions, name)]);
  }
}

function expected(versions: Versions, name: string): readonly (readonly [number, number, number, number])[] {
  const bins = new Map<number, number[]>();
  for (const {time, values} of merged(versions)) {
    const start = binStart(time, parseResolution(name, timeZone));
    if (typeof values.a === "number") bins.set(start, [...(bins.get(start) ?? []), values.a]);
  }
  return [...bins].map(([start, list]) => [start, list.length, Math.min(...list), list.at(-1)!] as const);
}
