import {open, rm} from "node:fs/promises";
import {join} from "node:path";
import {bytesOf} from "./content.js";
import type {Lines} from "./source.js";

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
  let [end, isQuoted] = [0, false];
  for (let at = 0; at < buffer.length; at++) {
    const byte = buffer[at];
    if (byte === quote) isQuoted = !isQuoted;
    else if (byte === 10 && !isQuoted) end = at + 1;
  }
  return end;
}

async function write(file: string, parts: readonly Buffer[]): Promise<void> {
  const target = await open(file, "w");
  try {
    for (const part of parts) await target.writeFile(part);
  } finally {
    await target.close();
  }
}
