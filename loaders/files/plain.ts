import {open, rm, stat} from "node:fs/promises";
import {join} from "node:path";
import {identifier} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {isPondError} from "../../pond/error.js";
import type {Range, Transaction} from "../../pond/types.js";
import {clockOf} from "../time/clock.js";
import type {Clock, Field} from "../time/clock.js";
import {endOfLines} from "./content.js";
import {columnsOf} from "./fresh.js";
import type {Target} from "./fresh.js";
import {finite} from "./host.js";
import {longForm} from "./long.js";
import type {How, Settled, Source} from "./source.js";
import {named} from "./table.js";

/**
 * A large CSV as loggers write it: numbers and nothing else beside times in UTC, which rise from row to row and are all
 * new. It is stored as DuckDB reads it, in one pass, and no more of it than two portions is ever on the disk again:
 * writing all of it as Parquet in between takes as long as DuckDB's COPY does in all. What is found not to be so on the
 * way is taken back, and the file is read as any other.
 */
interface Plain {
  readonly path: string; // on the host
  readonly source: Source;
  readonly settled: Settled;
  readonly clock: Clock;
  readonly values: readonly Field[];
}

/** A smaller file is read at once in any way. */
const fewBytes = 2 ** 20;

/** What is cut out of a file at a time: some hundred thousand rows. */
const portionBytes = 64 * 2 ** 20;

/** What a file is, by its first rows, where it may be plain. */
export async function plainOf(duck: Duck, path: string, source: Source, how: How): Promise<Plain | undefined> {
  const {settled, fields} = source;
  if (!settled || !source.of || longForm(fields, how) || (await stat(path)).size < fewBytes) return undefined;
  const clock = await clockOf(duck, source, how);
  const values = fields.filter((field) => !clock.fields.includes(field));
  const names = new Set(values.map(({header}) => named(header).name.toLowerCase()));
  const isUtc = clock.kind === "instant" || how.timeZone === "UTC";
  const isPlain = values.length > 0 && names.size === values.length && values.every(({type}) => type === "DOUBLE");
  const {monthFirst} = clock;
  const told = {...settled, ...(monthFirst === undefined ? {} : {monthFirst})};
  return isUtc && isPlain ? {path, source, settled: told, clock, values} : undefined;
}

interface Cutting {
  readonly scratch: string; // an existing host directory
  readonly bytes?: number; // of a portion
}

interface Storing extends Cutting {
  readonly path: string; // of the series
  readonly range: Required<Range>; // of clocks that were set
}

/** Stores all rows and gives their number; undefined, and nothing is stored, where one of them is not plain. */
export async function storePlain(
  target: Target & Pick<Transaction, "attempt">,
  plain: Plain,
  {path, range, ...cutting}: Storing
): Promise<number | undefined> {
  const {reader, append} = target;
  const {columns, names} = await columnsOf(reader, path, {columns: plain.values.map(({header}) => named(header))});
  const pieces = (await reader.exists(path)) ? await (await reader.series(path)).pieces({}) : [];
  const begin = pieces.reduce((latest, {maxTime}) => Math.max(latest, maxTime + 1), range.begin);
  const select = rowsOf(plain, names, {begin, end: range.end});
  const sql = async function* () {
    for await (const portion of portionsOf(plain, cutting)) yield select(plain.source.of!(portion));
  };
  return target
    .attempt(() => append(path, {sql: sql(), columns, sorted: true}))
    .catch((error: unknown) => {
      if (isUneven(error)) return undefined;
      throw error;
    });
}

/** What is in the way of rows that are stored as they come, wherever it shows. */
class Uneven extends Error {}

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

/**
 * The file in portions of whole lines, each with the lines before the first row, as files of the host. Asked for the
 * next, it takes back all but the last. Throws where lines may end within quotes. (DuckDB would write several files in
 * one COPY, by ROW_GROUPS_PER_FILE, but its threads take turns at each: their rows are in no order.)
 */
export async function* portionsOf(
  {path, settled}: Pick<Plain, "path" | "settled">,
  {scratch, bytes = portionBytes}: Cutting
): AsyncGenerator<string> {
  const {size} = await stat(path);
  if (size <= bytes) return void (yield path);
  const source = await open(path, "r");
  try {
    const head = Buffer.alloc((await endOfLines(path, settled.lead)) ?? 0);
    await source.read(head, 0, head.length, 0);
    const buffer = Buffer.allocUnsafe(bytes);
    const nameOf = (number: number) => join(scratch, `portion${number}.csv`);
    for (let [at, number] = [head.length, 0]; at < size; number++) {
      const {bytesRead} = await source.read(buffer, 0, bytes, at);
      const read = buffer.subarray(0, bytesRead);
      const lines = at + bytesRead < size ? read.subarray(0, read.lastIndexOf(10) + 1) : read;
      if (lines.length === 0 || lines.includes(settled.dialect?.quote ?? '"')) throw new Uneven();
      await rm(nameOf(number - 2), {force: true});
      await write(nameOf(number), [head, lines]);
      yield nameOf(number);
      at += lines.length;
    }
  } finally {
    await source.close();
  }
}

async function write(file: string, parts: readonly Buffer[]): Promise<void> {
  const target = await open(file, "wx");
  try {
    for (const part of parts) await target.writeFile(part);
  } finally {
    await target.close();
  }
}
