import fc from "fast-check";
import {expect, test} from "vitest";
import {marksOf} from "../../loaders/quality/mark.js";
import {lineageOf} from "../../loaders/series/lineage.js";
import {planOf} from "../../loaders/quality/plan.js";
import * as qartod from "../../loaders/quality/qartod.js";
import {rule} from "../../loaders/quality/rule.js";
import type {FlagCounts, TestName} from "../../loaders/types.js";
import {ValidatedSeries} from "../../loaders/quality/validated.js";
import type {Duck} from "../../pond/duck.js";
import type {Column, Series} from "../../pond/types.js";
import {hour, merged, micros, openDuck, type Reading, readingsSeries, rowsOf, temporaryDirectory} from "./memory.js";

/** Flags computed in parts, from what changed, are those of the whole series in one go. */

const second = 1e6; // µs
const begin = micros("2025-06-01T00:00Z");

/** With an interval of a second, chunks are a quarter of a day long: readings are put close to their borders. */
const interval = "1s";
const border = 6 * hour;

const rules = [
  rule.parse({
    parameter: "A",
    grossRange: {suspect: [0, 3], fail: [-1, 5]},
    climatology: [{months: [6], suspect: [0, 2], fail: [0, 4]}],
    spike: {suspect: 0.5, fail: 2},
    rateOfChange: {suspect: 3600, fail: 7200},
    flatLine: {suspect: "3s", fail: "6s", tolerance: 0},
    attenuatedSignal: {suspect: 1, fail: 0.5, period: "5s", minimum: 2},
    gap: {suspect: "4s", fail: "7h"},
    neighbour: {series: "/b", suspect: 1, fail: 3}
  }),
  rule.parse({parameter: "B", spike: {suspect: 1, method: "differential"}, gap: {suspect: "13h"}})
];

type Versions = readonly (readonly Reading[])[];
interface Annotated {
  readonly begin: number;
  readonly end: number | null;
  readonly flag: 1 | 2 | 3 | 4 | 9;
  readonly parameter: "A" | "B" | null;
}

/** Two instruments side by side: A and B are columns of one each, and C is told by the first alone. */
const scopes: Readonly<Record<string, string>> = {A: "one", B: "two", C: "one"};

function sideBySide(versions: Versions): Series {
  const series = readingsSeries("/x", versions);
  const columns = async (): Promise<readonly Column[]> =>
    (await series.columns()).map(({name, type}) => ({
      name,
      type,
      attributes: {parameter: name, scope: scopes[name]!}
    }));
  return {...series, columns};
}

interface Given {
  readonly versions: Versions;
  readonly beside: Versions;
  readonly annotations: readonly Annotated[];
}

interface Work {
  readonly duck: Duck;
  readonly cache: string;
  readonly built?: (name: string) => void;
}

function validated({versions, beside, annotations}: Given, {duck, cache, built}: Work): ValidatedSeries {
  const source = sideBySide(versions);
  const neighbour = {...readingsSeries("/b", beside), columns: async () => [columnNamed("A")]};
  const rows = annotations.map((one) => ({
    ...one,
    kind: "remark" as const,
    series: "/x",
    offset: null,
    unit: null,
    text: "Seen."
  }));
  const plan = async () => {
    const marks = marksOf(rows, {lineage: await lineageOf(source), columns: await source.columns()});
    return planOf({source, rules, interval, marks, series: async () => neighbour});
  };
  return new ValidatedSeries("/y", {source, plan, duck, cache, built: ({span}) => built?.(span.name)});
}

function columnNamed(name: string): Column {
  return {name, type: "DOUBLE", attributes: {parameter: name}};
}

// ---- In one go ----

type Flags = Readonly<Record<string, readonly number[]>>; // by test; "" is what all come to

