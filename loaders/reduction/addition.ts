import {isAbsence} from "../../pond/disk.js";
import type {Chunk} from "../../pond/column.js";
import type {Duck} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {mostRows} from "./adder.js";
import {type Bins, binsWithin, decodeBins, encodeBins} from "./bins.js";
import {placeFile, readInto} from "../file.js";
import {type Scratch, withScratch} from "../scratch.js";
import {Tally, type Tallying, Unsorted} from "./tally.js";
import {Times} from "./times.js";

/** How readings, and finer bins, come to bins, wherever that is done: here, or on another thread. */

/** What bins are made of, and the stretches that they are made for, which follow each other. */
export interface Addition {
  readonly stretches: readonly Required<Range>[];
  readonly blocks: readonly Required<Range>[]; // by time, of which it is told when they have readings
  readonly tallying: Omit<Tallying, "range">;
}

/** Rows of readings, as `readingsSql` has them. */
export interface Rows {
  readonly sql: string;
  readonly isMerged: boolean; // several pieces tell of one time: they come in any order
  readonly isFew: boolean; // all of them may be in memory at once
}

/** Takes the bins of a stretch, by its place among those asked for. They are good until it is first waited for. */
export type Put = (bins: Bins, index: number) => Promise<void>;

/**
 * Adds up readings; gives a hash of the times of each block, as Times has it. They are sorted first where several pieces
 * tell of one time, and wherever they turn out not to be.
 */
export async function addReadings(duck: Duck, rows: Rows, addition: Addition, put: Put): Promise<readonly string[]> {
  const {sql, isMerged, isFew} = rows;
  const ask = async (query: string) => (isFew ? duck.all(query) : duck.chunks(query));
  const sorted = `${sql} ORDER BY timestamp`;
  try {
    return await addRows(await ask(isMerged ? sorted : sql), addition, put);
  } catch (error) {
    if (isMerged || !(error instanceof Unsorted)) throw error;
    return addRows(await ask(sorted), addition, put);
  }
}

/** One stretch is put away while DuckDB reads the next, and no more than one. */
async function addRows(
  rows: AsyncIterable<Chunk> | readonly Chunk[],
  {stretches, blocks, tallying}: Addition,
  put: Put
): Promise<readonly string[]> {
  const times = new Times(blocks);
  const tally = new Tally({...tallying, range: {begin: stretches[0]!.begin, end: stretches.at(-1)!.end}});
  let next = 0;
  let putting: Promise<void> = Promise.resolve();
  const putNext = async () => {
    await putting;
    putting = put(tally.take(stretches[next]!.end), next);
    putting.catch(() => undefined); // told when it is waited for
  };
  try {
    for await (const chunk of rows) {
      tally.readings(chunk);
      times.add(chunk.doubles(0));
      for (; next < stretches.length && tally.last >= stretches[next]!.end; next++) await putNext();
    }
    for (; next < stretches.length; next++) await putNext();
  } finally {
    await putting;
  }
  return times.tell();
}

/** Adds up the readings of a stretch that are here already, as `readingsSql` has them, by time. */
export function addHeld(readings: readonly Float64Array[], tallying: Tallying & {range: Required<Range>}): Bins {
  const tally = new Tally(tallying);
  const [times] = readings;
  for (let from = 0; from < times!.length; from += mostRows) {
    const rows = Math.min(mostRows, times!.length - from);
    tally.readings({rows, doubles: (column) => readings[column]!.subarray(from, from + rows)});
  }
  return tally.take();
}

/** Reads finer bins, into scratch if it likes. */
export type Source = (scratch: Scratch) => Promise<Bins>;

/** Adds up finer bins; of each source those that begin in the stretch. */
export async function addBins(
  sources: readonly Source[],
  tallying: Tallying & {range: Required<Range>}
): Promise<Bins> {
  const tally = new Tally(tallying);
  for (const source of sources)
    await withScratch(async (scratch) => tally.bins(binsWithin(await source(scratch), tallying.range)));
  return tally.take();
}

/** Bins as a file; how many bytes they are. What they stand in may change as soon as this is waited for. */
export function placeBins(file: string, bins: Bins): Promise<number> {
  return withScratch(async (scratch) => {
    const bytes = encodeBins(bins, scratch);
    await placeFile(file, bytes);
    return bytes.length;
  });
}

/** A file's bins, and the bytes that they stand in. */
export interface Whole {
  readonly bytes: Buffer;
  readonly bins: Bins;
}

/** The bins of a file, read into scratch; undefined where it is gone, or not as it was written. */
export async function readBins(file: string, scratch: Scratch): Promise<Whole | undefined> {
  const bytes = await readInto(scratch, file).catch((error: unknown) => {
    if (isAbsence(error)) return undefined; // swept, or deleted with the cache
    throw error;
  });
  const bins = bytes && decodeBins(bytes);
  return bins && {bytes, bins};
}
