import {stat} from "node:fs/promises";
import {join} from "node:path";
import {identifier} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {isPondError} from "../../pond/error.js";
import type {Range, Transaction} from "../../pond/types.js";
import {clockOf} from "../time/clock.js";
import type {Clock} from "../time/clock.js";
import {isText, sampled} from "../time/field.js";
import type {Field} from "../time/field.js";
import {columnsOf} from "./fresh.js";
import type {Target} from "./fresh.js";
import {finite} from "./host.js";
import type {Note} from "./host.js";
import {longForm} from "./long.js";
import {pivotedOf} from "./pivoted.js";
import {portionBytes, portionsOf, Uneven} from "./portions.js";
import type {Into, Shape} from "./portions.js";
import {tellsWhom} from "./scope.js";
import type {How, Lines, Settled, Source} from "./source.js";
import {namedIn} from "./table.js";
import {passed, passingOf} from "./text.js";
import type {Passing} from "./text.js";

/**
 * A large CSV as loggers write it: numbers and nothing else beside times in UTC, no two of one column and time, and all
 * new. It is stored as DuckDB reads it, in one pass, where any other is read twice. What is found not to be so on the
 * way is taken back, and the file is read as any other.
 */
export interface Plain extends Shape {
  readonly lines: Lines;
  readonly settled?: Settled;
}

/** A smaller file is read at once in any way. */
const fewBytes = 2 ** 20;

/** What a file is, by its first rows, where it may be plain. */
export async function plainOf(
  duck: Duck,
  source: Source,
  {how, bytes = portionBytes}: {readonly how: How; readonly bytes?: number}
): Promise<Plain | undefined> {
  const {lines, settled, fields} = source;
  if (!lines || lines.isWhole || how.after || (await stat(lines.path)).size < Math.min(fewBytes, bytes))
    return undefined;
  const clock = await clockOf(duck, source, how);
  const isUtc = clock.kind === "instant" || (clock.kind === "local" && how.timeZone === "UTC");
  if (!isUtc) return undefined;
  const long = longForm(fields, how);
  const shape = long ? await pivotedOf(duck, {source, clock, long}) : await wideOf(duck, {source, clock});
  if (!shape) return undefined;
  const told = settled && {...settled, ...clock.told};
  return {lines, ...shape, ...(told ? {settled: told} : {})};
}

// ---- A column per parameter ----

interface Wide {
  readonly source: Source;
  readonly clock: Clock;
}

async function wideOf(duck: Duck, {source, clock}: Wide): Promise<Shape | undefined> {
  const beside = source.fields.filter((field) => !clock.fields.includes(field));
  const texts = await textsOf(duck, source, beside.filter(isText));
  const isPlain = beside.every((field) => isText(field) || (field.type === "DOUBLE" && !tellsWhom(field)));
  if (!isPlain || !texts) return undefined;
  const named = namedIn(beside);
  const values = beside.flatMap((field) => valueOf(field, texts));
  const columns = values.map(({field}) => named(field));
  const names = new Set(columns.map(({name}) => name.toLowerCase()));
  if (values.length === 0 || names.size < values.length) return undefined;
  const {falls, again} = await orderOf(duck, source.from, clock);
  if (again > 0) return undefined;
  return {
    columns,
    remarks: values.flatMap(({field}) => field.remark ?? []),
    texts,
    isRising: falls === 0,
    kin: async () => 1, // the last row, though that is of no other's time
    portion: async (from, into) => ({sql: rowsOf({clock, values, texts}, from, into)})
  };
}

