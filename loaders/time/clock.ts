import type {Duck} from "../../pond/duck.js";
import {formOf, givenForm, isEpochUnit, micros, NoTime, unitOf} from "./shape.js";
import type {EpochUnit, Order, Shape, TimeForm} from "./shape.js";
import {nearest} from "../word.js";

/** A column of a file of the host. */
export interface Field {
  readonly header: string; // as the file names it
  readonly type: string; // as DuckDB does
  readonly hint?: string; // the type that its text looks like
  readonly sql: string; // the column that holds it
  readonly remark?: string; // what is to be said of its name, where it has values
}

/** Where a row's time is. */
export interface Clock {
  readonly fields: readonly Field[]; // it takes these
  readonly kind: TimeForm["kind"]; // what the SQL gives: UTC, wall clock, or each where `zoned` says so
  readonly sql: string; // TIMESTAMP, NULL where a row has no time
  readonly zoned?: string; // BOOLEAN
  readonly told: Order; // what later parts of the file are read by
  readonly text?: string; // what is there instead of a time, else NULL; none for times that cannot but be read
  readonly stored?: Stored; // how a column of a Parquet file holds UTC, where that tells how to skip parts of it
}

/** A column that grows with UTC: a type of timestamps, or whole numbers since 1970. */
export type Stored = {readonly sql: string} & ({readonly type: string} | {readonly unit: EpochUnit});

/** What a clock is looked for in, and how. */
interface Rows {
  readonly from: string; // in FROM position
  readonly fields: readonly Field[];
}

export interface Wanted {
  readonly time?: string; // the column's header; found by its name or type unless given
  readonly timeFormat?: string; // a unit since 1970, or as strptime has it; found out unless given
  readonly timeZone: string; // of times without an offset
  readonly settled?: Order; // what the beginning of the file told
}

/** How many rows tell how times are written; those that are found to be written otherwise make all be looked at. */
const sampled = 20_000;

/**
 * Finds the time of the rows of a file, from the first of them unless `all` are to be looked at. Throws what is wrong,
 * in words that follow the file's name, when there is none.
 */
export async function clockOf(duck: Duck, rows: Rows, wanted: Wanted, all = false): Promise<Clock> {
  return asHeaded(await foundIn(duck, rows, wanted, all));
}

/** A header that tells the clock's offset, as in `Date Time, GMT-08:00`, counts before the zone of the resource. */
function asHeaded(clock: Clock): Clock {
  const [field] = clock.fields;
  const minutes = clock.fields.map(({header}) => offsetIn(header)).find((found) => found !== undefined);
  const isWall = clock.kind === "local" || (isTime(field!.type) && field!.type !== "TIMESTAMP WITH TIME ZONE");
  if (minutes === undefined || !isWall) return clock;
  const {stored: _, ...rest} = clock;
  return {...rest, kind: "instant", sql: minutes === 0 ? clock.sql : `(${clock.sql} - to_minutes(${minutes}))`};
}

/** Minutes east of UTC. */
function offsetIn(header: string): number | undefined {
  const words = header.replaceAll("_", " ");
  if (/^\W*(UTC|GMT) ?(date|time)/i.test(words)) return 0;
  const [found, sign, hours, minutes = "0"] =
    /(?:\b|(?<=date|time|stamp))(?:GMT|UTC)(?: ?([-+])(\d{1,2})(?::?(\d\d))?)?\W*$/i.exec(words) ?? [];
  if (found === undefined) return undefined;
  return sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
}

