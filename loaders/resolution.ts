import {identifier} from "../pond/duck.js";
import type {Range} from "../pond/types.js";

/**
 * How readings become bins, as SQL text: the functions here return a query and run nothing.
 *
 * What is kept of a bin are partials that fold (Gray et al., "Data Cube", 1997: distributive aggregates; the mean is
 * algebraic over sum and count), so that each coarser resolution is made of the finer one and never of raw readings.
 */

/** The width of a resolution's bins. */
export interface Resolution {
  readonly name: string; // as the resource spells it, e.g. "1h"
  readonly width: number; // µs
}

/** What can be told of a bin. */
export const statistics = ["avg", "min", "max", "count"] as const;
export type Statistic = (typeof statistics)[number];

const units: Readonly<Record<string, number>> = {s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6};

/** How a resolution is spelled: "10s", "15m", "1h", "7d". */
export const resolutionPattern = /^([1-9]\d{0,5})([smhd])$/;

/** Throws a sentence when the name is not spelled so. */
export function parseResolution(name: string): Resolution {
  const [, count, unit] = resolutionPattern.exec(name) ?? [];
  if (count === undefined || unit === undefined)
    throw new Error(`"${name}" is no resolution: write a whole number and s, m, h or d, such as 15m, 1h or 7d.`);
  return {name, width: Number(count) * units[unit]!};
}

/** Fine to coarse. Throws a sentence when a name is not spelled so, or two are of one width. */
export function parseResolutions(names: readonly string[]): readonly Resolution[] {
  const sorted = names.map(parseResolution).sort((a, b) => a.width - b.width);
  const [twin] = twinResolutions(sorted);
  if (twin !== undefined) throw new Error(twin);
  return sorted;
}

/** A sentence for each two neighbours of one width. */
export function twinResolutions(sorted: readonly Resolution[]): readonly string[] {
  return sorted.flatMap(({name, width}, index) => {
    const next = sorted[index + 1];
    return next?.width === width ? [`The resolutions ${name} and ${next.name} are the same: leave one out.`] : [];
  });
}

/** The start of the bin that holds an instant, µs UTC. Bins `[start, start + width)` are aligned to the epoch. */
export function binStart(time: number, width: number): number {
  return Math.floor(time / width) * width;
}

/** The start of the first bin that begins at an instant or after it, µs UTC. */
export function nextBin(time: number, width: number): number {
  return Math.ceil(time / width) * width;
}

/**
 * One row per bin with a reading in it, ordered by time: `timestamp` (TIMESTAMPTZ, the bin's start) and per column
 * `.sum`, `.count`, `.min`, `.max`. NaN and the infinities are no readings.
 */
export function binSql(relation: string, columns: readonly string[], bins: Required<Range> & {width: number}): string {
  return groupSql(
    `SELECT epoch_us(timestamp) AS ${time}, ${list(columns, finite)} FROM ${relation} WHERE ${within(bins)}`,
    columns.map(partials),
    {counts: columns.map((name) => `count(${identifier(name)})`), width: bins.width}
  );
}

/** The same, from the partials of finer bins that divide these. */
export function foldSql(finer: string, columns: readonly string[], bins: Required<Range> & {width: number}): string {
  return groupSql(
    `SELECT epoch_us(timestamp) AS ${time}, * EXCLUDE (timestamp) FROM ${finer} WHERE ${within(bins)}`,
    columns.map(folded),
    {counts: columns.map((name) => foldedCount(name)), width: bins.width}
  );
}

/** What a reader asked to see of a column, from its partials. */
export function statisticSql(column: string, statistic: Statistic): string {
  const alias = identifier(statisticName(column, statistic));
  const [sum, count, extreme] = ["sum", "count", statistic].map((part) => partial(column, part));
  if (statistic === "avg") return `${sum} / ${count} AS ${alias}`;
  return statistic === "count" ? `coalesce(${count}, 0)::INTEGER AS ${alias}` : `${extreme} AS ${alias}`;
}

/** How a column's statistic is spelled as a column. */
export function statisticName(column: string, statistic: Statistic): string {
  return `${column}.${statistic}`;
}

/** A table with no rows that has a column's partials: whatever a shard lacks is NULL beside it. */
export function noPartialsSql(columns: readonly string[]): string {
  const typed = columns.flatMap((name) =>
    ["sum", "count", "min", "max"].map(
      (part) => `NULL::${part === "count" ? "BIGINT" : "DOUBLE"} AS ${partial(name, part)}`
    )
  );
  return `SELECT ${["NULL::TIMESTAMPTZ AS timestamp", ...typed].join(", ")} WHERE false`;
}

/** The columns of the partials of one column, quoted. */
export function partialNames(column: string): string {
  return ["sum", "count", "min", "max"].map((part) => partial(column, part)).join(", ");
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

interface Grouping {
  readonly counts: readonly string[];
  readonly width: number;
}

function groupSql(source: string, aggregates: readonly string[], {counts, width}: Grouping): string {
  const bin = `${time} - ((${time} % ${width}) + ${width}) % ${width}`; // % takes the sign of t, and times before 1970 have one
  return [
    `SELECT make_timestamptz(${bin}) AS timestamp, ${aggregates.join(", ")}`,
    `FROM (${source})`,
    `GROUP BY ${bin} HAVING ${counts.join(" + ")} > 0 ORDER BY timestamp`
  ].join(" ");
}

/** `fsum` compensates (Kahan, 1965), so that a mean does not depend on how often it was folded. */
function partials(column: string): string {
  const name = identifier(column);
  return [
    `fsum(${name}) AS ${partial(column, "sum")}`,
    `count(${name}) AS ${partial(column, "count")}`,
    `min(${name}) AS ${partial(column, "min")}`,
    `max(${name}) AS ${partial(column, "max")}`
  ].join(", ");
}

function folded(column: string): string {
  const [sum, count, min, max] = ["sum", "count", "min", "max"].map((part) => partial(column, part));
  return [
    `fsum(${sum}) AS ${sum}`,
    `${foldedCount(column)} AS ${count}`,
    `min(${min}) AS ${min}`,
    `max(${max}) AS ${max}`
  ].join(", ");
}

function foldedCount(column: string): string {
  return `coalesce(sum(${partial(column, "count")}), 0)::BIGINT`;
}

function partial(column: string, part: string): string {
  return identifier(`${column}.${part}`);
}

function finite(column: string): string {
  const name = identifier(column);
  return `CASE WHEN isfinite(${name}::DOUBLE) THEN ${name}::DOUBLE END AS ${name}`;
}

function list(columns: readonly string[], spell: (column: string) => string): string {
  return columns.map(spell).join(", ");
}
