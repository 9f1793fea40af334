import type {Duck} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {isNumber} from "../time/clock.js";
import type {Field} from "../time/clock.js";
import {finite, nothing, numberIn, rowsOf} from "./host.js";
import type {Count, HostTable, TableColumn} from "./host.js";
import {longForm, longTable} from "./long.js";
import {attributesOf, spelled} from "../readings/readings.js";
import type {How, Source} from "./source.js";
import {cut} from "./stretch.js";
import {timed} from "./timed.js";
import type {Timed} from "./timed.js";

/**
 * Reads what a file holds. What it writes in between goes into `how.scratch`, and is read as long as the table is.
 * Throws what is wrong with the file, in words that follow its name, when it holds no times or no readings. A file with
 * a header and nothing below it is a table without columns.
 */
export async function readTable(duck: Duck, source: Source, how: How): Promise<HostTable> {
  try {
    return await interpret(duck, source, how);
  } catch (error) {
    if (!source.asText || !isOtherType(error)) throw error;
    return interpret(duck, source.asText, how);
  }
}

/** Whether rows further down are not what the first of them are. */
function isOtherType(error: unknown): boolean {
  return error instanceof Error && /^(Conversion Error|Invalid Input Error: (CSV|JSON))/.test(error.message);
}

/** A table before it is told where it has values. */
type Unfilled = Omit<HostTable, "filled">;

async function interpret(duck: Duck, source: Source, how: How): Promise<HostTable> {
  const long = longForm(source.fields, how);
  const rows = await timed(duck, source, how, long?.stream);
  const table = long ? await longTable(duck, {source, rows, long}) : await wideTable(duck, source, rows);
  const isFilled = table.columns.map((_, index) => `v${index} IS NOT NULL`).join(" OR ");
  const untimed = rows.facts.rows - rows.facts.timed;
  const left = untimed > 0 ? [`${rowsOf(untimed)} without a time left out`] : [];
  const {monthFirst} = rows.clock;
  const settled = source.settled && {...source.settled, ...(monthFirst === undefined ? {} : {monthFirst})};
  return {
    ...table,
    filled: async (stretch) => {
      const [row] = await duck.rows(
        `SELECT count(*)::DOUBLE AS times FROM (${table.folded(stretch)}) WHERE ${isFilled}`
      );
      return Number(row!.times);
    },
    notes: [...source.notes, ...table.notes, ...left, ...rows.notes],
    ...(settled ? {settled} : {}),
    ...(rows.last ? {last: rows.last} : {})
  };
}

// ---- A column per parameter ----

async function wideTable(duck: Duck, {fields, decimal}: Source, rows: Timed): Promise<Unfilled> {
  if (rows.facts.rows === 0) return nothing("it has a header and no rows");
  const beside = fields.filter((field) => !rows.clock.fields.includes(field));
  const values = await Promise.all(beside.map((field) => valueOf(duck, rows.from, {field, decimal})));
  const columns = values.flatMap(({column}) => column ?? []);
  if (values.length > 0 && values.every(({column, note}) => !column && !note))
    return nothing("it has times and no values");
  if (columns.length === 0) throw new Error("it has no column of numbers beside its times");
  refuseTwins(columns.map(({header}) => header));
  const {timed: count, begin, end, isSorted, isRising} = rows.facts;
  const vs = columns.map(({sql}, index) => `${sql} AS v${index}`).join(", ");
  const select = (range: Range) =>
    `SELECT ${rows.instant} AS instant, file_row_number AS row, ${vs} FROM ${rows.from} WHERE (${rows.instant}) IS NOT NULL AND ${rows.within(range)}`;
  const last = columns.map((_, index) => `arg_max(v${index}, row) AS v${index}`).join(", ");
  return {
    columns: columns.map(({header}) => named(header)),
    notes: values.flatMap(({note}) => note ?? []),
    rows: count,
    isRising,
    ...(count > 0 ? {span: {begin, end}} : {}),
    cut: (range) => cut(duck, rows, {range, limit: rowsAtOnce(columns.length, isRising)}),
    count: async (stretch) =>
      isSorted
        ? {rows: stretch.rows, times: stretch.rows, differing: 0}
        : counted(duck, select(stretch), columns.length),
    folded: (range) => (isSorted ? select(range) : `SELECT instant, ${last} FROM (${select(range)}) GROUP BY instant`)
  };
}

/** So that a stretch of any width takes some tens of megabytes: its rows where they are to be sorted, else what is written of them. */
function rowsAtOnce(columns: number, isRising: boolean): number {
  const [most, values] = isRising ? [1_000_000, 10e6] : [500_000, 4e6];
  return Math.min(most, Math.max(20_000, Math.round(values / columns)));
}

async function counted(duck: Duck, select: string, columns: number): Promise<Count> {
  const [row] = await duck.rows(
    `SELECT count(*)::DOUBLE AS rows, count(DISTINCT instant)::DOUBLE AS times FROM (${select})`
  );
  const count = {rows: Number(row!.rows), times: Number(row!.times), differing: 0};
  if (count.times === count.rows) return count;
  const differ = Array.from({length: columns}, (_, index) => `min(v${index}) <> max(v${index})`).join(" OR ");
  const [found] = await duck.rows(
    `SELECT count(*)::DOUBLE AS times FROM (SELECT instant FROM (${select}) GROUP BY instant HAVING ${differ})`
  );
  return {...count, differing: Number(found!.times)};
}

/** A column as a header names it: `DO (mg/L)` is `DO.mg/L`. */
export function named(header: string): TableColumn {
  const name = spelled(header);
  return {name, attributes: attributesOf(name)};
}

function refuseTwins(headers: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const header of headers) {
    const column = spelled(header);
    const twin = seen.get(column.toLowerCase());
    if (twin !== undefined) throw new Error(`its columns "${twin}" and "${header}" are both ${column}`);
    seen.set(column.toLowerCase(), header);
  }
}

// ---- Numbers ----

interface Value {
  readonly column?: {readonly header: string; readonly sql: string}; // as DOUBLE or NULL
  readonly note?: string;
}

interface Beside {
  readonly field: Field;
  readonly decimal: "." | ",";
}

async function valueOf(duck: Duck, from: string, {field, decimal}: Beside): Promise<Value> {
  const {header, type, sql} = field;
  if (isNumber(type)) return {column: {header, sql: finite(`${sql}::DOUBLE`)}};
  if (type === "VARCHAR") return textValue(duck, from, {field, decimal});
  return {note: `column "${header}" left out (${type} is no number)`};
}

/** A column of text may be one of numbers in which some are spelled "n/a". */
async function textValue(duck: Duck, from: string, {field: {header, sql}, decimal}: Beside): Promise<Value> {
  const number = numberIn(sql, decimal);
  const [found] = await duck.rows(
    `SELECT count(*) AS filled, count(${number}) AS numbers,
       arg_min(${sql}, file_row_number) FILTER (${number} IS NULL) AS text FROM ${from} WHERE trim(${sql}) <> ''`
  );
  const [filled, numbers] = [Number(found!.filled), Number(found!.numbers)];
  if (filled === 0) return {};
  if (numbers * 2 < filled) return {note: `column "${header}" left out (it holds text)`};
  if (numbers === filled) return {column: {header, sql: finite(number)}};
  const text = JSON.stringify(found!.text);
  return {
    column: {header, sql: finite(number)},
    note: `column "${header}" has text in ${rowsOf(filled - numbers)}, such as ${text}, taken as missing`
  };
}
