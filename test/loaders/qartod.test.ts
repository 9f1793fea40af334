import {existsSync, readFileSync} from "node:fs";
import fc from "fast-check";
import {describe, expect, test} from "vitest";
import * as qartod from "../../loaders/quality/qartod.js";
import type {Season, Span, Values} from "../../loaders/quality/qartod.js";
import {describeShared, shared} from "../shared.js";

interface Vector {
  readonly id: string;
  readonly test: string;
  readonly input: {v?: Values; t_s?: number[]; t?: string[]; rows?: [string, number | null, number | null][]};
  readonly params: Record<string, unknown>;
  readonly flags: number[];
}

const file = "qartod-vectors.json";
const vectors = existsSync(shared(file))
  ? (JSON.parse(readFileSync(shared(file), "utf8")) as {vectors: Vector[]}).vectors
  : [];

const given = <T>(value: unknown): T | undefined => (value === null ? undefined : (value as T));
const perHour = (value: unknown): number | undefined => (value === null ? undefined : (value as number) * 3600);
const millis = (value: unknown): number | undefined => (value === null ? undefined : (value as number) * 1000);

/** Our functions, called with the reference's words. */
const runs: Record<string, (vector: Vector) => Iterable<number>> = {
  gross_range: ({input, params}) =>
    qartod.grossRange(input.v!, {fail: params.fail_span as Span, suspect: params.suspect_span as Span}),
  spike: ({input, params}) =>
    qartod.spike(input.v!, {
      suspect: given(params.suspect),
      fail: given(params.fail),
      method: params.method as "average" | "differential"
    }),
  rate_of_change: ({input, params}) =>
    qartod.rateOfChange(
      input.t_s!.map((seconds) => seconds * 1000),
      input.v!,
      {suspect: perHour(params.threshold_per_s), fail: perHour(params.fail_per_s)}
    ),
  flat_line: ({input, params}) =>
    qartod.flatLine(
      input.t_s!.map((seconds) => seconds * 1000),
      input.v!,
      {suspect: millis(params.suspect_s), fail: millis(params.fail_s), tolerance: params.tolerance as number}
    ),
  attenuated_signal: ({input, params}) =>
    qartod.attenuatedSignal(
      input.t_s!.map((seconds) => seconds * 1000),
      input.v!,
      {
        check: params.check as "std" | "range",
        suspect: given(params.suspect),
        fail: given(params.fail),
        period: millis(params.period_s),
        minimum: given(params.min_obs)
      }
    ),
  climatology: ({input, params}) => {
    const rows = input.rows!;
    return qartod.climatology(
      rows.map(([day]) => Date.parse(day)),
      rows.map(([, value]) => value),
      (params.members as {tspan: string[]; vspan: Span; fspan?: Span; zspan?: Span}[]).map(
        ({tspan, vspan, fspan, zspan}): Season => ({
          begin: Date.parse(tspan[0]!),
          end: Date.parse(tspan[1]!),
          suspect: vspan,
          fail: fspan,
          depth: zspan
        })
      ),
      rows.map(([, , depth]) => depth)
    );
  },
  time_gap: ({input, params}) =>
    qartod.gap(
      input.t!.map((time) => Date.parse(`${time}Z`)),
      {fail: (params.fail_hours as number) * 3_600_000, firstAsSecond: true}
    )
};

describeShared("the vectors of the reference's own suite", file, () => {
  test.each(vectors)("$id $test", (vector) => {
    expect([...runs[vector.test]!(vector)]).toEqual(vector.flags);
  });
});

const minute = 60_000;
const hour = 60 * minute;
const minutes = (count: number) => Array.from({length: count}, (_, index) => index * minute);

/** What is tested, and what its readings are flagged. */
type Case = readonly [what: string, found: ArrayLike<number> & Iterable<number>, flags: readonly number[]];

const {attenuatedSignal, climatology, flatLine, gap, grossRange, neighbour, rateOfChange, rollUp, spike} = qartod;
const both = {suspect: 1, fail: 2};
const differential = {...both, method: "differential"} as const;
const flat = {suspect: 2 * minute, fail: 4 * minute, tolerance: 0};
const period = {check: "range", suspect: 1, fail: 0.5, period: 2 * minute, minimum: 2} as const;
const deviation = {check: "std", suspect: 2, fail: 1, period: 3 * minute, minimum: 2} as const;
const july = Date.UTC(2024, 6, 15);
const inMonth = (month: number, spans: Omit<Season, "period">): Season => ({
  period: "month",
  from: month,
  to: month,
  ...spans
});

