import {stat} from "node:fs/promises";
import {identifier} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {isPondError} from "../../pond/error.js";
import type {Range, Transaction} from "../../pond/types.js";
import {clockOf} from "../time/clock.js";
import type {Clock, Field} from "../time/clock.js";
import {columnsOf} from "./fresh.js";
import type {Target} from "./fresh.js";
import {finite} from "./host.js";
import type {TableColumn} from "./host.js";
import {longForm} from "./long.js";
import {portionBytes, portionsOf, Uneven} from "./portions.js";
import type {How, Lines, Settled, Source} from "./source.js";
import {namedIn} from "./table.js";

/**
 * A large CSV as loggers write it: numbers and nothing else beside times in UTC, which rise from row to row and are all
 * new. It is stored as DuckDB reads it, in one pass, where any other is read twice. What is found not to be so on the
 * way is taken back, and the file is read as any other.
 */
interface Plain {
  readonly lines: Lines;
  readonly clock: Clock;
  readonly values: readonly Field[];
  readonly columns: readonly TableColumn[]; // of the values
  readonly settled?: Settled;
}

/** A smaller file is read at once in any way. */
const fewBytes = 2 ** 20;

/** What a file is, by its first rows, where it may be plain. */
export async function plainOf(
  duck: Duck,
  {lines, settled, fields, ...source}: Source,
  {how, bytes = portionBytes}: {readonly how: How; readonly bytes?: number}
): Promise<Plain | undefined> {
  if (!lines || how.after || longForm(fields, how)) return undefined;
  if ((await stat(lines.path)).size < Math.min(fewBytes, bytes)) return undefined;
  const clock = await clockOf(duck, {...source, fields}, how);
  const values = fields.filter((field) => !clock.fields.includes(field));
  const columns = values.map(({header}) => header).map(namedIn(values.map(({header}) => header)));
  const names = new Set(columns.map(({name}) => name.toLowerCase()));
  const isUtc = clock.kind === "instant" || (clock.kind === "local" && how.timeZone === "UTC");
  const isPlain = values.length > 0 && names.size === values.length && values.every(({type}) => type === "DOUBLE");
  if (!isUtc || !isPlain) return undefined;
  const {monthFirst} = clock;
  const told = settled && {...settled, ...(monthFirst === undefined ? {} : {monthFirst})};
  return {lines, clock, values, columns, ...(told ? {settled: told} : {})};
}

interface Storing {
  readonly path: string; // of the series
  readonly range: Required<Range>; // of clocks that were set
  readonly scratch: string; // an existing host directory
  readonly bytes?: number; // of a portion
}

/** Stores all rows and gives their number; undefined, and nothing is stored, where one of them is not plain. */
export async function storePlain(
  target: Target & Pick<Transaction, "attempt">,
  plain: Plain,
  {path, range, scratch, bytes = portionBytes}: Storing
): Promise<number | undefined> {
  const {reader, append} = target;
  const {columns, names} = await columnsOf(reader, path, plain);
  const pieces = (await reader.exists(path)) ? await (await reader.series(path)).pieces({}) : [];
  const begin = pieces.reduce((latest, {maxTime}) => Math.max(latest, maxTime + 1), range.begin);
  const select = rowsOf(plain, names, {begin, end: range.end});
  const sql = async function* () {
    const kin = async () => 1; // the last row, though that is of no other's time
    for await (const file of portionsOf(plain.lines, {scratch, bytes, kin})) yield select(plain.lines.of(file));
  };
  return target
    .attempt(() => append(path, {sql: sql(), columns, sorted: true}))
    .catch((error: unknown) => {
      if (isUneven(error)) return undefined;
      throw error;
    });
}

/** What is in the way of rows that are stored as they come, wherever it shows. */
function isUneven(error: unknown): boolean {
  if (error instanceof Uneven || isPondError(error, "BAD_CONTENT")) return true;
  return error instanceof Error && /^(Conversion Error|Invalid Input Error)/.test(error.message);
}

type Names = Awaited<ReturnType<typeof columnsOf>>["names"];

/** The SELECT of a portion, which fails for a row without a time in the range or without a value. */
function rowsOf({clock, values}: Plain, names: Names, {begin, end}: Required<Range>): (from: string) => string {
  const spelled = names.map(({name}) => identifier(name));
  const numbers = values.map(({sql}, index) => `${finite(sql)} AS ${spelled[index]!}`);
  const isTimed = `timestamp >= make_timestamptz(${begin}) AND timestamp < make_timestamptz(${end})`;
  const isPlain = `coalesce(${isTimed}, false) AND (${spelled.map((name) => `${name} IS NOT NULL`).join(" OR ")})`;
  return (from) =>
    `SELECT * FROM (SELECT make_timestamptz(epoch_us(${clock.sql})) AS timestamp, ${numbers.join(", ")} FROM ${from})
     WHERE CASE WHEN ${isPlain} THEN true ELSE error('a row is not plain') END`;
}
