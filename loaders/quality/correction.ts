import * as z from "zod";
import type {Column, Range} from "../../pond/types.js";
import {intersect} from "../series/combined.js";
import {empty, instant, lasts, microsOf, rangeOf} from "../time/period.js";
import {isSpelled} from "./plan.js";
import {rulesFor, target} from "../series/target.js";
import {parameterOf} from "../readings/parameter.js";
import {conversionFor} from "../readings/unit.js";
import type {Turn} from "../types.js";

/**
 * What is wrong with readings, and what makes them right: × factor, + offset. What has drifted is made right as far as
 * it had drifted by then, on a straight line from one instant to the next (Wagner et al., "Guidelines and Standard
 * Procedures for Continuous Water-Quality Monitors", USGS Techniques and Methods 1-D3, 2006).
 */

const factor = z
  .number()
  .refine((value) => value !== 0, "readings times 0 are all the same")
  .optional()
  .describe("what readings are multiplied by; 1 unless given");
const offset = z.number().optional().describe("what is added then; 0 unless given");

const point = z.strictObject({time: instant.describe("when readings were so far off"), factor, offset});

/** What is done to the readings of a parameter: the same in a period, or more and more along a drift. */
export const correction = z
  .strictObject({
    ...target,
    unit: z.string().min(1).optional().describe("what the offsets are in; the column's own unless given"),
    from: instant.optional().describe("from when on, inclusive"),
    to: instant.optional().describe("until when, exclusive"),
    factor,
    offset,
    drift: z
      .array(point)
      .min(2, "write two instants at least, such as the deployment and the calibration after it")
      .optional()
      .describe("in place of a period: what is right at each instant, and in between on a straight line")
  })
  .refine(({factor, offset, drift}) => [factor, offset, drift].some((part) => part !== undefined), {
    error: "there is nothing in it to correct by: write offset, factor or drift"
  })
  .refine(
    ({drift, ...others}) =>
      drift === undefined || !(["from", "to", "factor", "offset"] as const).some((name) => others[name] !== undefined),
    {path: ["drift"], error: "a drift tells itself when and how much: leave out from, to, factor and offset"}
  )
  .refine(lasts, empty)
  .refine(({drift = []}) => drift.every(({time}, index) => index === 0 || rises(drift[index - 1]!.time, time)), {
    path: ["drift"],
    error: "write its instants one after the other"
  });

export type Correction = z.infer<typeof correction>;

function rises(before: string, after: string): boolean {
  return microsOf(before) < microsOf(after);
}

/** × factor, + offset. */
interface Amount {
  readonly factor: number;
  readonly offset: number;
}

export interface Point extends Amount {
  readonly time: number; // µs UTC
}

/** What is done to the readings of one column in a stretch of time, half-open, µs UTC. */
export interface Adjustment extends Range {
  readonly column: string;
  readonly by: Amount | readonly [Point, Point]; // the same throughout, or on the line through two points
  readonly turns?: readonly Turn[]; // in which the readings are told that it is done to; always unless given
  readonly recipe: unknown; // all that tells what it does to a reading, but for where it begins and ends
}

/** Whether two are ever done to the same reading. */
export function meet(a: Adjustment, b: Adjustment): boolean {
  return a.column === b.column && intersect(a, b) !== undefined;
}

/** Something that is corrected, in a series. */
interface Corrected {
  readonly path: string; // of the series
  readonly column: Column;
}

/** A column among all that its series has. */
interface Among extends Corrected {
  readonly columns: readonly Column[];
}

/** What corrections do to a column, in their order. Throws a sentence for offsets in a unit that cannot be its own. */
export function adjustmentsOf(corrections: readonly Correction[], corrected: Among): readonly Adjustment[] {
  const {column, columns} = corrected;
  return rulesFor(corrections, column, columns).flatMap(({from, to, factor, offset, drift, ...whose}) => {
    const inOwn = amountIn(corrected, whose.unit);
    if (drift)
      return linesOf(
        drift.map((one) => ({...inOwn(one), time: microsOf(one.time)})),
        {column, whose}
      );
    const by = {factor, offset};
    return [
      {
        ...rangeOf({from, to}),
        column: column.name,
        by: inOwn(by),
        recipe: [whose, by, untold(column, whose.parameter)]
      }
    ];
  });
}

type Whose = Pick<Correction, "parameter" | "scope" | "series" | "unit">;

/** A drift from each point to the next. */
function linesOf(points: readonly Point[], {column, whose}: {column: Column; whose: Whose}): readonly Adjustment[] {
  return points.slice(1).map((to, index) => {
    const by = [points[index]!, to] as const;
    const range = {begin: by[0].time, end: by[1].time};
    return {...range, column: column.name, by, recipe: [whose, by, untold(column, whose.parameter)]};
  });
}

/**
 * What a column's name does not tell of it: with that, a new column changes no recipe of what was there before. One that
 * has another name than the parameter is not told by that.
 */
function untold(column: Column, parameter: string): unknown {
  return isSpelled(column) && parameterOf(column) === parameter ? null : column;
}

/** Amounts that are told in some unit, in a column's own. Throws a sentence where that cannot be. */
export function amountIn({path, column}: Corrected, unit: string | undefined) {
  const {unit: own, statistic} = column.attributes;
  const from = {path, name: column.name, unit: own, statistic};
  const told = (unit === undefined ? undefined : conversionFor(from, unit)) ?? {factor: 1, offset: 0};
  return ({factor = 1, offset = 0}: Pick<Correction, "factor" | "offset">): Amount => ({
    factor,
    offset: (offset + told.offset * (factor - 1)) / told.factor
  });
}

/** SQL of a reading, corrected; the time is in `timestamp`. */
export function adjustedSql(sql: string, {by}: Pick<Adjustment, "by">): string {
  const [from, to] = "factor" in by ? [by, by] : by;
  const share = "factor" in by ? "" : shareSql(by);
  const at = (name: keyof Amount) =>
    from[name] === to[name]
      ? double(from[name])
      : `(${double(from[name])} + ${double(to[name] - from[name])} * ${share})`;
  const isNone = (name: keyof Amount, none: number) => from[name] === none && to[name] === none;
  const scaled = isNone("factor", 1) ? sql : `${sql} * ${at("factor")}`;
  return isNone("offset", 0) ? scaled : `${scaled} + ${at("offset")}`;
}

/** SQL: how far along a drift it is, 0 to 1. */
function shareSql([from, to]: readonly [Point, Point]): string {
  return `((epoch_us(timestamp) - ${from.time})::DOUBLE / ${double(to.time - from.time)})`;
}

function double(value: number): string {
  return `'${value}'::DOUBLE`;
}
