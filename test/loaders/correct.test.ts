import {readFile} from "node:fs/promises";
import fc from "fast-check";
import {expect, test} from "vitest";
import {annotationsIn} from "../../loaders/series/annotation.js";
import {correct} from "../../loaders/kinds/correct.js";
import {CorrectedSeries} from "../../loaders/quality/corrected.js";
import {type Adjustment, adjustmentsOf, type Correction, correction} from "../../loaders/quality/correction.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {silent} from "../../loaders/runs/reporter.js";
import {parseResolutions} from "../../loaders/time/resolution.js";
import {run} from "../../loaders/runs/run.js";
import type {Effects, Resource, RunRow} from "../../loaders/types.js";
import {decodeParquet} from "../../pond/parquet.js";
import type {Pond} from "../../pond/pond.js";
import type {Series} from "../../pond/types.js";
import {hour, micros, type Reading, readingsSeries, rowsOf, openDuck, temporaryDirectory} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

const effects: Effects = {now: () => Date.parse("2026-01-01T00:00Z"), env: {}, reporter: silent};
const begin = micros("2025-06-01T00:00Z");

function hourly(column: string, values: readonly (number | null)[], from = begin): readonly Reading[] {
  return values.map((value, index) => ({time: from + index * hour, values: {[column]: value}}));
}

function correctWith(corrections: readonly object[], more: object = {}): Resource {
  return resource("Correct", "all", {input: "/in/*", output: "/right/$0", corrections, ...more});
}

async function told(pond: Pond, ...resources: readonly Resource[]): Promise<readonly RunRow[]> {
  return (await run(pond, resources, effects)).rows;
}

async function column(pond: Pond, name: string, path: string): Promise<unknown[]> {
  const table = await (await pond.fs()).query(`SELECT "${name}" AS v FROM "${path}" ORDER BY timestamp`);
  return table.toArray().map((row: {toJSON(): {v: unknown}}) => row.toJSON().v);
}

const at = (hours: number) => new Date(begin / 1000 + hours * 3_600_000).toISOString();

/** So many microseconds after the first reading. */
const fine = (after: number) => at(0).replace("Z", `${String(after).padStart(3, "0")}Z`);

// ---- What is written ----

test.each<[string, object, number[]]>([
  ["an offset from begin on, and before end", {from: at(1), to: at(3), offset: 0.5}, [8, 8.5, 8.5, 8, 8]],
  ["open at its end", {from: at(3), offset: -1}, [8, 8, 8, 7, 7]],
  ["open at its begin", {to: at(1), offset: -1}, [7, 8, 8, 8, 8]],
  ["always", {factor: 1.25}, [10, 10, 10, 10, 10]],
  ["a factor, then an offset", {factor: 0.5, offset: 1}, [5, 5, 5, 5, 5]],
  ["in another unit", {unit: "µg/L", offset: 500}, [8.5, 8.5, 8.5, 8.5, 8.5]],
  [
    "a drift, until the calibration that ends it",
    {
      drift: [
        {time: at(0), offset: 0},
        {time: at(4), offset: -2}
      ]
    },
    [8, 7.5, 7, 6.5, 8]
  ],
  [
    "a drift through several points, with factors",
    {
      drift: [{time: at(0)}, {time: at(2), offset: 1}, {time: at(4), factor: 2, offset: 0}]
    },
    [8, 8.5, 9, 12.5, 8]
  ],
  [
    "a drift of a few microseconds",
    {
      drift: [
        {time: fine(0), offset: 1},
        {time: fine(400), offset: 2}
      ]
    },
    [9, 8, 8, 8, 8]
  ]
])("%s", async (_, how, expected) => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8, 8, 8]));
  const [row] = await told(pond, correctWith([{parameter: "DO", ...how}]));
  expect([row!.errors, row!.notes]).toEqual([[], ["a: DO.mg/L is corrected."]]);
  expect(await column(pond, "DO.mg/L", "/right/a")).toEqual(expected);
  expect(await column(pond, "DO.mg/L", "/in/a")).toEqual([8, 8, 8, 8, 8]); // the raw ones stay as they are
  const [raw, right] = await Promise.all(["/in/a", "/right/a"].map(async (path) => (await pond.fs()).series(path)));
  expect(await right!.columns()).toEqual(await raw!.columns());
});

