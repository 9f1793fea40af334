import fc from "fast-check";
import {expect, test} from "vitest";
import {
  type Binning,
  binSql,
  coverageSql,
  foldSql,
  meanSql,
  type Reduced,
  statistics,
  statisticSql
} from "../../loaders/partial.js";
import {binStart, parseResolution} from "../../loaders/resolution.js";
import {hour, micros, minute, openDuck, type Reading, readingsSeries} from "./memory.js";

const reducedOf = (...names: string[]): Reduced[] => names.map((name) => ({name}));
const all = {ends: true, spread: true};

function binningOf(name: string, range: {begin: number; end: number}, timeZone?: string): Binning {
  return {...range, resolution: parseResolution(name, timeZone), extras: all};
}

test("the queries bind on a real DuckDB", async () => {
  const duck = await openDuck();
  const range = {begin: 0, end: 10 * hour};
  const names = ["DO.mg/L", 'odd "name"', "T", "T.min", "T.first", "bin"];
  const columns = [...reducedOf(...names), {name: "Wind", turns: true}];
  const relation = await readingsSeries("/x", [
    [{time: 0, values: Object.fromEntries(columns.map(({name}) => [name, 1]))}]
  ]).relation();
  const hours = binSql(relation, columns, binningOf("1h", range));
  await duck.run(`EXPLAIN ${foldSql(`(${hours})`, columns, binningOf("2h", range))}`);
  await duck.run(`EXPLAIN ${foldSql(`(${hours})`, columns, binningOf("1d", range, "Asia/Tokyo"))}`);
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
  const rows = await duck.rows(binSql(relation, reducedOf("a", "b"), binningOf("1h", {begin: 0, end: 9 * hour})));
  expect(rows.map((row) => [Number(row.timestamp), row["a.count"], row["b.count"], row["a.sum"]])).toEqual([
    [0, 1n, 0n, 1],
    [3600e3, 0n, 1n, null],
    [4 * 3600e3, 0n, 1n, null]
  ]);
});

const ladders = fc.constantFrom(
  ["5m", "15m", "1h"],
  ["10m", "30m", "2h", "4h"],
  ["7m", "14m", "28m"],
  ["1h", "2h"],
  ["1m", "2m", "4m", "8m", "16m", "32m"],
  ["15m", "1d", "1mo"],
  ["1d", "1q", "1y"],
  ["1w"]
);
const value = fc.oneof(
  fc.double({min: -1e6, max: 1e6, noNaN: true}).map((x) => x + 0), // a zero is a zero
  fc.constant(null)
);
const readings = fc.uniqueArray(fc.tuple(fc.integer({min: -30_000, max: 30_000}), value), {
  minLength: 1,
  maxLength: 300,
  selector: ([time]) => time
});

