import type {Duck} from "../../pond/duck.js";
import {midnight, wayOf} from "./daytime.js";
import type {DayTime} from "./daytime.js";
import {isDateName, isDayTimeName, isNumber, isSpanName, isText, isTime} from "./field.js";
import {isTimeName, looksLike, offsetIn, sampled, textOf, zonelessName} from "./field.js";
import type {Field, Rows} from "./field.js";
import {givenForm} from "./shape.js";
import {nearest} from "../word.js";

/** Where a row's time is: which columns hold it, found out by their names and by what stands in them. */

/** The columns that a clock takes, as the beginning of a file told. */
export interface Taken {
  readonly time: string; // the header
  readonly ofDay?: {readonly time: string; readonly way: DayTime["way"]}; // of the column beside it
}

export interface Columns {
  readonly field: Field;
  readonly ofDay?: DayTime; // where that is a bare date
}

interface Sought {
  readonly time?: string | undefined;
  readonly timeFormat?: string | undefined;
  readonly taken?: Taken | undefined;
}

/** Finds the columns, from the first rows unless `all` are to be looked at. */
export async function columnsOf(
  duck: Duck,
  rows: Rows,
  {time, timeFormat, taken}: Sought,
  all = false
): Promise<Columns> {
  if (taken) return takenIn(rows.fields, taken);
  const field = time === undefined ? await likely(duck, rows) : named(rows.fields, time);
  const ofDay = await timeOfDay(duck, rows, {date: field, timeFormat, all});
  return {field, ...(ofDay ? {ofDay} : {})};
}

export function takenOf({field, ofDay}: Columns): Taken {
  return {time: field.header, ...(ofDay ? {ofDay: {time: ofDay.field.header, way: ofDay.way}} : {})};
}

/** A part of a file that lacks a column has no time there, and none of another column. */
function takenIn(fields: readonly Field[], {time, ofDay}: Taken): Columns {
  const found = (header: string) => fields.find((field) => field.header === header) ?? named(fields, header);
  const field = found(time);
  return {field, ...(ofDay ? {ofDay: {field: found(ofDay.time), way: ofDay.way}} : {})};
}

function named(fields: readonly Field[], time: string): Field {
  const field = fields.find(({header}) => header.trim() === time);
  if (field) return field;
  const near = nearest(time, headersOf(fields));
  const other = near === undefined ? "" : `, but one "${near}"`;
  throw new Error(`it has no column "${time}"${other} (it has ${headersOf(fields).join(", ")})`);
}

function headersOf(fields: readonly Field[]): readonly string[] {
  return fields.map(({header}) => header);
}

// ---- One column among several ----

/** What a column holds. */
type Sort = "whole" | "midnight" | "date" | "number" | "other" | "day";

interface Sorted {
  readonly field: Field;
  readonly sort: Sort; // the fullest of what some of its values are
  readonly isFull: boolean; // whether each row has a date and a time of the day
}

/**
 * Full times count before bare dates, and these before small numbers, which tell elapsed time; what is called a time
 * before what is not.
 */
async function likely(duck: Duck, rows: Rows): Promise<Field> {
  const {fields} = rows;
  const isLikely = (field: Field) =>
    (isTimeName(field.header) || isTime(looksLike(field))) && looksLike(field) !== "TIME";
  const found = fields.filter(isLikely);
  const texts = found.every((field) => isNumber(looksLike(field)))
    ? fields.filter((field) => isText(field) && !found.includes(field) && looksLike(field) !== "TIME")
    : [];
  if (found.length === 0)
    throw new Error(
      `it has no column of times (it has ${headersOf(fields).join(", ")}); set time to the one that holds them`
    );
  if (found.length + texts.length === 1) return found[0]!;
  const sorted = await sortsOf(duck, rows.from, [...found, ...texts]);
  const [one] = [...sorted].sort((a, b) => rankOf(a) - rankOf(b)) as [Sorted, ...Sorted[]];
  return (sorted.find((other) => tellsBetter(other, one, fields)) ?? one).field;
}

/** Whether a column tells the times of another by a clock of which its header tells the offset: that leaves nothing open. */
function tellsBetter(one: Sorted, other: Sorted, fields: readonly Field[]): boolean {
  const offset = offsetIn(one.field.header);
  const isSame = zonelessName(one.field.header) === zonelessName(other.field.header);
  if (offset === undefined || offsetIn(other.field.header) !== undefined || !isSame) return false;
  const isWhole = ({sort}: Sorted) => sort === "whole" || sort === "midnight";
  const areDates = one.sort === "date" && other.sort === "date";
  return areDates ? ofDayAt(fields, offset) !== undefined : isWhole(one) && isWhole(other);
}

/** The column of the time of the day by such a clock. */
function ofDayAt(fields: readonly Field[], offset: number | undefined): Field | undefined {
  return offset === undefined
    ? undefined
    : fields.find(({header}) => isDayTimeName(header) && offsetIn(header) === offset);
}

function rankOf({field, sort, isFull}: Sorted): number {
  if (isTimeName(field.header)) return {whole: 0, midnight: 1, date: 1, other: 2, number: 5, day: 6}[sort];
  if (!isTime(looksLike(field)) && !isFull) return 7;
  return isFull || sort === "whole" ? 3 : 4;
}

