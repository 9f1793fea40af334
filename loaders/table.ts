import {extname} from "node:path";
import {identifier, literal} from "../pond/duck.js";
import type {Duck} from "../pond/duck.js";
import {attributesOf} from "./readings.js";

/** A file of the host as readings: what DuckDB reads of it. */
export interface HostTable {
  /** A parenthesised SELECT: `timestamp` (TIMESTAMPTZ), one double per column, and `row`, where the row stands. */
  readonly relation: string;
  readonly columns: readonly string[]; // `<parameter>.<unit>`
}

/** How to read a file. */
export interface Reading {
  readonly time?: string; // the column that holds the time
  readonly timeZone: string; // of times without an offset
}

/** Looks into a CSV or Parquet file. Throws a sentence when it is neither, or holds no times or no readings. */
export async function describeFile(duck: Duck, path: string, {time, timeZone}: Reading): Promise<HostTable> {
  const source = sourceOf(path);
  const found = await duck.rows(`DESCRIBE SELECT * FROM ${source}`);
  const fields = found.map((row) => ({name: String(row.column_name), type: String(row.column_type)}));
  const clock = timeField(fields, time);
  const numbers = fields.filter((field) => field !== clock && isNumber(field.type));
  if (numbers.length === 0) throw new Error("it has no column of numbers beside its times");
  const timestamp = await instantSql(duck, source, {field: clock, timeZone});
  const values = numbers.map(({name}) => `CAST(${identifier(name)} AS DOUBLE) AS ${identifier(columnName(name))}`);
  const inner = `SELECT row_number() OVER () AS row, ${timestamp} AS timestamp, ${values.join(", ")} FROM ${source}`;
  return {relation: `(${inner})`, columns: numbers.map(({name}) => columnName(name))};
}

function sourceOf(path: string): string {
  switch (extname(path).toLowerCase()) {
    case ".parquet":
      return `read_parquet(${literal(path)})`;
    case ".csv":
      return `read_csv(${literal(path)}, header = true, sample_size = -1)`;
    default:
      throw new Error("it is neither a .csv nor a .parquet file");
  }
}

interface Field {
  readonly name: string;
  readonly type: string;
}

function timeField(fields: readonly Field[], wanted: string | undefined): Field {
  const names = fields.map(({name}) => name).join(", ");
  const found =
    wanted === undefined
      ? (fields.find(({name}) => /^(timestamp|date[ _]?time|time|date)\b/i.test(name)) ??
        fields.find(({type}) => isTime(type)))
      : fields.find(({name}) => name === wanted);
  if (!found)
    throw new Error(`it has no column ${wanted === undefined ? "of times" : `"${wanted}"`} (it has ${names})`);
  return found;
}

function isTime(type: string): boolean {
  return type.startsWith("TIMESTAMP") || type === "DATE";
}

function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$/.test(type);
}

/** "DO (mg/L)" is spelled "DO.mg/L". */
function columnName(header: string): string {
  const [, parameter, unit] = /^(.*\S)\s*\(([^()]+)\)$/.exec(header.trim()) ?? [];
  return parameter === undefined || attributesOf(header).unit !== undefined ? header.trim() : `${parameter}.${unit}`;
}

async function instantSql(duck: Duck, source: string, clock: {field: Field; timeZone: string}): Promise<string> {
  const {name, type} = clock.field;
  const column = identifier(name);
  if (type === "TIMESTAMP WITH TIME ZONE") return column;
  if (isTime(type)) return `(CAST(${column} AS TIMESTAMP) AT TIME ZONE ${literal(clock.timeZone)})`;
  if (isNumber(type)) return `make_timestamptz(CAST(${column} * ${await microsPer(duck, source, column)} AS BIGINT))`;
  throw new Error(`its column "${name}" holds no times that can be read (${type})`);
}

/** Numbers since 1970 may be seconds, milliseconds, microseconds or nanoseconds: their size tells. */
async function microsPer(duck: Duck, source: string, column: string): Promise<number> {
  const [row] = await duck.rows(`SELECT max(abs(${column}))::DOUBLE AS size FROM ${source}`);
  const size = Number(row?.size ?? 0);
  if (size < 1e11) return 1e6;
  if (size < 1e14) return 1e3;
  return size < 1e17 ? 1 : 1e-3;
}
