import * as qartod from "./qartod.js";
import type {Flags, Season, Span} from "./qartod.js";
import {lengthOf, type Rule} from "./rule.js";
import type {TestEntry, TestName} from "../types.js";

/**
 * The tests of QARTOD as a column has them: how far around a reading each looks, and what it says of itself to people.
 *
 * A step of more than two intervals is a gap, and no test but the one for gaps looks across it: what follows is judged
 * as the beginning of a series is. That bounds how far a flag depends on other readings.
 */

/** What the instrument of a column told, by time: a row wherever it told anything. */
export interface Sequence {
  readonly times: Float64Array; // ms since 1970
  readonly values: Float64Array; // NaN where there is no reading
  readonly runs: (interval: number) => readonly Run[]; // where no gap is, by ms from one reading to the next
  readonly isBegun: boolean; // whether the column has readings before these
  readonly neighbour?: Float64Array; // what its readings are held against, NaN where there is none
}

/** Rows without a gap in between, by index: `[begin, end)`. */
export type Run = readonly [begin: number, end: number];

/** A test with its thresholds, for one column. */
export interface Criterion extends Omit<TestEntry, "flags"> {
  readonly before: number; // ms: how long before a reading those begin that its flag depends on
  readonly after: number; // ms
  flagsOf(sequence: Sequence): Flags;
}

/** What the thresholds of a column are told in. */
export interface Terms {
  readonly unit: string; // of the column; empty when it has none
  readonly level: (value: number) => number; // from the rule's unit to the column's
  readonly step: (difference: number) => number;
  readonly interval: number; // ms
}

/** The tests that a rule asks for, by name. */
type Tests = Omit<Rule, "parameter" | "scope" | "series" | "unit" | "interval">;
type Config<Name extends keyof Tests> = NonNullable<Tests[Name]>;
type Makers = {readonly [Name in keyof Tests]-?: (config: Config<Name>, terms: Terms) => Omit<Criterion, "name">};

/** Steps longer than that many intervals are gaps. */
const longestStep = 2;

const makers: Makers = {
  grossRange(config, terms) {
    const spans = scaled(config, (span) => spanIn(span, terms));
    return {
      label: "Gross range",
      rule: "the reading",
      ...words(spans, (span) => outside(span, terms)),
      thresholds: spans,
      ...nearby(0, 0),
      flagsOf: ({values}) => qartod.grossRange(values, spans)
    };
  },

  climatology(config, terms) {
    const seasons = config.map((season) => ({...season, ...scaled(season, (span) => spanIn(span, terms))}));
    const monthly = seasons.flatMap(({months, suspect, fail}) =>
      months.map((month): Season => ({period: "month", from: month, to: month, suspect, fail}))
    );
    const told = (limit: "suspect" | "fail") => {
      const texts = seasons.flatMap(({months, [limit]: span}) =>
        span ? [`${outside(span, terms)} in ${monthNames(months)}`] : []
      );
      return texts.length === 0 ? undefined : texts.join("; ");
    };
    return {
      label: "Climatology",
      rule: "the reading, by the month",
      ...words({suspect: told("suspect"), fail: told("fail")}, (text) => text),
      thresholds: {seasons},
      ...nearby(0, 0),
      flagsOf: ({times, values}) => qartod.climatology(times, values, monthly)
    };
  },

  spike({method, ...config}, terms) {
    const limits = scaled(config, terms.step);
    return {
      label: "Spike",
      rule:
        method === "average"
          ? "distance from the mean of the readings before and after"
          : "the smaller of the steps from the reading before and to the one after, where they turn back",
      ...words(limits, (limit) => `above ${told(limit, terms)}`),
      thresholds: {...limits, method},
      ...nearby(longestStep * terms.interval, longestStep * terms.interval),
      flagsOf: (sequence) => inRuns(sequence, terms, (_, values) => qartod.spike(values, {...limits, method}))
    };
  },

  rateOfChange(config, terms) {
    const limits = scaled(config, terms.step);
    return {
      label: "Rate of change",
      rule: "change since the reading before, per hour",
      ...words(limits, (limit) => `above ${told(limit, terms)} per hour`),
      thresholds: limits,
      ...nearby(longestStep * terms.interval, 0),
      flagsOf: (sequence) => inRuns(sequence, terms, (times, values) => qartod.rateOfChange(times, values, limits))
    };
  },

  flatLine({tolerance: given, ...config}, terms) {
    const [limits, tolerance] = [scaled(config, lengthOf), terms.step(given)];
    const options = {...limits, tolerance, step: terms.interval};
    const steps = Math.floor(Math.max(limits.suspect ?? 0, limits.fail ?? 0) / terms.interval);
    return {
      label: "Flat line",
      rule:
        tolerance === 0 ? "readings stay the same" : `readings stay within ${told(tolerance, terms)} of one another`,
      ...words(config, (limit) => `for ${limit}`),
      thresholds: {...config, tolerance},
      ...nearby(longestStep * terms.interval * steps, 0),
      flagsOf: (sequence) => inRuns(sequence, terms, (times, values) => qartod.flatLine(times, values, options))
    };
  },

  attenuatedSignal({check, period, minimum, ...config}, terms) {
    const limits = scaled(config, terms.step);
    const length = lengthOf(period);
    const least = minimum ?? Math.max(2, Math.ceil(length / terms.interval / 2));
    const options = {...limits, check, period: length, minimum: least};
    return {
      label: "Attenuated signal",
      rule: `${check === "std" ? "standard deviation" : "the highest reading less the lowest"} over ${period}`,
      ...words(limits, (limit) => `below ${told(limit, terms)}`),
      thresholds: {...limits, check, period, minimum: least},
      ...nearby(length, 0),
      flagsOf: (sequence) => inRuns(sequence, terms, (times, values) => qartod.attenuatedSignal(times, values, options))
    };
  },

  gap(config) {
    const limits = scaled(config, lengthOf);
    return {
      label: "Gap",
      rule: "time since the reading before",
      ...words(config, (limit) => `above ${limit}`),
      thresholds: config,
      ...nearby(Math.max(limits.suspect ?? 0, limits.fail ?? 0), 0),
      flagsOf: (sequence) => gapFlags(sequence, limits)
    };
  },

  neighbour({series, scope, ...config}, terms) {
    const limits = scaled(config, terms.step);
    const whose = [scope, series].filter((name) => name !== undefined).join(" of ");
    return {
      label: "Neighbour",
      rule: `distance from ${whose} at the same time`,
      ...words(limits, (limit) => `above ${told(limit, terms)}`),
      thresholds: {...limits, ...(series === undefined ? {} : {series}), ...(scope === undefined ? {} : {scope})},
      ...nearby(0, 0),
      flagsOf: ({values, neighbour}) => qartod.neighbour(values, neighbour ?? [], limits)
    };
  }
};