/** Numbers below are too small for seconds since 1970: those of 1973. */
const least = 1e8;

const bare = [
  String.raw`\d{4}[-/.]\d{1,2}[-/.]\d{1,2}`,
  String.raw`\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}`,
  String.raw`(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])`,
  String.raw`\d{1,2}[- /][A-Za-z]{3,9}[- /,]+\d{2,4}`,
  String.raw`[A-Za-z]{3,9} \d{1,2},? \d{4}`
].join("|");

async function sortsOf(duck: Duck, from: string, fields: readonly Field[]): Promise<readonly Sorted[]> {
  const looked = fields.filter(({type}) => type !== "DATE");
  const aggregates = looked.map((field, index) => {
    const x = `trim(${textOf(field)})`;
    const isMidnight = `regexp_matches(${x}, '[T ]${midnight}$')`;
    const isDay = `regexp_matches(${x}, '^\\d{1,2}:\\d\\d')`;
    const number = `TRY_CAST(${x} AS DOUBLE)`;
    const isClock = `regexp_matches(${x}, '\\d:\\d\\d|\\dT\\d{4}') AND NOT ${isDay}`;
    const isWhole = `(${isClock} AND NOT ${isMidnight}) OR abs(${number}) >= ${least}`;
    const isFull = `regexp_matches(${x}, '^\\d+[-/.]\\d+[-/.]\\d+[T ]+\\d{1,2}:\\d\\d')`;
    const isDate = `regexp_full_match(${x}, '${bare}')`;
    const isNumber = `${number} IS NOT NULL`;
    const some = {whole: isWhole, midnight: isMidnight, date: isDate, day: isDay, number: isNumber};
    const sort = Object.entries(some).map(([name, is]) => `WHEN bool_or(${is}) THEN '${name}'`);
    return `CASE ${sort.join(" ")} ELSE 'other' END AS sort${index}, coalesce(bool_and(coalesce(${isFull}, false)), false) AS full${index}`;
  });
  const columns = looked.map(({sql}) => sql).join(", ");
  const [row] =
    looked.length === 0
      ? []
      : await duck.rows(`SELECT ${aggregates.join(", ")} FROM (SELECT ${columns} FROM ${from} LIMIT ${sampled})`);
  return fields.map((field) => {
    const at = looked.indexOf(field);
    if (at < 0) return {field, sort: "date", isFull: false};
    return {field, sort: row![`sort${at}`] as Sort, isFull: row![`full${at}`] === true};
  });
}

// ---- The time of the day, in a column of its own ----

interface Dated {
  readonly date: Field;
  readonly timeFormat: string | undefined;
  readonly all: boolean;
}

async function timeOfDay(duck: Duck, rows: Rows, {date, timeFormat, all}: Dated): Promise<DayTime | undefined> {
  const others = rows.fields.filter((field) => field !== date);
  const told = ofDayAt(others, offsetIn(date.header)) ?? others.find(({header}) => isDayTimeName(header));
  const field = told ?? others.find((one) => mayTell(one) && !isSpanName(one.header));
  if (!field || !(await isBare(duck, rows.from, date)) || (await holdsDates(duck, rows.from, field))) return undefined;
  refuseMinutes(field, others);
  const way = await wayOf(duck, rows.from, {field, all});
  if (!told && way !== "marked") return undefined; // a reading, for all that its name says
  if (timeFormat === undefined) return {field, way: way ?? "marked"};
  return (await fits(duck, rows.from, {date, timeFormat})) ? undefined : {field, way: "marked"};
}

function mayTell(field: Field): boolean {
  return looksLike(field) === "TIME" || /^\W*time(?![a-z])/i.test(field.header);
}

/** Whether a column holds dates without a time of the day, or is said to and tells no other than midnight. */
async function isBare(duck: Duck, from: string, field: Field): Promise<boolean> {
  if (!isText(field) && !isNumber(field.type) && !isTime(field.type)) return false;
  const [{sort}] = (await sortsOf(duck, from, [field])) as [Sorted];
  return sort === "date" || (isDateName(field.header) && sort !== "whole");
}

async function holdsDates(duck: Duck, from: string, field: Field): Promise<boolean> {
  const [{sort}] = (await sortsOf(duck, from, [field])) as [Sorted];
  return sort === "date" || sort === "midnight" || sort === "whole";
}

/** Whether a format is of the dates alone. */
async function fits(
  duck: Duck,
  from: string,
  {date, timeFormat}: {readonly date: Field; readonly timeFormat: string}
): Promise<boolean> {
  const first = `(SELECT ${textOf(date)} AS x FROM ${from} LIMIT ${sampled})`;
  const [row] = await duck.rows(`SELECT count(${givenForm(timeFormat).sql("x")}) > 0 AS fits FROM ${first}`);
  return row!.fits === true;
}

function refuseMinutes({header}: Field, others: readonly Field[]): void {
  const minutes = /^\W*hour/i.test(header) && others.find((field) => /^\W*(minutes?|mm)\W*$/i.test(field.header));
  if (!minutes) return;
  const both = `"${header}" and "${minutes.header}"`;
  throw new Error(`its columns ${both} tell the time of the day together; write it into one, as in 09:30`);
}
