import {hash} from "node:crypto";
import type {Range} from "../../pond/types.js";
import {binStart, nextBin, type Resolution} from "../time/resolution.js";

/**
 * How a resolution is cut in time: each shard, and each page, holds the bins that begin in one span of the UTC calendar.
 * Shards are what readers fetch, and suit them; pages are what bins are kept in, and suit whoever computes them.
 */

/** A span of the UTC calendar, `[begin, end)` in µs. */
export interface Span extends Required<Range> {
  readonly name: string; // e.g. "2025-Q2"
}

/** How time is cut: each span is as long as the one before it, but for what the calendar makes of it. */
interface Division {
  readonly longest: number; // µs, of its spans
  readonly finer?: Division; // what the two newest of its spans are cut into
  readonly tail?: Division; // where the newest span of all is cut in two
  name(date: Date): string;
  start(date: Date, step: number): number; // ms UTC, of the span `step` after the one that holds the date
}

const day = 86_400e6; // µs

const years = (count: number, name: (year: number) => string): Division => ({
  longest: Math.ceil(365.25 * count) * day,
  name: (date) => name(firstYear(date, count)),
  start: (date, step) => utc(firstYear(date, count) + step * count, 0)
});

const months = (count: number, days: number, name: (iso: string, part: number) => string): Division => ({
  longest: days * day,
  name: (date) => name(date.toISOString(), Math.floor(date.getUTCMonth() / count) + 1),
  start: (date, step) => utc(date.getUTCFullYear(), (Math.floor(date.getUTCMonth() / count) + step) * count)
});

const hours = (count: number, name: (iso: string) => string): Division => ({
  longest: count * 3600e6,
  name: (date) => name(new Date(firstHour(date, count)).toISOString()),
  start: (date, step) => firstHour(date, count) + step * count * 3600e3
});

const week = hours(7 * 24, (iso) => `${iso.slice(0, 10)}-week`); // from Thursday, as the epoch began
const twentyDays = hours(20 * 24, (iso) => `${iso.slice(0, 10)}-20d`); // so that thirty lie in three of them
const month = {...months(1, 31, (iso) => iso.slice(0, 7)), finer: week, tail: week};
const quarter = {...months(3, 92, (iso, part) => `${iso.slice(0, 4)}-Q${part}`), finer: twentyDays, tail: month};
const half = {...months(6, 184, (iso, part) => `${iso.slice(0, 4)}-H${part}`), tail: month};
const year = {...years(1, String), finer: half, tail: quarter};
const twoYears = {...years(2, (first) => `${first}-${first + 1}`), tail: quarter};
const decade = {...years(10, (first) => `${first}s`), finer: twoYears, tail: year};
const century = {...years(100, (first) => `${first}-century`), finer: decade, tail: decade};

const [long, short] = [
  [century, decade, year, quarter, month],
  [
    week,
    hours(24, (iso) => iso.slice(0, 10)),
    hours(6, (iso) => `${iso.slice(0, 13)}-quarter`),
    hours(1, (iso) => iso.slice(0, 13))
  ]
];

/** Long to short. */
const divisions: readonly Division[] = [...long, ...short];

/** Of pages, whose rows are to differ less in number. */
const pageDivisions: readonly Division[] = [
  ...long,
  ...[20, 10, 5].map((days) => hours(days * 24, (iso) => `${iso.slice(0, 10)}-${days}d`)),
  ...short.slice(1)
];

/** Few enough rows that a shard is quick to make and to fetch, many enough that there are few of them. */
export const rowsPerShard = 5000;

/**
 * Few enough rows that a page is soon made anew where a day of it changed. Of the finest resolution there are most pages,
 * and a full reduction has them all written: they are longer.
 */
const rowsPerPage = {finest: 1440, coarser: 480}; // ten days of ten minutes, twenty of hours

/** Of what pages hold bins. */
export type Rank = keyof typeof rowsPerPage;

/** With no more rows than a chart has room for, even the newest shards need not be shorter. */
const rowsPerRecent = 1000;

/** What is cut into spans. */
export interface Extent {
  readonly first: number; // µs UTC, inclusive
  readonly last: number; // µs UTC, inclusive
  readonly coarsest?: boolean; // no resolution is coarser: charts of the whole record show all of its shards
}

/**
 * The spans of a resolution whose bins hold an extent. Readers look at the newest readings and come again the next day:
 * the two newest spans are cut finer, and where those are long what is newest of all once more, so that a day changes a
 * small shard on most days. Charts still need two or three shards, whatever their range, and fetch little beside it.
 */
export function spansOver(resolution: Resolution, {first, last, coarsest = false}: Extent): readonly Span[] {
  const [begin, end] = [binStart(first, resolution), binStart(last, resolution)];
  const division = divisionOf(resolution);
  const spans = spansOf(division, begin, end);
  const short = coarsest || division.longest / resolution.width <= rowsPerRecent;
  if (short || !division.finer) return withTail(spans, division, end);
  const newer = spans.slice(-2)[0]!.begin;
  const recent = clipped(spansOf(division.finer, Math.max(begin, newer), end), newer);
  return withTail([...spans.slice(0, -2), ...recent], division.finer, end);
}

/**
 * The pages of a resolution whose bins hold an extent. They lie alike wherever it ends, so that an old day costs what a
 * new one does.
 */
export function pagesOver(resolution: Resolution, {first, last}: Extent, rank: Rank): readonly Span[] {
  const division = divisionOf(resolution, pageDivisions, rowsPerPage[rank]);
  return spansOf(division, binStart(first, resolution), binStart(last, resolution));
}

/** The spans that what comes every `width` µs is cut into, from one instant to another, both inclusive, µs UTC. */
export function spansBetween(width: number, first: number, last: number): readonly Span[] {
  return spansOf(divisionOf({width}), first, last);
}

function spansOf(division: Division, begin: number, end: number): readonly Span[] {
  const spans: Span[] = [];
  for (let span = spanAt(division, begin); span.begin <= end; span = spanAt(division, span.end)) spans.push(span);
  return spans;
}

/** A week in which a month begins is one from there on, and so with twenty days and a quarter. */
function clipped([first, ...rest]: readonly Span[], begin: number): readonly Span[] {
  return [{...first!, begin: Math.max(begin, first!.begin)}, ...rest];
}

/** Weeks begin in one month and end in another: a tail begins within the newest span, or there is none. */
function withTail(spans: readonly Span[], {tail}: Division, end: number): readonly Span[] {
  const newest = spans.at(-1)!;
  const {begin, name} = tail ? spanAt(tail, end) : newest;
  if (begin <= newest.begin) return spans;
  return [
    ...spans.slice(0, -1),
    {name: `${newest.name}-until-${name}`, begin: newest.begin, end: begin},
    {name: `${newest.name}-from-${name}`, begin, end: newest.end}
  ];
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
  return hash("sha256", JSON.stringify(parts));
}

function divisionOf({width}: Pick<Resolution, "width">, among = divisions, most = rowsPerShard): Division {
  return among.find(({longest}) => longest / width <= most) ?? among.at(-1)!;
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
