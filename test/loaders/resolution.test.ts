import fc from "fast-check";
import {expect, test} from "vitest";
import {binSql, binStart, foldSql, parseResolution, parseResolutions} from "../../loaders/resolution.js";
import {hour, minute, openDuck, type Reading, readingsSeries} from "./memory.js";

test("resolutions are read, sorted and told apart", () => {
  expect(parseResolutions(["24h", "15m", "1h"]).map(({name}) => name)).toEqual(["15m", "1h", "24h"]);
  expect(() => parseResolution("1x")).toThrow('"1x" is no resolution: write a whole number and s, m, h or d');
  expect(() => parseResolution("0h")).toThrow("is no resolution");
  expect(() => parseResolutions(["24h", "1d"])).toThrow("The resolutions 24h and 1d are the same: leave one out.");
});

test("bins before 1970 begin before their readings too", () => {
  expect(binStart(-1, hour)).toBe(-hour);
  expect(binStart(0, hour)).toBe(0);
});

test("the queries bind on a real DuckDB", async () => {
  const duck = await openDuck();
  const bins = {begin: 0, end: 10 * hour, width: hour};
  const names = ["DO.mg/L", 'odd "name"', "T", "T.min", "bin"];
  const relation = await readingsSeries("/x", [
    [{time: 0, values: Object.fromEntries(names.map((name) => [name, 1]))}]
  ]).relation();
  await duck.run(`EXPLAIN ${binSql(relation, names, bins)}`);
  await duck.run(`EXPLAIN ${foldSql(`(${binSql(relation, names, bins)})`, names, {...bins, width: 2 * hour})}`);
});

test("a bin exists where any column has a reading; NaN, the infinities and NULL are none", async () => {
  const duck = await openDuck();
  const versions: Reading[] = [
    {time: 0, values: {a: 1, b: null}},
    {time: hour, values: {a: null, b: 5}},
    {time: 2 * hour, values: {a: NaN, b: null}},
    {time: 3 * hour, values: {a: Infinity, b: null}},
    {time: 4 * hour, values: {a: NaN, b: 7}},
    {time: 9 * hour, values: {a: 3, b: 3}}
  ];
  const relation = await readingsSeries("/x", [versions]).relation();
  const rows = await duck.rows(binSql(relation, ["a", "b"], {begin: 0, end: 9 * hour, width: hour}));
  expect(rows.map((row) => [Number(row.timestamp), row["a.count"], row["b.count"], row["a.sum"]])).toEqual([
    [0, 1n, 0n, 1],
    [3600e3, 0n, 1n, null],
    [4 * 3600e3, 0n, 1n, null]
  ]);
});

test("partials folded over any ladder are those of one pass over the readings", async () => {
  const duck = await openDuck();
  const value = fc.oneof(
    fc.double({min: -1e6, max: 1e6, noNaN: true}).map((x) => x + 0), // a zero is a zero
    fc.constant(null)
  );
  const readings = fc.uniqueArray(fc.tuple(fc.integer({min: -3000, max: 3000}), value), {
    minLength: 1,
    maxLength: 300,
    selector: ([time]) => time
  });
  const ladders = fc.constantFrom([5, 15, 60], [10, 30, 120, 240], [7, 14, 28], [60, 120], [1, 2, 4, 8, 16, 32]);
  await fc.assert(
    fc.asyncProperty(readings, ladders, async (found, ladder) => {
      const list = found.map(([time, a]) => ({time: time * minute, values: {a}}));
      const range = {begin: -1e6 * minute, end: 1e6 * minute};
      let sql = "";
      for (const minutes of ladder) {
        const bins = {...range, width: minutes * minute};
        sql = sql
          ? foldSql(`(${sql})`, ["a"], bins)
          : binSql(await readingsSeries("/x", [list]).relation(), ["a"], bins);
      }
      const rows = await duck.rows(`SELECT epoch_us(timestamp)::DOUBLE AS time, * FROM (${sql}) ORDER BY time`);
      const expected = onePass(list, ladder.at(-1)! * minute);
      expect(rows.map((row) => [row.time, Number(row["a.count"]), row["a.min"], row["a.max"]])).toEqual(
        expected.map(({time, count, min, max}) => [time, count, min, max])
      );
      for (const [index, {sum, size, count}] of expected.entries()) {
        expect(Math.abs((rows[index]!["a.sum"] as number) - sum)).toBeLessThanOrEqual(1e-12 * size);
        expect(Math.abs((rows[index]!["a.sum"] as number) / count - sum / count)).toBeLessThanOrEqual(1e-12 * size);
      }
    }),
    {numRuns: 60}
  );
});

interface Bin {
  readonly time: number;
  readonly count: number;
  readonly sum: number;
  readonly size: number; // the sum of magnitudes, which rounding errors are measured by
  readonly min: number;
  readonly max: number;
}

function onePass(readings: readonly Reading[], width: number): readonly Bin[] {
  const bins = new Map<number, number[]>();
  for (const {time, values} of readings)
    if (values.a !== null) bins.set(binStart(time, width), [...(bins.get(binStart(time, width)) ?? []), values.a!]);
  return [...bins]
    .sort(([a], [b]) => a - b)
    .map(([time, list]) => ({
      time,
      count: list.length,
      sum: list.reduce((sum, x) => sum + x, 0),
      size: list.reduce((sum, x) => sum + Math.abs(x), 0),
      min: Math.min(...list),
      max: Math.max(...list)
    }));
}
