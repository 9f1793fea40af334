import fc from "fast-check";
import {expect, test} from "vitest";
import {ReducedSeries} from "../../loaders/reduction/reduced.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {statistics} from "../../loaders/reduction/statistic.js";
import {binStart, parseResolution, parseResolutions} from "../../loaders/time/resolution.js";
import type {Duck} from "../../pond/duck.js";
import type {Column, Series} from "../../pond/types.js";
import {merged, micros, minute, openDuck, type Reading, readingsSeries, rowsOf, temporaryDirectory} from "./memory.js";

/** What SQL reads of resolutions: shards, of pages that lie otherwise, of columns and flags that come and go. */

const zones = fc.constantFrom("America/Los_Angeles", "Australia/Lord_Howe", "Pacific/Apia", "UTC");
const ladders = fc.constantFrom(["10m", "1h", "1d"], ["7m", "21m", "1d", "1mo"], ["1h", "5h", "1w", "1y"], ["1mo"]);
/** About when clocks change, days are left out, and months, years and pages end. */
const begins = fc.constantFrom("2025-03-08T22:00Z", "2025-04-05T10:00Z", "2011-12-29T00:00Z", "2025-12-29T00:00Z");

const reading = fc.record({
  at: fc.integer({min: 0, max: 8 * 1440}), // minutes
  values: fc.record({
    "A.C": fc.option(fc.integer({min: -50, max: 50})),
    "Dir.deg": fc.option(fc.nat(359)),
    "A.C.flag": fc.option(fc.constantFrom(1, 3, 4, 9))
  })
});

const version = fc
  .record({
    begin: begins,
    columns: fc.constantFrom<string[]>(["A.C"], ["Dir.deg"], ["A.C", "A.C.flag"], ["A.C", "Dir.deg", "A.C.flag"]), // no flags alone
    drawn: fc.uniqueArray(reading, {minLength: 1, maxLength: 25, selector: ({at}) => at})
  })
  .map(({begin, columns, drawn}): readonly Reading[] =>
    drawn
      .map(({at, values}) => ({
        time: micros(begin) + at * minute,
        values: Object.fromEntries(Object.entries(values).filter(([name]) => columns.includes(name)))
      }))
      .sort((a, b) => a.time - b.time)
  );

interface How {
  readonly names: readonly string[];
  readonly timeZone: string;
  readonly suspect: "keep" | "drop";
}

function flagged(series: Series): Series {
  const attributes = (name: string) => (name === "A.C.flag" ? {flags: "A.C"} : {parameter: name.split(".")[0]!});
  const columns = async (): Promise<readonly Column[]> =>
    (await series.columns()).map((column) => ({...column, attributes: attributes(column.name)}));
  return {...series, columns};
}

async function told(versions: readonly (readonly Reading[])[], {names, timeZone, suspect}: How, kept: Kept) {
  const {cache, duck} = kept;
  const ladder = async () => ({resolutions: parseResolutions(names, timeZone)});
  const options = {ladder, cache, statistics, directions: ["Dir"], suspect, interval: minute};
  const reduction = new Reduction(flagged(readingsSeries("/x", versions)), options);
  const series = (name: string) => new ReducedSeries(reduction, {name, statistics, path: `/r/${name}`, cache});
  return Promise.all(names.map((name) => rowsOf(duck, series(name))));
}

interface Kept {
  readonly cache: string;
  readonly duck: Duck;
}

/** Of each bin with a reading that counts: when it begins, how many there are, the least, and their sum. */
function expected(versions: readonly (readonly Reading[])[], {timeZone, suspect}: How, name: string) {
  const bins = new Map<number, number[]>();
  const failed = suspect === "drop" ? [3, 4, 9] : [4, 9];
  for (const {time, values} of merged(versions)) {
    const {"A.C": value, "A.C.flag": flag} = values;
    const start = binStart(time, parseResolution(name, timeZone));
    if (typeof value === "number" && !failed.includes(flag ?? 1)) bins.set(start, [...(bins.get(start) ?? []), value]);
  }
  const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
  return [...bins].map(([start, list]) => [start, list.length, Math.min(...list), sum(list)]);
}

test("whatever comes and goes, what is read of shards is what is read of them computed from nothing", async () => {
  const duck = await openDuck();
  const how = fc.record({names: ladders, timeZone: zones, suspect: fc.constantFrom("keep" as const, "drop" as const)});
  await fc.assert(
    fc.asyncProperty(how, fc.array(version, {minLength: 1, maxLength: 4}), fc.nat(3), async (how, versions, gone) => {
      const cache = await temporaryDirectory();
      for (const count of versions.keys()) await told(versions.slice(0, count + 1), how, {cache, duck});
      const left = versions.length > 1 ? versions.filter((_, index) => index !== gone) : versions;
      const rows = await told(left, how, {cache, duck});
      expect(rows).toEqual(await told(left, how, {cache: await temporaryDirectory(), duck}));
      for (const [index, name] of how.names.entries()) {
        const counted = rows[index]!.filter((row) => (row["A.C.count"] ?? 0) > 0);
        const bins = counted.map((row) => [row.time, row["A.C.count"], row["A.C.min"], row["A.C.sum"]]);
        expect([name, bins]).toEqual([name, expected(left, how, name)]);
      }
    }),
    {numRuns: 12, endOnFailure: true}
  );
}, 120_000);