test("a factor in °F is one in °F, for readings in °C", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("Temperature.C", [0, 100]));
  await told(pond, correctWith([{parameter: "Temperature", unit: "F", factor: 2, offset: 4}]));
  const [cold, hot] = (await column(pond, "Temperature.C", "/right/a")) as number[];
  expect(cold).toBeCloseTo(20, 12); // 32 °F × 2 + 4 = 68 °F
  expect(hot).toBeCloseTo(220, 12); // 212 °F × 2 + 4 = 428 °F
});

test("each is done to what those before it made, of its scope and series alone; nothing stays nothing", async () => {
  const pond = await openPond();
  for (const name of ["a", "b"]) await appendReadings(pond, `/raw/${name}`, hourly("DO.mg/L", [8, null, 8]));
  const scopes = (name: string) =>
    ["Surface", "Bottom"].map((scope) => ({name: scope, inputs: [{series: `/raw/${name}`}]}));
  const sites = ["a", "b"].map((name) => resource("Combine", name, {output: `/in/${name}`, scopes: scopes(name)}));
  const rows = await told(
    pond,
    ...sites,
    correctWith([
      {parameter: "DO", scope: "Surface", offset: 1},
      {parameter: "DO", series: "/in/b", factor: 10},
      {parameter: "DO", series: "/in/b", scope: "Surface", from: at(1), offset: -90},
      {parameter: "pH", offset: 1}
    ])
  );
  expect(await column(pond, "Surface.DO.mg/L", "/right/a")).toEqual([9, null, 9]);
  expect(await column(pond, "Bottom.DO.mg/L", "/right/a")).toEqual([8, null, 8]);
  expect(await column(pond, "Surface.DO.mg/L", "/right/b")).toEqual([90, null, 0]);
  expect(await column(pond, "Bottom.DO.mg/L", "/right/b")).toEqual([80, null, 80]);
  expect(rows.at(-1)!.notes).toEqual([
    "a: Surface.DO.mg/L is corrected.",
    "b: Surface.DO.mg/L, Bottom.DO.mg/L are corrected.",
    "There is no pH to correct; there are DO."
  ]);
});

test("an offset in a unit that cannot be is an error that names both", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8]));
  const [row] = await told(pond, correctWith([{parameter: "DO", unit: "m", offset: 1}]));
  expect(row!.errors).toEqual(["The column DO.mg/L of /in/a: mg/L cannot be converted to m."]);
});

test.each([
  [{corrections: []}, "there is nothing in it to correct by: write corrections, annotations or both"],
  [{corrections: [{}]}, "there is nothing in it to correct by: write offset, factor or drift"],
  [{corrections: [{factor: 0}]}, "readings times 0 are all the same"],
  [{corrections: [{offset: 1, from: at(1), to: at(1)}]}, "the period is empty: to is not after from"],
  [
    {corrections: [{drift: [{time: at(0)}]}]},
    "write two instants at least, such as the deployment and the calibration after it"
  ],
  [{corrections: [{drift: [{time: at(1)}, {time: at(1)}]}]}, "write its instants one after the other"],
  [
    {corrections: [{offset: 1, drift: [{time: at(1)}, {time: at(2)}]}]},
    "a drift tells itself when and how much: leave out from, to, factor and offset"
  ],
  [
    {corrections: [{offset: 1}], output: "/in/$0"},
    "the input reads there as well: choose a directory that its pattern does not match"
  ]
])("%j is refused", (spec, sentence) => {
  const corrections = spec.corrections.map((one) => ({parameter: "DO", ...one}));
  const result = correct.schema.safeParse({input: "/in/*", output: "/right/$0", ...spec, corrections});
  expect(result.error?.issues.map(({message}) => message)).toEqual([sentence]);
});

// ---- What calibrations found ----