test("partials folded over any ladder are those of one pass over the readings", async () => {
  const duck = await openDuck();
  const zones = fc.constantFrom("UTC", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe");
  await fc.assert(
    fc.asyncProperty(readings, ladders, zones, async (found, ladder, timeZone) => {
      const list = found.map(([time, a]) => ({time: micros("2025-03-09T10:00Z") + time * minute, values: {a}}));
      const range = {begin: micros("2024-01-01T12:00Z"), end: micros("2026-07-01T12:00Z")};
      let sql = "";
      for (const name of ladder) {
        const bins = binningOf(name, range, timeZone);
        sql = sql
          ? foldSql(`(${sql})`, reducedOf("a"), bins)
          : binSql(await readingsSeries("/x", [list]).relation(), reducedOf("a"), bins);
      }
      const told = statistics.filter((name) => name !== "coverage").map((name) => statisticSql({name: "a"}, name));
      const rows = await duck.rows(
        `SELECT epoch_us(timestamp)::DOUBLE AS time, ${told.join(", ")} FROM (${sql}) ORDER BY time`
      );
      const expected = onePass(list, ladder.at(-1)!, timeZone);
      const exact = (row: Record<string, unknown>) =>
        ["time", "a.count", "a.min", "a.max", "a.first", "a.last"].map((name) => row[name]);
      expect(rows.map(exact)).toEqual(expected.map(exact));
      for (const [index, bin] of expected.entries()) {
        const off = (name: string) => Math.abs(Number(rows[index]![name]) - Number(bin[name]));
        expect(off("a.sum")).toBeLessThanOrEqual(1e-12 * bin.size);
        expect(off("a.avg")).toBeLessThanOrEqual(1e-12 * bin.size);
        if (bin["a.count"] > 1) expect(off("a.stddev")).toBeLessThanOrEqual(1e-9 * bin.size);
        else expect(rows[index]!["a.stddev"]).toBeNull();
      }
    }),
    {numRuns: 80}
  );
});

type Bin = Record<string, number> & {readonly size: number; readonly "a.count": number};

function onePass(readings: readonly Reading[], name: string, timeZone: string): readonly Bin[] {
  const bins = new Map<number, number[]>();
  for (const {time, values} of [...readings].sort((a, b) => a.time - b.time)) {
    const start = binStart(time, parseResolution(name, timeZone));
    if (values.a !== null) bins.set(start, [...(bins.get(start) ?? []), values.a!]);
  }
  return [...bins]
    .sort(([a], [b]) => a - b)
    .map(([time, list]) => {
      const mean = list.reduce((sum, x) => sum + x / list.length, 0);
      return {
        time,
        size: list.reduce((sum, x) => sum + Math.abs(x), 0), // which rounding errors are measured by
        "a.count": list.length,
        "a.sum": list.reduce((sum, x) => sum + x, 0),
        "a.avg": mean,
        "a.min": Math.min(...list),
        "a.max": Math.max(...list),
        "a.first": list[0]!,
        "a.last": list.at(-1)!,
        "a.stddev": Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (list.length - 1))
      };
    });
}

test("directions turn: their mean is that of unit vectors, and none where they cancel", async () => {
  const duck = await openDuck();
  const wind = {name: "wind", turns: true};
  const hours = [[350, 10], [80, 100, 90], [0, 180], [270]];
  const list = hours.flatMap((found, h) => found.map((a, i) => ({time: h * hour + i * minute, values: {wind: a}})));
  const relation = await readingsSeries("/x", [list]).relation();
  const range = {begin: 0, end: 100 * hour};
  const fine = binSql(relation, [wind], binningOf("1m", range));
  const coarse = foldSql(`(${fine})`, [wind], binningOf("1h", range));
  const rows = await duck.rows(`SELECT ${statisticSql(wind, "avg")} FROM (${coarse}) ORDER BY timestamp`);
  const means = rows.map((row) => row["wind.avg"] as number | null);
  expect(means.map((mean) => (mean === null ? null : (Math.round(mean * 1e6) / 1e6) % 360))).toEqual([
    0,
    90,
    null,
    270
  ]);
  const [whole] = await duck.rows(
    `SELECT ${meanSql(wind)} AS mean FROM (${fine}) WHERE timestamp < make_timestamptz(${hour})`
  );
  expect(Math.cos(((whole!.mean as number) * Math.PI) / 180)).toBeCloseTo(1, 12);
});

test("coverage is the share of what is due, on days of 23 hours too", async () => {
  const duck = await openDuck();
  const begin = micros("2025-03-08T08:00Z"); // three local days: 24, 23 and 24 hours
  const range = {begin, end: micros("2025-03-11T07:00Z")};
  const due = Array.from({length: 71}, (_, h) => ({time: begin + h * hour, values: {a: 1}}));
  const list = due.filter((_, h) => h < 24 + 23 || h % 2 === 1);
  const binning = binningOf("1d", range, "America/Los_Angeles");
  const sql = binSql(await readingsSeries("/x", [list]).relation(), reducedOf("a"), binning);
  const rows = await duck.rows(`SELECT ${coverageSql({name: "a"}, binning, hour)} FROM (${sql}) ORDER BY timestamp`);
  expect(rows.map((row) => row["a.coverage"])).toEqual([1, 1, 0.5]);
});
