import type {Point} from "../data/point.js";
import {middleOf} from "../data/point.js";
import type {Width} from "../data/point.js";
import {placeOf, wallIn, yearAxis} from "./season.js";

/**
 * What is usual for each day of the year: the middle 80 % of the daily means of all years within a week of it, and their
 * median. A week to each side, because a handful of years has too few readings of any one day.
 */

const day = 86_400_000;
const daysOfYear = 365;
const reach = 7; // days to each side
export const fewest = 2; // years: of one alone nothing is usual

/** What is usual on a day of the year. */
export interface Usual {
  readonly low: number; // the tenth percentile
  readonly middle: number; // the median
  readonly high: number; // the ninetieth percentile
  readonly years: number; // that have readings within a week of the day
}

/** By day of the year, from 0; undefined where fewer than two years have readings. */
export type UsualYear = readonly (Usual | undefined)[];

/** What is usual, from the daily means of a record, their bins in order of time. */
export function usualOf(points: readonly Point[], width: Width, timeZone: string): UsualYear {
  const wall = wallIn(timeZone);
  const days = Array.from({length: daysOfYear}, () => [] as {year: number; value: number}[]);
  for (const point of points) {
    const shown = wall(middleOf(point, width));
    days[indexOf(placeOf(shown))]!.push({year: new Date(shown).getUTCFullYear(), value: point.avg});
  }
  return days.map((_, index) => {
    const near = Array.from({length: 2 * reach + 1}, (_, step) => days.at((index + step - reach) % daysOfYear)!).flat();
    const years = new Set(near.map(({year}) => year)).size;
    if (years < fewest) return undefined;
    const values = near.map(({value}) => value).sort((a, b) => a - b);
    return {low: quantile(values, 0.1), middle: quantile(values, 0.5), high: quantile(values, 0.9), years};
  });
}

/** Which day of the year a place on its axis is in. */
export function indexOf(place: number): number {
  return Math.floor((place - yearAxis.begin) / day);
}

/** Between the two values about it, as DuckDB's quantile_cont. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}
