import {Extremes} from "./extremes.js";

/**
 * The tests of QARTOD, the U.S. IOOS manuals for real-time quality control (e.g. "Manual for Real-Time Quality Control
 * of In-situ Temperature and Salinity Data", v2.1), as functions from readings to flags. Where the reference
 * implementation (ioos_qc) departs from the manuals or from good sense, a comment says what we do instead.
 *
 * What a reading is flagged depends on the readings that its test says and on no others, to the last bit: so a part of
 * a series that holds those is flagged as it is in the whole.
 *
 * All functions take readings in order of time: `times` in milliseconds since 1970, `values` with null (or NaN) where
 * a reading is missing, and give one flag per reading. Nothing is changed in place.
 */

/** IOOS primary flags. */
const flags = {good: 1, notEvaluated: 2, suspect: 3, fail: 4, missing: 9} as const;
export type Flag = (typeof flags)[keyof typeof flags];

/** A flag for each reading. */
export type Flags = Uint8Array;

export type Values = ArrayLike<number | null>;
export type Times = ArrayLike<number>;

/** A span of values, both ends inclusive. */
export type Span = readonly [low: number, high: number];

/** What a reading strictly above (or, for a signal, below) is flagged; an absent threshold never fires. */
export interface Thresholds {
  readonly suspect?: number;
  readonly fail?: number;
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

/** The flag of each reading: 9 where it is missing, else what the test says of it. */
function flagEach(values: Values, test: (value: number, index: number) => Flag): Flags {
  const found = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    found[index] = isMissing(value) ? flags.missing : test(value, index);
  }
  return found;
}

function above(amount: number, {suspect, fail}: Thresholds): Flag {
  if (fail !== undefined && amount > fail) return flags.fail;
  return suspect !== undefined && amount > suspect ? flags.suspect : flags.good;
}

function outside(value: number, span: Span): boolean {
  return value < span[0] || value > span[1];
}

/** Spans that readings are to lie in; an absent one holds all. */
export interface Spans {
  readonly fail?: Span;
  readonly suspect?: Span;
}

/** Gross range: outside the sensor's span fails, outside the operator's span is suspect. Throws when the latter is wider. */
export function grossRange(values: Values, {fail, suspect}: Spans): Flags {
  if (fail && suspect && (outside(suspect[0], fail) || outside(suspect[1], fail)))
    throw new RangeError(
      `the suspect span ${suspect.join(" to ")} does not lie inside the fail span ${fail.join(" to ")}`
    );
  return flagEach(values, (value) => {
    if (fail && outside(value, fail)) return flags.fail;
    return suspect && outside(value, suspect) ? flags.suspect : flags.good;
  });
}

/** A season of the climatology; where several apply, the last one rules. */
export interface Season {
  readonly begin?: number; // ms since 1970, inclusive; with `end`, for a span of dates
  readonly end?: number; // ms since 1970, inclusive
  readonly period?: "month" | "week" | "dayOfYear" | "quarter"; // with `from` and `to`, for every year (UTC, ISO weeks)
  readonly from?: number; // inclusive, 1 is the first
  readonly to?: number; // inclusive
  readonly depth?: Span; // metres, inclusive; absent: any depth
  readonly suspect?: Span;
  readonly fail?: Span;
}

/** Climatology: against the span of the season; 2 where no season applies. `depths` in metres, beside the values. */
export function climatology(times: Times, values: Values, seasons: readonly Season[], depths?: Values): Flags {
  const dayAt = days();
  return flagEach(values, (value, index) => {
    const time = times[index]!;
    const day = dayAt(time);
    const season = seasons.findLast((one) => inSeason(day, time, one) && atDepth(depths?.[index], one));
    if (!season) return flags.notEvaluated;
    if (season.fail && outside(value, season.fail)) return flags.fail;
    return season.suspect && outside(value, season.suspect) ? flags.suspect : flags.good;
  });
}

function inSeason(day: Day, time: number, {begin, end, period, from, to}: Season): boolean {
  if (begin !== undefined && time < begin) return false;
  if (end !== undefined && time > end) return false;
  if (period === undefined) return true;
  return day[period] >= (from ?? -Infinity) && day[period] <= (to ?? Infinity);
}

function atDepth(depth: number | null | undefined, season: Season): boolean {
  return season.depth === undefined || (!isMissing(depth) && !outside(depth, season.depth));
}

const dayMs = 86_400_000;

/** Where a day of UTC stands in its year; all count from 1. */
type Day = Readonly<Record<NonNullable<Season["period"]>, number>>;