const visits = (rows: readonly object[]) =>
  resource("Manual", "visits", {
    annotations: {into: "/annotations/pier", rows: rows.map((row) => ({text: "Done.", ...row}))}
  });

const fromCalibrations = {annotations: ["/annotations/*"]};
const deployed = {kind: "deployment", series: "/in/*", from: at(0)};
const calibrated = (hours: number, offset?: number) => ({
  ...{kind: "calibration", series: "/in/a", parameter: "DO", from: at(hours)},
  ...(offset === undefined ? {} : {offset})
});

test("from one visit to the next readings drift, from right to as far off as the calibration found them", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8, 8, 8, 8, 8, 8, 8]));
  const rows = [deployed, {...calibrated(2, 500), unit: "µg/L"}, calibrated(4), calibrated(8, -1)];
  const told_ = await told(pond, visits(rows), correctWith([], fromCalibrations));
  expect(told_.at(-1)).toMatchObject({errors: [], notes: ["a: DO.mg/L is corrected."]});
  expect(await column(pond, "DO.mg/L", "/right/a")).toEqual([8, 8.25, 8, 8, 8, 7.75, 7.5, 7.25, 8]);
  await told(pond, visits([deployed]), correctWith([], fromCalibrations));
  expect(await column(pond, "DO.mg/L", "/right/a")).toEqual([8, 8, 8, 8, 8, 8, 8, 8, 8]); // the calibrations were taken back
});

test("a visit that takes time: right again from its end on", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8, 8, 8]));
  const rows = [{...calibrated(0), to: at(2)}, calibrated(4, 1)];
  await told(pond, visits(rows), correctWith([], fromCalibrations));
  expect(await column(pond, "DO.mg/L", "/right/a")).toEqual([8, 8, 8, 8.5, 8]);
});

test("what an instrument lacked is made good at the site, while it was there, also where it was taken away to find out", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8, 8, 8, 8]));
  await appendReadings(pond, "/in/b", hourly("DO.mg/L", [5, 5, 5, 5, 5, 5]));
  const inputs = [
    {series: "/in/a", from: at(1), to: at(4)},
    {series: "/in/b", from: at(4)}
  ];
  const site = resource("Combine", "dock", {output: "/sites/Dock", scopes: [{name: "Surface", inputs}]});
  const correction = resource("Correct", "sites", {input: "/sites/*", output: "/right/$0", ...fromCalibrations});
  const [, , row] = await told(pond, visits([deployed, calibrated(4, 4)]), site, correction);
  expect(row!.errors).toEqual([]);
  expect(await column(pond, "Surface.DO.mg/L", "/right/Dock")).toEqual([9, 10, 11, 5, 5]);
});

test("what was corrected is not corrected again by the same calibration, and one that names a site and its instrument counts once", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8, 8]));
  const rows = [
    {...deployed, series: "/**"},
    {...calibrated(2, 4), series: "/**"}
  ];
  const site = (output: string, series: string) =>
    resource("Combine", output.slice(7), {output, scopes: [{name: "Surface", inputs: [{series}]}]});
  const sites = [site("/sites/Dock", "/right/a"), site("/sites/Raw", "/in/a")];
  const again = resource("Correct", "sites", {input: "/sites/*", output: "/again/$0", ...fromCalibrations});
  const found = await told(pond, visits(rows), correctWith([], fromCalibrations), ...sites, again);
  expect(await column(pond, "DO.mg/L", "/right/a")).toEqual([8, 10, 8, 8]);
  for (const name of ["Dock", "Raw"])
    expect(await column(pond, "Surface.DO.mg/L", `/again/${name}`)).toEqual([8, 10, 8, 8]);
  expect(found.find(({name}) => name === "all")!.errors).toEqual([]);
});

test("a calibration before which nothing tells when readings were right is told, and the others go on", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8, 8]));
  const [, row] = await told(pond, visits([calibrated(1, 3), calibrated(3, 1)]), correctWith([], fromCalibrations));
  expect(row!.errors).toEqual([
    "The calibration of /in/a at 2025-06-01T01:00:00.000Z tells how far DO was off, and nothing since when: annotate the deployment or the calibration before it."
  ]);
  expect(await column(pond, "DO.mg/L", "/right/a")).toEqual([8, 8, 8.5, 8]);
});

