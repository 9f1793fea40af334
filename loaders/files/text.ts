import {randomUUID} from "node:crypto";
import {identifier, literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {isText, sampled} from "../time/field.js";
import type {Field} from "../time/field.js";
import {figures, numberIn, numbersAmong} from "./decimal.js";
import type {Decimal} from "./decimal.js";
import {finite, rowsOf} from "./host.js";
import type {Note} from "./host.js";
import {tellsWhom} from "./scope.js";

/** A column of text is left out, or it is one of numbers in which some are spelled "n/a". */

/** What a column comes to. */
export interface Value {
  readonly column?: {readonly header: string; readonly sql: string}; // as DOUBLE or NULL
  readonly note?: Note;
  readonly isConstant?: boolean; // whether it is known to hold one text
}

/** Whether a text is one that stands for no reading wherever it is written: then it tells nothing of its column. */
function isMissing(sql: string): string {
  return `regexp_full_match(lower(trim(${sql})), 'n/?a|#n/a|nan|null|none|nil|no ?data|missing|-+|\\.|\\?')`;
}

/** How often a column has what, where it has anything. */
interface Found {
  readonly filled: number;
  readonly numbers: number;
  readonly missing: number;
  readonly isConstant: boolean;
  readonly first?: string; // of the texts that are none
}

interface Looked {
  readonly sql: string;
  readonly number: string; // SQL: DOUBLE or NULL
  readonly row?: string; // SQL: which one it is, to tell the first
}

async function lookAt(duck: Duck, from: string, {sql, number, row}: Looked): Promise<Found> {
  const which = row === undefined ? "NULL::VARCHAR" : `arg_min(${sql}, ${row}) FILTER (${number} IS NULL)`;
  const [found] = await duck.rows(
    `SELECT count(*) AS filled, count(${number}) AS numbers, ${which} AS first,
       count(*) FILTER (${number} IS NULL AND ${isMissing(sql)}) AS missing, min(${sql}) IS NOT DISTINCT FROM max(${sql}) AS one FROM ${from} WHERE trim(${sql}) <> ''`
  );
  const [filled, numbers, missing] = [Number(found!.filled), Number(found!.numbers), Number(found!.missing)];
  const first = found!.first as string | null;
  return {filled, numbers, missing, isConstant: found!.one === true, ...(first === null ? {} : {first})};
}

function isWords({filled, numbers, missing}: Pick<Found, "filled" | "numbers" | "missing">): boolean {
  return numbers === 0 || numbers * 2 < filled - missing;
}

function tellWords(header: string): string {
  return `column "${header}" left out (it holds text)`;
}

function tellTexts(header: string, text: unknown, count: number): Note {
  const such = JSON.stringify(text);
  const tell = (rows: number) => `column "${header}" has text in ${rowsOf(rows)}, such as ${such}, taken as missing`;
  return {of: `text ${header}`, count, tell};
}

interface Rows {
  readonly from: string;
  readonly numbered: string; // the same with `file_row_number`
}

interface Beside {
  readonly field: Field;
  readonly decimal: Decimal;
}

/**
 * A column of text without the numbers that stand for no reading, which can be told once it is known what stands before
 * their fraction.
 */
export function withoutNumbers(field: Field, decimal: Decimal, missing: readonly (string | number)[] = []): Field {
  const numbers = numbersAmong(missing);
  if (!isText(field) || numbers.length === 0) return field;
  const {sql} = field;
  return {...field, sql: `(CASE WHEN ${numberIn(sql, decimal)} IN (${numbers.join(", ")}) THEN NULL ELSE ${sql} END)`};
}

/** Which columns of text hold no numbers, whatever stands before a fraction, in all rows; one without a text is none of them. */
export async function wordsAmong(duck: Duck, from: string, fields: readonly Field[]): Promise<readonly Field[]> {
  if (fields.length === 0) return [];
  const counts = fields.map(({sql}, index) => {
    const number = `coalesce(${numberIn(sql, ".")}, ${numberIn(sql, ",")})`;
    const isNone = `${number} IS NULL AND ${isMissing(sql)}`;
    return `count(*) FILTER (trim(${sql}) <> '') AS filled${index}, count(${number}) AS numbers${index}, count(*) FILTER (${isNone}) AS missing${index}`;
  });
  const [row] = await duck.rows(`SELECT ${counts.join(", ")} FROM ${from}`);
  const found = fields.map((field, index) => {
    const of = (what: string) => Number(row![`${what}${index}`]);
    return {field, counts: {filled: of("filled"), numbers: of("numbers"), missing: of("missing")}};
  });
  return found.filter(({counts}) => counts.filled > 0 && isWords(counts)).map(({field}) => field);
}

/** What a column of text comes to in all rows of a file. */
export async function textValue(
  duck: Duck,
  {from, numbered}: Rows,
  {field: {header, sql}, decimal}: Beside
): Promise<Value> {
  const number = numberIn(sql, decimal);
  const found = await lookAt(duck, from, {sql, number});
  const {filled, numbers, isConstant} = found;
  if (filled === 0) return {};
  if (isWords(found)) return {note: tellWords(header), isConstant};
  if (numbers === filled) return {column: {header, sql: finite(number)}};
  const [first] = await duck.rows(
    `SELECT arg_min(${sql}, file_row_number) AS text FROM ${numbered} WHERE trim(${sql}) <> '' AND ${number} IS NULL`
  );
  return {column: {header, sql: finite(number)}, note: tellTexts(header, first!.text, filled - numbers)};
}

// ---- As the rows pass ----

/** A column of text of which the first rows tell what it comes to, as long as those below are like them. */
export interface Passing {
  readonly field: Field;
  readonly isLike: string; // SQL: whether a row is like them
  readonly number?: string; // SQL: DOUBLE or NULL, of a column of numbers; asked once of each row, it counts the others
  readonly first?: string | undefined; // of the texts that are none
  readonly counter: string; // a sequence: nothing else counts as rows pass
}

/** Undefined for one that all rows have to tell of: of figures with commas, of several places, or with fewer numbers than words. */
export async function passingOf(duck: Duck, from: string, field: Field): Promise<Passing | undefined> {
  const {sql} = field;
  const number = `TRY_CAST(trim(${sql}) AS DOUBLE)`;
  const rows = `(SELECT ${sql}, row_number() OVER () AS row FROM ${from} LIMIT ${sampled})`;
  const {filled, numbers, missing, isConstant, first} = await lookAt(duck, rows, {sql, number, row: "row"});
  const isBlank = `coalesce(trim(${sql}), '') = ''`;
  const isWord = `(${number} IS NULL AND NOT regexp_full_match(${sql}, '${figures}'))`;
  const same = tellsWhom(field) ? ` AND ${sql} = ${literal(first ?? "")}` : "";
  const passing = {field, counter: `texts ${randomUUID()}`};
  if (filled === 0) return {...passing, isLike: isBlank};
  if (numbers === 0 && (isConstant || same === ""))
    return {...passing, isLike: `(${isBlank} OR (${isWord}${same}))`, first};
  if (numbers === 0 || missing === 0 || numbers + missing < filled || same !== "") return undefined;
  const counted = `CASE WHEN nextval(${literal(identifier(passing.counter))}) < 0 THEN 0 END`;
  return {
    ...passing,
    isLike: `(${number} IS NOT NULL OR ${isBlank} OR ${isMissing(sql)})`,
    number: `CASE WHEN ${number} IS NOT NULL THEN ${finite(number)} WHEN NOT (${isBlank}) THEN ${counted} END`,
    first
  };
}

/** Has rows pass, through the same engine, and gives what is to be said of their texts. */
export async function passed<T>(
  duck: Duck,
  texts: readonly Passing[],
  pass: () => Promise<T>
): Promise<{readonly result: T; readonly notes: readonly Note[]}> {
  const counting = texts.filter(({number}) => number !== undefined).map(({counter}) => identifier(counter));
  for (const counter of counting) await duck.run(`CREATE SEQUENCE ${counter} MINVALUE 0 START 0`);
  try {
    const result = await pass();
    const notes: Note[] = [];
    for (const text of texts) notes.push(...(await notesOn(duck, text)));
    return {result, notes};
  } finally {
    for (const counter of counting) await duck.run(`DROP SEQUENCE ${counter}`);
  }
}

async function notesOn(duck: Duck, {field: {header}, number, first, counter}: Passing): Promise<readonly Note[]> {
  if (number === undefined) return first === undefined ? [] : [tellWords(header)];
  const [row] = await duck.rows(`SELECT nextval(${literal(identifier(counter))})::DOUBLE AS count`);
  return [tellTexts(header, first, Number(row!.count))];
}
