import {type Duck, identifier} from "../pond/duck.js";
import type {Column} from "../pond/types.js";
import type {Reduction} from "./reduction.js";
import type {ColumnDetails, GapsEntry} from "./types.js";

/** How complete the record of a dataset is. */
export interface Completeness {
  readonly columns: readonly ColumnDetails[]; // in the order asked for
  readonly gaps: readonly GapsEntry[]; // a scope each
}

interface Asked {
  readonly columns: readonly Column[];
  readonly now: number; // µs UTC
  readonly interval: number; // µs, the usual step between readings
}

const hour = 3600e6; // µs
const recent = 30 * 24 * hour;
const gapSteps = 3; // so many readings in a row have to be missing
const longestShown = 10;

/** Tells how much of its time each column has readings for, and where a scope has none, from the finest bins. */
export async function completenessOf(duck: Duck, reduction: Reduction, asked: Asked): Promise<Completeness> {
  const [level] = await reduction.levels();
  if (!level || asked.columns.length === 0) return {columns: asked.columns.map(() => none), gaps: []};
  const bins = reduction.partialsSql(await reduction.build(level), reduction.reduced(asked.columns));
  const {width} = level.resolution;
  const scopes = [...new Set(asked.columns.map(scopeOf))];
  const gaps: GapsEntry[] = [];
  for (const scope of scopes) {
    const columns = asked.columns.filter((column) => scopeOf(column) === scope);
    const [row] = await duck.rows(gapsSql(bins, columns, {width, interval: asked.interval}));
    gaps.push(gapsEntry(scope, row!));
  }
  const [row] = await duck.rows(hoursSql(bins, asked, Math.max(hour, width)));
  return {columns: asked.columns.map((_, index) => columnDetails(row!, index)), gaps};
}

const none: ColumnDetails = {readings: 0, coverage: 0, recent: 0};

type Row = Readonly<Record<string, unknown>>;

function scopeOf({attributes}: Column): string {
  return attributes.scope ?? "";
}

function counted({name}: Column): string {
  return `${identifier(`${name}.count`)} > 0`;
}

/** Per column: its readings, its hours, and those that there are from its first to its last and in the last days. */
function hoursSql(bins: string, {columns, now}: Asked, unit: number): string {
  const [last, first] = [Math.floor(now / unit), Math.floor((now - recent) / unit) + 1];
  const told = columns.flatMap((column, index) => [
    `sum(${identifier(`${column.name}.count`)})::DOUBLE AS n${index}`,
    `count(DISTINCT hour) FILTER (WHERE ${counted(column)})::DOUBLE AS h${index}`,
    `(max(hour) FILTER (WHERE ${counted(column)}) - min(hour) FILTER (WHERE ${counted(column)}) + 1)::DOUBLE AS of${index}`,
    `count(DISTINCT hour) FILTER (WHERE ${counted(column)} AND hour BETWEEN ${first} AND ${last})::DOUBLE AS r${index}`,
    `(${last} - greatest(${first}, min(hour) FILTER (WHERE ${counted(column)})) + 1)::DOUBLE AS due${index}`
  ]);
  return `SELECT ${told.join(", ")} FROM (SELECT *, epoch_us(timestamp) // ${unit} AS hour FROM ${bins})`;
}

function columnDetails(row: Row, index: number): ColumnDetails {
  const number = (name: string) => Number(row[`${name}${index}`] ?? 0);
  const share = (part: string, whole: string) => (number(whole) > 0 ? Math.min(1, number(part) / number(whole)) : 0);
  return {readings: number("n"), coverage: rounded(share("h", "of")), recent: rounded(share("r", "due"))};
}

/** To a hundredth of a percent: what changes below that is no news. */
function rounded(share: number): number {
  return Math.floor(share * 10_000) / 10_000;
}

/** How often, how long in all, and the longest of the stretches in which no column has a reading. */
function gapsSql(
  bins: string,
  columns: readonly Column[],
  {width, interval}: {width: number; interval: number}
): string {
  const least = Math.max(width / 2, gapSteps * interval);
  const steps = `SELECT epoch_us(timestamp) + ${width} AS begin, lead(epoch_us(timestamp)) OVER (ORDER BY timestamp) AS "end"
    FROM ${bins} WHERE ${columns.map(counted).join(" OR ")}`;
  const gaps = `SELECT begin, "end", "end" - begin AS missing FROM (${steps}) WHERE "end" - begin > ${least}`;
  const list = (name: string) =>
    `list(${identifier(name)}::DOUBLE ORDER BY missing DESC, begin)[1:${longestShown}] AS ${identifier(`${name}s`)}`;
  return `SELECT count(*)::DOUBLE AS n, sum(missing)::DOUBLE AS missing, ${list("begin")}, ${list("end")} FROM (${gaps})`;
}

function gapsEntry(scope: string, row: Row): GapsEntry {
  const [begins, ends] = [row.begins, row.ends].map((times) => (times ?? []) as readonly number[]) as [
    number[],
    number[]
  ];
  const longest = begins.map((begin, index) => ({begin: iso(begin), end: iso(ends[index]!)}));
  return {scope, count: Number(row.n), missingMs: Number(row.missing ?? 0) / 1000, longest};
}

/** From µs UTC. */
function iso(time: number): string {
  return new Date(time / 1000).toISOString();
}
