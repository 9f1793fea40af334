import {readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import type {Range, Series} from "../../pond/types.js";
import {isAbsence} from "../../pond/disk.js";
import {readBins, type Whole} from "./addition.js";
import {type Bins, binsWithin} from "./bins.js";
import {placeFile} from "../file.js";
import type {Level, Shard} from "./level.js";
import {recent} from "./recent.js";
import {Scratch} from "../scratch.js";
import {coverOf, keyOf, spansBetween} from "./shard.js";

/**
 * What stretches of shards are computed from, and which shard has them: a shard that has to be computed anew takes over
 * what did not change. Nothing rests on it: without a trace the whole is computed, to the same bytes.
 */

/** A stretch of a shard: the bins that begin in it, by all that they are computed from. */
export interface Block extends Required<Range> {
  readonly key: string; // hex
}

/** A stretch, and the file that has its bins; none: they are to be computed. */
export interface Part extends Required<Range> {
  readonly from?: string;
}

/** A shard has no more than about so many blocks. */
const fewest = 28;

/** The blocks of a shard that hold readings, by time. They are cut alike whatever shard they are in, but for its ends. */
export async function blocksOf(
  series: Series,
  {resolution, recipe}: Level,
  cover: Required<Range>
): Promise<readonly Block[]> {
  const spans = spansBetween(resolution.width / fewest, cover.begin, cover.end - 1);
  const blocks = spans.map(async (span): Promise<Block[]> => {
    const whole = coverOf(span, resolution);
    const [begin, end] = [Math.max(whole.begin, cover.begin), Math.min(whole.end, cover.end)];
    const pieces = begin < end ? await series.pieces({begin, end}) : [];
    if (pieces.length === 0) return [];
    const from = pieces.map((piece) => piece.key);
    return [{begin, end, key: keyOf("block", recipe, begin, end, from)}];
  });
  return (await Promise.all(blocks)).flat();
}

/** Of each block where it begins, its key, and the key of the shard that has it. */
type Trace = readonly (readonly [begin: number, key: string, shard: string])[];

/** A shard as stretches that another has, and stretches that none has, by time. */
export function partsOf({file, trace}: Shard, blocks: readonly Block[]): readonly Part[] {
  const known = new Map(readTrace(trace).map(([, key, shard]) => [key, shard]));
  const parts: Part[] = [];
  for (const {begin, end, key} of blocks) {
    const shard = known.get(key);
    const from = shard === undefined ? undefined : join(dirname(file), `${shard}.bins`);
    const last = parts.at(-1);
    if (last?.end === begin && last.from === from) parts[parts.length - 1] = {...last, end};
    else parts.push({begin, end, ...(from === undefined ? {} : {from})});
  }
  return parts;
}

/** Keeps that a shard has these blocks; one after the other, for several shards share a trace. */
export function keepBlocks(shard: Shard, blocks: readonly Block[]): Promise<void> {
  keeping = keeping.catch(() => undefined).then(() => keepNow(shard, blocks)); // who waited for what failed was told
  return keeping;
}

let keeping: Promise<void> = Promise.resolve();

async function keepNow({cover, key, trace}: Shard, blocks: readonly Block[]): Promise<void> {
  const others = readTrace(trace).filter(([begin]) => begin < cover.begin || begin >= cover.end);
  const own = blocks.map((block) => [block.begin, block.key, key] as const);
  await placeFile(trace, Buffer.from(JSON.stringify([...others, ...own])));
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

/** What other shards have of one. */
export interface Taken {
  readonly parts: readonly (Bins | undefined)[]; // in the order of the parts
  readonly file?: Whole; // where all is of one file
}

/** The bins of the parts that other shards have; undefined where a file is gone or not whole. */
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