const cases: Readonly<Record<string, readonly Case[]>> = {
  "gross range": [
    ["both ends are inside", grossRange([0, 2, 8, 10], {fail: [0, 10], suspect: [2, 8]}), [3, 1, 1, 3]],
    ["a hair outside", grossRange([-1e-9, 2 - 1e-9, 10 + 1e-9], {fail: [0, 10], suspect: [2, 8]}), [4, 3, 4]],
    ["a span of one value", grossRange([4.9, 5, 5.1], {fail: [5, 5]}), [4, 1, 4]],
    ["missing is 9", grossRange([null, NaN, 5], {fail: [0, 10]}), [9, 9, 1]],
    ["the operator's span alone", grossRange([1, 3], {suspect: [2, 4]}), [3, 1]],
    ["nothing", grossRange([], {fail: [0, 1]}), []]
  ],
  climatology: [
    ["both ends are inside", climatology([july, july, july], [1, 2, 2.1], [inMonth(7, {suspect: [1, 2]})]), [1, 1, 3]],
    ["no season: not evaluated", climatology([july], [99], [inMonth(8, {suspect: [1, 2]})]), [2]],
    ["missing is 9, whatever the season", climatology([july], [null], [inMonth(8, {suspect: [1, 2]})]), [9]],
    [
      "the last instant of a month, and the first of the next",
      climatology([Date.UTC(2024, 7, 1) - 1, Date.UTC(2024, 7, 1)], [5, 5], [inMonth(7, {suspect: [0, 1]})]),
      [3, 2]
    ],
    [
      "the last season that applies rules, and its wider span fails",
      climatology([july, july, july], [2, 15, 21], [inMonth(7, {suspect: [0, 1]}), {suspect: [0, 10], fail: [-5, 20]}]),
      [1, 3, 4]
    ],
    ["before 1970", climatology([Date.UTC(1969, 6, 31, 23)], [5], [inMonth(7, {suspect: [0, 1]})]), [3]],
    ["two readings of one time", climatology([july, july], [0, 5], [inMonth(7, {suspect: [0, 1]})]), [1, 3]],
    [
      "a depth, and none told",
      climatology([july, july, july], [5, 5, 5], [inMonth(7, {suspect: [0, 1], depth: [0, 10]})], [10, 11, null]),
      [3, 2, 2]
    ],
    ["ISO week 53", climatology([Date.UTC(2021, 0, 3)], [2], [{period: "week", from: 53, suspect: [0, 1]}]), [3]]
  ],
  spike: [
    ["exactly the thresholds", spike([0, 1, 0], both), [2, 1, 2]],
    ["exactly the other", spike([0, 2, 0], both), [2, 3, 2]],
    ["a hair above", spike([0, 1 + 1e-9, 0], both), [2, 3, 2]],
    ["and above the other", spike([0, 2 + 1e-9, 0], both), [2, 4, 2]],
    ["down as well as up", spike([0, -9, 0], both), [2, 4, 2]],
    ["ends are not evaluated", spike([9, 0, 0, 9], both), [2, 4, 4, 2]],
    ["nor is what is beside a missing one", spike([0, 9, null, 9, 0], both), [2, 2, 9, 2, 2]],
    ["a threshold of 0 is unset", spike([0, 9, 0], {suspect: 0, fail: 0}), [2, 1, 2]],
    ["one reading, two, none", spike([5], both), [2]],
    ["two", spike([5, 9], both), [2, 2]],
    ["none", spike([], both), []],
    ["differential: the edges of a plateau are none", spike([0, 5, 5, 0], differential), [2, 1, 1, 2]],
    ["differential: the smaller of two steps that turn back", spike([0, 5, 3.5, 3.5], differential), [2, 3, 1, 2]],
    ["differential: exactly the threshold", spike([0, 1, 0], differential), [2, 1, 2]],
    ["differential: a steep climb is none", spike([0, 5, 10], differential), [2, 1, 2]]
  ],
  "rate of change": [
    ["exactly the threshold", rateOfChange([0, hour], [0, 1], both), [1, 1]],
    ["a hair above", rateOfChange([0, hour, 2 * hour], [0, 1 + 1e-9, 4], both), [1, 3, 4]],
    ["down as well as up", rateOfChange([0, hour], [0, -3], both), [1, 4]],
    ["per hour, however long the step", rateOfChange([0, 10 * hour, 10.5 * hour], [0, 9, 10], both), [1, 1, 3]],
    ["a first reading is good, also after a missing one", rateOfChange(minutes(3), [9, null, 99], both), [1, 9, 1]],
    ["equal times have no rate", rateOfChange([0, 0, hour], [0, 9, 9], both), [1, 2, 1]],
    ["backward steps have none", rateOfChange([hour, 0], [0, 9], both), [1, 2]],
    ["one reading, none", rateOfChange([0], [9], both), [1]],
    ["none", rateOfChange([], [], both), []]
  ],
  "flat line": [
    ["from the reading on that closes the time", flatLine(minutes(6), [7, 7, 7, 7, 7, 7], flat), [1, 1, 3, 3, 4, 4]],
    ["one that differs begins anew", flatLine(minutes(6), [7, 7, 8, 8, 8, 7], flat), [1, 1, 1, 1, 3, 1]],
    ["exactly the tolerance", flatLine(minutes(3), [1, 1.5, 1], {...flat, tolerance: 0.5}), [1, 1, 3]],
    ["a hair more", flatLine(minutes(3), [1, 1.5 + 1e-9, 1], {...flat, tolerance: 0.5}), [1, 1, 1]],
    [
      "slow drift is more than the tolerance",
      flatLine(minutes(4), [0, 0.4, 0.8, 1.2], {...flat, tolerance: 0.5}),
      [1, 1, 1, 1]
    ],
    ["missing readings are skipped", flatLine(minutes(4), [7, null, 7, 7], flat), [1, 9, 3, 3]],
    ["of one reading nothing is told", flatLine(minutes(4), [null, null, 7, null], flat), [9, 9, 1, 9]],
    [
      "not over a gap",
      flatLine(
        [0, 1, 2, 30, 31, 32].map((at) => at * minute),
        [7, 7, 7, 7, 7, 7],
        flat
      ),
      [1, 1, 3, 1, 1, 3]
    ],
    [
      "over a step of exactly two",
      flatLine(
        [0, 1, 3, 4].map((at) => at * minute),
        [7, 7, 7, 7],
        {...flat, step: minute}
      ),
      [1, 1, 3, 3]
    ],
    [
      "and not over more",
      flatLine(
        [0, 1, 3.01, 4].map((at) => at * minute),
        [7, 7, 7, 7],
        {...flat, step: minute}
      ),
      [1, 1, 1, 1]
    ],
    ["fewer than three are good", flatLine([0, minute], [7, 7], flat), [1, 1]],
    ["equal times", flatLine([0, 0, minute, minute], [7, 7, 7, 7], {...flat, step: minute}), [1, 1, 3, 3]],
    ["fail alone", flatLine(minutes(5), [7, 7, 7, 7, 7], {fail: 4 * minute, tolerance: 0}), [1, 1, 1, 1, 4]]
  ],
  "attenuated signal": [
    ["a window leaves its begin out", attenuatedSignal(minutes(4), [0, 5, 5, 5], period), [2, 1, 4, 4]],
    ["exactly the thresholds", attenuatedSignal(minutes(3), [0, 1, 1.5], period), [2, 1, 3]],
    ["too few readings", attenuatedSignal(minutes(3), [null, 1, null], period), [9, 2, 9]],
    ["after a gap too few", attenuatedSignal([0, minute, hour, hour + minute], [0, 5, 5, 5], period), [2, 1, 2, 4]],
    ["the population's deviation", attenuatedSignal(minutes(3), [0, 4, 2], deviation), [2, 1, 3]],
    ["exactly the deviation", attenuatedSignal(minutes(2), [0, 2], {...deviation, fail: 1}), [2, 3]],
    ["a hair below", attenuatedSignal(minutes(2), [0, 2 - 1e-9], {...deviation, fail: 1}), [2, 4]],
    ["a flat signal", attenuatedSignal(minutes(3), [0.1, 0.1, 0.1], deviation), [2, 4, 4]],
    ["without a period, over all", attenuatedSignal(minutes(3), [0, 0, 3], {check: "range", suspect: 4}), [3, 3, 3]],
    ["of equal times the earlier sees not the later", attenuatedSignal([0, 0], [0, 9], period), [2, 1]]
  ],
  gap: [
    ["exactly the thresholds", gap([0, 1, 3], both), [1, 1, 3]],
    ["a hair longer", gap([0, 2, 4.001], both), [1, 3, 4]],
    ["a first reading has none", gap([1e12], both), [1]],
    ["backward steps and equal times pass", gap([5, 0, 0], both), [1, 1, 1]],
    ["nothing", gap([], both), []]
  ],
  neighbour: [
    ["exactly the thresholds", neighbour([1, 1, 1], [2, 0, 3], both), [1, 1, 3]],
    ["a hair more", neighbour([1, 1], [2 + 1e-9, -1 - 1e-9], both), [3, 4]],
    ["where the other is missing", neighbour([1, 1, null], [null, NaN, 1], both), [2, 2, 9]],
    ["where there is no other", neighbour([1, 1], [1], both), [1, 2]]
  ],
  "roll-up": [
    [
      "the worst; one pass outranks not evaluated and missing",
      rollUp([
        [9, 9, 2, 1, 3],
        [9, 2, 1, 3, 4]
      ]),
      [9, 2, 1, 3, 4]
    ],
    ["of one test that one's", rollUp([[1, 2, 3, 4, 9]]), [1, 2, 3, 4, 9]],
    ["of none nothing", rollUp([]), []]
  ]
};