/** What the functions for the tests say of a column, all its instrument's rows at once. */
function flagsOf(name: string, {versions, beside, annotations}: Given): {times: number[]; flags: Flags} {
  const told = (reading: Reading, scope: string) =>
    Object.entries(reading.values).some(([column, value]) => scopes[column] === scope && value !== null);
  const rows = merged(versions).filter(
    (reading) => told(reading, scopes[name]!) || !["one", "two"].some((scope) => told(reading, scope))
  );
  const times = rows.map(({time}) => time / 1000);
  const values = rows.map((row) => row.values[name] ?? null);
  const others = new Map(merged(beside).map(({time, values}) => [time / 1000, values.A ?? null]));
  const tests: Record<string, number[]> = {};
  if (name !== "C")
    Object.assign(tests, {
      spike: inRuns(times, values, (_, run) =>
        qartod.spike(run, name === "A" ? {suspect: 0.5, fail: 2} : {suspect: 1, method: "differential"})
      ),
      gap: gaps(times, values, name === "A" ? {suspect: 4000, fail: 7 * 3600e3} : {suspect: 13 * 3600e3})
    });
  if (name === "A")
    Object.assign(tests, {
      grossRange: [...qartod.grossRange(values, {suspect: [0, 3], fail: [-1, 5]})],
      climatology: [
        ...qartod.climatology(times, values, [{period: "month", from: 6, to: 6, suspect: [0, 2], fail: [0, 4]}])
      ],
      rateOfChange: inRuns(times, values, (at, run) => qartod.rateOfChange(at, run, {suspect: 3600, fail: 7200})),
      flatLine: inRuns(times, values, (at, run) =>
        qartod.flatLine(at, run, {suspect: 3000, fail: 6000, tolerance: 0, step: 1000})
      ),
      attenuatedSignal: inRuns(times, values, (at, run) =>
        qartod.attenuatedSignal(at, run, {check: "std", suspect: 1, fail: 0.5, period: 5000, minimum: 2})
      ),
      neighbour: [
        ...qartod.neighbour(
          values,
          times.map((time) => others.get(time) ?? null),
          {suspect: 1, fail: 3}
        )
      ]
    });
  const untested = values.map((value) => (value === null ? 9 : 2));
  const all: number[] = name === "C" ? [...untested] : [...qartod.rollUp(Object.values(tests))];
  const byHand: number[] = [...untested];
  const inOrder = [...annotations].sort((a, b) => a.begin - b.begin || a.flag - b.flag);
  for (const {begin, end, flag, parameter} of inOrder)
    for (const [index, {time}] of rows.entries())
      if ((parameter ?? name) === name && values[index] !== null && time >= begin && time < (end ?? Infinity))
        all[index] = byHand[index] = flag;
  const isMarked = annotations.some(({parameter}) => (parameter ?? name) === name);
  const flags = {"": all, ...tests, ...(isMarked ? {manual: byHand} : {})};
  return {times: rows.map(({time}) => time), flags};
}

type Values = readonly (number | null)[];

/** Each stretch without a step of more than two seconds by itself. */
function inRuns(times: number[], values: Values, of: (times: number[], values: Values) => Iterable<number>): number[] {
  const starts = times.flatMap((time, index) => (index === 0 || time - times[index - 1]! > 2000 ? [index] : []));
  return starts.flatMap((start, place) => {
    const end = starts[place + 1] ?? times.length;
    return [...of(times.slice(start, end), values.slice(start, end))];
  });
}

function gaps(times: number[], values: Values, limits: qartod.Thresholds): number[] {
  const read = times.filter((_, index) => values[index] !== null);
  const flags = qartod.gap(read, limits);
  return times.map((time, index) => (values[index] === null ? 9 : flags[read.indexOf(time)]!));
}

/** The columns that have flags: those with tests, and those that people flag. */
function testedIn({versions, annotations}: Given): string[] {
  const names = Object.keys(scopes).filter((name) => versions.flat().some(({values}) => name in values));
  return names.filter((name) => name !== "C" || annotations.some(({parameter}) => parameter === null));
}

function columnsWithFlags(given: Given): ReadonlyMap<string, Flags> {
  return new Map(testedIn(given).map((name) => [name, flagsOf(name, given).flags]));
}

/** The rows that are to come out: the readings, and 9 wherever there is none. */
function expectedRows(given: Given): Record<string, number | null>[] {
  const names = [...new Set(given.versions.flat().flatMap(({values}) => Object.keys(values)))];
  const tested = testedIn(given).map((name) => [name, flagsOf(name, given)] as const);
  return merged(given.versions).map(({time, values}) => {
    const row: Record<string, number | null> = {time};
    for (const name of names) row[name] = values[name] ?? null;
    for (const [name, {times, flags}] of tested)
      for (const [test, found] of Object.entries(flags)) {
        const index = times.indexOf(time);
        row[test === "" ? `${name}.flag` : `${name}.flag.${test}`] = index < 0 ? 9 : found[index]!;
      }
    return row;
  });
}

function countsOf(flags: readonly number[]): FlagCounts {
  const count = (flag: number) => flags.filter((one) => one === flag).length;
  return {good: count(1), notEvaluated: count(2), suspect: count(3), fail: count(4), missing: count(9)};
}

