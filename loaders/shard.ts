import {createHash} from "node:crypto";
import type {Range} from "../pond/types.js";
import {binStart, nextBin, type Resolution} from "./resolution.js";

/** How a resolution is cut in time: each shard holds the bins that begin in one span of the UTC calendar. */

/** A span of the UTC calendar, `[begin, end)` in µs. */
export interface Span extends Required<Range> {
  readonly name: string; // e.g. "2025-Q2"
}

interface Division {
  readonly longest: number; // µs, of its spans
  name(date: Date): string;
  start(date: Date, step: number): number; // ms UTC, of the span `step` after the one that holds the date
}

const day = 86_400e6; // µs

const years = (count: number, name: (year: number) => string): Division => ({
  longest: Math.ceil(365.25 * count) * day,
  name: (date) => name(firstYear(date, count)),
  start: (date, step) => utc(firstYear(date, count) + step * count, 0)
});

const months = (count: number, name: (iso: string, quarter: number) => string): Division => ({
  longest: 31 * count * day, // a quarter has at most 92 days
  name: (date) => name(date.toISOString(), Math.floor(date.getUTCMonth() / 3) + 1),
  start: (date, step) => utc(date.getUTCFullYear(), (Math.floor(date.getUTCMonth() / count) + step) * count)
});

const hours = (count: number, name: (iso: string) => string): Division => ({
  longest: count * 3600e6,
  name: (date) => name(new Date(firstHour(date, count)).toISOString()),
  start: (date, step) => firstHour(date, count) + step * count * 3600e3
});

/** Long to short. Weeks begin on Thursday, as the epoch did. */
const divisions: readonly Division[] = [
  years(100, (year) => `${year}-century`),
  years(10, (year) => `${year}s`),
  years(1, (year) => String(year)),
  months(3, (iso, quarter) => `${iso.slice(0, 4)}-Q${quarter}`),
  months(1, (iso) => iso.slice(0, 7)),
  hours(7 * 24, (iso) => `${iso.slice(0, 10)}-week`),
  hours(24, (iso) => iso.slice(0, 10)),
  hours(6, (iso) => `${iso.slice(0, 13)}-quarter`),
  hours(1, (iso) => iso.slice(0, 13))
];

/** Few enough rows that a changed shard is cheap to make and to fetch, many enough that a view needs few of them. */
const rowsPerShard = 5000;

/** The spans of a resolution whose bins hold what lies between two instants, both inclusive, µs UTC. */
export function spansOver(resolution: Resolution, first: number, last: number): readonly Span[] {
  const division = divisionOf(resolution);
  const end = binStart(last, resolution);
  const spans: Span[] = [];
  for (let span = spanAt(division, binStart(first, resolution)); span.begin <= end; span = spanAt(division, span.end))
    spans.push(span);
  return spans;
}

/** The instants whose bins begin in the span, µs UTC: a bin that straddles the border belongs to where it begins. */
export function coverOf({begin, end}: Required<Range>, resolution: Resolution): Required<Range> {
  return {begin: nextBin(begin, resolution), end: nextBin(end, resolution)};
}

/** Whether `[minTime, maxTime]`, both inclusive, meets the half-open range. */
export function overlaps(piece: {readonly minTime: number; readonly maxTime: number}, range: Range): boolean {
  return piece.maxTime >= (range.begin ?? -Infinity) && piece.minTime < (range.end ?? Infinity);
}

/** What content is computed from, as one name: equal lists, equal keys. Hex. */
export function keyOf(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function divisionOf({width}: Resolution): Division {
  return divisions.find(({longest}) => longest / width <= rowsPerShard) ?? divisions.at(-1)!;
}

function spanAt(division: Division, time: number): Span {
  const date = new Date(Math.floor(time / 1000));
  return {name: division.name(date), begin: division.start(date, 0) * 1000, end: division.start(date, 1) * 1000};
}

function firstYear(date: Date, count: number): number {
  return Math.floor(date.getUTCFullYear() / count) * count;
}

function firstHour(date: Date, count: number): number {
  return Math.floor(date.getTime() / (count * 3600e3)) * count * 3600e3;
}

/** Date.UTC takes the years 0 to 99 for the twentieth century; a clock may well be that wrong. */
function utc(year: number, month: number): number {
  return new Date(0).setUTCFullYear(year, month, 1);
}
