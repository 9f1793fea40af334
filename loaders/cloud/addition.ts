import {identifier} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import type {Transaction} from "../../pond/types.js";
import {heldBy} from "../files/fresh.js";
import {columnName} from "./page.js";
import type {Rows} from "./page.js";
import {readingsTable} from "../readings/readings.js";

/** Readings for a series. */
export interface Addition {
  readonly path: string; // of the series, made when it is missing
  readonly instrument: string;
  readonly rows: Rows;
}

/** Stores what readings add to a series or restate, and nothing else; how many times that were. */
export async function add(
  tx: Transaction,
  duck: Duck,
  {path, instrument, rows: {columns, rows}}: Addition
): Promise<number> {
  const times = [...rows.keys()].sort((a, b) => a - b);
  if (times.length === 0) return 0;
  const names = await namesIn(tx, path, columns.map(columnName));
  const held = await heldRows(tx, duck, {path, names, begin: times[0]!, end: times.at(-1)! + 1});
  const news = (time: number) => rows.get(time)!.map((value, i) => (value === held.get(time)?.[i] ? NaN : value));
  const fresh = times
    .map((time) => ({time, values: news(time)}))
    .filter(({values}) => values.some((value) => !Number.isNaN(value)));
  if (fresh.length === 0) return 0;
  const table = readingsTable(
    fresh.map(({time}) => time),
    columns.map((measure, index) => ({
      name: names[index]!,
      attributes: {instrument, ...measure},
      values: Float64Array.from(fresh, ({values}) => values[index]!)
    }))
  );
  return (await tx.append(path, table, {parents: true, attributes: {instrument}})).rows;
}

/** DuckDB does not tell names apart by case: a column is called as the series calls it. */
async function namesIn(tx: Transaction, path: string, names: readonly string[]): Promise<readonly string[]> {
  if (!(await tx.exists(path))) return names;
  const known = new Map((await (await tx.series(path)).columns()).map(({name}) => [name.toLowerCase(), name]));
  return names.map((name) => known.get(name.toLowerCase()) ?? name);
}

interface Wanted {
  readonly path: string;
  readonly names: readonly string[];
  readonly begin: number; // µs UTC, inclusive
  readonly end: number; // µs UTC, exclusive
}

/** What the series holds of these columns in a span, by time; null where that is nothing. */
async function heldRows(
  tx: Transaction,
  duck: Duck,
  {path, names, begin, end}: Wanted
): Promise<ReadonlyMap<number, readonly (number | null)[]>> {
  const relation = await heldBy(tx, path, {begin, end});
  if (relation === undefined) return new Map();
  const known = new Set((await (await tx.series(path)).columns()).map(({name}) => name));
  const select = names.map((name, index) => `${known.has(name) ? identifier(name) : "NULL"} AS v${index}`);
  const rows = await duck.rows(`SELECT epoch_us(timestamp)::DOUBLE AS time, ${select.join(", ")} FROM ${relation}`);
  return new Map(rows.map((row) => [Number(row.time), names.map((_, index) => row[`v${index}`] as number | null)]));
}
