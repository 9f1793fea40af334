import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import fc from "fast-check";
import {afterAll, expect, test} from "vitest";
import {Engine} from "../../loaders/engine.js";
import {Reduction} from "../../loaders/reduction.js";
import {binStart, parseResolution, parseResolutions} from "../../loaders/resolution.js";
import {statistics} from "../../loaders/statistic.js";
import {day, hour, merged, micros, minute, type Reading, readingsSeries} from "./memory.js";

/**
 * Whatever happens to a series, what is kept and completed is what is computed from nothing: HISTORIES says how many
 * histories are tried.
 */

const histories = Number(process.env.HISTORIES ?? 500);
const engine = new Engine(1);
afterAll(() => engine.close());

type Step =
  | {readonly do: "append" | "late" | "restate"; readonly at: number; readonly values: readonly (number | null)[]}
  | {readonly do: "delete"; readonly index: number}
  | {readonly do: "compact"}
  | {readonly do: "reconfigure"; readonly names: readonly string[]};

type Versions = readonly (readonly Reading[])[];

const value = fc.oneof(
  {weight: 9, arbitrary: fc.double({min: -1e3, max: 1e3, noNaN: true})},
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
      names: fc.subarray(["30m", "1h", "3h", "5h", "24h", "1d", "7d", "1w", "1mo"], {minLength: 1, maxLength: 3})
    })
  }
);

/** What a step makes of the versions; readings follow each other in 25 minutes, and histories stride over days. */
function apply(versions: Versions, step: Step): Versions {
  if (step.do === "delete") return versions.filter((_, index) => index !== step.index);
  if (step.do === "compact") return versions.length < 2 ? versions : [merged(versions)];
  if (step.do === "reconfigure") return versions;
  const known = versions.flat().map(({time}) => time);
  const last = known.reduce((time, one) => Math.max(time, one), micros("2025-03-07T00:00Z")); // clocks change on the 9th
  const begin = {
    append: last + step.at * day,
    late: last + step.at * hour + minute,
    restate: known[step.at % Math.max(1, known.length)] ?? last
  }[step.do];
  return [...versions, step.values.map((a, index) => ({time: begin + index * 25 * minute, values: {a}}))];
}

const timeZone = "America/Los_Angeles";

interface Kept {
  readonly cache: string;
  readonly known: Set<string>; // keys of shards
}

/** Every bin of every resolution. Exactly the shards whose keys were never there are computed. */
async function everything(versions: Versions, names: readonly string[], {cache, known}: Kept) {
  const computed: string[] = [];
  const reduction = new Reduction(readingsSeries("/x", versions), {
    ladder: async () => ({resolutions: parseResolutions(names, timeZone)}),
    cache,
    statistics: statistics.filter((name) => name !== "coverage"),
    engine,
    built: ({key}) => computed.push(key)
  });
  const levels = await reduction.levels();
  const told = [];
  for (const level of levels)
    for (const shard of level.shards) told.push([level.resolution.name, await reduction.bins(level, shard)] as const);
  const keys = levels.flatMap(({shards}) => shards.map(({key}) => key));
  expect(computed.sort()).toEqual([...new Set(keys)].filter((key) => !known.has(key)).sort());
  for (const key of keys) known.add(key);
  return told;
}

/** What there is to be told of each bin, from the readings alone. */
function expected(versions: Versions, name: string): readonly (readonly [number, number, number, number])[] {
  const bins = new Map<number, number[]>();
  for (const {time, values} of merged(versions)) {
    const start = binStart(time, parseResolution(name, timeZone));
    if (typeof values.a === "number") bins.set(start, [...(bins.get(start) ?? []), values.a]);
  }
  return [...bins].map(([start, list]) => [start, list.length, Math.min(...list), list.at(-1)!] as const);
}

test(`after each of ${histories} histories, what is kept and completed is what is computed from nothing`, async () => {
  const directory = await mkdtemp(join(tmpdir(), "duckpond-"));
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, {minLength: 2, maxLength: 6}), async (steps) => {
      const kept = {cache: join(directory, String(count++)), known: new Set<string>()};
      let versions: Versions = [];
      let names: readonly string[] = ["1h", "24h"];
      for (const next of steps) {
        versions = apply(versions, next);
        if (next.do === "reconfigure") names = next.names;
        await everything(versions, names, kept);
      }
      const incremental = await everything(versions, names, kept);
      const full = await everything(versions, names, {cache: join(directory, `${count} anew`), known: new Set()});
      expect(incremental).toEqual(full);
      for (const name of names) {
        const rows = full.flatMap(([resolution, {starts, columns}]) => {
          const {count, min, last} = columns.get("a") ?? {};
          return resolution === name ? Array.from(starts, (start, i) => [start, count![i], min![i], last![i]]) : [];
        });
        expect([name, rows]).toEqual([name, expected(versions, name)]);
      }
    }),
    {numRuns: histories, endOnFailure: true}
  );
  await rm(directory, {recursive: true});
}, 600_000);
