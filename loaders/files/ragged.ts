import {createWriteStream} from "node:fs";
import {join} from "node:path";
import {pipeline} from "node:stream/promises";
import type {Duck} from "../../pond/duck.js";
import {bytesOf, isGzip} from "./content.js";
import {laxly, severalWays, uneven} from "./csv.js";
import type {Lax} from "./csv.js";
import {expand} from "./expand.js";
import type {Counted} from "./host.js";
import {endingOf} from "./open.js";
import type {How} from "./source.js";

/**
 * Lines with fewer values than there are columns, or more, as a logger leaves one where its power went. Such a line is
 * left out, and told; where several come one after another, or more than are whole, other columns may have begun, and
 * the file is for a person to look at. So is one with a line that was cut within quotes: those go on in the next.
 */

/** A file without its ragged lines. */
export interface Mended {
  readonly path: string;
  readonly isSame: boolean; // whether it begins as the file does, byte by byte
  readonly note: Counted;
}

/** So many of them, one after another, may be those of one failure. */
const longest = 2;

/** What is said where there may be ragged lines, and DuckDB cuts all lines at another mark than it should. */
const sentences = [
  severalWays,
  "Error when sniffing",
  "Expected Number of Columns",
  "Value with unterminated quote",
  "it has no header"
];

/** Whether it may be ragged lines that are in the way. */
export function isRagged(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isTold = sentences.some((words) => error.message.includes(words));
  return isTold || /^its line \d+ has /.test(error.message);
}

/** Ragged lines that are not for a program to leave out. */
export class OtherColumns extends Error {}

/**
 * The file without its ragged lines; undefined where there are none, or lines are wrong in other ways. Lines are told by
 * a number so much after their own, where the file is the tail of one. Throws OtherColumns where such may have begun.
 */
export async function mended(
  duck: Duck,
  path: string,
  {how, ahead}: {readonly how: How; readonly ahead: () => Promise<number>}
): Promise<Mended | undefined> {
  if (!/^(csv|tsv|txt|dat)$/.test(endingOf(path) ?? "") || path.endsWith(".zst")) return undefined;
  const text = isGzip(path) ? join(how.scratch, "unpacked.csv") : path;
  if (text !== path) await expand(path, text);
  const lax = await laxly(duck, text, how);
  if (lax === undefined) return undefined;
  const [line] = lax.ragged.keys();
  const target = join(how.scratch, "mended.csv");
  const cutting = new Cutting(lax);
  await pipeline(bytesOf(lax.path), (chunks: AsyncIterable<Buffer>) => cutting.kept(chunks), createWriteStream(target));
  if (!cutting.isAsTold) return undefined;
  if (lax.ragged.size >= lax.rows || !cutting.isSingle) throw new OtherColumns(uneven({line: line!, ...lax}));
  if (cutting.left === 0) return undefined;
  return {path: target, isSame: lax.path === path, note: noteOf(cutting.left, line! + (await ahead()))};
}

function noteOf(count: number, line: number): Counted {
  const tell = (count: number) =>
    count === 1
      ? `line ${line} left out, which has fewer values than the header, or more`
      : `${count} lines left out, from line ${line} on, which have fewer values than the header, or more`;
  return {of: "ragged", count, tell};
}

/** Cuts lines out of a file by their numbers. */
class Cutting {
  left = 0;
  isAsTold = true; // whether the lines are those that were found
  isSingle = true; // whether none of them may be one of other columns
  readonly #lax: Lax;
  #run = 0; // how many ragged lines came one after another

  constructor(lax: Lax) {
    this.#lax = lax;
  }

  async *kept(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let [number, rest] = [0, Buffer.alloc(0)];
    for await (const chunk of chunks) {
      rest = Buffer.concat([rest, chunk]);
      const kept: Buffer[] = [];
      let from = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
        const line = rest.subarray(from, end + 1);
        if (!this.#isLeft(line, ++number)) kept.push(line);
        from = end + 1;
      }
      yield Buffer.concat(kept);
      rest = rest.subarray(from);
    }
    yield rest; // a last line that is not finished is looked at when it is
    const unfinished = this.#lax.ragged.has(number + 1) ? 1 : 0;
    if (this.left + unfinished !== this.#lax.ragged.size) this.isAsTold = false;
  }

  #isLeft(line: Buffer, number: number): boolean {
    const found = this.#lax.ragged.get(number);
    this.#run = found === undefined ? 0 : this.#run + 1;
    if (found === undefined) return false;
    const text = line.toString(this.#lax.encoding === "utf-8" ? "utf8" : "latin1");
    if (withoutEnds(text) !== withoutEnds(found)) this.isAsTold = false;
    const isHeader = text.replaceAll('"', "").trimStart().startsWith(this.#lax.begin);
    if (this.#run > longest || isHeader) this.isSingle = false;
    this.left++;
    return true;
  }
}

function withoutEnds(line: string): string {
  return line.replace(/^[\r\n]+|[\r\n]+$/g, "");
}
