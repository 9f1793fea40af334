import fc from "fast-check";
import {expect, test} from "vitest";
import {type Bins, decodeBins, encodeBins} from "../../loaders/reduction/bins.js";
import {type Extras, percentiles, type Reduced, readingsSql} from "../../loaders/reduction/partial.js";
import {binStart, parseResolution} from "../../loaders/time/resolution.js";
import {Scratch} from "../../loaders/scratch.js";
import {extrasFor, type Statistic, statistics, tell} from "../../loaders/reduction/statistic.js";
import {Tally, Unsorted} from "../../loaders/reduction/tally.js";
import {hour, micros, minute, openDuck, type Reading, readingsSeries} from "./memory.js";

const all = extrasFor(statistics);
const a: Reduced = {name: "a"};

interface How {
  readonly columns?: readonly Reduced[];
  readonly timeZone?: string;
  readonly extras?: Extras;
}

/** What DuckDB reads of a series, added up. */
async function binned(readings: readonly Reading[], name: string, how: How = {}): Promise<Bins> {
  const {columns = [a], timeZone, extras = all} = how;
  const duck = await openDuck();
  const tally = new Tally({columns, resolution: parseResolution(name, timeZone), extras});
  const relation = await readingsSeries("/x", [readings]).relation();
  for await (const chunk of duck.chunks(`${readingsSql(relation, columns, {})} ORDER BY timestamp`))
    tally.readings(chunk);
  return tally.take();
}

function folded(finer: readonly Bins[], name: string, {columns = [a], timeZone, extras = all}: How = {}): Bins {
  const tally = new Tally({columns, resolution: parseResolution(name, timeZone), extras});
  for (const bins of finer) tally.bins(bins);
  return tally.take();
}

