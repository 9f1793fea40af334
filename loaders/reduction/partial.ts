import {identifier} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";

/**
 * What is kept of a bin: partials that fold (Gray et al., "Data Cube", 1997: distributive aggregates; the mean is
 * algebraic over sum and count), so that each coarser resolution is made of the finer one and never of readings.
 */

export const percentiles = ["p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99"] as const;
export type Percentile = (typeof percentiles)[number];

/** How many of a bin's readings are flagged so; kept of columns that have flags. */
export const marks = ["suspect", "fail"] as const;
export type Mark = (typeof marks)[number];

/** A column that is reduced. */
export interface Reduced {
  readonly name: string;
  readonly turn?: number; // of a direction, a full one in its unit: the mean is that of unit vectors (Mardia and Jupp, 2000)
  readonly flags?: Flagged;
}

/** What tests say of a column's readings: what failed is left out, and counted. */
export interface Flagged {
  readonly column: string; // that holds the flags, QARTOD's
  readonly suspect: "keep" | "drop"; // whether suspect readings are left out too
}

/** What is kept of a bin beside sum, count, min and max. */
export interface Extras {
  readonly ends?: boolean; // the first and the last reading
  readonly spread?: boolean; // the sum of squared deviations from the mean
  readonly percentiles?: readonly Percentile[];
}

/** Partials that are always kept. */
type Basic = "sum" | "count" | "min" | "max";

/** Partials that are kept where they are asked for. */
type Extra = "first" | "last" | "squares" | "sine" | "cosine" | Mark | Percentile;

/** Partials of one column, a value per bin. Where the count is 0, what is no count means nothing. */
export type Partials = {readonly [Each in Basic]: Float64Array} & {readonly [Each in Extra]?: Float64Array} & {
  readonly digest?: readonly Float64Array[]; // what percentiles of coarser bins are told from, as Digest keeps it
};

export type Part = keyof Partials;

/** The share of the readings that lies below a percentile. */
export function shareOf(name: Percentile): number {
  return Number(name.slice(1)) / 100;
}

/**
 * Rows to add up into bins: the time in µs since 1970, then of each column its readings, NULL or NaN where there is none
 * or it is left out, and of one with flags how often each mark is given, 0 or 1.
 */
export function readingsSql(relation: string, columns: readonly Reduced[], range: Range): string {
  const values = columns.flatMap(({name, flags}) => {
    const value = `${identifier(name)}::DOUBLE`;
    if (!flags) return [value];
    const marked = [3, 4].map((flag) => `coalesce((${identifier(flags.column)} = ${flag})::DOUBLE, 0)`);
    return [`CASE WHEN ${passesSql(flags)} THEN ${value} END`, ...marked];
  });
  return `SELECT ${["epoch_us(timestamp)::DOUBLE", ...values].join(", ")} FROM ${relation} WHERE ${within(range)}`;
}

/** SQL: a reading is in its column's statistics; people flag as 9 what they know to be none. */
export function passesSql(flags: Flagged | undefined): string {
  if (!flags) return "true";
  return `coalesce(${identifier(flags.column)} NOT IN (${flags.suspect === "drop" ? "3, 4, 9" : "4, 9"}), true)`;
}

/** SQL: `timestamp` is in the half-open range. */
export function within({begin, end}: Range): string {
  const conditions = [
    begin === undefined ? [] : `timestamp >= ${instant(begin)}`,
    end === undefined ? [] : `timestamp < ${instant(end)}`
  ].flat();
  return conditions.length === 0 ? "true" : conditions.join(" AND ");
}

/** An instant (µs UTC) as SQL. */
function instant(micros: number): string {
  return `make_timestamptz(${micros})`;
}
