import type {Bins} from "./bins.js";
import {type Extras, type Mark, type Partials, percentiles, type Reduced} from "./partial.js";
import {nextBin, type Resolution} from "../time/resolution.js";

/** What can be told of a bin. */
const basic = ["avg", "min", "max", "count", "sum", "first", "last", "stddev", "coverage"] as const;
export const statistics = [...basic, ...percentiles] as const;
export type Statistic = (typeof statistics)[number];

/** What every page is told. */
export const published = ["avg", "min", "max", "count"] as const;

/** What has to be kept of bins for statistics to be told. */
export function extrasFor(statistics: readonly Statistic[]): Extras {
  return {
    ends: statistics.includes("first") || statistics.includes("last"),
    spread: statistics.includes("stddev"),
    percentiles: percentiles.filter((name) => statistics.includes(name))
  };
}

/** How a column's statistic is spelled as a column. */
export function statisticName(column: string, statistic: Statistic | Mark): string {
  return `${column}.${statistic}`;
}

/** Whether a statistic is told of every bin, and never missing. */
export function isAlways(statistic: Statistic | Mark): boolean {
  return ["count", "coverage", "suspect", "fail"].includes(statistic);
}

/** Whether a statistic counts readings. */
export function isCount(statistic: Statistic | Mark): boolean {
  return ["count", "suspect", "fail"].includes(statistic);
}

/** How bins are cut, and how many readings are due in them. */
export interface Due {
  readonly resolution: Resolution;
  readonly interval?: number; // µs from one reading to the next; only coverage asks
}

/** A statistic of a column, for each bin; NaN where there is none. */
export function tell(
  bins: Bins,
  {column, statistic}: {column: Reduced; statistic: Statistic | Mark},
  due: Due
): Float64Array {
  const partials = bins.columns.get(column.name);
  if (!partials) return new Float64Array(bins.starts.length).fill(isAlways(statistic) ? 0 : NaN);
  if (statistic === "avg") return column.turn ? directions(partials, column.turn) : means(partials);
  if (statistic === "coverage") return coverage(bins.starts, partials.count, due);
  if (statistic === "stddev") return deviations(partials);
  return partials[statistic] ?? new Float64Array(bins.starts.length); // flags: of bins from before the column was tested
}

/** Plain loops: there are millions of bins, and `map` takes several times as long. */
function each(length: number, value: (bin: number) => number): Float64Array {
  const values = new Float64Array(length);
  for (let bin = 0; bin < length; bin++) values[bin] = value(bin);
  return values;
}

function means({sum, count}: Partials): Float64Array {
  return each(count.length, (bin) => sum[bin]! / count[bin]!); // NaN where the count is 0, for so is the sum
}

function directions({sine, cosine, count}: Partials, turn: number): Float64Array {
  return each(count.length, (bin) => direction({sine: sine![bin]!, cosine: cosine![bin]!, count: count[bin]!}, turn));
}

function deviations({squares, count}: Partials): Float64Array {
  return each(count.length, (bin) => (count[bin]! > 1 ? Math.sqrt(squares![bin]! / (count[bin]! - 1)) : NaN));
}

/** The share of the readings that are due, 0 to 1. */
function coverage(starts: Float64Array, count: Float64Array, {resolution, interval}: Due): Float64Array {
  const length = (start: number) => nextBin(start + 1, resolution) - start;
  return each(count.length, (bin) => Math.min(1, (count[bin]! * interval!) / length(starts[bin]!)));
}

/** From 0 up to a full turn; NaN where the unit vectors, whose sum it is the direction of, cancel each other out. */
export function direction({sine, cosine, count}: Vectors, turn: number): number {
  if (!(Math.hypot(sine, cosine) > 1e-9 * count)) return NaN;
  return ((Math.atan2(sine, cosine) * turn) / (2 * Math.PI) + turn) % turn;
}

/** So many unit vectors, added up. */
interface Vectors {
  readonly sine: number;
  readonly cosine: number;
  readonly count: number;
}