function told(bins: Bins, statistic: Statistic, column = a, resolution = "1h"): (number | null)[] {
  const values = tell(bins, {column, statistic}, {resolution: parseResolution(resolution), interval: minute});
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

test("a bin exists where any column has a reading; NaN, the infinities and NULL are none", async () => {
  const columns = [a, {name: 'odd "b"'}];
  const of = (time: number, one: number | null, other: number | null) => ({time, values: {a: one, 'odd "b"': other}});
  const readings = [
    of(0, 1, null),
    of(hour, null, 5),
    of(2 * hour, NaN, null),
    of(3 * hour, Infinity, null),
    of(4 * hour, NaN, 7)
  ];
  const bins = await binned(readings, "1h", {columns});
  expect([...bins.starts]).toEqual([0, hour, 4 * hour]);
  expect(told(bins, "count")).toEqual([1, 0, 0]);
  expect(told(bins, "count", columns[1])).toEqual([0, 1, 1]);
  for (const statistic of ["avg", "sum", "min", "max", "first", "last", "p50"] as const)
    expect(told(bins, statistic)).toEqual([1, null, null]);
});

test("what failed is counted and left out, what is suspect as asked, and a bin of failures alone is there", async () => {
  const flagged = [1, 3, 4, 9, null].map((flag, minutes) => ({
    time: minutes * minute,
    values: {a: 10 ** minutes, flag}
  }));
  const readings = [...flagged, {time: hour, values: {a: 5, flag: 4}}];
  const [keep, drop] = (["keep", "drop"] as const).map((suspect) => [{name: "a", flags: {column: "flag", suspect}}]);
  for (const [columns, sum] of [[keep!, 1 + 10 + 10_000] as const, [drop!, 1 + 10_000] as const]) {
    const fine = await binned(readings, "1m", {columns});
    for (const bins of [await binned(readings, "1h", {columns}), folded([fine], "1h", {columns})]) {
      const mark = (name: "suspect" | "fail") => [
        ...tell(bins, {column: columns[0]!, statistic: name}, {resolution: parseResolution("1h")})
      ];
      expect([told(bins, "sum", columns[0]), mark("suspect"), mark("fail")]).toEqual([
        [sum, null],
        [1, 0],
        [1, 1]
      ]);
    }
  }
});

test("bins from before a column was tested are folded, and have no flagged reading", async () => {
  const fine = await binned([{time: 0, values: {a: 1}}], "1m");
  const columns = [{name: "a", flags: {column: "flag", suspect: "keep"}}] as const;
  const bins = folded([fine], "1h", {columns});
  for (const [of, resolution] of [
    [fine, "1m"],
    [bins, "1h"]
  ] as const)
    for (const statistic of ["suspect", "fail"] as const)
      expect([...tell(of, {column: columns[0], statistic}, {resolution: parseResolution(resolution)})]).toEqual([0]);
  expect(told(bins, "count")).toEqual([1]);
});

test("what is folded does not rest on where finer bins stood", async () => {
  const finer = await Promise.all(
    [0, 30].map((begin) =>
      binned(
        Array.from({length: 30}, (_, index) => ({time: (begin + index) * minute, values: {a: begin + index}})),
        "10m"
      )
    )
  );
  const tally = new Tally({columns: [a], resolution: parseResolution("1h"), extras: all});
  const scratch = new Scratch();
  for (const bins of finer) tally.bins(decodeBins(encodeBins(bins, scratch))!); // each in the place of the one before
  const bins = tally.take();
  scratch.bytes(8).fill(0);
  encodeBins(finer[0]!, scratch);
  expect(bins).toEqual(folded(finer, "1h"));
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
const zones = fc.constantFrom("UTC", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe");
const value = fc.oneof(
  fc.double({min: -1e6, max: 1e6, noNaN: true}).map((x) => (Math.abs(x) < 1e-100 ? 0 : x)), // whose squares are no doubles; and a zero is a zero
  fc.integer({min: -1e9, max: 1e9}).map((x) => x / 1000), // as instruments tell them, whose sums have to be rounded
  fc.constant(NaN)
);
/** Some crowd into bins, some stride over years. */
const found = fc.constantFrom(300, 3_000, 30_000).chain((most) =>
  fc.uniqueArray(fc.tuple(fc.integer({min: -most, max: most}), value), {
    minLength: 1,
    maxLength: 200,
    size: "max",
    selector: ([time]) => time
  })
);
const cuts = fc.array(fc.double({min: 0, max: 1, noNaN: true}), {maxLength: 6}); // shares of the rows

/** Where rows are cut, both ends among them. */
function edgesOf(rows: readonly unknown[], at: readonly number[]): readonly number[] {
  const places = at.map((share) => Math.floor(share * rows.length));
  return [...new Set([0, ...places, rows.length])].sort((x, y) => x - y);
}

interface Row {
  readonly time: number;
  readonly value: number;
}

/** Rows as a result has them, in chunks that end at the cuts. */
function chunksOf(rows: readonly Row[], at: readonly number[]) {
  const edges = edgesOf(rows, at);
  return edges.slice(1).map((end, index) => {
    const part = rows.slice(edges[index], end);
    const columns = [part.map(({time}) => time), part.map((row) => row.value)].map((one) => Float64Array.from(one));
    const doubles = (column: number, into = new Float64Array(part.length)) => (into.set(columns[column]!), into);
    return {rows: part.length, doubles};
  });
}

function added(
  rows: readonly Row[],
  resolution: string,
  {timeZone, at = []}: How & {readonly at?: readonly number[]}
): Bins {
  const tally = new Tally({columns: [a], resolution: parseResolution(resolution, timeZone), extras: all});
  for (const chunk of chunksOf(rows, at)) tally.readings(chunk);
  return tally.take();
}

const picks = fc.array(fc.nat(), {minLength: 8, maxLength: 8}); // which neighbours are next

/** Parts that follow each other made one, two neighbours at a time. */
function joinedBy(picks: readonly number[], parts: readonly Bins[], join: (two: readonly Bins[]) => Bins): Bins {
  const left = [...parts];
  for (const pick of picks.slice(0, parts.length - 1)) {
    const at = pick % (left.length - 1);
    left.splice(at, 2, join(left.slice(at, at + 2)));
  }
  expect(left.length).toBe(1);
  return left[0]!;
}

/** Exactly, but for what has to be rounded. */
function expectAlike(bins: Bins, expected: ReturnType<typeof onePass>): void {
  expect([...bins.starts]).toEqual(expected.map(({time}) => time));
  for (const name of ["count", "min", "max", "first", "last"] as const)
    expect(told(bins, name)).toEqual(expected.map((bin) => bin[name]));
  for (const [name, least] of [
    ["sum", 1e-12],
    ["avg", 1e-12],
    ["stddev", 1e-9]
  ] as const)
    for (const [index, value] of told(bins, name).entries()) {
      const {size, [name]: exact} = expected[index]!;
      if (typeof exact !== "number") expect(value).toBeNull();
      else expect(Math.abs(value! - exact)).toBeLessThanOrEqual(least * size);
    }
}

test("partials folded in any order, over any ladder and any partition are those of one pass over the readings", () => {
  fc.assert(
    fc.property(found, ladders, zones, cuts, picks, (readings, ladder, timeZone, at, picks) => {
      const rows = readings
        .map(([time, value]) => ({time: micros("2025-03-09T10:00Z") + time * minute, value}))
        .sort((x, y) => x.time - y.time);
      // each part is made bins of on its own: a bin across a cut is told by two
      const edges = edgesOf(rows, at);
      const parts = edges.slice(1).map((end, index) => rows.slice(edges[index], end));
      const [finest, ...others] = ladder;
      const coarsest = ladder.at(-1)!;
      const climb = (from: readonly Bins[]) => others.reduce((finer, name) => [folded(finer, name, {timeZone})], from);
      const bins = parts.map((part) => added(part, finest, {timeZone}));
      const expected = onePass(rows, coarsest, timeZone);
      expectAlike(folded(climb(bins), coarsest, {timeZone}), expected);
      const climbed = bins.flatMap((one) => climb([one])); // each part up to the coarsest on its own, and joined there
      const joined = joinedBy(picks, climbed, (two) => folded(two, coarsest, {timeZone}));
      expectAlike(joined, expected);
    }),
    {numRuns: 300}
  );
});

test("the same rows give the same bits, however they are dealt out", () => {
  fc.assert(
    fc.property(found, cuts, (readings, at) => {
      const rows = readings.map(([time, value]) => ({time: time * minute, value})).sort((x, y) => x.time - y.time);
      expect(added(rows, "1h", {at})).toEqual(added(rows, "1h", {}));
    }),
    {numRuns: 100}
  );
});

test("sums are compensated, across chunks too: of a million thousandths, in one bin or folded from a thousand", () => {
  const thousandths = Array.from({length: 1e6}, (_, index) => (index * 7_368_787) % 1_000_003);
  const rows = thousandths.map((value, index) => ({time: index * 1000, value: value / 1000}));
  const at = Array.from({length: 1500}, (_, index) => index / 1500);
  const exact = thousandths.reduce((sum, value) => sum + value, 0) / 1000;
  expect(told(added(rows, "1h", {at}), "sum")).toEqual([exact]);
  expect(told(folded([added(rows, "1s", {at})], "1h"), "sum")).toEqual([exact]);
});

test("rows that do not come by time are refused", () => {
  expect(() =>
    added(
      [
        {time: 5, value: 1},
        {time: 4, value: 1}
      ],
      "1h",
      {}
    )
  ).toThrow(Unsorted);
});

interface Bin {
  readonly time: number;
  readonly size: number; // which rounding errors are measured by
  readonly [name: string]: number | null;
}

function onePass(rows: readonly Row[], name: string, timeZone: string): readonly Bin[] {
  const bins = new Map<number, number[]>();
  for (const {time, value} of rows) {
    const start = binStart(time, parseResolution(name, timeZone));
    if (!Number.isNaN(value)) bins.set(start, [...(bins.get(start) ?? []), value]);
  }
  return [...bins].map(([time, list]) => {
    const mean = list.reduce((sum, x) => sum + x / list.length, 0);
    const squares = list.reduce((sum, x) => sum + (x - mean) ** 2, 0);
    return {
      time,
      size: list.reduce((sum, x) => sum + Math.abs(x), 0),
      count: list.length,
      sum: list.reduce((sum, x) => sum + x, 0),
      avg: mean,
      min: Math.min(...list),
      max: Math.max(...list),
      first: list[0]!,
      last: list.at(-1)!,
      stddev: list.length > 1 ? Math.sqrt(squares / (list.length - 1)) : null
    };
  });
}

test("percentiles are exact of readings, and folded from bins of up to 1024", async () => {
  const rows = Array.from({length: 4000}, (_, index) => ({time: (index * minute) / 3, value: (index * 7919) % 4000}));
  const of = (bins: Bins, resolution: string) => percentiles.map((name) => told(bins, name, a, resolution)[0]);
  const exact = [39.99, 199.95, 399.9, 999.75, 1999.5, 2999.25, 3599.1, 3799.05, 3959.01];
  const near = (found: (number | null | undefined)[]) => found.map((value) => Number(value!.toFixed(6)));
  expect(near(of(added(rows, "1d", {}), "1d"))).toEqual(exact);
  const hours = added(rows, "1h", {});
  expect(near(of(folded([hours], "1d"), "1d"))).toEqual(exact);
  const halves = folded([hours], "12h"); // 2160 readings, more than are kept
  for (const [index, value] of of(folded([halves], "1d"), "1d").entries())
    expect(Math.abs(value! - exact[index]!)).toBeLessThan(40); // of 4000 ranks
});

test("directions turn: their mean is that of unit vectors, and none where they cancel", async () => {
  const wind = {name: "wind", turn: 360};
  const hours = [[350, 10], [80, 100, 90], [0, 180], [270]];
  const list = hours.flatMap((found, h) => found.map((one, i) => ({time: h * hour + i * minute, values: {wind: one}})));
  const columns = [wind];
  const means = told(folded([await binned(list, "1m", {columns})], "1h", {columns}), "avg", wind);
  const round = (mean: number | null) => (mean === null ? null : (Math.round(mean * 1e6) / 1e6) % 360);
  expect(means.map(round)).toEqual([0, 90, null, 270]);
});

test("coverage is the share of what is due, on days of 23 hours too", async () => {
  const begin = micros("2025-03-08T08:00Z"); // three local days: 24, 23 and 24 hours
  const due = Array.from({length: 71}, (_, h) => ({time: begin + h * hour, values: {a: 1}}));
  const list = due.filter((_, h) => h < 24 + 23 || h % 2 === 1);
  const timeZone = "America/Los_Angeles";
  const bins = await binned(list, "1d", {timeZone});
  const resolution = parseResolution("1d", timeZone);
  expect([...tell(bins, {column: a, statistic: "coverage"}, {resolution, interval: hour})]).toEqual([1, 1, 0.5]);
});