/** In the order in which they are told. */
export const testNames = [...(Object.keys(makers) as (keyof Tests)[]), "manual"] as const satisfies readonly TestName[];

/** A column's criteria, each of the first rule that has it. */
export function criteriaOf(rules: readonly {readonly rule: Rule; readonly terms: Terms}[]): readonly Criterion[] {
  return (Object.keys(makers) as (keyof Tests)[]).flatMap((name) => {
    const found = rules.find(({rule}) => rule[name] !== undefined);
    return found ? [{name, ...makers[name](found.rule[name] as never, found.terms)}] : [];
  });
}

/** Where rows stand without a gap in between. */
export function runsOf(times: Float64Array, interval: number): readonly Run[] {
  const runs: Run[] = [];
  let begin = 0;
  for (let index = 1; index <= times.length; index++) {
    if (index < times.length && times[index]! - times[index - 1]! <= longestStep * interval) continue;
    runs.push([begin, index]);
    begin = index;
  }
  return times.length === 0 ? [] : runs;
}

/** What a test says within each run. */
function inRuns(
  {times, values, runs}: Sequence,
  {interval}: Terms,
  test: (times: Float64Array, values: Float64Array) => Flags
): Flags {
  const flags = new Uint8Array(times.length);
  for (const [begin, end] of runs(interval))
    flags.set(test(times.subarray(begin, end), values.subarray(begin, end)), begin);
  return flags;
}

/** Of the readings alone: a row in which the column has none does not end a gap. */
function gapFlags({times, values, isBegun}: Sequence, limits: qartod.Thresholds): Flags {
  const read = new Float64Array(times.length + 1); // the first is further back than any threshold looks
  read[0] = -Infinity;
  let count = 1;
  for (let row = 0; row < times.length; row++) if (!Number.isNaN(values[row])) read[count++] = times[row]!;
  const found = qartod.gap(read.subarray(isBegun ? 0 : 1, count), limits);
  const flags = new Uint8Array(times.length).fill(9);
  let place = isBegun ? 1 : 0;
  for (let row = 0; row < times.length; row++) if (!Number.isNaN(values[row])) flags[row] = found[place++]!;
  return flags;
}

function nearby(before: number, after: number): Pick<Criterion, "before" | "after"> {
  return {before, after};
}

type Limits<T> = {readonly suspect?: T; readonly fail?: T};

/** What there is of the two thresholds, told otherwise. */
function scaled<T, U>({suspect, fail}: Limits<T>, told: (threshold: T) => U): Limits<U> {
  return {
    ...(suspect === undefined ? {} : {suspect: told(suspect)}),
    ...(fail === undefined ? {} : {fail: told(fail)})
  };
}

const words = scaled as <T>(limits: Limits<T>, told: (threshold: T) => string) => Limits<string>;

function spanIn([low, high]: Span, {level}: Terms): Span {
  return [level(low), level(high)];
}

function outside([low, high]: Span, terms: Terms): string {
  return `outside ${rounded(low)} to ${told(high, terms)}`;
}

/** A number with its unit; what conversion made of it is told in six digits. */
function told(value: number, {unit}: Terms): string {
  return unit === "" ? rounded(value) : `${rounded(value)} ${unit}`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function monthNames(months: readonly number[]): string {
  const name = (month: number) =>
    new Date(Date.UTC(2000, month - 1)).toLocaleString("en", {month: "short", timeZone: "UTC"});
  return months.map(name).join(", ");
}
