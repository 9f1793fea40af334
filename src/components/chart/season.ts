import {clockIn} from "../time/clock.js";
import type {Flagged, Point} from "../data/point.js";
import {formatDay} from "../data/format.js";
import {middleOf} from "../data/point.js";
import type {Width} from "../data/point.js";
import type {TimeRange} from "../time/range.js";
import {ticksOf} from "../time/ticks.js";
import type {Tick} from "../time/ticks.js";

/**
 * The days of a year as an axis that all years share, so that 1 March is one place in all of them. Its instants are those
 * of a year of 365 days in UTC; the 29th of February stands halfway between the 28th and 1 March, so that years without
 * it have no gap there. Days are those of the site's time zone: a bin belongs to the day that holds its middle.
 */
const day = 86_400_000;
const year = 2001;
const leapDay = Date.UTC(year, 1, 28) + day / 2;

export const yearAxis: TimeRange = {begin: Date.UTC(year, 0), end: Date.UTC(year + 1, 0)};

/** Where a date stands on the axis, by what the wall clock shows; its time of day is left out. */
export function placeOf(wall: number): number {
  const date = new Date(wall);
  const [month, dayOfMonth] = [date.getUTCMonth(), date.getUTCDate()];
  return isLeapDay(month, dayOfMonth) ? leapDay : Date.UTC(year, month, dayOfMonth);
}

function isLeapDay(month: number, dayOfMonth: number): boolean {
  return month === 1 && dayOfMonth === 29;
}

/** A place on the axis in words: "1 Mar". */
export function placeText(place: number): string {
  if (place === leapDay) return "29 Feb";
  return formatDay(place, "UTC").replace(/ \d+$/, "");
}

function dayOf(time: number): number {
  return Math.floor(time / day) * day;
}

/** Marks for a part of the axis, without a year. */
export function placeTicks(range: TimeRange, count: number): Tick[] {
  const days = Math.max(1, (range.end - range.begin) / day);
  const ticks = ticksOf(range, Math.min(count, days), "UTC"); // nothing between one day and the next
  return ticks.map(({time, label}) => ({time, label: label.split("\n")[0]!}));
}

/** One year of a record, laid on the axis. */
export interface Season {
  readonly year: number;
  /** The instants, in whole days, that a part of the axis stands for. */
  own(range: TimeRange): TimeRange;
  /** Where an instant stands on the axis: at one of its ends when it is in another year. */
  place(time: number): number;
  /** The bins of this year, one for each day. */
  lay(reading: Laid, width: Width): Laid;
}

/** What is laid: bins and the flags among them, in order of time. */
export interface Laid {
  readonly points: readonly Point[];
  readonly flagged: readonly Flagged[];
}

export function seasonOf(its: number, timeZone: string): Season {
  const {instant} = clockIn(timeZone);
  const wall = wallIn(timeZone);
  const inYear = (place: number) => {
    const date = new Date(place);
    return instant(Date.UTC(its + date.getUTCFullYear() - year, date.getUTCMonth(), date.getUTCDate()));
  };
  const after = (place: number) =>
    place >= leapDay - day / 2 && place < leapDay ? instant(Date.UTC(its, 1, 29)) : inYear(dayOf(place) + day);
  const [begin, end] = [instant(Date.UTC(its, 0)), instant(Date.UTC(its + 1, 0))];
  const days = <T extends {readonly time: number}>(all: readonly T[], width: Width) =>
    grouped(all, (one) => {
      const shown = wall(middleOf(one, width));
      return new Date(shown).getUTCFullYear() === its ? placeOf(shown) : undefined;
    });
  return {
    year: its,
    own: (range) => ({
      begin: range.begin <= yearAxis.begin ? begin : inYear(range.begin),
      end: (range.end >= yearAxis.end ? end : after(range.end)) - 1
    }),
    place: (time) => {
      if (time < begin) return yearAxis.begin;
      return time >= end ? yearAxis.end : placeOf(wall(time)) + (wall(time) % day);
    },
    lay: ({points, flagged}, width) => ({
      points: days(points, width).map(([time, bins]) => ({...meanOf(bins), time})),
      flagged: days(flagged, width).map(([time, flags]) => ({
        time,
        suspect: sum(flags.map(({suspect}) => suspect)),
        fail: sum(flags.map(({fail}) => fail))
      }))
    })
  };
}

function grouped<T>(all: readonly T[], placed: (one: T) => number | undefined): [place: number, members: T[]][] {
  const groups = new Map<number, T[]>();
  for (const one of all) {
    const place = placed(one);
    if (place === undefined) continue;
    const group = groups.get(place);
    if (group) group.push(one);
    else groups.set(place, [one]);
  }
  return [...groups].sort(([a], [b]) => a - b);
}

function meanOf(bins: readonly Point[]): Omit<Point, "time"> {
  if (bins.length === 1) return bins[0]!;
  const count = sum(bins.map((bin) => bin.count));
  return {
    avg: sum(bins.map((bin) => bin.avg * bin.count)) / count,
    min: Math.min(...bins.map(({min}) => min)),
    max: Math.max(...bins.map(({max}) => max)),
    count
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The years that a span touches, by the wall clock. */
export function yearsIn({begin, end}: TimeRange, timeZone: string): readonly number[] {
  const {wall} = clockIn(timeZone);
  const [first, last] = [begin, end].map((time) => new Date(wall(time)).getUTCFullYear()) as [number, number];
  return Array.from({length: last - first + 1}, (_, index) => first + index);
}

/**
 * What the wall clock shows, for the days of many years: a zone's clock is asked about the ends of a week, and about
 * what lies between only in a week in which it was changed.
 */
export function wallIn(timeZone: string): (time: number) => number {
  const {wall} = clockIn(timeZone);
  const ahead = (time: number) => wall(time) - time;
  const weeks = new Map<number, number | undefined>(); // milliseconds ahead of UTC; undefined where they change
  return (time) => {
    const week = Math.floor(time / (7 * day));
    if (!weeks.has(week)) {
      const [first, last] = [ahead(week * 7 * day), ahead((week + 1) * 7 * day)];
      weeks.set(week, first === last ? first : undefined);
    }
    const known = weeks.get(week);
    return known === undefined ? wall(time) : time + known;
  };
}
