import {literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {isNumber, isText} from "../time/field.js";
import type {Field} from "../time/field.js";
import {headingOf} from "../readings/readings.js";
import type {Heading} from "../readings/readings.js";
import {refuseSeveral} from "./scope.js";
import type {How, Source} from "./source.js";
import {cut} from "./stretch.js";
import {decimalsOf, numberIn} from "./decimal.js";
import type {Decimal} from "./decimal.js";
import {finite, nothing, rowsOf, severalIn} from "./host.js";
import type {Count, HostTable, Note, TableColumn, Told} from "./host.js";
import {withoutNumbers} from "./text.js";
import type {Timed} from "./timed.js";
import {nearest} from "../word.js";

/** Where a file with a row per parameter says what a row is. */
export interface LongForm {
  readonly parameter: Field;
  readonly value: Field;
  readonly unit?: Field;
  readonly scopes: readonly Field[];
  readonly stream: string; // SQL: rows of one value follow one another in time
}

/** Finds the columns of the long form; undefined for a file with a column per parameter. */
export function longForm(fields: readonly Field[], how: How): LongForm | undefined {
  const called = (pattern: RegExp) => fields.find(({header}) => pattern.test(header.trim()));
  const value = how.value === undefined ? called(/^(value|reading|result)$/i) : wanted(fields, how.value);
  const parameter =
    how.parameter === undefined
      ? value && called(/^(parameter|variable|metric|measurement)$/i)
      : wanted(fields, how.parameter);
  if (!parameter) return undefined;
  if (!value) throw new Error(`it has a column "${parameter.header}" and none of values; name it as value`);
  const unit = how.unit === undefined ? called(/^units?$/i) : wanted(fields, how.unit);
  const scopes = scopesIn(fields, how);
  const stream = `concat_ws(chr(31), ${[...scopes, parameter].map(({sql}) => `coalesce(${sql}, '')`).join(", ")})`;
  return {parameter, value, scopes, stream, ...(unit ? {unit} : {})};
}

/** The columns that tell rows of several places apart. Throws for one that is not there. */
export function scopesIn(fields: readonly Field[], {scope = []}: How): readonly Field[] {
  return scope.map((name) => wanted(fields, name));
}

function wanted(fields: readonly Field[], name: string): Field {
  const found = fields.find(({header}) => header.trim() === name);
  if (found) return found;
  const headers = fields.map(({header}) => header);
  const near = nearest(name, headers);
  throw new Error(
    `it has no column "${name}"${near === undefined ? "" : `, but one "${near}"`} (it has ${headers.join(", ")})`
  );
}

interface Parts {
  readonly source: Source;
  readonly rows: Timed;
  readonly long: LongForm;
}

/** A table of a file with a row per parameter: a column for each parameter that it names, of each scope and in each unit. */
export async function longTable(
  duck: Duck,
  {source, rows, long}: Parts,
  {missing}: How
): Promise<Omit<HostTable, Told>> {
  if (rows.facts.rows === 0) return nothing("it has a header and no rows");
  const decimals = await decimalsOf(duck, rows.from, {...source, fields: [long.value].filter(isText)});
  const decimal = decimals.get(long.value) ?? source.decimal;
  const told = withoutNumbers(long.value, decimal, missing);
  const value = numberOf(told, decimal);
  const keys = await keysOf(duck, rows.from, long);
  const columns = keys.map(({column}) => column);
  const notes = await notesOf(duck, {source, rows, long}, {...told, value});
  if (columns.length === 0) return nothing("it has times and no values");
  await refuseConflated(duck, {source, rows, long}, value);
  const {timed: count, begin, end} = rows.facts;
  const id = idSql(long, keys);
  const filled = `(${rows.instant}) IS NOT NULL AND ${value} IS NOT NULL`;
  const select = (range: Range) =>
    `SELECT ${rows.instant} AS instant, file_row_number AS row, ${id} AS id, ${value} AS value FROM ${rows.from} WHERE ${filled} AND ${rows.within(range)}`;
  const kinds = keys.length <= 63 ? "bit_count(bit_or(1::UBIGINT << id))" : "count(DISTINCT id)";
  const several = (range: Range) =>
    severalIn(`SELECT * FROM (${select(range)}) WHERE id IS NOT NULL`, `count(*) > ${kinds}`);
  const pivot = (of: string) => keys.map((_, index) => `${of} FILTER (id = ${index}) AS v${index}`).join(", ");
  return {
    columns,
    decimals: new Map([[long.value.header, decimal]]),
    leftOut: [],
    notes,
    rows: count,
    ...(count > 0 ? {span: {begin, end}} : {}),
    cut: (range) => cut(duck, rows, {range, limit: 2_000_000}),
    count: (range) => counted(duck, {several: several(range), rows, range}),
    folded: (range) =>
      `${several(range)} SELECT instant, ${pivot("max(value)")} FROM r ANTI JOIN several USING (instant) GROUP BY instant
       UNION ALL SELECT instant, ${pivot("arg_max(value, row)")} FROM r SEMI JOIN several USING (instant) GROUP BY instant`
  };
}

function numberOf({type, sql}: Field, decimal: Decimal): string {
  if (!isNumber(type) && type !== "VARCHAR") throw new Error(`its values are no numbers (${type})`);
  return finite(isNumber(type) ? `${sql}::DOUBLE` : numberIn(sql, decimal));
}

// ---- What a row is ----

/** All that tells a column, as one text. */
function keySql({parameter, unit, scopes}: LongForm): string {
  const parts = [...scopes, parameter, ...(unit ? [unit] : [])];
  return `concat_ws(chr(31), ${parts.map(({sql}) => `coalesce(trim(${sql}), '')`).join(", ")})`;
}

/** Which of the columns a row is of, from 0; NULL for none of them. */
export function idSql(long: LongForm, keys: readonly Key[]): string {
  const names = keys.map(({key}) => literal(key)).join(", ");
  return `enum_code(TRY_CAST(${keySql(long)} AS ENUM(${names})))::INTEGER`;
}

function fieldsOf({parameter, unit, scopes}: LongForm): string {
  return [...new Set([parameter, ...(unit ? [unit] : []), ...scopes].map(({sql}) => sql))].join(", ");
}

/** A column, and the text that tells it. */
export interface Key {
  readonly key: string;
  readonly column: TableColumn;
}

export async function keysOf(duck: Duck, from: string, long: LongForm): Promise<readonly Key[]> {
  const found = await duck.rows(
    `SELECT DISTINCT ${keySql(long)} AS key FROM (SELECT DISTINCT ${fieldsOf(long)} FROM ${from})
     WHERE trim(${long.parameter.sql}) <> '' ORDER BY key`
  );
  const keys = found.map(({key}) => ({key: String(key), column: columnOf(String(key), long)}));
  const seen = new Map<string, string>();
  for (const {key, column} of keys) {
    const twin = seen.get(column.name.toLowerCase());
    if (twin !== undefined) throw new Error(`its parameters ${told(twin)} and ${told(key)} are both ${column.name}`);
    seen.set(column.name.toLowerCase(), key);
  }
  return keys;
}

function told(key: string): string {
  return `"${key.split("\u001f").join(" ").trim()}"`;
}

function columnOf(key: string, {parameter, unit, scopes}: LongForm): TableColumn {
  const parts = key.split("\u001f");
  const scope = parts
    .slice(0, scopes.length)
    .filter((part) => part !== "")
    .join(" ");
  const [told, said = ""] = parts.slice(scopes.length) as [string, string?];
  const outer = parameter.names?.find(({header}) => header.trim() === told)?.outer;
  const {name, ...attributes} = unit ? saidApart(told, said) : headingOf(told, outer);
  if (scope === "") return {header: key, name, attributes};
  return {header: key, name: `${scope}.${name}`, attributes: {scope, ...attributes}};
}

function saidApart(parameter: string, unit: string): Heading {
  return unit === "" ? {name: parameter, parameter} : {name: `${parameter}.${unit}`, parameter, unit};
}

// ---- What is said of it ----

/** What a row tells, as it is written and as a number. */
type Valued = Pick<Field, "sql" | "type"> & {readonly value: string};

async function notesOf(duck: Duck, {source, rows, long}: Parts, {sql, type, value}: Valued): Promise<readonly Note[]> {
  const left = leftOut({source, clock: rows.clock, long}).map(({header}) => `"${header}"`);
  const isOther = type === "VARCHAR" ? `trim(${sql}) <> '' AND ${value} IS NULL` : "false";
  const [row] = await duck.rows(
    `SELECT count(*) FILTER (trim(coalesce(${long.parameter.sql}, '')) = '')::DOUBLE AS unnamed,
       count(*) FILTER (${isOther})::DOUBLE AS texts, arg_min(${sql}::VARCHAR, file_row_number) FILTER (${isOther}) AS text
     FROM ${rows.from}`
  );
  const [unnamed, texts] = [Number(row!.unnamed), Number(row!.texts)];
  const tellTexts = (rows: number) =>
    `text for values in ${rowsOf(rows)}, such as ${JSON.stringify(row!.text)}, taken as missing`;
  const tellUnnamed = (rows: number) => `${rowsOf(rows)} without a parameter left out`;
  return [
    ...(left.length > 0
      ? [`${left.length === 1 ? "column" : "columns"} ${left.join(", ")} left out (a row is a parameter and its value)`]
      : []),
    ...(texts > 0 ? [{of: "texts", count: texts, tell: tellTexts}] : []),
    ...(unnamed > 0 ? [{of: "unnamed", count: unnamed, tell: tellUnnamed}] : [])
  ];
}

/** The columns that tell nothing of a reading. */
export function leftOut({
  source,
  clock,
  long
}: Pick<Parts, "source" | "long"> & Pick<Timed, "clock">): readonly Field[] {
  const used = [...clock.fields, long.parameter, long.value, long.unit, ...long.scopes];
  return source.fields.filter((field) => !used.includes(field));
}

/** Values of one time and parameter that differ where another column does are readings of two things. */
async function refuseConflated(duck: Duck, parts: Parts, value: string): Promise<void> {
  const {source, rows, long} = parts;
  const left = leftOut({source, clock: rows.clock, long});
  await refuseSeveral(duck, {rows, fields: left, key: keySql(long)});
  const texts = left.filter(isText);
  if (texts.length === 0) return;
  const spread = texts.map(({sql}) => `min(${sql}) IS DISTINCT FROM max(${sql}) AS ${sql}`);
  const [varied] = await duck.rows(`SELECT ${spread.join(", ")} FROM ${rows.from}`);
  const varying = texts.filter(({sql}) => varied![sql] === true);
  if (varying.length === 0) return;
  for (const range of await cut(duck, rows, {range: {}, limit: 2_000_000})) {
    const differs = varying.map(({sql}) => `bool_or(a.${sql} IS DISTINCT FROM b.${sql}) AS ${sql}`);
    const within = `SELECT *, ${rows.instant} AS instant, ${keySql(long)} AS key, ${value} AS value FROM ${rows.from} WHERE ${value} IS NOT NULL AND ${rows.within(range)}`;
    const torn = `SELECT instant, key FROM (${within}) GROUP BY ALL HAVING min(value) <> max(value)`;
    const [found] = await duck.rows(
      `WITH rows AS (${within}), torn AS (${torn}), few AS (SELECT r.* FROM rows r JOIN torn USING (instant, key) LIMIT 10000)
       SELECT ${differs.join(", ")} FROM few a JOIN few b ON a.instant = b.instant AND a.key = b.key AND a.value <> b.value`
    );
    const culprits = varying.filter(({sql}) => found![sql] === true).map(({header}) => header);
    if (culprits.length === 0) continue;
    const names = culprits.map((name) => `"${name}"`).join(", ");
    throw new Error(`its readings of one time and parameter differ with the column ${names}; set scope to [${names}]`);
  }
}

interface Counting {
  readonly several: string;
  readonly rows: Timed;
  readonly range: Range;
}

async function counted(duck: Duck, {several, rows, range}: Counting): Promise<Count> {
  const [[all], [found]] = [
    await duck.rows(
      `SELECT count(*)::DOUBLE AS rows, count(DISTINCT ${rows.instant})::DOUBLE AS times FROM ${rows.from}
       WHERE (${rows.instant}) IS NOT NULL AND ${rows.within(range)}`
    ),
    await duck.rows(
      `${several} SELECT count(DISTINCT instant)::DOUBLE AS times FROM
         (SELECT instant FROM r SEMI JOIN several USING (instant) GROUP BY instant, id HAVING min(value) <> max(value))`
    )
  ];
  return {rows: Number(all!.rows), times: Number(all!.times), differing: Number(found!.times)};
}