async function foundIn(duck: Duck, rows: Rows, wanted: Wanted, all: boolean): Promise<Clock> {
  const {time, timeFormat} = wanted;
  const field = time === undefined ? likely(rows.fields) : rows.fields.find(({header}) => header.trim() === time);
  if (!field) throw new Error(absent(rows.fields, time));
  const {type, sql} = field;
  const isLocal = type !== "TIMESTAMP WITH TIME ZONE" && wanted.timeZone !== "UTC";
  const ofDay = await timeOfDay(duck, rows, field);
  if (ofDay && isTime(type) && !isText(ofDay))
    return {fields: [field, ofDay], kind: isLocal ? "local" : "instant", sql: `(${sql} + ${ofDay.sql})`, told: {}};
  if (isTime(type)) {
    const stored = isLocal ? undefined : {sql, type};
    return {
      fields: [field],
      kind: isLocal ? "local" : "instant",
      sql: finite(`CAST(${sql} AS TIMESTAMP)`),
      told: {},
      stored
    };
  }
  if (isNumber(type) && (timeFormat === undefined || isEpochUnit(timeFormat)))
    return numbered(duck, rows, field, timeFormat);
  if (!isText(field) && !isNumber(type)) throw new Error(`its column "${field.header}" holds no times (${type})`);
  const text = ofDay ? `nullif(trim(concat_ws(' ', ${sql}, ${ofDay.sql})), '')` : `CAST(${sql} AS VARCHAR)`;
  const form =
    timeFormat === undefined
      ? await written(duck, rows, {field, fields: ofDay ? [field, ofDay] : [field], text, before: wanted.settled}, all)
      : givenForm(timeFormat);
  return {...clockFrom(form, text), fields: ofDay ? [field, ofDay] : [field]};
}

/** What is wrong with a row whose text is no time. */
export function unreadableTime({fields: [field]}: Clock, text: string, row: number): Error {
  const cause = new NoTime({text, row});
  return new Error(`its column "${field!.header}" ${cause.message}`, {cause});
}

function clockFrom(form: TimeForm, text: string): Omit<Clock, "fields"> {
  const sql = form.sql(text);
  const bad = `CASE WHEN (${sql}) IS NULL AND trim(${text}) <> '' THEN ${text} END`;
  const {monthFirst, yearFirst} = form;
  const told = {...(monthFirst === undefined ? {} : {monthFirst}), ...(yearFirst ? {yearFirst} : {})};
  return {kind: form.kind, sql, text: bad, told, ...(form.zoned ? {zoned: form.zoned(text)} : {})};
}

/** Of the columns that are called so, one that holds times before one that may; else the first that holds times. */
function likely(fields: readonly Field[]): Field | undefined {
  const called = fields.filter(({header, hint}) => isTimeName(header) && hint !== "TIME");
  return called.find(looksTimed) ?? called[0] ?? fields.find(looksTimed);
}

/** Whether a column of this name is likely to hold times. */
export function isTimeName(header: string): boolean {
  return /^\W*(timestamp|date[ _]?time|time|date)(?:utc|gmt)?(?![a-z])/i.test(header);
}

function looksTimed({type, hint}: Field): boolean {
  return isTime(hint ?? type);
}

function absent(fields: readonly Field[], time: string | undefined): string {
  const headers = fields.map(({header}) => header);
  if (time === undefined)
    return `it has no column of times (it has ${headers.join(", ")}); set time to the one that holds them`;
  const near = nearest(time, headers);
  return `it has no column "${time}"${near === undefined ? "" : `, but one "${near}"`} (it has ${headers.join(", ")})`;
}

/** The time of the day, where it stands in a column of its own beside the date. */
async function timeOfDay(duck: Duck, {from, fields}: Rows, date: Field): Promise<Field | undefined> {
  const isDate = (date.hint ?? date.type) === "DATE" || (isText(date) && /^\W*date(?![a-z])/i.test(date.header));
  if (!isDate) return undefined;
  const isTimed = ({header, hint, type}: Field) => (hint ?? type) === "TIME" || /^\W*time(?![a-z])/i.test(header);
  const beside = fields.find((field) => field !== date && isTimed(field));
  if (!beside || !isText(date)) return beside;
  const first = `(SELECT ${date.sql} AS d, CAST(${beside.sql} AS VARCHAR) AS t FROM ${from} LIMIT ${sampled})`;
  const [row] = await duck.rows(
    `SELECT bool_or(contains(d, ':')) AS whole, bool_and(regexp_matches(t, '^\\s*\\d{1,2}:\\d\\d')) AS timed FROM ${first}`
  );
  return row!.whole === false && row!.timed === true ? beside : undefined;
}