test.each([
  ["the same annotation twice", {}],
  ["of the series and a pattern", {series: "/in/*"}],
  ["in another unit", {offset: 300, unit: "µg/L"}],
  ["under another name of the parameter", {parameter: "Dissolved Oxygen"}]
])("two calibrations of one instant that tell the same are one: %s", async (_, more) => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8, 8]));
  const rows = [deployed, calibrated(3, 0.3), {...calibrated(3, 0.3), ...more}];
  const [, row] = await told(pond, visits(rows), correctWith([], fromCalibrations));
  expect(row!.errors).toEqual([]);
  expect(await column(pond, "DO.mg/L", "/right/a")).toEqual([8, 8 + 0.3 / 3, 8 + 0.6 / 3, 8]);
});

test("two calibrations of one instant that tell otherwise are an error that names both, and neither counts", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8, 8, 8, 8]));
  const other = {...calibrated(2, 500), series: "/in/*", unit: "µg/L"};
  const rows = [deployed, calibrated(2, 4), other, calibrated(4, 1)];
  const [, row] = await told(pond, visits(rows), correctWith([], fromCalibrations));
  expect(row!.errors).toEqual([
    "At 2025-06-01T02:00:00.000Z the calibration of /in/a tells that DO was off by 4, and that of /in/* by 500 µg/L, so neither is made good: leave the one that is right."
  ]);
  expect(await column(pond, "DO.mg/L", "/right/a")).toEqual([8, 8, 8, 8.5, 8, 8]);
});

test("an instrument and its site, calibrated at one instant, are made good once", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8]));
  const inputs = [{series: "/in/a"}];
  const site = resource("Combine", "dock", {output: "/sites/Dock", scopes: [{name: "Surface", inputs}]});
  const correction = resource("Correct", "sites", {input: "/sites/*", output: "/right/$0", ...fromCalibrations});
  const rows = [{...deployed, series: "/**"}, calibrated(2, 4), {...calibrated(2, 4), series: "/sites/Dock"}];
  const [, , row] = await told(pond, visits(rows), site, correction);
  expect(row!.errors).toEqual([]);
  expect(await column(pond, "Surface.DO.mg/L", "/right/Dock")).toEqual([8, 10, 8]);
});

test.each([
  [{kind: "outage", offset: 1, parameter: "DO"}, "only a calibration tells how far readings were off"],
  [{kind: "calibration", offset: 1}, "say of which parameter"],
  [{kind: "calibration", unit: "mg/L"}, "it is the unit of an offset, and there is none"]
])("an annotation %j is refused", (row, sentence) => {
  const annotation = {series: "/in/a", from: at(0), text: "Done.", ...row};
  expect(() => visits([annotation])).toThrow(sentence);
});

test("calibrations stand in a file as well", () => {
  const text =
    "kind,series,parameter,from,offset,unit,text\ncalibration,/in/a,DO,2026-03-01 10:00,-0.4,mg/L,Cleaned.\n";
  expect(annotationsIn(text)).toEqual([
    {
      ...{kind: "calibration", series: "/in/a", parameter: "DO", from: "2026-03-01 10:00"},
      ...{offset: -0.4, unit: "mg/L", text: "Cleaned."}
    }
  ]);
  expect(() => annotationsIn(text.replace("DO", ""))).toThrow(
    'its row 1 is wrong at offset, which is "-0.4": say of which parameter'
  );
});

test("a table of annotations from before calibrations told offsets is one still", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8]));
  await told(pond, visits([deployed]));
  const duck = await openDuck();
  const file = `${await temporaryDirectory()}/before.parquet`;
  const fs = await pond.fs();
  const before = `SELECT * EXCLUDE ("offset", unit) FROM ${await (await fs.series("/annotations/pier")).relation()}`;
  await duck.copy(before, file);
  const table = decodeParquet(await readFile(file), file);
  await pond.transaction({command: "test"}, (tx) => tx.table("/annotations/pier", table));
  const [row] = await told(pond, correctWith([], fromCalibrations));
  expect(row).toMatchObject({errors: [], notes: ["a: nothing is corrected."]});
});