describe.each(Object.entries(cases))("%s", (_, found) => {
  test.each(found)("%s", (_, flags, expected) => {
    expect([...flags]).toEqual(expected);
  });
});

test("spans that are no spans of each other, and tests of different lengths, are refused", () => {
  expect(() => grossRange([1], {fail: [0, 10], suspect: [-1, 5]})).toThrow("does not lie inside the fail span 0 to 10");
  expect(() => rollUp([[1], [1, 1]])).toThrow("differ in length");
});

test("seasons by month, week, quarter and day of year", () => {
  for (const [name, part] of [
    ["month", 7],
    ["week", 29],
    ["quarter", 3],
    ["dayOfYear", 197]
  ] as const) {
    const of = (place: number): Season => ({period: name, from: place, to: place, suspect: [0, 1]});
    expect([...climatology([july], [2], [of(part)])], name).toEqual([3]);
    expect([...climatology([july], [2], [of(part + 1)])], name).toEqual([2]);
  }
});

// ---- Whatever comes ----

const values = fc.array(
  fc.oneof({weight: 6, arbitrary: fc.integer({min: 0, max: 3})}, {weight: 1, arbitrary: fc.constant(null)}),
  {maxLength: 60}
);
const steps = fc.array(fc.constantFrom(1, 1, 1, 1, 2, 3, 7), {minLength: 60, maxLength: 60});

