/**
 * The tests of QARTOD, the U.S. IOOS manuals for real-time quality control (e.g. "Manual for Real-Time Quality Control
 * of In-situ Temperature and Salinity Data", v2.1), as functions from readings to flags. Where the reference
 * implementation (ioos_qc) departs from the manuals or from good sense, a comment says what we do instead.
 *
 * All functions take readings in order of time: `times` in milliseconds since 1970, `values` with null (or NaN) where
 * a reading is missing, and give one flag per reading. Nothing is changed in place.
 */

/** IOOS primary flags. */
const flags = {good: 1, notEvaluated: 2, suspect: 3, fail: 4, missing: 9} as const;
export type Flag = (typeof flags)[keyof typeof flags];

export type Values = readonly (number | null)[];

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
function flagEach(values: Values, test: (value: number, index: number) => Flag): Flag[] {
  return values.map((value, index) => (isMissing(value) ? flags.missing : test(value, index)));
}

function above(amount: number, {suspect, fail}: Thresholds): Flag {
  if (fail !== undefined && amount > fail) return flags.fail;
  return suspect !== undefined && amount > suspect ? flags.suspect : flags.good;
}

function outside(value: number, [low, high]: Span): boolean {
  return value < low || value > high;
}

/** Gross range: outside the sensor's span fails, outside the operator's span is suspect. Throws when the latter is wider. */
export function grossRange(values: Values, {fail, suspect}: {readonly fail: Span; readonly suspect?: Span}): Flag[] {
  if (suspect && (outside(suspect[0], fail) || outside(suspect[1], fail)))
    throw new RangeError(
      `the suspect span ${suspect.join(" to ")} does not lie inside the fail span ${fail.join(" to ")}`
    );
  return flagEach(values, (value) => {
    if (outside(value, fail)) return flags.fail;
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
  readonly suspect: Span;
  readonly fail?: Span;
}

/** Climatology: against the span of the season; 2 where no season applies. `depths` in metres, beside the values. */
export function climatology(
  times: readonly number[],
  values: Values,
  seasons: readonly Season[],
  depths?: Values
): Flag[] {
  return flagEach(values, (value, index) => {
    const season = seasons.findLast((one) => inSeason(times[index]!, one) && atDepth(depths?.[index], one));
    if (!season) return flags.notEvaluated;
    if (season.fail && outside(value, season.fail)) return flags.fail;
    return outside(value, season.suspect) ? flags.suspect : flags.good;
  });
}

function inSeason(time: number, {begin, end, period, from, to}: Season): boolean {
  if (begin !== undefined && time < begin) return false;
  if (end !== undefined && time > end) return false;
  return period === undefined || !outside(partOfYear(time, period), [from ?? -Infinity, to ?? Infinity]);
}

function atDepth(depth: number | null | undefined, season: Season): boolean {
  return season.depth === undefined || (!isMissing(depth) && !outside(depth, season.depth));
}

const dayMs = 86_400_000;

function partOfYear(time: number, period: NonNullable<Season["period"]>): number {
  const date = new Date(time);
  if (period === "month") return date.getUTCMonth() + 1;
  if (period === "quarter") return Math.floor(date.getUTCMonth() / 3) + 1;
  const dayOfYear = Math.floor((time - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1;
  return period === "dayOfYear" ? dayOfYear : isoWeek(date);
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
export function spike(values: Values, options: Thresholds & {readonly method?: "average" | "differential"}): Flag[] {
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
export function rateOfChange(times: readonly number[], values: Values, thresholds: Thresholds): Flag[] {
  return flagEach(values, (value, index) => {
    const before = values[index - 1];
    if (isMissing(before)) return flags.good;
    const hours = (times[index]! - times[index - 1]!) / 3_600_000;
    return hours > 0 ? above(Math.abs(value - before) / hours, thresholds) : flags.notEvaluated;
  });
}

/**
 * Flat line: the last readings all within `tolerance` of one another for longer than the suspect or fail time
 * (milliseconds), counted in median steps; missing readings are skipped. Fewer than three readings are all good. A
 * window does not reach over a gap (a step of more than twice the median), and a tolerance of 0 means equal readings
 * (in the reference it does, and it never fires).
 */
export function flatLine(
  times: readonly number[],
  values: Values,
  {tolerance, ...limits}: Thresholds & {readonly tolerance: number}
): Flag[] {
  if (times.length < 3) return flagEach(values, () => flags.good);
  const step = median(times.slice(1).map((time, index) => time - times[index]!));
  const count = (limit: number | undefined) => (limit === undefined ? undefined : Math.floor(limit / step));
  const isFlat = (index: number, steps: number | undefined) =>
    steps !== undefined &&
    index >= steps &&
    flatOver(times, values, {begin: index - steps, end: index, step, tolerance});
  const [suspect, fail] = [count(limits.suspect), count(limits.fail)];
  return flagEach(values, (_, index) => {
    if (isFlat(index, fail)) return flags.fail;
    return isFlat(index, suspect) ? flags.suspect : flags.good;
  });
}

interface Window {
  readonly begin: number; // index, inclusive
  readonly end: number; // index, inclusive
  readonly step: number; // the median step, ms
  readonly tolerance: number;
}

function flatOver(times: readonly number[], values: Values, {begin, end, step, tolerance}: Window): boolean {
  let [low, high, seen] = [Infinity, -Infinity, 0];
  for (let i = begin; i <= end; i++) {
    if (i > begin && times[i]! - times[i - 1]! > 2 * step) return false;
    const value = values[i];
    if (isMissing(value)) continue;
    [low, high, seen] = [Math.min(low, value), Math.max(high, value), seen + 1];
  }
  return seen > 1 && high - low <= tolerance;
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
export function attenuatedSignal(times: readonly number[], values: Values, options: AttenuatedOptions): Flag[] {
  const {check, period, minimum = 0, suspect, fail} = options;
  const variation = check === "std" ? deviation : range;
  const present = (begin: number, end: number) => values.slice(begin, end).filter((value) => !isMissing(value));
  const whole = period === undefined ? present(0, values.length) : [];
  let begin = 0;
  return flagEach(values, (_, index) => {
    while (period !== undefined && times[begin]! <= times[index]! - period) begin++;
    const window = period === undefined ? whole : present(begin, index + 1);
    if (window.length < minimum) return flags.notEvaluated;
    const amount = variation(window);
    if (fail !== undefined && amount < fail) return flags.fail;
    return suspect !== undefined && amount < suspect ? flags.suspect : flags.good;
  });
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function range(values: readonly number[]): number {
  return (
    values.reduce((high, value) => Math.max(high, value), -Infinity) -
    values.reduce((low, value) => Math.min(low, value), Infinity)
  );
}

/**
 * Gap: the step since the reading before is longer than `maxGap` (ms): the reading after it fails. Backward steps pass.
 * A first reading has no gap before it; `firstAsSecond` gives it the second's flag, as the reference does.
 */
export function gap(
  times: readonly number[],
  {maxGap, firstAsSecond = false}: {maxGap: number; firstAsSecond?: boolean}
): Flag[] {
  const result = times.map((time, index): Flag =>
    index > 0 && time - times[index - 1]! > maxGap ? flags.fail : flags.good
  );
  return firstAsSecond && result.length > 1 ? [result[1]!, ...result.slice(1)] : result;
}

/** Neighbour: against another series at the same times; not evaluated where that has no reading. */
export function neighbour(values: Values, other: Values, thresholds: Thresholds): Flag[] {
  return flagEach(values, (value, index) => {
    const beside = other[index];
    return isMissing(beside) ? flags.notEvaluated : above(Math.abs(value - beside), thresholds);
  });
}

/** From the least to the most telling: one pass outranks "not evaluated" and "missing". */
const ranking: readonly Flag[] = [flags.missing, flags.notEvaluated, flags.good, flags.suspect, flags.fail];

/** One flag per reading from those of several tests: the worst. Throws when the tests are of different lengths. */
export function rollUp(tests: readonly (readonly Flag[])[]): Flag[] {
  const length = tests[0]?.length ?? 0;
  if (tests.some((test) => test.length !== length)) throw new RangeError("the tests to roll up differ in length");
  const rank = (index: number) => Math.max(...tests.map((test) => ranking.indexOf(test[index]!)));
  return Array.from({length}, (_, index) => ranking[rank(index)]!);
}