/** The day that holds an instant, told anew only when another day comes: readings are many a day. */
function days(): (time: number) => Day {
  let [number, day]: [number, Day] = [NaN, dayOf(0)];
  return (time) => {
    if (Math.floor(time / dayMs) !== number) [number, day] = [Math.floor(time / dayMs), dayOf(time)];
    return day;
  };
}

function dayOf(time: number): Day {
  const date = new Date(time);
  const month = date.getUTCMonth() + 1;
  const dayOfYear = Math.floor((time - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1;
  return {month, quarter: Math.ceil(month / 3), dayOfYear, week: isoWeek(date)};
}

/** ISO 8601: the week of a day is that of its Thursday. */
function isoWeek(date: Date): number {
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  return Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / dayMs / 7) + 1;
}

/**
 * Spike: a reading against its two neighbours, `average` by its distance from their mean, `differential` by the smaller
 * of the two steps when these go opposite ways. 2 at the ends and beside missing readings. A threshold of 0 is unset.
 */
export function spike(values: Values, options: Thresholds & {readonly method?: "average" | "differential"}): Flags {
  const measure = options.method === "differential" ? turn : distance;
  const thresholds = {suspect: options.suspect || undefined, fail: options.fail || undefined};
  return flagEach(values, (value, index) => {
    const [before, after] = [values[index - 1], values[index + 1]];
    if (isMissing(before) || isMissing(after)) return flags.notEvaluated;
    return above(measure(before, value, after), thresholds);
  });
}

function distance(before: number, value: number, after: number): number {
  return Math.abs(value - (before + after) / 2);
}

function turn(before: number, value: number, after: number): number {
  const [up, down] = [value - before, after - value];
  return up * down < 0 ? Math.min(Math.abs(up), Math.abs(down)) : 0;
}

/**
 * Rate of change, thresholds per hour. A reading without one before it is good. Two readings of one time have no rate
 * and are not evaluated (the reference compares their raw step with the rate).
 */
export function rateOfChange(times: Times, values: Values, thresholds: Thresholds): Flags {
  return flagEach(values, (value, index) => {
    const before = values[index - 1];
    if (isMissing(before)) return flags.good;
    const hours = (times[index]! - times[index - 1]!) / 3_600_000;
    return hours > 0 ? above(Math.abs(value - before) / hours, thresholds) : flags.notEvaluated;
  });
}

/**
 * Flat line: the last readings all within `tolerance` of one another for longer than the suspect or fail time
 * (milliseconds), counted in steps; missing readings are skipped. A step is the median one unless told. Fewer than three
 * readings are all good. A window does not reach over a gap (more than two steps), and a tolerance of 0 means equal
 * readings (in the reference it does, and it never fires).
 */
export function flatLine(
  times: Times,
  values: Values,
  {tolerance, step, ...limits}: Thresholds & {readonly tolerance: number; readonly step?: number}
): Flags {
  if (times.length < 3) return flagEach(values, () => flags.good);
  const every = step ?? medianStep(times);
  const flat = (limit: number | undefined) =>
    limit === undefined
      ? undefined
      : flatFor(times, values, {count: Math.floor(limit / every), step: every, tolerance});
  const [suspect, fail] = [flat(limits.suspect), flat(limits.fail)];
  return flagEach(values, (_, index) => {
    if (fail?.[index]) return flags.fail;
    return suspect?.[index] ? flags.suspect : flags.good;
  });
}

interface Flatness {
  readonly count: number; // steps of a window
  readonly step: number; // ms
  readonly tolerance: number;
}

/** 1 where a reading and those of the `count` steps before it are within the tolerance of one another. */
function flatFor(times: Times, values: Values, {count, step, tolerance}: Flatness): Uint8Array {
  const found = new Uint8Array(values.length);
  const window = new Extremes();
  let [unbroken, seen] = [0, 0]; // where the last gap ended, and readings in the window
  for (let index = 0; index < values.length; index++) {
    if (index > 0 && times[index]! - times[index - 1]! > 2 * step) unbroken = index;
    if (!isMissing(values[index])) {
      window.push(index, values[index]!);
      seen++;
    }
    if (index > count && !isMissing(values[index - count - 1])) seen--;
    window.dropBefore(index - count);
    if (index - count >= unbroken && seen > 1 && window.range <= tolerance) found[index] = 1;
  }
  return found;
}

function medianStep(times: Times): number {
  return median(Array.from({length: times.length - 1}, (_, index) => times[index + 1]! - times[index]!));
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface AttenuatedOptions extends Thresholds {
  readonly check: "std" | "range"; // population standard deviation, or highest less lowest
  readonly period?: number; // ms: over (time − period, time]; absent: over all readings
  readonly minimum?: number; // readings; with fewer in the window, not evaluated
}

/** Attenuated signal: a signal that varies less than the thresholds; a sensor that is fouled or stuck in mud. */
export function attenuatedSignal(times: Times, values: Values, options: AttenuatedOptions): Flags {
  const {period, minimum = 0} = options;
  const window = new Window(values);
  if (period === undefined) window.extend(values.length);
  return flagEach(values, (_, index) => {
    if (period !== undefined) {
      window.extend(index + 1);
      window.shrink((first) => times[first]! <= times[index]! - period);
    }
    return window.count < minimum ? flags.notEvaluated : attenuated(window, options);
  });
}

function attenuated(window: Window, {check, suspect, fail}: AttenuatedOptions): Flag {
  if (fail !== undefined && window.variesLess(check, fail)) return flags.fail;
  return suspect !== undefined && window.variesLess(check, suspect) ? flags.suspect : flags.good;
}

/** Consecutive readings, missing ones passed over. */
class Window {
  readonly #values: Values;
  readonly #extremes = new Extremes();
  #begin = 0; // index, inclusive
  #end = 0; // index, exclusive
  count = 0;

  constructor(values: Values) {
    this.#values = values;
  }

  extend(end: number): void {
    for (; this.#end < end; this.#end++) {
      const value = this.#values[this.#end];
      if (isMissing(value)) continue;
      this.#extremes.push(this.#end, value);
      this.count++;
    }
  }

  shrink(isBefore: (index: number) => boolean): void {
    while (this.#begin < this.#end && isBefore(this.#begin)) if (!isMissing(this.#values[this.#begin++])) this.count--;
    this.#extremes.dropBefore(this.#begin);
  }

  variesLess(check: "std" | "range", limit: number): boolean {
    return check === "std" ? this.#deviatesLess(limit) : this.#extremes.range < limit;
  }

  /**
   * Whether the population's standard deviation is below a limit. It is at most half the range (Popoviciu, 1935), and at
   * least the range over √(2n) (von Szőkefalvi Nagy, 1918): where these tell, nothing is summed up.
   */
  #deviatesLess(limit: number): boolean {
    const {range} = this.#extremes;
    if (range / 2 < limit * 0.999) return true;
    if (range / Math.sqrt(2 * this.count) > limit * 1.001) return false;
    return this.#deviation() < limit;
  }

  #deviation(): number {
    const mean = this.#sum((value) => value) / this.count;
    return Math.sqrt(this.#sum((value) => (value - mean) ** 2) / this.count);
  }

  #sum(of: (value: number) => number): number {
    let sum = 0;
    for (let index = this.#begin; index < this.#end; index++) {
      const value = this.#values[index];
      if (!isMissing(value)) sum += of(value);
    }
    return sum;
  }
}

/**
 * Gap: a step since the reading before that is longer than the thresholds (ms) flags the reading after it. Backward
 * steps pass. A first reading has no gap before it; `firstAsSecond` gives it the second's flag, as the reference does.
 */
export function gap(times: Times, thresholds: Thresholds & {readonly firstAsSecond?: boolean}): Flags {
  const found = new Uint8Array(times.length).fill(flags.good);
  for (let index = 1; index < times.length; index++)
    found[index] = above(times[index]! - times[index - 1]!, thresholds);
  if (thresholds.firstAsSecond && found.length > 1) found[0] = found[1]!;
  return found;
}

/** Neighbour: against another series at the same times; not evaluated where that has no reading. */
export function neighbour(values: Values, other: Values, thresholds: Thresholds): Flags {
  return flagEach(values, (value, index) => {
    const beside = other[index];
    return isMissing(beside) ? flags.notEvaluated : above(Math.abs(value - beside), thresholds);
  });
}

/** From the least to the most telling, at the place of the flag: one pass outranks "not evaluated" and "missing". */
const ranks = Uint8Array.of(0, 2, 1, 3, 4, 0, 0, 0, 0, 0);

/** One flag per reading from those of several tests: the worst. Throws when the tests are of different lengths. */
export function rollUp(tests: readonly ArrayLike<number>[]): Flags {
  const length = tests[0]?.length ?? 0;
  if (tests.some((test) => test.length !== length)) throw new RangeError("the tests to roll up differ in length");
  const worst = new Uint8Array(length).fill(flags.missing);
  for (const test of tests)
    for (let index = 0; index < length; index++)
      if (ranks[test[index]!]! > ranks[worst[index]!]!) worst[index] = test[index]!;
  return worst;
}