/** Rows as text; a column without a reading in them may be told or not. */
function told(rows: readonly Readonly<Record<string, number | null>>[]): string {
  const inOrder = (row: Readonly<Record<string, number | null>>) =>
    Object.entries(row).filter(([name, value]) => value !== null && !(/flag/.test(name) && [2, 9].includes(value)));
  return JSON.stringify(rows.map((row) => inOrder(row).sort(([a], [b]) => (a < b ? -1 : 1))));
}

// ---- Histories ----

const value = fc.oneof(
  {weight: 8, arbitrary: fc.integer({min: -2, max: 6})},
  {weight: 4, arbitrary: fc.constant(2)}, // so that lines are flat
  {weight: 2, arbitrary: fc.constant(null)},
  {weight: 1, arbitrary: fc.double({min: 0, max: 4, noNaN: true})}
);

/** Readings from some seconds before the border of a chunk on. */
const stretch = (columns: readonly string[]) =>
  fc
    .record({
      at: fc.integer({min: 0, max: 4}),
      from: fc.integer({min: -12, max: 6}),
      column: fc.subarray([...columns], {minLength: 1}),
      rows: fc.array(
        fc.record({step: fc.constantFrom(1, 1, 1, 2, 3, 5), values: fc.array(value, {minLength: 3, maxLength: 3})}),
        {
          minLength: 1,
          maxLength: 20
        }
      )
    })
    .map(({at, from, column, rows}): readonly Reading[] => {
      let time = begin + at * border + from * second;
      return rows.map(({step, values}) => ({
        time: (time += step * second),
        values: Object.fromEntries(column.map((name, index) => [name, values[index]!]))
      }));
    });

const annotation: fc.Arbitrary<Annotated> = fc
  .record({
    at: fc.integer({min: 0, max: 4}),
    from: fc.integer({min: -10, max: 10}),
    length: fc.option(fc.integer({min: 1, max: 8 * 3600})),
    flag: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const, 9 as const),
    parameter: fc.constantFrom("A" as const, "B" as const, null)
  })
  .map(({at, from, length, flag, parameter}) => {
    const since = begin + at * border + from * second;
    return {begin: since, end: length === null ? null : since + length * second, flag, parameter};
  });

type Step = (given: Given) => Given;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: stretch(["A", "B", "C"]).map((version): Step => (given) => ({
      ...given,
      versions: [...given.versions, version]
    }))
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(9)
      .map((which): Step => (given) => ({...given, versions: given.versions.filter((_, index) => index !== which)}))
  },
  {weight: 1, arbitrary: fc.constant<Step>((given) => ({...given, versions: [merged(given.versions)]}))},
  {
    weight: 2,
    arbitrary: stretch(["A"]).map((version): Step => (given) => ({...given, beside: [...given.beside, version]}))
  },
  {
    weight: 2,
    arbitrary: fc.array(annotation, {maxLength: 2}).map((annotations): Step => (given) => ({...given, annotations}))
  }
);

test("after each step of a history, what is kept and completed is what the tests say of the whole", async () => {
  const duck = await openDuck();
  await fc.assert(
    fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 6}), fc.nat(30), async (steps, from) => {
      const cache = await temporaryDirectory();
      const known = new Map<string, string>(); // the rows of the range, by the keys of its pieces
      let given: Given = {versions: [], beside: [], annotations: []};
      for (const change of steps) {
        given = change(given);
        const series = validated(given, {duck, cache});
        const expected = expectedRows(given);
        expect(await rowsOf(duck, series)).toEqual(expected);
        const range = {begin: begin + (from - 3) * hour, end: begin + (from + 4) * hour};
        const part = expected.filter(({time}) => time! >= range.begin && time! < range.end);
        expect(await rowsOf(duck, validated(given, {duck, cache}), range)).toEqual(part);
        const keys = JSON.stringify((await series.pieces(range)).map(({key}) => key));
        expect(told(part), "equal keys, equal rows").toBe(known.get(keys) ?? told(part));
        known.set(keys, told(part));
        for (const {column, flags, tests} of await series.counts()) {
          const {"": all, ...each} = columnsWithFlags(given).get(column)!;
          expect(flags, column).toEqual(countsOf(all!));
          for (const [test, found] of Object.entries(each))
            expect(tests[test as TestName], `${column} ${test}`).toEqual(countsOf(found));
        }
      }
    }),
    {numRuns: 40}
  );
}, 120_000);