test("flags that people give to an instrument reach what is corrected of it", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly("DO.mg/L", [8, 8, 8]));
  const outage = {kind: "outage", series: "/in/a", from: at(1), to: at(2), flag: 4};
  const checked = resource("Validate", "all", {input: "/right/*", output: "/checked/$0", interval: "1h"});
  await told(pond, visits([outage]), correctWith([{parameter: "DO", offset: 1}]), checked);
  expect(await column(pond, "DO.mg/L", "/checked/a")).toEqual([9, 9, 9]);
  expect(await column(pond, "DO.mg/L.flag", "/checked/a")).toEqual([2, 4, 2]);
});

// ---- What always holds ----

const duration = 40; // hours
const amounts = {
  factor: fc.option(fc.constantFrom(1, 2, -0.5), {nil: undefined}),
  offset: fc.option(fc.integer({min: -3, max: 3}), {nil: undefined})
};
const moment = fc.integer({min: -5, max: duration + 5});
const period = fc
  .record({from: fc.option(moment, {nil: undefined}), length: fc.integer({min: 1, max: duration}), ...amounts})
  .map(({from, length, factor = 1, offset}) => ({
    ...(from === undefined ? {} : {from: at(from), to: at(from + length)}),
    ...(offset === undefined ? {} : {offset}),
    factor
  }));
const drift = fc
  .uniqueArray(fc.record({hour: moment, ...amounts}), {minLength: 2, maxLength: 5, selector: (one) => one.hour})
  .map((points) => ({
    drift: points
      .sort((a, b) => a.hour - b.hour)
      .map(({hour, factor, offset}) => ({
        time: at(hour),
        ...(factor === undefined ? {} : {factor}),
        ...(offset === undefined ? {} : {offset})
      }))
  }));
const corrections = fc
  .array(fc.oneof(period, drift), {maxLength: 5})
  .map((list) => list.map((one) => correction.parse({parameter: "DO", ...one})));
const values = fc.array(fc.option(fc.integer({min: -9, max: 9})), {minLength: 1, maxLength: duration});

function series(versions: readonly (readonly Reading[])[]): Series {
  return readingsSeries("/x", versions);
}

async function corrected(source: Series, list: readonly Correction[]): Promise<CorrectedSeries> {
  const columns = await source.columns();
  const adjustments = columns.flatMap((column): readonly Adjustment[] =>
    adjustmentsOf(list, {path: "/x", column, columns})
  );
  return new CorrectedSeries("/y", source, adjustments);
}

/** One correction of one reading, told in the plainest way. */
function model(time: number, value: number, {from, to, drift, factor = 1, offset = 0}: Correction): number {
  if (!drift) return time >= timeOf(from, -Infinity) && time < timeOf(to, Infinity) ? value * factor + offset : value;
  const next = drift.findIndex((point) => micros(point.time) > time);
  if (next <= 0) return value;
  const [a, b] = [drift[next - 1]!, drift[next]!];
  const share = (time - micros(a.time)) / (micros(b.time) - micros(a.time));
  const between = (x: number, y: number) => x + (y - x) * share;
  return value * between(a.factor ?? 1, b.factor ?? 1) + between(a.offset ?? 0, b.offset ?? 0);
}

const timeOf = (time: string | undefined, otherwise: number) => (time === undefined ? otherwise : micros(time));

