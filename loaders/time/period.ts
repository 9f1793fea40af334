import * as z from "zod";
import type {Range} from "../../pond/types.js";

/** Instants and periods as resources spell them. */

export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/, {
    error: "write an instant with its offset, such as 2025-10-16T21:00Z",
    abort: true
  })
  .refine((text) => Number.isFinite(Date.parse(text)), "there is no such day or hour");

/** A period as it is written: open where an end is not given. */
export interface Period {
  readonly begin?: string | undefined; // inclusive
  readonly end?: string | undefined; // exclusive
}

/** Whether there is an instant in it. */
export function lasts({begin, end}: Period): boolean {
  return begin === undefined || end === undefined || Date.parse(begin) < Date.parse(end);
}

/** What is said of one in which there is none. */
export const empty = "the period is empty: its end is not after its begin";

/** µs UTC. */
export function rangeOf({begin, end}: Period): Range {
  return {
    ...(begin === undefined ? {} : {begin: microsOf(begin)}),
    ...(end === undefined ? {} : {end: microsOf(end)})
  };
}

/** µs UTC. */
export function microsOf(instant: string): number {
  return Date.parse(instant) * 1000;
}
