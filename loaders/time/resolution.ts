import {type Calendar, holds, nextPeriod, type Period, periodsOver, periodStart} from "./calendar.js";
import type {Range} from "../../pond/types.js";

/** How time is cut into the bins of a resolution: into equal widths since the epoch, or as a zone's calendar has it. */
export interface Resolution {
  readonly name: string; // as the resource spells it, e.g. "1h"
  readonly width: number; // µs; of a calendar's periods, what is usual
  readonly calendar?: Calendar; // none: each bin is as wide as the other
  readonly raw?: true; // no bins: the readings themselves, of which one is usual in each width
}

const units: Readonly<Record<string, number>> = {s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6};

const spelled: Readonly<Record<string, {readonly period: Period; readonly days: number}>> = {
  "1d": {period: "day", days: 1},
  "1w": {period: "week", days: 7},
  "1mo": {period: "month", days: 30},
  "1q": {period: "quarter", days: 91},
  "1y": {period: "year", days: 365}
};

/** How a resolution is spelled: "10s", "15m", "1h", "7d" from the epoch; "1d", "1w", "1mo", "1q", "1y" by the calendar. */
export const resolutionPattern = /^([1-9]\d{0,5}[smhd]|1(w|mo|q|y))$/;

/** What is asked of somebody who spelled it otherwise. */
export const resolutionWords =
  "write a whole number and s, m, h or d, such as 15m, 1h or 7d, or one of 1d, 1w, 1mo, 1q and 1y of the calendar";

/** Throws a sentence when the name is not spelled so. */
export function parseResolution(name: string, timeZone = "UTC"): Resolution {
  if (!resolutionPattern.test(name)) throw new Error(`"${name}" is no resolution: ${resolutionWords}.`);
  const calendar = spelled[name];
  if (calendar && (name !== "1d" || timeZone !== "UTC"))
    return {name, width: calendar.days * units.d!, calendar: {period: calendar.period, timeZone}};
  return {name, width: Number(name.slice(0, -1)) * units[name.at(-1)!]!};
}

/** Fine to coarse. Throws a sentence when a name is not spelled so, or two are the same. */
export function parseResolutions(names: readonly string[], timeZone?: string): readonly Resolution[] {
  const sorted = names.map((name) => parseResolution(name, timeZone)).sort((a, b) => a.width - b.width);
  const [twin] = twinResolutions(sorted);
  if (twin !== undefined) throw new Error(twin);
  return sorted;
}

/** A sentence for each two of a sorted list that cut time alike. */
export function twinResolutions(sorted: readonly Resolution[]): readonly string[] {
  return sorted.flatMap((one, index) => {
    const twin = sorted.slice(index + 1).find((other) => cutOf(other) === cutOf(one));
    return twin ? [`The resolutions ${one.name} and ${twin.name} are the same: leave one out.`] : [];
  });
}

/** What tells two resolutions apart, and shards of one from those of another. */
export function cutOf({name, width, calendar, raw}: Resolution): number | string {
  if (raw) return name;
  return calendar ? `${calendar.period} ${calendar.timeZone}` : width;
}

/** The start of the bin that holds an instant, µs UTC. Bins are half-open: `[start, next start)`. */
export function binStart(time: number, {width, calendar}: Resolution): number {
  return calendar ? periodStart(calendar, time) : Math.floor(time / width) * width;
}

/** The start of the first bin that begins at an instant or after it, µs UTC. */
export function nextBin(time: number, {width, calendar}: Resolution): number {
  return calendar ? nextPeriod(calendar, time) : Math.ceil(time / width) * width;
}

/** Whether each bin of `coarse` that meets the range is made of whole bins of `fine`. */
export function nests(fine: Resolution, coarse: Resolution, {begin, end}: Required<Range>): boolean {
  if (!coarse.calendar) return !fine.calendar && coarse.width % fine.width === 0;
  if (fine.calendar) return holds(coarse.calendar, fine.calendar);
  const starts = periodsOver(coarse.calendar, begin, end);
  return [...starts, nextPeriod(coarse.calendar, end)].every((start) => start % fine.width === 0);
}
