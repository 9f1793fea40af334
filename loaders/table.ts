import {randomUUID} from "node:crypto";
import {stat} from "node:fs/promises";
import {extname} from "node:path";
import {identifier, literal} from "../pond/duck.js";
import type {Duck} from "../pond/duck.js";
import {clockOf} from "./clock.js";
import type {Field} from "./clock.js";
import {spelled} from "./readings.js";

/** A file of the host as readings, held by DuckDB until it is dropped. */
export interface HostTable {
  /** A parenthesised SELECT: `instant` (TIMESTAMPTZ, never NULL), `row` (where it stands), `v0`, `v1`, … (DOUBLE or NULL). */
  readonly relation: string;
  readonly columns: readonly string[]; // of v0, v1, …: `<parameter>.<unit>`
  readonly notes: readonly string[]; // what was left out, one sentence each
  drop(): Promise<void>;
}

/** How to read a file. */
export interface Reading {
  readonly time?: string; // the column that holds the time
  readonly timeZone: string; // of times without an offset
}

/**
 * Reads a CSV or Parquet file, once. Throws what is wrong with it, in words that follow its name, when it is neither or
 * holds no times or no readings. A file with a header and nothing below it is a table without columns.
 */
export async function readTable(duck: Duck, path: string, how: Reading): Promise<HostTable> {
  const name = identifier(`inbox ${randomUUID()}`);
  const fields = await load(duck, path, name);
  const drop = () => duck.run(`DROP TABLE IF EXISTS ${name}`);
  try {
    return {...(await interpret(duck, {name, fields}, how)), drop};
  } catch (error) {
    await drop();
    throw error;
  }
}

// ---- From the file into DuckDB ----

/** Copies a file's rows into a temporary table with the columns c0, c1, …; gives what they are. */
async function load(duck: Duck, path: string, name: string): Promise<readonly Field[]> {
  if ((await stat(path)).size === 0) throw new Error("it is empty");
  const file = literal(path.replace(/[*?[]/g, "[$&]")); // DuckDB takes a name for a pattern
  switch (extname(path).toLowerCase()) {
    case ".parquet":
      return take(duck, `read_parquet(${file}, hive_partitioning = false)`, name).catch(unreadable("Parquet"));
    case ".csv":
      return loadCsv(duck, file, name).catch(unreadable("CSV"));
    default:
      throw new Error("it is neither a .csv nor a .parquet file");
  }
}

/** CSV as instruments and spreadsheets write it: in UTF-8 or else Latin-1, with a decimal comma where `;` divides. */
async function loadCsv(duck: Duck, file: string, name: string): Promise<readonly Field[]> {
  const options = "header = true, sample_size = -1, hive_partitioning = false";
  const read = async (encoding: string) => {
    const [dialect] = await duck.rows(`SELECT Delimiter AS mark FROM sniff_csv(${file}, ${options}${encoding})`);
    const decimal = dialect?.mark === ";" && (await hasDecimalCommas(duck, `${file}, ${options}${encoding}`));
    return take(duck, `read_csv(${file}, ${options}${encoding}${decimal ? ", decimal_separator = ','" : ""})`, name);
  };
  return read("").catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.includes("not utf-8 encoded")) throw error;
    return read(", encoding = 'latin-1'");
  });
}

async function hasDecimalCommas(duck: Duck, source: string): Promise<boolean> {
  const [row] = await duck.rows(
    `SELECT bool_or(regexp_matches(value, '^\\s*[-+]?\\d*,\\d+\\s*$')) AS found
     FROM (UNPIVOT (SELECT COLUMNS(*)::VARCHAR FROM read_csv(${source}, all_varchar = true)) ON COLUMNS(*))`
  );
  return row?.found === true;
}

async function take(duck: Duck, source: string, name: string): Promise<readonly Field[]> {
  const found = await duck.rows(`DESCRIBE SELECT * FROM ${source}`);
  const fields = found.map((row, index) => ({
    header: String(row.column_name),
    type: String(row.column_type),
    sql: `c${index}`
  }));
  await duck.run(
    `CREATE TEMP TABLE ${name} AS SELECT * FROM ${source} AS file(${fields.map(({sql}) => sql).join(", ")})`
  );
  return fields;
}

function unreadable(format: string): (error: unknown) => never {
  return (error) => {
    const [line] = (error as Error).message.split("\n");
    throw new Error(`it cannot be read as ${format} (${line!.replace(/[.;:]?\s*$/, "")})`, {cause: error});
  };
}

// ---- From its rows to readings ----

interface Loaded {
  readonly name: string; // the temporary table, quoted
  readonly fields: readonly Field[];
}