/** Numbers since 1970 may be seconds, milliseconds, microseconds or nanoseconds: their size tells. */
async function numbered(duck: Duck, rows: Rows, field: Field, format: EpochUnit | undefined): Promise<Clock> {
  const {sql, type, header} = field;
  const [row] = await duck.rows(
    `SELECT max(abs(${sql}))::DOUBLE AS size, first(${sql})::VARCHAR AS text FROM ${rows.from} WHERE isfinite(${sql}::DOUBLE)`
  );
  const [size, text] = [Number(row?.size ?? 0), (row?.text ?? "") as string];
  const shape = {shape: text.replace(/\d/g, "9"), text, row: 1, parts: [], size};
  if (format === undefined && text !== "") within(header, () => formOf([shape])); // whether it is a date, written together
  const unit = format ?? unitOf(size);
  const stored = type.includes("INT") ? {sql, unit} : undefined;
  return {fields: [field], kind: "instant", sql: `make_timestamp(${micros(sql, unit)})`, told: {}, stored};
}

interface Text {
  readonly field: Field;
  readonly fields: readonly Field[]; // that one, and one beside it for the time of the day
  readonly text: string; // SQL
  readonly before: Order | undefined;
}

/** What stands in the header where rows have their time. */
export function headingOf(fields: readonly Field[]): string {
  return fields.map(({header}) => header.trim()).join(" ");
}

/** Without what is the header's: the header itself, and words that come before all that may be times. */
function ofRows(shapes: readonly Shape[], heading: string): readonly Shape[] {
  const first = Math.min(...shapes.filter(({shape}) => shape.includes("9")).map(({row}) => row));
  return shapes.filter(({shape, text, row}) => shape.includes("9") || (row > first && text.trim() !== heading));
}

async function written(duck: Duck, {from}: Rows, {field, fields, text, before}: Text, all: boolean): Promise<TimeForm> {
  const heading = headingOf(fields);
  const few = all ? [] : ofRows(await shapesOf(duck, `${from} LIMIT ${sampled}`, text), heading);
  if (few.length > 0) {
    try {
      return unpadded(formOf(few, before), few);
    } catch (error) {
      if (!(error instanceof Error)) throw error; // the rest of the file may tell what these rows leave open
    }
  }
  const every = await shapesOf(duck, from, text);
  const shapes = ofRows(every, heading);
  return unpadded(
    within(field.header, () => formOf(shapes.length > 0 ? shapes : every, before)),
    every
  );
}

async function shapesOf(duck: Duck, from: string, text: string): Promise<readonly Shape[]> {
  const number = (before: string) =>
    `CASE WHEN NOT starts_with(shape, '9999') THEN TRY_CAST(regexp_extract(x, '^\\D*${before}(\\d+)', 1) AS DOUBLE) END`; // where years come first, a regular expression would cost more than the reading
  const part = (before: string) =>
    `{least: coalesce(min(${number(before)}), 0), most: coalesce(max(${number(before)}), 0)}`;
  const parts = ["", "\\d+\\D+", "\\d+\\D+\\d+\\D+"].map(part).join(", ");
  const rows = await duck.rows(
    `SELECT shape, arg_min(x, row) AS text, min(row)::DOUBLE AS row, bool_or(starts_with(x, ' ') OR suffix(x, ' ')) AS "isPadded",
       max(abs(TRY_CAST(x AS DOUBLE))) AS size, to_json([${parts}])::VARCHAR AS parts
     FROM (SELECT x, row, translate(trim(x), '012345678', '999999999') AS shape FROM
       (SELECT ${text} AS x, row_number() OVER () AS row FROM ${from})) WHERE shape <> '' GROUP BY shape`
  );
  return rows.map((row) => ({...(row as unknown as Shape), parts: JSON.parse(row.parts as string) as Shape["parts"]}));
}

/** Blanks around times are taken off where there are some: DuckDB's cast takes none behind a date. */
function unpadded(form: TimeForm, shapes: readonly Shape[]): TimeForm {
  const {sql, zoned} = form;
  if (!shapes.some(({isPadded}) => isPadded)) return form;
  const trimmed = zoned ? {zoned: (text: string) => zoned(`trim(${text})`)} : {};
  return {...form, ...trimmed, sql: (text) => sql(`trim(${text})`)};
}

function within<T>(header: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`its column "${header}" ${(error as Error).message}`, {cause: error});
  }
}

function finite(sql: string): string {
  return `(CASE WHEN isfinite(${sql}) THEN ${sql} END)`;
}

export function isText({type}: Field): boolean {
  return type === "VARCHAR";
}

export function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$/.test(type);
}

export function isTime(type: string): boolean {
  return type.startsWith("TIMESTAMP") || type === "DATE";
}
