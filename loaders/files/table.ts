import type {Duck} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {isNumber, isText} from "../time/field.js";
import type {Field} from "../time/field.js";
import {decimalsOf} from "./decimal.js";
import type {Decimal} from "./decimal.js";
import {finite, nothing, rowsOf, severalIn} from "./host.js";
import type {Count, HostTable, Span, TableColumn, Told} from "./host.js";
import {longForm, longTable} from "./long.js";
import {headingOf} from "../readings/readings.js";
import {refuseSeveral} from "./scope.js";
import type {How, Source} from "./source.js";
import {cut} from "./stretch.js";
import {textValue, withoutNumbers} from "./text.js";
import type {Value} from "./text.js";
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

async function interpret(duck: Duck, read: Source, how: How): Promise<HostTable> {
  const source = how.decimal === undefined ? read : {...read, decimal: how.decimal, isDecimalTold: true};
  const long = longForm(source.fields, how);
  const rows = await timed(duck, source, how, long?.stream);
  const table = long ? await longTable(duck, {source, rows, long}, how) : await wideTable(duck, {source, rows}, how);
  const isFilled = table.columns.map((_, index) => `v${index} IS NOT NULL`).join(" OR ");
  const untimed = rows.facts.rows - rows.facts.timed;
  const tell = (count: number) => `${rowsOf(count)} without a time left out`;
  const left = untimed > 0 ? [{of: "untimed", count: untimed, tell}] : [];
  const settled = source.settled && {...source.settled, ...rows.clock.told};
  return {
    ...table,
    filled: async (stretch) => {
      const [row] = await duck.rows(
        `SELECT count(*)::DOUBLE AS times FROM (${table.folded(stretch)}) WHERE ${isFilled}`
      );
      return Number(row!.times);
    },
    isOnward: rows.facts.isOnward,
    isSorted: rows.facts.isSorted,
    spanIn: (range) => spanIn(duck, rows, range),
    notes: [...source.notes, ...table.notes, ...left, ...rows.notes],
    ...(settled ? {settled} : {}),
    ...(rows.last ? {last: rows.last} : {})
  };
}

async function spanIn(duck: Duck, {facts, from, instant, within}: Timed, range: Range): Promise<Span | undefined> {
  const {begin = -Infinity, end = Infinity} = range;
  if (facts.timed === 0 || facts.end < begin || facts.begin >= end) return undefined;
  if (facts.begin >= begin && facts.end < end) return {begin: facts.begin, end: facts.end};
  const [row] = await duck.rows(
    `SELECT epoch_us(min(${instant}))::DOUBLE AS begin, epoch_us(max(${instant}))::DOUBLE AS end FROM ${from} WHERE ${within(range)}`
  );
  return row!.begin === null ? undefined : {begin: Number(row!.begin), end: Number(row!.end)};
}

// ---- A column per parameter ----

interface Wide {
  readonly source: Source;
  readonly rows: Timed;
}

async function wideTable(duck: Duck, {source, rows}: Wide, {missing}: How): Promise<Omit<HostTable, Told>> {
  if (rows.facts.rows === 0) return nothing("it has a header and no rows");
  const beside = source.fields.filter((field) => !rows.clock.fields.includes(field));
  const timed = `(SELECT * FROM ${rows.from} WHERE (${rows.instant}) IS NOT NULL)`;
  const decimals = await decimalsOf(duck, timed, {...source, fields: beside.filter(isText)});
  const values = await Promise.all(
    beside.map((field) => {
      const decimal = decimals.get(field) ?? source.decimal;
      return valueOf(duck, {...rows, from: timed}, {field: withoutNumbers(field, decimal, missing), decimal});
    })
  );
  await refuseSeveral(duck, {rows, fields: beside.filter((_, index) => values[index]!.isConstant !== true)});
  const columns = values.flatMap(({column}, index) => (column ? {...column, field: beside[index]!} : []));
  if (values.length > 0 && values.every(({column, note}) => !column && !note))
    return nothing("it has times and no values");
  if (columns.length === 0) throw new Error("it has no column of numbers beside its times");
  const named = namedIn(beside);
  refuseTwins(columns.map(({field}) => named(field)));
  const {timed: count, begin, end, isSorted, isRising} = rows.facts;
  const vs = columns.map(({sql}, index) => `${sql} AS v${index}`).join(", ");
  const row = isSorted ? "" : " file_row_number AS row,";
  const select = (range: Range, of = `,${row} ${vs}`) =>
    `SELECT ${rows.instant} AS instant${of} FROM ${rows.from} WHERE (${rows.instant}) IS NOT NULL AND ${rows.within(range)}`;
  return {
    columns: columns.map(({field}) => named(field)),
    decimals: new Map(beside.map((field) => [field.header, decimals.get(field) ?? source.decimal])),
    leftOut: values.flatMap(({column, note}, index) => (!column && note ? beside[index]!.header : [])),
    notes: values.flatMap(({column, note}, index) => [
      ...remarksOn(column ? [beside[index]!] : []),
      ...(note ? [note] : [])
    ]),
    rows: count,
    isRising,
    ...(count > 0 ? {span: {begin, end}} : {}),
    cut: (range) => cut(duck, rows, {range, limit: rowsAtOnce(columns.length, isRising)}),
    count: async (stretch) =>
      isSorted
        ? {rows: stretch.rows, times: stretch.rows, differing: 0}
        : counted(duck, {times: select(stretch, ""), values: select(stretch)}, columns.length),
    folded: (range) => (isSorted ? select(range) : folded(select(range), columns.length))
  };
}

