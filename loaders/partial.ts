import {periodsOver} from "./calendar.js";
import {identifier} from "../pond/duck.js";
import type {Range} from "../pond/types.js";
import type {Resolution} from "./resolution.js";

/**
 * How readings become bins, as SQL text: the functions here return a query and run nothing.
 *
 * What is kept of a bin are partials that fold (Gray et al., "Data Cube", 1997: distributive aggregates; the mean is
 * algebraic over sum and count), so that each coarser resolution is made of the finer one and never of raw readings.
 */

/** What can be told of a bin. */
export const statistics = ["avg", "min", "max", "count", "sum", "first", "last", "stddev", "coverage"] as const;
export type Statistic = (typeof statistics)[number];

/** What every page is told. */
export const published = ["avg", "min", "max", "count"] as const;

/** A column that is reduced. */
export interface Reduced {
  readonly name: string;
  readonly turns?: boolean; // a direction in degrees, whose mean is that of unit vectors (Mardia and Jupp, 2000)
}

/** What is kept of a bin beside sum, count, min and max. */
export interface Extras {
  readonly ends?: boolean; // the first and the last reading
  readonly spread?: boolean; // the sum of squared deviations from the mean
}

/** What partials are made of, and for which bins. */
export interface Binning extends Required<Range> {
  readonly resolution: Resolution;
  readonly extras: Extras;
}

type Part = "sum" | "count" | "min" | "max" | "first" | "last" | "squares" | "sine" | "cosine";

/** The partials of a column, in the order in which they are written. */
function partsOf({turns}: Reduced, {ends, spread}: Extras): readonly Part[] {
  const always = ["sum", "count", "min", "max"] as const;
  return [
    ...always,
    ...(ends ? (["first", "last"] as const) : []),
    ...(spread ? (["squares"] as const) : []),
    ...(turns ? (["sine", "cosine"] as const) : [])
  ];
}

/** The columns that hold the partials of one column, quoted. */
export function partialNames(column: Reduced, extras: Extras): readonly string[] {
  return partsOf(column, extras).map((part) => partial(column.name, part));
}

/**
 * One row per bin with a reading in it, ordered by time: `timestamp` (TIMESTAMPTZ, the bin's start) and the partials of
 * each column. NaN and the infinities are no readings; to leave them out costs a third of the whole, so that a caller
 * may take the risk, and ask `strangeSql` of what comes out.
 */
export function binSql(
  relation: string,
  columns: readonly Reduced[],
  binning: Binning,
  {trusting = false} = {}
): string {
  const values = columns.map(({name}) => (trusting ? double(name) : finite(name))).join(", ");
  return groupSql(`SELECT epoch_us(timestamp) AS ${time}, ${values} FROM ${relation} WHERE ${within(binning)}`, {
    aggregates: columns.flatMap((column) => partsOf(column, binning.extras).map((part) => binned(column.name, part))),
    counts: columns.map(({name}) => `count(${identifier(name)})`),
    binning
  });
}

/** Whether any bin holds what is no number: `strange`, one row. */
export function strangeSql(bins: string, columns: readonly Reduced[]): string {
  const sums = columns.map(({name}) => `NOT coalesce(isfinite(${partial(name, "sum")}), true)`);
  return `SELECT coalesce(bool_or(${["false", ...sums].join(" OR ")}), false) AS strange FROM ${bins}`;
}

/** The same, from the partials of finer bins that make up these. */
export function foldSql(finer: string, columns: readonly Reduced[], binning: Binning): string {
  const {extras} = binning;
  const source = `SELECT epoch_us(timestamp) AS ${time}, * EXCLUDE (timestamp) FROM ${finer} WHERE ${within(binning)}`;
  return groupSql(source, {
    aggregates: columns.flatMap((column) => partsOf(column, extras).map((part) => folded(column.name, part))),
    counts: columns.map(({name}) => foldedCount(name)),
    means: extras.spread ? columns.map(({name}) => name) : [],
    binning
  });
}

/** What a reader asked to see of a column, from its partials. */
export function statisticSql({name, turns}: Reduced, statistic: Exclude<Statistic, "coverage">): string {
  const alias = identifier(statisticName(name, statistic));
  const part = (of: Part) => partial(name, of);
  if (statistic === "avg")
    return `${turns ? direction(part("sine"), part("cosine"), part("count")) : `${part("sum")} / ${part("count")}`} AS ${alias}`;
  if (statistic === "count") return `coalesce(${part("count")}, 0)::INTEGER AS ${alias}`;
  if (statistic !== "stddev") return `${part(statistic)} AS ${alias}`;
  return `CASE WHEN ${part("count")} > 1 THEN sqrt(${part("squares")} / (${part("count")} - 1)) END AS ${alias}`;
}

/** The share of the readings that a bin should have, 0 to 1, where one is due each `interval` µs. */
export function coverageSql({name}: Reduced, bins: Binning, interval: number): string {
  const share = `coalesce(${partial(name, "count")}, 0) * ${interval} / ${lengthSql(bins)}`;
  return `least(1, ${share})::DOUBLE AS ${identifier(statisticName(name, "coverage"))}`;
}

/** The mean of a column over several bins. */
export function meanSql({name, turns}: Reduced): string {
  const total = (of: Part) => `fsum(${partial(name, of)})`;
  return turns
    ? direction(total("sine"), total("cosine"), counted(name))
    : `${total("sum")} / nullif(${counted(name)}, 0)`;
}

/** How a column's statistic is spelled as a column. */
export function statisticName(column: string, statistic: Statistic): string {
  return `${column}.${statistic}`;
}

