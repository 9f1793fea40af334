import {existsSync, readFileSync} from "node:fs";
import {describe, expect, test} from "vitest";
import * as qartod from "../../loaders/qartod.js";
import type {Season, Span, Values} from "../../loaders/qartod.js";
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
const runs: Record<string, (vector: Vector) => number[]> = {
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
      {maxGap: (params.fail_hours as number) * 3_600_000, firstAsSecond: true}
    )
};

describeShared("the vectors of the reference's own suite", file, () => {
  test.each(vectors)("$id $test", (vector) => {
    expect(runs[vector.test]!(vector)).toEqual(vector.flags);
  });
});

const minutes = (count: number) => Array.from({length: count}, (_, index) => index * 60_000);

describe("cases by hand", () => {
  test("gross range: bounds are inclusive, missing is 9, a wider suspect span is refused", () => {
    const spans = {fail: [0, 10], suspect: [2, 8]} as const;
    expect(qartod.grossRange([-0.1, 0, 1.9, 2, 8, 8.1, 10, 10.1, null, NaN], spans)).toEqual([
      4, 3, 3, 1, 1, 3, 3, 4, 9, 9
    ]);
    expect(() => qartod.grossRange([1], {fail: [0, 10], suspect: [-1, 5]})).toThrow(
      "does not lie inside the fail span 0 to 10"
    );
  });

  test("spike: strictly above, 2 at ends and beside missing, 0 is unset", () => {
    expect(qartod.spike([0, 1, 0], {suspect: 1, fail: 2})).toEqual([2, 1, 2]);
    expect(qartod.spike([0, 1.01, 0], {suspect: 1, fail: 2})).toEqual([2, 3, 2]);
    expect(qartod.spike([0, 9, null, 9, 0], {suspect: 1, fail: 2})).toEqual([2, 2, 9, 2, 2]);
    expect(qartod.spike([0, 9, 0], {suspect: 0, fail: 0})).toEqual([2, 1, 2]);
    expect(qartod.spike([5], {suspect: 1})).toEqual([2]);
    expect(qartod.spike([], {suspect: 1})).toEqual([]);
  });

  test("spike, differential: a plateau's edge is no spike, a turn is", () => {
    expect(qartod.spike([0, 5, 5, 0], {fail: 1, method: "differential"})).toEqual([2, 1, 1, 2]);
    expect(qartod.spike([0, 5, 1, 1], {fail: 3.9, method: "differential"})).toEqual([2, 4, 1, 2]);
  });

  test("rate of change: per hour, across a gap the rate is lower, equal times are not evaluated", () => {
    const hour = 3_600_000;
    expect(qartod.rateOfChange([0, hour, 2 * hour], [0, 3, 6.1], {suspect: 3, fail: 5})).toEqual([1, 1, 3]);
    expect(qartod.rateOfChange([0, 10 * hour], [0, 29], {suspect: 3})).toEqual([1, 1]);
    expect(qartod.rateOfChange([0, 0, 1], [0, 1, 2], {suspect: 1e9})).toEqual([1, 2, 1]);
  });

  test("flat line: tolerance 0 means equal, and a gap breaks the window", () => {
    const limits = {suspect: 2 * 60_000, fail: 4 * 60_000, tolerance: 0};
    expect(qartod.flatLine(minutes(6), [7, 7, 7, 7, 7, 7], limits)).toEqual([1, 1, 3, 3, 4, 4]);
    const gapped = [0, 1, 2, 30, 31, 32].map((minute) => minute * 60_000);
    expect(qartod.flatLine(gapped, [7, 7, 7, 7, 7, 7], limits)).toEqual([1, 1, 3, 1, 1, 3]);
    expect(qartod.flatLine([0, 1], [7, 7], limits)).toEqual([1, 1]);
  });

  test("attenuated signal: the window is half-open at its beginning", () => {
    const options = {check: "range", suspect: 1, period: 120_000, minimum: 2} as const;
    expect(qartod.attenuatedSignal(minutes(4), [0, 5, 5, 5], options)).toEqual([2, 1, 3, 3]);
    expect(qartod.attenuatedSignal(minutes(3), [null, 1, null], options)).toEqual([9, 2, 9]);
  });

  test("climatology: by month, week, quarter and day of year; the last season that applies rules", () => {
    const july = Date.UTC(2024, 6, 15);
    const of = (period: Season["period"], part: number): Season => ({period, from: part, to: part, suspect: [0, 1]});
    for (const [period, part] of [
      ["month", 7],
      ["week", 29],
      ["quarter", 3],
      ["dayOfYear", 197]
    ] as const) {
      expect(qartod.climatology([july], [2], [of(period, part)]), period).toEqual([3]);
      expect(qartod.climatology([july], [2], [of(period, part + 1)]), period).toEqual([2]);
    }
    const wide: Season = {suspect: [0, 10], fail: [-5, 20]};
    expect(qartod.climatology([july, july, july], [2, 15, 21], [of("month", 7), wide])).toEqual([1, 3, 4]);
    expect(qartod.climatology([Date.UTC(2021, 0, 3)], [2], [of("week", 53)])).toEqual([3]); // ISO week 53 of 2020
  });

  test("gap: exactly the limit passes, backward steps pass, a first reading has none", () => {
    expect(qartod.gap([0, 10, 21, 5], {maxGap: 10})).toEqual([1, 1, 4, 1]);
    expect(qartod.gap([], {maxGap: 10})).toEqual([]);
  });

  test("neighbour: not evaluated where the other is missing", () => {
    expect(qartod.neighbour([1, 1, 1, 1, null], [1, 2, 3.1, null, 1], {suspect: 1, fail: 2})).toEqual([1, 1, 4, 2, 9]);
  });

  test("the roll-up takes the worst, and one pass outranks not evaluated and missing", () => {
    expect(
      qartod.rollUp([
        [9, 9, 2, 1, 3],
        [9, 2, 1, 3, 4]
      ])
    ).toEqual([9, 2, 1, 3, 4]);
    expect(() => qartod.rollUp([[1], [1, 1]])).toThrow("differ in length");
  });
});
