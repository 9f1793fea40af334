import {open, rm} from "node:fs/promises";
import {join} from "node:path";
import type {Duck} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import type {Clock} from "../time/clock.js";
import {bytesOf} from "./content.js";
import type {TableColumn} from "./host.js";
import type {Lines} from "./source.js";
import type {Passing} from "./text.js";

/** Why a file cannot be read portion by portion: then it is read as a whole, which tells what is wrong, if anything is. */
export class Uneven extends Error {}

/** Some hundred thousand rows. */
export const portionBytes = 64 * 2 ** 20;

interface Cutting {
  readonly scratch: string; // an existing host directory
  readonly bytes?: number; // of a portion
  /** How many of a portion's last rows belong to those of the next, told by a file with some of them. */
  readonly kin: (file: string) => Promise<number>;
}

/** How the rows of a file are stored, portion by portion, as they are read. */
export interface Shape {
  readonly columns: readonly TableColumn[];
  readonly remarks: readonly string[]; // on their names
  readonly isRising: boolean; // by the first rows: then nothing is sorted
  readonly texts: readonly Passing[]; // columns of text
  readonly kin: (file: string) => Promise<number>; // as above
  /** What a portion brings. Throws Uneven, or has the SELECT fail, where one of its rows cannot be stored so. */
  readonly portion: (from: string, into: Into) => Promise<Portion>;
}

/** Where a portion goes. */
export interface Into {
  readonly names: readonly string[]; // of the columns, in the series
  readonly range: Required<Range>; // in which its rows are to be
  readonly file: string; // for what is written in between, until the next but one
}

export interface Portion {
  readonly sql: string; // SELECT
  readonly rows?: number; // of the file, where those of the SELECT are fewer
}

/** As many bytes of a portion's last rows are shown. */
const tailBytes = 2 ** 18;

/**
 * A file in portions of whole lines, each with the lines before the first row, as files of the host. Asked for the
 * next, it takes back all but the last. (DuckDB would write several files in one COPY, by ROW_GROUPS_PER_FILE, but its
 * threads take turns at each: their rows are in no order.)
 */
export async function* portionsOf(lines: Lines, {scratch, bytes = portionBytes, kin}: Cutting): AsyncGenerator<string> {
  const nameOf = (number: number) => join(scratch, `portion${number}.csv`);
  const buffer = Buffer.allocUnsafe(bytes);
  let [head, filled, number]: [Buffer, number, number] = [Buffer.alloc(0), 0, 0];
  const next = async (end: number) => {
    if (number > 1) await rm(nameOf(number - 2));
    await write(nameOf(number), [head, buffer.subarray(0, end)]);
    if (number === 0) head = headOf(buffer, lines);
    buffer.copyWithin(0, end, filled);
    filled -= end;
    return nameOf(number++);
  };
  for await (const chunk of bytesOf(lines.path))
    for (let at = 0; at < chunk.length;) {
      if (filled === bytes) yield next(await cutIn(buffer, {head, lines, kin, file: join(scratch, "end.csv")}));
      const taken = chunk.copy(buffer, filled, at);
      [at, filled] = [at + taken, filled + taken];
    }
  if (filled > 0) yield next(filled);
}

/** How many of the last rows are of one time. */
export async function kinIn(duck: Duck, from: string, {sql}: Pick<Clock, "sql">): Promise<number> {
  const [row] = await duck.rows(
    `WITH times AS (SELECT ${sql} AS t, row_number() OVER () AS row FROM ${from}),
       ends AS (SELECT last(t ORDER BY row) AS t, count(*) AS rows FROM times)
     SELECT (SELECT rows FROM ends)::DOUBLE - coalesce(max(row), 0)::DOUBLE AS kin FROM times
     WHERE t IS DISTINCT FROM (SELECT t FROM ends)`
  );
  return Number(row!.kin);
}

function headOf(buffer: Buffer, {lead}: Lines): Buffer {
  let end = 0;
  for (let line = 0; line < lead; line++) {
    end = buffer.indexOf(10, end) + 1;
    if (end === 0) throw new Uneven();
  }
  return Buffer.from(buffer.subarray(0, end));
}

interface Ended extends Pick<Cutting, "kin"> {
  readonly head: Buffer;
  readonly lines: Lines;
  readonly file: string; // for some rows
}

/** Where a portion ends: behind a line, and before those that belong to the next. */
async function cutIn(buffer: Buffer, {head, lines, kin, file}: Ended): Promise<number> {
  const end = endOfRows(buffer, lines);
  const own = head.length > 0 ? head : headOf(buffer, lines);
  const first = head.length > 0 ? 0 : own.length;
  const begin = end - first > tailBytes ? buffer.indexOf(10, end - tailBytes) + 1 : first;
  const tail = buffer.subarray(begin, end);
  await write(file, [own, tail]);
  const at = before(tail, await kin(file), lines);
  await rm(file);
  if (at === 0) throw new Uneven();
  return begin + at;
}

/** Where the last rows begin; 0 where there are no others. */
function before(tail: Buffer, rows: number, lines: Lines): number {
  const quote = quoteOf(lines);
  let [left, isQuoted] = [rows, false];
  for (let at = tail.length - 2; at > 0; at--) {
    if (tail[at] === quote) isQuoted = !isQuoted;
    else if (tail[at] === 10 && !isQuoted && --left === 0) return at + 1;
  }
  return 0;
}

function quoteOf({marks}: Lines): number | undefined {
  return marks?.quote.charCodeAt(0);
}

/** Behind the last line feed that is not within quotes. Throws where a mark before quotes may say that they are none. */
function endOfRows(buffer: Buffer, lines: Lines): number {
  const quote = quoteOf(lines);
  if (quote === undefined || !buffer.includes(quote)) return buffer.lastIndexOf(10) + 1;
  const {escape} = lines.marks!;
  if (escape.charCodeAt(0) !== quote && buffer.includes(escape)) throw new Uneven();
  let isQuoted = isOdd(buffer, quote);
  for (let at = buffer.length - 1; at >= 0; at--) {
    if (buffer[at] === quote) isQuoted = !isQuoted;
    else if (buffer[at] === 10 && !isQuoted) return at + 1;
  }
  return 0;
}

/**
 * Whether a byte stands in a buffer an odd number of times. Four bytes at a time, since it is asked of all there are: a
 * byte's high bit is set where it is the one, and exclusive or keeps whether that was odd times, for each of the four.
 */
export function isOdd(buffer: Buffer, byte: number): boolean {
  const words = wordsOf(buffer);
  const [begin, end] = [words.byteOffset - buffer.byteOffset, words.byteOffset - buffer.byteOffset + words.byteLength];
  const [all, low] = [byte * 0x01010101, 0x7f7f7f7f];
  let odd = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]! ^ all;
    odd ^= ~(((word & low) + low) | word | low);
  }
  for (let at = 0; at < buffer.length; at++) {
    if (at === begin) at = end;
    if (buffer[at] === byte) odd ^= 0x80;
  }
  let isSo = false;
  for (let bits = odd; bits !== 0; bits &= bits - 1) isSo = !isSo;
  return isSo;
}

/** The words in a buffer that stand where memory has them; a byte or three may stand before and behind them. */
function wordsOf({buffer, byteOffset, length}: Buffer): Uint32Array {
  const before = -byteOffset & 3;
  return before > length ? new Uint32Array() : new Uint32Array(buffer, byteOffset + before, (length - before) >> 2);
}

async function write(file: string, parts: readonly Buffer[]): Promise<void> {
  const target = await open(file, "w");
  try {
    for (const part of parts) await target.writeFile(part);
  } finally {
    await target.close();
  }
}