/** A table with no rows that has a column's partials: whatever a shard lacks is NULL beside it. */
export function noPartialsSql(columns: readonly Reduced[], extras: Extras): string {
  const typed = columns.flatMap((column) =>
    partsOf(column, extras).map(
      (part) => `NULL::${part === "count" ? "BIGINT" : "DOUBLE"} AS ${partial(column.name, part)}`
    )
  );
  return `SELECT ${["NULL::TIMESTAMPTZ AS timestamp", ...typed].join(", ")} WHERE false`;
}

/** An SQL condition: `timestamp` is in the half-open range. */
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

/** What no parameter is called: a column T there is, and DuckDB's names know no case. */
const time = '"# microseconds"';
const bin = '"# bin"';
const mean = (column: string) => identifier(`# mean of ${column}`);

interface Grouping {
  readonly aggregates: readonly string[];
  readonly counts: readonly string[];
  readonly means?: readonly string[]; // the columns whose mean over the whole bin stands beside each finer one's partials
  readonly binning: Binning;
}

function groupSql(source: string, {aggregates, counts, means = [], binning}: Grouping): string {
  const {from, start} = binsOf(source, binning);
  const meant = means.map((name) => {
    const [sum, count] = [partial(name, "sum"), partial(name, "count")];
    return `fsum(${sum}) OVER same / sum(${count}) OVER same AS ${mean(name)}`;
  });
  const rows =
    meant.length === 0
      ? from
      : `SELECT *, ${meant.join(", ")} FROM (SELECT *, ${start} AS ${bin} FROM (${from})) WINDOW same AS (PARTITION BY ${bin})`;
  const key = meant.length === 0 ? start : bin;
  return [
    `SELECT make_timestamptz(${key}) AS timestamp, ${aggregates.join(", ")}`,
    `FROM (${rows})`,
    `GROUP BY ${key} HAVING ${counts.join(" + ")} > 0 ORDER BY timestamp`
  ].join(" ");
}

/** Rows with the start of the bin that each is in. */
function binsOf(source: string, {resolution, begin, end}: Binning): {from: string; start: string} {
  const {width, calendar} = resolution;
  // % takes the sign of the time, and times before 1970 have one
  if (!calendar) return {from: source, start: `${time} - ((${time} % ${width}) + ${width}) % ${width}`};
  const starts = `SELECT unnest([${periodsOver(calendar, begin, end).join(", ")}]::BIGINT[]) AS ${bin}`;
  return {from: `SELECT * FROM (${source}) AS r ASOF JOIN (${starts}) AS p ON r.${time} >= p.${bin}`, start: bin};
}

/** µs from a bin's `timestamp` to the next one's. */
function lengthSql({resolution: {width, calendar}, begin, end}: Binning): string {
  if (!calendar) return String(width);
  const starts = periodsOver(calendar, begin, end + 2 * width);
  const lengths = starts.slice(1).map((next, index) => next - starts[index]!);
  return `(MAP {${lengths.map((length, index) => `${starts[index]!}: ${length}`).join(", ")}})[epoch_us(timestamp)]`;
}

/** `fsum` compensates (Kahan, 1965), so that a mean does not depend on how often it was folded. */
function binned(column: string, part: Part): string {
  const name = identifier(column);
  const sql = {
    sum: `fsum(${name})`,
    count: `count(${name})`,
    min: `min(${name})`,
    max: `max(${name})`,
    first: `arg_min(${name}, ${time})`,
    last: `arg_max(${name}, ${time})`,
    squares: `var_pop(${name}) * count(${name})`,
    sine: `fsum(sin(radians(${name})))`,
    cosine: `fsum(cos(radians(${name})))`
  }[part];
  return `${sql} AS ${partial(column, part)}`;
}

function folded(column: string, part: Part): string {
  const name = partial(column, part);
  const sql = {
    sum: `fsum(${name})`,
    count: foldedCount(column),
    min: `min(${name})`,
    max: `max(${name})`,
    first: `arg_min(${name}, ${time})`,
    last: `arg_max(${name}, ${time})`,
    squares: foldedSquares(column),
    sine: `fsum(${name})`,
    cosine: `fsum(${name})`
  }[part];
  return `${sql} AS ${name}`;
}

function foldedCount(column: string): string {
  return `coalesce(${counted(column)}, 0)::BIGINT`;
}

function counted(column: string): string {
  return `sum(${partial(column, "count")})`;
}

/** The deviations within the finer bins, and those of their means (Chan, Golub and LeVeque, 1979). */
function foldedSquares(column: string): string {
  const [squares, sum, count] = (["squares", "sum", "count"] as const).map((part) => partial(column, part));
  return `fsum(${squares} + ${count} * pow(${sum} / ${count} - ${mean(column)}, 2) ORDER BY ${time})`;
}

/** Degrees from 0 up to 360; NULL where the directions cancel each other out. */
function direction(sine: string, cosine: string, count: string): string {
  const length = `sqrt(pow(${sine}, 2) + pow(${cosine}, 2))`;
  return `CASE WHEN ${length} > 1e-9 * ${count} THEN (degrees(atan2(${sine}, ${cosine})) + 360) % 360 END`;
}

function partial(column: string, part: Part): string {
  return identifier(`${column}.${part}`);
}

function double(column: string): string {
  return `${identifier(column)}::DOUBLE AS ${identifier(column)}`;
}

function finite(column: string): string {
  const name = identifier(column);
  return `CASE WHEN isfinite(${name}::DOUBLE) THEN ${name}::DOUBLE END AS ${name}`;
}