/** What is to be said of the names of columns that are stored. */
function remarksOn(fields: readonly Field[]): readonly string[] {
  return fields.flatMap(({remark}) => remark ?? []);
}

/** So that a stretch of any width takes some tens of megabytes: its rows where they are to be sorted, else what is written of them. */
function rowsAtOnce(columns: number, isRising: boolean): number {
  const [most, values] = isRising ? [1_000_000, 10e6] : [500_000, 4e6];
  return Math.min(most, Math.max(20_000, Math.round(values / columns)));
}

function folded(select: string, columns: number): string {
  const values = Array.from({length: columns}, (_, index) => `v${index}`);
  const last = values.map((value) => `arg_max(${value}, row) AS ${value}`);
  return `${severalIn(select)} SELECT instant, ${values.join(", ")} FROM r ANTI JOIN several USING (instant)
    UNION ALL SELECT instant, ${last.join(", ")} FROM r SEMI JOIN several USING (instant) GROUP BY instant`;
}

interface Counting {
  readonly times: string; // SELECT of `instant`
  readonly values: string; // the same with those
}

async function counted(duck: Duck, {times, values}: Counting, columns: number): Promise<Count> {
  const [row] = await duck.rows(
    `SELECT count(*)::DOUBLE AS rows, count(DISTINCT instant)::DOUBLE AS times FROM (${times})`
  );
  const count = {rows: Number(row!.rows), times: Number(row!.times), differing: 0};
  if (count.times === count.rows) return count;
  const differ = Array.from({length: columns}, (_, index) => `min(v${index}) <> max(v${index})`).join(" OR ");
  const [found] = await duck.rows(
    `WITH several AS (SELECT instant FROM (${times}) GROUP BY instant HAVING count(*) > 1)
     SELECT count(*)::DOUBLE AS times FROM
       (SELECT instant FROM (${values}) SEMI JOIN several USING (instant) GROUP BY instant HAVING ${differ})`
  );
  return {...count, differing: Number(found!.times)};
}

/**
 * Columns as headers name them: `DO (mg/L)` is `DO.mg/L`. Where several instruments of a file tell of one parameter,
 * their serial numbers begin the names.
 */
export function namedIn(fields: readonly Field[]): (field: Field) => TableColumn {
  const alike = new Map<string, Set<string | undefined>>();
  const headings = fields.map(({header}) => headingOf(header));
  for (const {name, instrument} of headings) {
    const key = name.toLowerCase();
    alike.set(key, (alike.get(key) ?? new Set()).add(instrument));
  }
  return ({header, outer}) => {
    const {name, ...attributes} = headingOf(header, outer);
    const {instrument} = attributes;
    const isShared = instrument !== undefined && alike.get(name.toLowerCase())!.size > 1;
    return {header, name: isShared ? `${instrument}.${name}` : name, attributes};
  };
}

function refuseTwins(columns: readonly TableColumn[]): void {
  const seen = new Map<string, string>();
  for (const {header, name: column} of columns) {
    const twin = seen.get(column.toLowerCase());
    if (twin !== undefined) throw new Error(`its columns "${twin}" and "${header}" are both ${column}`);
    seen.set(column.toLowerCase(), header);
  }
}

// ---- Numbers ----

interface Beside {
  readonly field: Field;
  readonly decimal: Decimal;
}

async function valueOf(duck: Duck, rows: Timed, {field, decimal}: Beside): Promise<Value> {
  const {header, type, sql} = field;
  if (isNumber(type)) return {column: {header, sql: finite(`${sql}::DOUBLE`)}};
  const {from, numbered = from} = rows;
  if (type === "VARCHAR") return textValue(duck, {from, numbered}, {field, decimal});
  return {note: `column "${header}" left out (${type} is no number)`};
}