test("any corrections come to what each does in turn, in any range", async () => {
  const duck = await openDuck();
  await fc.assert(
    fc.asyncProperty(values, corrections, moment, fc.nat(duration), async (found, list, first, length) => {
      const readings = hourly("DO.mg/L", found);
      const range = {begin: begin + first * hour, end: begin + (first + length) * hour};
      const expected = readings.map(({time, values}) => {
        const value = values["DO.mg/L"]!;
        const told = value === null ? null : list.reduce((so, one) => model(time, so, one), value);
        return {time, "DO.mg/L": told};
      });
      const result = await corrected(series([readings]), list);
      const close = (rows: readonly Record<string, number | null>[]) =>
        rows.map(({time, "DO.mg/L": value}) => [time, value === null ? null : Math.round(value! * 1e9) + 0]);
      expect(close(await rowsOf(duck, result))).toEqual(close(expected));
      const inside = expected.filter(({time}) => time >= range.begin && time < range.end);
      expect(close(await rowsOf(duck, result, range))).toEqual(close(inside));
    }),
    {numRuns: 100}
  );
});

test("by nothing, readings stay bit by bit; and where no correction holds, a piece is the same piece", async () => {
  const duck = await openDuck();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({noNaN: true}), {minLength: 1, maxLength: 9}), async (found) => {
      const source = series([hourly("DO.mg/L", found)]);
      const zero = [{offset: 0}, {factor: 1}, {drift: [{time: at(0)}, {time: at(5), offset: 0}]}];
      const list = zero.map((one) => correction.parse({parameter: "DO", ...one}));
      expect(await rowsOf(duck, await corrected(source, list))).toEqual(await rowsOf(duck, source));
    }),
    {numRuns: 30}
  );
  const source = series([hourly("DO.mg/L", [1, 2, 3]), hourly("DO.mg/L", [4], begin + 9 * hour)]);
  const later = await corrected(source, [correction.parse({parameter: "DO", from: at(9), offset: 1})]);
  const [same, other] = await later.pieces();
  const raw = await source.pieces();
  expect(same).toEqual(raw[0]);
  expect(other!.key).not.toBe(raw[1]!.key);
});

test("what is done twice has another key than what is done once, however many columns it is done to", async () => {
  const one = correction.parse({parameter: "DO", offset: 1});
  const key = async (columns: readonly string[], list: readonly Correction[]) => {
    const source = series([columns.flatMap((name) => hourly(name, [8]))]);
    const raw = {...source, pieces: async () => [{key: "raw", minTime: begin, maxTime: begin}]};
    return (await (await corrected(raw, list)).pieces())[0]!.key;
  };
  const [once, twice] = [await key(["DO.mg/L"], [one]), await key(["DO.mg/L"], [one, one])];
  expect(twice).not.toBe(once);
  const both = ["DO.mg/L", "S.DO.mg/L"];
  expect([await key(both, [one]), await key(both, [one, one])]).toEqual([once, twice]);
});

test("a correction costs the pages that it changes; and where it is drawn out, those that this changes", async () => {
  const cache = await temporaryDirectory();
  const year = hourly("DO.mg/L", Array<number>(365 * 24).fill(8), micros("2025-01-01T00:00Z"));
  const built = async (one: object | undefined, more: readonly Reading[] = []) => {
    const list = one ? [correction.parse({parameter: "DO", offset: 1, ...one})] : [];
    const names: string[] = [];
    const reduction = new Reduction(await corrected(series([year, ...(more.length > 0 ? [more] : [])]), list), {
      ladder: async () => ({resolutions: parseResolutions(["1h"])}),
      cache,
      built: ({span}) => names.push(span.name)
    });
    for (const level of await reduction.levels()) await reduction.build(level);
    return names.sort();
  };
  expect((await built(undefined)).length).toBe(12);
  expect(await built({from: "2025-02-01T00:00Z", to: "2025-05-01T00:00Z"})).toEqual(["2025-02", "2025-03", "2025-04"]);
  expect(await built({from: "2025-02-01T00:00Z", to: "2025-05-02T00:00Z"})).toEqual(["2025-05"]);
  expect(await built({from: "2025-02-01T00:00Z", to: "2025-05-02T00:00Z"})).toEqual([]);
  const cold = hourly("Temperature.C", [5], micros("2025-06-30T12:00Z"));
  expect(await built({from: "2025-02-01T00:00Z", to: "2025-05-02T00:00Z"}, cold)).toEqual(["2025-06"]);
});
