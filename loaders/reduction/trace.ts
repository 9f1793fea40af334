import {readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import type {Range, Series} from "../../pond/types.js";
import {isAbsence} from "../../pond/disk.js";
import {readBins, type Whole} from "./addition.js";
import {type Bins, binsWithin} from "./bins.js";
import {placeFile} from "../file.js";
import {groupBy} from "../group.js";
import type {Level, Page} from "./level.js";
import {recent} from "./recent.js";
import {Scratch} from "../scratch.js";
import {coverOf, keyOf, spansBetween} from "./shard.js";
import {timesOf} from "./times.js";

/**
 * What stretches of pages are computed from, and which page has them: a page that has to be computed anew takes over
 * what did not change. Nothing rests on it: without a trace the whole is computed, to the same bytes.
 */

/** A stretch of a page: the bins that begin in it, by all that they are computed from. */
export interface Block extends Required<Range> {
  readonly key: string; // hex
  readonly former?: Former; // of readings that several pieces tell of
}

/** What a block was before the newest of its pieces came. */
interface Former {
  readonly key: string; // hex
  readonly newest: string; // that piece's key
}

/** A stretch, and the file that has its bins; none: they are to be computed. */
export interface Part extends Required<Range> {
  readonly from?: string;
}

/** Bins are cut into blocks as bins that are so many times finer are into shards: into days, where those are of minutes. */
const finer = 28;

/** The blocks of a page that hold readings, by time. They are cut alike whatever page they are in, but for its ends. */
export async function blocksOf(
  series: Series,
  {resolution, recipe, finer: level}: Level,
  cover: Required<Range>
): Promise<readonly Block[]> {
  const spans = spansBetween(resolution.width / finer, cover.begin, cover.end - 1);
  const blocks = spans.map(async (span): Promise<Block[]> => {
    const whole = coverOf(span, resolution);
    const [begin, end] = [Math.max(whole.begin, cover.begin), Math.min(whole.end, cover.end)];
    const pieces = begin < end ? await series.pieces({begin, end}) : [];
    if (pieces.length === 0) return [];
    const from = pieces.map((piece) => piece.key);
    const keyed = (some: readonly string[]) => keyOf("block", recipe, begin, end, some);
    const isTold = !level && from.length > 1;
    const former = isTold ? {former: {key: keyed(from.slice(0, -1)), newest: from.at(-1)!}} : {};
    return [{begin, end, key: keyed(from), ...former}];
  });
  return (await Promise.all(blocks)).flat();
}

/** Of each block where it begins, its key, the key of the page that has it, and a hash of when it has readings. */
type Trace = readonly (readonly [begin: number, key: string, page: string, times?: string])[];

/** Blocks that pages have, by their keys. */
export type Kept = ReadonlyMap<string, {readonly page: string; readonly times?: string}>;

/** What is kept of the blocks of a page, as they are or were. */
export function keptOf({trace}: Page): Kept {
  return new Map(readTrace(trace).map(([, key, page, times]) => [key, {page, ...(times ? {times} : {})}]));
}

/** Whether these are all times at which blocks had readings before a piece came. */
export function hadTimes(blocks: readonly Block[], kept: Kept, piece: string, times: Float64Array): boolean {
  const hashes = timesOf(blocks, times);
  return blocks.every(({former}, index) => former?.newest === piece && kept.get(former.key)?.times === hashes[index]);
}

/** A page as stretches that another has, and stretches that none has, by time. */
export function partsOf({file}: Page, blocks: readonly Block[], kept: Kept): readonly Part[] {
  const parts: Part[] = [];
  for (const {begin, end, key} of blocks) {
    const page = kept.get(key)?.page;
    const from = page === undefined ? undefined : join(dirname(file), `${page}.bins`);
    const last = parts.at(-1);
    if (last?.end === begin && last.from === from) parts[parts.length - 1] = {...last, end};
    else parts.push({begin, end, ...(from === undefined ? {} : {from})});
  }
  return parts;
}

/** When blocks have readings, where that was found out, by their keys. */
export type TimesByKey = Map<string, string>;

/** Keeps which blocks pages have; one after the other, for several pages share a trace. */
export function keepBlocks(blocks: ReadonlyMap<Page, readonly Block[]>, told: TimesByKey): Promise<void> {
  keeping = keeping.catch(() => undefined).then(() => keepNow(blocks, told)); // who waited for what failed was told
  return keeping;
}

let keeping: Promise<void> = Promise.resolve();

async function keepNow(blocks: ReadonlyMap<Page, readonly Block[]>, told: TimesByKey): Promise<void> {
  for (const [trace, pages] of groupBy(blocks.keys(), (page) => page.trace)) {
    const isOther = (begin: number) => !pages.some(({cover}) => begin >= cover.begin && begin < cover.end);
    const before = readTrace(trace);
    const others = before.filter(([begin]) => isOther(begin));
    const times = new Map([...before.map(([, key, , known]) => [key, known] as const), ...told]);
    const own = pages.flatMap((page) =>
      blocks.get(page)!.map(({begin, key}) => [begin, key, page.key, times.get(key)] as const)
    );
    await placeFile(trace, Buffer.from(JSON.stringify([...others, ...own])));
  }
}

/** A trace that is not there, or was cut short by a loss of power, tells of nothing. */
function readTrace(file: string): Trace {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Trace;
  } catch (error) {
    if (error instanceof SyntaxError || isAbsence(error)) return [];
    throw error;
  }
}

/** What other pages have of one. */
export interface Taken {
  readonly parts: readonly (Bins | undefined)[]; // in the order of the parts
  readonly file?: Whole; // where all is of one file
}

/** The bins of the parts that other pages have; undefined where a file is gone or not whole. */
export async function takenOver(parts: readonly Part[]): Promise<Taken | undefined> {
  const files = new Map<string, Pick<Whole, "bins"> & Partial<Whole>>();
  for (const {from} of parts) {
    if (from === undefined || files.has(from)) continue;
    const known = recent.find(from);
    const found = known ? {bins: known} : await readBins(from, new Scratch()); // nobody else has its bytes
    if (!found) return undefined;
    files.set(from, found);
  }
  const [file] = files.values();
  return {
    parts: parts.map((part) => (part.from === undefined ? undefined : binsWithin(files.get(part.from)!.bins, part))),
    ...(files.size === 1 && file?.bytes ? {file: {bins: file.bins, bytes: file.bytes}} : {})
  };
}
