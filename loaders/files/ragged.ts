import {createWriteStream} from "node:fs";
import {join} from "node:path";
import {pipeline} from "node:stream/promises";
import type {Duck} from "../../pond/duck.js";
import {bytesOf, isGzip, linesWithin} from "./content.js";
import {laxly, severalWays, uneven} from "./csv.js";
import type {Lax} from "./csv.js";
import {expand} from "./expand.js";
import type {Counted} from "./host.js";
import {endingOf} from "./open.js";
import type {How} from "./source.js";

/**
 * Lines with fewer values than there are columns, or more, as a logger leaves one where its power went. Such a line is
 * left out, and told; where several come one after another, or more than are whole, other columns may have begun, and
 * the file is for a person to look at.
 */

/** A file without its ragged lines. */
export interface Mended {
  readonly path: string;
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

/**
 * The file without its ragged lines; undefined where there are none, or lines are wrong in other ways. Lines are told by
 * a number so much after their own, where the file is the tail of one. Throws where other columns may have begun.
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
  if (lax === undefined || lax.ragged.length === 0) return undefined;
  const line = (await linesWithin(lax.path, lax.ragged[0]!)) + 1;
  const target = join(how.scratch, "mended.csv");
  const cutting = new Cutting(lax);
  await pipeline(bytesOf(lax.path), (chunks: AsyncIterable<Buffer>) => cutting.kept(chunks), createWriteStream(target));
  if (lax.ragged.length >= lax.rows || !cutting.isSound) throw new Error(uneven({line, ...lax}));
  return cutting.left === 0 ? undefined : {path: target, note: noteOf(cutting.left, line + (await ahead()))};
}

function noteOf(count: number, line: number): Counted {
  const tell = (count: number) =>
    count === 1
      ? `line ${line} left out, which has fewer values than the header, or more`
      : `${count} lines left out, from line ${line} on, which have fewer values than the header, or more`;
  return {of: "ragged", count, tell};
}

/** Cuts lines out of a file by where they begin. */
class Cutting {
  left = 0;
  isSound = true; // whether these are single lines
  readonly #starts: ReadonlySet<number>;
  readonly #heading: string;
  #run = 0; // how many ragged lines came one after another

  constructor({ragged, heading}: Lax) {
    this.#starts = new Set(ragged);
    this.#heading = heading;
  }

  async *kept(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let [at, rest] = [0, Buffer.alloc(0)];
    for await (const chunk of chunks) {
      rest = Buffer.concat([rest, chunk]);
      const kept: Buffer[] = [];
      let from = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
        const line = rest.subarray(from, end + 1);
        if (!this.#isLeft(line, at + from)) kept.push(line);
        from = end + 1;
      }
      yield Buffer.concat(kept);
      [at, rest] = [at + from, rest.subarray(from)];
    }
    yield rest; // a last line that is not finished is looked at when it is
  }

  #isLeft(line: Buffer, begin: number): boolean {
    if (!this.#starts.has(begin)) {
      this.#run = 0;
      return false;
    }
    this.left++;
    const isHeader = line
      .toString("utf8")
      .replace(/^\s*"?/, "")
      .startsWith(this.#heading);
    if (++this.#run > longest ) this.isSound = false;
    return true;
  }
}
