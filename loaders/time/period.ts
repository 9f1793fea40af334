import * as z from "zod";
import type {Range} from "../../pond/types.js";

/** Instants and periods as resources spell them. */

export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/, {
    error: "write an instant with its offset, such as 2025-10-16T21:00Z",
    abort: true
  })
  .refine((text) => Number.isFinite(Date.parse(text)) && isDay(text.slice(0, 10)), "there is no such day or hour");

/** Whether a day is on the calendar: JavaScript takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  return new Date(day).toISOString().startsWith(day);
}

/** A period as it is written: open where an end is not given. */
export interface Period {
  readonly from?: string | undefined; // inclusive
  readonly to?: string | undefined; // exclusive
}

/** Whether there is an instant in it. */
export function lasts({from, to}: Period): boolean {
  return from === undefined || to === undefined || microsOf(from) < microsOf(to);
}

/** What is said of one in which there is none. */
export const empty = "the period is empty: to is not after from";

/** µs UTC. */
export function rangeOf({from, to}: Period): Range {
  return {
    ...(from === undefined ? {} : {begin: microsOf(from)}),
    ...(to === undefined ? {} : {end: microsOf(to)})
  };
}

/** µs UTC; finer fractions are cut, as those of readings are. */
export function microsOf(instant: string): number {
  return Date.parse(instant) * 1000 + microsBeyond(instant);
}

/** The µs that a time as text tells beyond its last whole millisecond, which is all that JavaScript's dates hold. */
export function microsBeyond(time: string): number {
  const [, digits = ""] = /\.\d{3}(\d{1,3})/.exec(time) ?? [];
  return Number(digits.padEnd(3, "0"));
}
