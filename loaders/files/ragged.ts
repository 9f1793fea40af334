import {join} from "node:path";
import type {Duck} from "../../pond/duck.js";
import {isPacked, writeWithout} from "./content.js";
import {laxly, severalWays, uneven} from "./csv.js";
import type {Lax} from "./csv.js";
import {expand} from "./expand.js";
import {isCsv} from "./open.js";
import type {Cut, How} from "./source.js";

/**
 * Lines with fewer values than there are columns, or more, as a logger leaves one where its power went. Where several
 * come one after another, or more than are whole, other columns may have begun, and the file is for a person to look
 * at. So is one with a line that was cut within quotes: those go on in the next.
 */

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
 * The file without its ragged lines, written into `how.scratch`; undefined where there are none, or lines are wrong in
 * other ways. Throws OtherColumns where such may have begun.
 */
export async function withoutRagged(duck: Duck, path: string, how: How): Promise<Cut | undefined> {
  if (!isCsv(path)) return undefined;
  const text = isPacked(path) ? join(how.scratch, "unpacked.csv") : path;
  if (text !== path) await expand(path, text);
  const lax = await laxly(duck, text, how);
  if (lax === undefined) return undefined;
  const target = join(how.scratch, "even.csv");
  const looked = new Looked(lax);
  await writeWithout(lax.path, target, (line, number) => looked.isLeft(line, number));
  const {left, isAsTold, isSingle} = looked;
  const [first] = lax.ragged.keys();
  if (!isAsTold) return undefined;
  if (lax.ragged.size >= lax.rows || !isSingle) throw new OtherColumns(uneven({line: first!, ...lax}));
  return left.length === 0 ? undefined : {path: target, isSame: lax.isSame && text === path, left};
}

/** Ragged lines as they come. */
class Looked {
  readonly left: number[] = [];
  isAsTold = true; // whether they are those that were found
  isSingle = true; // whether none of them may be one of other columns
  readonly #lax: Lax;
  #run = 0; // how many of them came one after another

  constructor(lax: Lax) {
    this.#lax = lax;
  }

  isLeft(line: Buffer, number: number): boolean {
    const found = this.#lax.ragged.get(number);
    this.#run = found === undefined ? 0 : this.#run + 1;
    if (found === undefined) return false;
    const text = line.toString("utf8");
    if (withoutEnds(text) !== withoutEnds(found)) this.isAsTold = false;
    const isHeader = text.replaceAll('"', "").trimStart().startsWith(this.#lax.begin);
    if (this.#run > longest || isHeader) this.isSingle = false;
    this.left.push(number);
    return true;
  }
}

function withoutEnds(line: string): string {
  return line.replace(/^[\r\n]+|[\r\n]+$/g, "");
}
