import type {Table} from "apache-arrow";
import {identifier} from "../pond/duck.js";
import type {Duck} from "../pond/duck.js";
import type {Transaction} from "../pond/types.js";
import {attributesOf, readingsTable} from "./readings.js";
import type {HostTable} from "./table.js";

/** What a file may bring to one series. */
export interface Delivery {
  readonly path: string; // of the series
  readonly table: HostTable;
  readonly where: string; // which rows, as SQL
}

/** What it brings. */
export interface Fresh {
  readonly path: string;
  readonly read: number; // rows with a time in the file that `where` takes
  readonly fresh: Table; // rows that add to the series or restate it; a value that it holds already is null
}

/** The rows of a table that its series does not hold already; of several rows with one time the last counts. */
export async function freshRows(tx: Transaction, duck: Duck, {path, table, where}: Delivery): Promise<Fresh> {
  const rows = `(SELECT * FROM ${table.relation} WHERE ${where})`;
  const [count] = await duck.rows(`SELECT count(*) AS n FROM ${rows}`);
  const read = Number(count!.n);
  if (read === 0) return {path, read, fresh: readingsTable([], [])};
  const names = table.columns.map(identifier);
  const last = names.map((name) => `arg_max(${name}, row) AS ${name}`).join(", ");
  const brought = `(SELECT timestamp, ${last} FROM ${rows} GROUP BY timestamp)`;
  const found = await duck.table(await newSql(tx, {path, brought, columns: table.columns}));
  return {path, read, fresh: toReadings(found, table.columns, path)};
}

interface Brought {
  readonly path: string;
  readonly brought: string;
  readonly columns: readonly string[];
}

async function newSql(tx: Transaction, {path, brought, columns}: Brought): Promise<string> {
  if (!(await tx.exists(path)))
    return select("n", columns, brought, anyOf(columns.map((name) => `n.${identifier(name)} IS NOT NULL`)));
  const series = await tx.series(path);
  const held = new Set((await series.columns()).map(({name}) => name));
  const news = columns.map((name) => {
    const column = identifier(name);
    if (!held.has(name)) return `n.${column}`;
    return `CASE WHEN n.${column} IS DISTINCT FROM h.${column} THEN n.${column} END`;
  });
  const from = `${brought} AS n LEFT JOIN ${await series.relation()} AS h USING (timestamp)`;
  const named = news.map((sql, index) => `${sql} AS ${identifier(columns[index]!)}`);
  const changed = columns.map((name) => `${identifier(name)} IS NOT NULL`);
  return `SELECT * FROM (SELECT epoch_us(timestamp)::DOUBLE AS time, ${named.join(", ")} FROM ${from}) WHERE ${anyOf(changed)} ORDER BY time`;
}

function select(alias: string, columns: readonly string[], from: string, where: string): string {
  const names = columns.map((name) => `${alias}.${identifier(name)}`).join(", ");
  return `SELECT epoch_us(timestamp)::DOUBLE AS time, ${names} FROM ${from} AS ${alias} WHERE ${where} ORDER BY time`;
}

function anyOf(conditions: readonly string[]): string {
  return `(${conditions.join(" OR ")})`;
}

/** DuckDB's answer in the standard form: the last name of the series' path is the instrument. */
function toReadings(found: Table, columns: readonly string[], path: string): Table {
  const times = doubles(found, "time");
  const instrument = path.slice(path.lastIndexOf("/") + 1);
  return readingsTable(
    Array.from(times),
    columns.map((name) => ({name, attributes: {instrument, ...attributesOf(name)}, values: doubles(found, name)}))
  );
}

/** A column as doubles, NaN for null. */
function doubles(table: Table, name: string): Float64Array {
  const vector = table.getChild(name)!;
  return Float64Array.from({length: table.numRows}, (_, index) => (vector.get(index) as number | null) ?? NaN);
}