/** Readings at whole minutes, with gaps. */
function timesOf(length: number, between: readonly number[]): number[] {
  let time = 0;
  return Array.from({length}, (_, index) => (time += between[index]! * minute));
}

test("flat line: what slides is what the whole window says", () => {
  fc.assert(
    fc.property(
      values,
      steps,
      fc.integer({min: 1, max: 9}),
      fc.integer({min: 0, max: 1}),
      (found, between, count, tolerance) => {
        const times = timesOf(found.length, between);
        const isFlat = (index: number) => {
          if (index < count) return false;
          const window = Array.from({length: count + 1}, (_, back) => index - back);
          if (window.slice(0, -1).some((at) => times[at]! - times[at - 1]! > 2 * minute)) return false;
          const present = window.flatMap((at) => found[at] ?? []);
          return present.length > 1 && Math.max(...present) - Math.min(...present) <= tolerance;
        };
        const flags = flatLine(times, found, {fail: count * minute, tolerance, step: minute});
        const expected = found.map((value, index) => (value === null ? 9 : found.length > 2 && isFlat(index) ? 4 : 1));
        expect([...flags]).toEqual(expected);
      }
    )
  );
});

test("attenuated signal: what slides is what the whole window says", () => {
  const limits = fc.record({
    suspect: fc.double({min: 0.1, max: 2, noNaN: true}),
    length: fc.integer({min: 1, max: 12})
  });
  fc.assert(
    fc.property(values, steps, limits, fc.constantFrom("std", "range"), (found, between, {suspect, length}, check) => {
      const times = timesOf(found.length, between);
      const expected = found.map((value, index) => {
        if (value === null) return 9;
        const since = times[index]! - length * minute;
        const present = found.flatMap((one, at) => (at <= index && times[at]! > since ? (one ?? []) : []));
        if (present.length < 2) return 2;
        const mean = present.reduce((sum, one) => sum + one, 0) / present.length;
        const deviation = Math.sqrt(present.reduce((sum, one) => sum + (one - mean) ** 2, 0) / present.length);
        const varies = check === "std" ? deviation : Math.max(...present) - Math.min(...present);
        return varies < suspect ? 3 : 1;
      });
      expect([...attenuatedSignal(times, found, {check, suspect, period: length * minute, minimum: 2})]).toEqual(
        expected
      );
    })
  );
});
