import type {Duck} from "../../pond/duck.js";
import {columnsOf, takenOf} from "./column.js";
import type {Columns, Taken} from "./column.js";
import {dateText, joinedText, markedText} from "./daytime.js";
import {isNumber, isText, isTime, offsetIn, sampled, textOf} from "./field.js";
import type {Field, Rows} from "./field.js";
import {formOf, givenForm, isEpochUnit, micros, NoTime, unitOf} from "./shape.js";
import type {EpochUnit, Order, Shape, TimeForm} from "./shape.js";

/** Where a row's time is. */
export interface Clock {
  readonly fields: readonly Field[]; // it takes these
  readonly kind: TimeForm["kind"]; // what the SQL gives: UTC, wall clock, or each where `zoned` says so
  readonly sql: string; // TIMESTAMP, NULL where a row has no time
  readonly zoned?: string; // BOOLEAN
  readonly told: Told; // what later parts of the file are read by
  readonly format?: string; // where the resource tells it
  readonly text?: string; // what is there instead of a time, else NULL; none for times that cannot but be read
  readonly stored?: Stored; // how a column of a Parquet file holds UTC, where that tells how to skip parts of it
}

/** A column that grows with UTC: a type of timestamps, or whole numbers since 1970. */
export type Stored = {readonly sql: string} & ({readonly type: string} | {readonly unit: EpochUnit});

/** What the beginning of a file told of its times. */
export interface Told extends Order {
  readonly taken?: Taken; // the columns; none of what was kept before they were
}

export interface Wanted {
  readonly time?: string; // the column's header; found by its name or type unless given
  readonly timeFormat?: string; // a unit since 1970, or as strptime has it; found out unless given
  readonly timeZone: string; // of times without an offset
  readonly settled?: Told; // what the beginning of the file told
}

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

async function foundIn(duck: Duck, rows: Rows, wanted: Wanted, all: boolean): Promise<Clock> {
  const {time, timeFormat, settled = {}} = wanted;
  const columns = await columnsOf(duck, rows, {time, timeFormat, taken: settled.taken}, all);
  const clock = withInstants(await clockIn(duck, rows, {columns, wanted, all}));
  return {...clock, told: {...clock.told, taken: takenOf(columns)}};
}

/** The instant that a row tells beside its time counts before that. */
function withInstants(clock: Clock): Clock {
  const {instant} = clock.fields[0]!;
  if (instant === undefined) return clock;
  const told = `TRY_CAST(${instant} AS TIMESTAMP)`;
  const sql = `coalesce(${told}, ${clock.sql})`;
  if (clock.kind === "instant") return {...clock, sql};
  return {...clock, kind: "mixed", sql, zoned: `(${told} IS NOT NULL OR ${clock.zoned ?? "false"})`};
}

interface Held {
  readonly columns: Columns;
  readonly wanted: Wanted;
  readonly all: boolean;
}

async function clockIn(duck: Duck, rows: Rows, {columns, wanted, all}: Held): Promise<Clock> {
  const {field, ofDay} = columns;
  const {type, sql} = field;
  const {timeFormat, timeZone} = wanted;
  const isLocal = type !== "TIMESTAMP WITH TIME ZONE" && timeZone !== "UTC";
  const kind = isLocal ? "local" : "instant";
  if (ofDay && type === "DATE" && ofDay.field.type === "TIME")
    return {fields: [field, ofDay.field], kind, sql: `(${sql} + ${ofDay.field.sql})`, told: {}};
  if (!ofDay && isTime(type)) {
    const stored = isLocal ? undefined : {sql, type};
    return {fields: [field], kind, sql: finite(`CAST(${sql} AS TIMESTAMP)`), told: {}, stored};
  }
  if (!ofDay && isNumber(type) && (timeFormat === undefined || isEpochUnit(timeFormat)))
    return numbered(duck, rows, field, timeFormat);
  if (!isText(field) && !isNumber(type) && !isTime(type))
    throw new Error(`its column "${field.header}" holds no times (${type})`);
  const raw = ofDay ? joinedText(textOf(field), textOf(ofDay.field)) : `CAST(${sql} AS VARCHAR)`;
  const fields = ofDay ? [field, ofDay.field] : [field];
  if (timeFormat !== undefined) return {...clockFrom(givenForm(timeFormat), raw), fields, format: timeFormat};
  const text = ofDay ? joinedText(dateText(field), markedText(ofDay)) : raw;
  return {...clockFrom(await written(duck, rows, {fields, text, before: wanted.settled}, all), text, raw), fields};
}

/** What is wrong with a row whose text is no time. */
export function unreadableTime({fields, format}: Clock, text: string, row: number): Error {
  return wrongIn(fields, new NoTime({text, row}, format));
}

/** What is wrong with a column, or with a date and the time of the day beside it and what is to be done about that. */
function wrongIn(fields: readonly Field[], cause: Error): Error {
  const [field, ofDay] = fields as [Field, Field?];
  if (!ofDay) return new Error(`its column "${field.header}" ${cause.message}`, {cause});
  const both = `its columns "${field.header}" and "${ofDay.header}" ${cause.message.replace("holds", "hold")}`;
  const help =
    'set timeFormat to how both are written with a blank between, such as "%Y-%m-%d %H%M", or to that of the dates, which then count alone';
  return new Error(cause instanceof NoTime ? `${both}; ${help}` : both, {cause});
}

function clockFrom(form: TimeForm, text: string, raw = text): Omit<Clock, "fields"> {
  const sql = form.sql(text);
  const bad = `CASE WHEN (${sql}) IS NULL AND trim(${raw}) <> '' THEN ${raw} END`;
  const {monthFirst, yearFirst} = form;
  const told = {...(monthFirst === undefined ? {} : {monthFirst}), ...(yearFirst ? {yearFirst} : {})};
  return {kind: form.kind, sql, text: bad, told, ...(form.zoned ? {zoned: form.zoned(text)} : {})};
}

/** Numbers since 1970 may be seconds, milliseconds, microseconds or nanoseconds: their size tells. */
async function numbered(duck: Duck, rows: Rows, field: Field, format: EpochUnit | undefined): Promise<Clock> {
  const {sql, type} = field;
  const [row] = await duck.rows(
    `SELECT max(abs(${sql}))::DOUBLE AS size, first(${sql})::VARCHAR AS text FROM ${rows.from} WHERE isfinite(${sql}::DOUBLE)`
  );
  const [size, text] = [Number(row?.size ?? 0), (row?.text ?? "") as string];
  const shape = {shape: text.replace(/\d/g, "9"), text, row: 1, parts: [], size};
  if (format === undefined && text !== "") within([field], () => formOf([shape])); // whether it is a date, written together
  const unit = format ?? unitOf(size);
  const stored = type.includes("INT") ? {sql, unit} : undefined;
  return {fields: [field], kind: "instant", sql: `make_timestamp(${micros(sql, unit)})`, told: {}, stored};
}

interface Text {
  readonly fields: readonly Field[]; // the column, and one beside it for the time of the day
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

async function written(duck: Duck, {from}: Rows, {fields, text, before}: Text, all: boolean): Promise<TimeForm> {
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
    within(fields, () => formOf(shapes.length > 0 ? shapes : every, before)),
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

function within<T>(fields: readonly Field[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw wrongIn(fields, error as Error);
  }
}

function finite(sql: string): string {
  return `(CASE WHEN isfinite(${sql}) THEN ${sql} END)`;
}