async function textsOf(
  duck: Duck,
  {from, decimal}: Source,
  fields: readonly Field[]
): Promise<readonly Passing[] | undefined> {
  if (fields.length > 0 && decimal !== ".") return undefined;
  const texts = await Promise.all(fields.map((field) => passingOf(duck, from, field)));
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

interface Value {
  readonly field: Field;
  readonly sql: string; // DOUBLE or NULL
}

/** None of a column of text that is left out. */
function valueOf(field: Field, texts: readonly Passing[]): readonly Value[] {
  if (!isText(field)) return [{field, sql: finite(field.sql)}];
  const {number} = texts.find((text) => text.field === field)!;
  return number === undefined ? [] : [{field, sql: number}];
}

/** How many of the first rows are of a time that is not after the one before, and of one that was there before. */
async function orderOf(duck: Duck, from: string, {sql}: Clock): Promise<Readonly<Record<"falls" | "again", number>>> {
  const [row] = await duck.rows(
    `SELECT count(*) FILTER (t <= before)::DOUBLE AS falls, (count(t) - count(DISTINCT t))::DOUBLE AS again FROM
       (SELECT t, lag(t) OVER () AS before FROM (SELECT ${sql} AS t FROM ${from} LIMIT ${sampled}))`
  );
  return {falls: Number(row!.falls), again: Number(row!.again)};
}

interface Written {
  readonly clock: Clock;
  readonly values: readonly Value[];
  readonly texts: readonly Passing[];
}

/** The rows of a portion; it fails for one without a time in the range or a value, or with texts unlike the first. */
function rowsOf({clock, values, texts}: Written, from: string, {names, range: {begin, end}}: Into): string {
  const spelled = names.map(identifier);
  const numbers = values.map(({sql}, index) => `${sql} AS ${spelled[index]!}`);
  const like = texts.map(({isLike}) => isLike).join(" AND ");
  const alike =
    like === ""
      ? from
      : `(SELECT * FROM ${from} WHERE CASE WHEN ${like} THEN true ELSE error('a text is not plain') END)`;
  const isTimed = `timestamp >= make_timestamptz(${begin}) AND timestamp < make_timestamptz(${end})`;
  const isPlain = `coalesce(${isTimed}, false) AND (${spelled.map((name) => `${name} IS NOT NULL`).join(" OR ")})`;
  return `SELECT * FROM (SELECT make_timestamptz(epoch_us(${clock.sql})) AS timestamp, ${numbers.join(", ")} FROM ${alike})
    WHERE CASE WHEN ${isPlain} THEN true ELSE error('a row is not plain') END`;
}

// ---- In one pass ----

interface Storing {
  readonly path: string; // of the series
  readonly range: Required<Range>; // of clocks that were set
  readonly scratch: string; // an existing host directory
  readonly bytes?: number; // of a portion
}

/** What was stored of a plain file. */
export interface Passed {
  readonly read: number; // rows
  readonly stored: number; // times
  readonly notes: readonly Note[];
}

/** Stores all rows; undefined, and nothing is stored, where one of them is not plain. */
export async function storePlain(
  duck: Duck,
  target: Target & Pick<Transaction, "attempt">,
  plain: Plain,
  storing: Storing
): Promise<Passed | undefined> {
  for (const sorted of plain.isRising ? [true, false] : [false])
    try {
      return await target.attempt(async () => {
        const {result, notes} = await passed(duck, plain.texts, () => pass(target, plain, {...storing, sorted}));
        return {...result, notes: [...plain.remarks, ...notes]};
      });
    } catch (error) {
      if (!isUneven(error)) throw error;
      if (!isOutOfOrder(error)) break;
    }
  return undefined;
}

async function pass(
  {reader, append}: Target,
  plain: Plain,
  {path, range, scratch, bytes = portionBytes, sorted}: Storing & {readonly sorted: boolean}
): Promise<Omit<Passed, "notes">> {
  const {lines, kin} = plain;
  const {columns, names} = await columnsOf(reader, path, plain);
  const pieces = (await reader.exists(path)) ? await (await reader.series(path)).pieces({}) : [];
  const begin = pieces.reduce((latest, {maxTime}) => Math.max(latest, maxTime + 1), range.begin);
  const into = {names: names.map(({name}) => name), range: {begin, end: range.end}};
  let [number, more] = [0, 0];
  const sql = async function* () {
    for await (const portion of portionsOf(lines, {scratch, bytes, kin})) {
      const file = join(scratch, `between${number++ % 2}.parquet`);
      const {sql, rows} = await plain.portion(lines.of(portion), {...into, file});
      more += rows ?? 0;
      yield sql;
    }
  };
  const stored = await append(path, {sql: sql(), columns, sorted});
  return {read: Math.max(stored, more), stored};
}

/** What is in the way of rows that are stored as they come, wherever it shows. */
function isUneven(error: unknown): boolean {
  if (error instanceof Uneven || isPondError(error, "BAD_CONTENT")) return true;
  return error instanceof Error && /^(Conversion Error|Invalid Input Error)/.test(error.message);
}

function isOutOfOrder(error: unknown): boolean {
  return isPondError(error) && error.data.misplacement === "out of order";
}
