import {literal} from "../pond/duck.js";
import type {Duck} from "../pond/duck.js";
import {nearest} from "./word.js";

/** A column of a file of the host. */
export interface Field {
  readonly header: string; // as the file names it
  readonly type: string; // as DuckDB does
  readonly sql: string; // the column that holds it
}

/** Where a row's time is. */
export interface Clock {
  readonly sql: string; // TIMESTAMPTZ, NULL where a row has no time
  readonly fields: readonly Field[]; // it takes these
}

/** What a clock is looked for in, and how. */
interface Table {
  readonly name: string; // in SQL
  readonly fields: readonly Field[];
}

interface Wanted {
  readonly time?: string; // the column's header; found by its name or type unless given
  readonly timeZone: string; // of times without an offset
}

/** Finds the time of a table's rows. Throws what is wrong, in words that follow the file's name, when there is none. */
export async function clockOf(duck: Duck, table: Table, {time, timeZone}: Wanted): Promise<Clock> {
  const field = time === undefined ? likely(table.fields) : table.fields.find(({header}) => header.trim() === time);
  if (!field) throw new Error(absent(table.fields, time));
  const ofDay = field.type === "DATE" ? table.fields.find(({type}) => type === "TIME") : undefined;
  if (ofDay) return {sql: local(`(${field.sql} + ${ofDay.sql})`, timeZone), fields: [field, ofDay]};
  const sql = await instant(duck, table.name, {field, timeZone});
  return {sql: `(CASE WHEN isfinite(${sql}) THEN ${sql} END)`, fields: [field]};
}

/** Of the columns that are called so, one that holds times before one that may; else the first that holds times. */
function likely(fields: readonly Field[]): Field | undefined {
  const called = fields.filter(({header}) => /^\W*(timestamp|date[ _]?time|time|date)(?![a-z])/i.test(header));
  return called.find(({type}) => isTime(type)) ?? called[0] ?? fields.find(({type}) => isTime(type));
}

function absent(fields: readonly Field[], time: string | undefined): string {
  const headers = fields.map(({header}) => header);
  if (time === undefined) return `it has no column of times (it has ${headers.join(", ")})`;
  const near = nearest(time, headers);
  return `it has no column "${time}"${near === undefined ? "" : `, but one "${near}"`} (it has ${headers.join(", ")})`;
}

interface Column {
  readonly field: Field;
  readonly timeZone: string;
}

async function instant(duck: Duck, name: string, {field, timeZone}: Column): Promise<string> {
  const {header, type, sql} = field;
  if (type === "TIMESTAMP WITH TIME ZONE") return sql;
  if (isTime(type)) return local(sql, timeZone);
  if (type === "VARCHAR") return written(duck, name, {field, timeZone});
  if (/INT|DOUBLE|FLOAT|DECIMAL/.test(type)) return numbered(duck, name, sql);
  throw new Error(`its column "${header}" holds no times (${type})`);
}

/** A wall clock's time; of an hour that comes twice, DuckDB means the later. */
function local(sql: string, timeZone: string): string {
  return `(CAST(${sql} AS TIMESTAMP) AT TIME ZONE ${literal(timeZone)})`;
}

/** Times as text: all must be readable, since a time that is misread puts a reading where it never was. */
async function written(duck: Duck, name: string, {field: {header, sql}, timeZone}: Column): Promise<string> {
  const withOffset = `regexp_matches(${sql}, ':\\d\\d.*(Z|[-+]\\d\\d(:?\\d\\d)?)\\s*$')`;
  const time = `(CASE WHEN ${withOffset} THEN TRY_CAST(${sql} AS TIMESTAMPTZ)
    ELSE TRY_CAST(${sql} AS TIMESTAMP) AT TIME ZONE ${literal(timeZone)} END)`;
  const [bad] = await duck.rows(
    `SELECT rowid + 1 AS row, ${sql} AS text FROM ${name} WHERE trim(${sql}) <> '' AND ${time} IS NULL ORDER BY 1 LIMIT 1`
  );
  if (!bad) return time;
  const found = `its column "${header}" holds ${JSON.stringify(bad.text)} in row ${String(bad.row)}`;
  throw new Error(`${found}, which is no time such as 2024-03-01 12:00 or 2024-03-01T12:00:00Z`);
}

/** Numbers since 1970 may be seconds, milliseconds, microseconds or nanoseconds: their size tells. */
async function numbered(duck: Duck, name: string, sql: string): Promise<string> {
  const [row] = await duck.rows(`SELECT max(abs(${sql}))::DOUBLE AS size FROM ${name}`);
  return `make_timestamptz(CAST(${sql} * ${microsPer(Number(row?.size ?? 0))} AS BIGINT))`;
}

function microsPer(size: number): number {
  if (size < 1e11) return 1e6;
  if (size < 1e14) return 1e3;
  return size < 1e17 ? 1 : 1e-3;
}

function isTime(type: string): boolean {
  return type.startsWith("TIMESTAMP") || type === "DATE";
}