async function interpret(duck: Duck, loaded: Loaded, how: Reading): Promise<Omit<HostTable, "drop">> {
  const {name, fields} = loaded;
  refuseLongForm(fields);
  const clock = await clockOf(duck, loaded, how);
  const [count] = await duck.rows(`SELECT count(*) AS rows, count(${clock.sql}) AS timed FROM ${name}`);
  const rows = Number(count!.rows);
  const none = `(SELECT NULL::TIMESTAMPTZ AS instant, 0 AS row WHERE false)`;
  const empty = (note: string) => ({relation: none, columns: [], notes: [note]});
  if (rows === 0) return empty("it has a header and no rows");
  const values = await valuesOf(
    duck,
    name,
    fields.filter((field) => !clock.fields.includes(field))
  );
  const columns = values.flatMap(({column}) => column ?? []);
  if (values.length > 0 && values.every(({column, note}) => !column && !note))
    return empty("it has times and no values");
  if (columns.length === 0) throw new Error("it has no column of numbers beside its times");
  refuseTwins(columns.map(({header}) => header));
  const sql = columns.map(({sql}, index) => `${sql} AS v${index}`).join(", ");
  const relation = `(SELECT ${clock.sql} AS instant, rowid AS row, ${sql} FROM ${name} WHERE ${clock.sql} IS NOT NULL)`;
  const untimed = rows - Number(count!.timed);
  const notes = [
    ...values.flatMap(({note}) => note ?? []),
    ...(untimed > 0 ? [`${rowsOf(untimed)} without a time left out`] : []),
    ...(await conflicts(duck, relation, columns.length))
  ];
  return {relation, columns: columns.map(({header}) => spelled(header)), notes};
}

/** One row per parameter is another form: its values would be taken for one parameter. */
function refuseLongForm(fields: readonly Field[]): void {
  const has = (name: string) => fields.some(({header}) => header.trim().toLowerCase() === name);
  if (has("parameter") && has("value"))
    throw new Error('it has a row per parameter (columns "parameter" and "value") and not a column per parameter');
}

function refuseTwins(headers: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const header of headers) {
    const column = spelled(header);
    const twin = seen.get(column);
    if (twin !== undefined) throw new Error(`its columns "${twin}" and "${header}" are both ${column}`);
    seen.set(column, header);
  }
}

async function conflicts(duck: Duck, relation: string, columns: number): Promise<readonly string[]> {
  const differ = Array.from({length: columns}, (_, index) => `min(v${index}) <> max(v${index})`).join(" OR ");
  const [row] = await duck.rows(
    `SELECT count(*) AS times FROM (SELECT instant FROM ${relation} GROUP BY instant HAVING ${differ})`
  );
  const times = Number(row!.times);
  if (times === 0) return [];
  return [`${times === 1 ? "1 time stands" : `${times} times stand`} in rows that differ, the last of which counts`];
}

interface Value {
  readonly column?: {readonly header: string; readonly sql: string}; // as DOUBLE or NULL
  readonly note?: string;
}

async function valuesOf(duck: Duck, name: string, fields: readonly Field[]): Promise<readonly Value[]> {
  const values: Value[] = [];
  for (const field of fields) {
    if (isNumber(field.type)) values.push({column: {header: field.header, sql: finite(`${field.sql}::DOUBLE`)}});
    else if (field.type === "VARCHAR") values.push(await textValues(duck, name, field));
    else values.push({note: `column "${field.header}" left out (${field.type} is no number)`});
  }
  return values;
}

/** A column of text may be one of numbers in which some are spelled "n/a". */
async function textValues(duck: Duck, name: string, {header, sql}: Field): Promise<Value> {
  const number = `TRY_CAST(trim(${sql}) AS DOUBLE)`;
  const [found] = await duck.rows(
    `SELECT count(*) AS filled, count(${number}) AS numbers, first(${sql}) FILTER (${number} IS NULL) AS text
     FROM ${name} WHERE trim(${sql}) <> ''`
  );
  const [filled, numbers] = [Number(found!.filled), Number(found!.numbers)];
  if (filled === 0) return {};
  if (numbers * 2 < filled) return {note: `column "${header}" left out (it holds text)`};
  const text = JSON.stringify(found!.text);
  return {
    column: {header, sql: finite(number)},
    note: `column "${header}" has text in ${rowsOf(filled - numbers)}, such as ${text}, taken as missing`
  };
}

/** NaN and infinity are no readings. */
function finite(sql: string): string {
  return `(CASE WHEN isfinite(${sql}) THEN ${sql} END)`;
}

function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$/.test(type);
}

function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}
