import {crc32} from "node:zlib";
import type {Range} from "../../pond/types.js";
import {marks, type Part, type Partials} from "./partial.js";
import {Scratch} from "../scratch.js";
import {firstFrom} from "./search.js";

/** Bins by time, and what is kept of each, column by column. Columns without a reading in any of them are left out. */
export interface Bins {
  readonly starts: Float64Array; // µs UTC
  readonly columns: ReadonlyMap<string, Partials>;
}

/** The bins that begin in a range. */
export function binsWithin({starts, columns}: Bins, {begin = -Infinity, end = Infinity}: Range): Bins {
  const [from, to] = [firstFrom(starts, begin), firstFrom(starts, end)];
  if (from === 0 && to === starts.length) return {starts, columns};
  const cut = (partials: Partials) =>
    Object.fromEntries(
      Object.entries(partials).map(([part, values]) => [part, cutOut(values, from, to)])
    ) as unknown as Partials;
  return {
    starts: starts.subarray(from, to),
    columns: new Map([...columns].map(([name, partials]) => [name, cut(partials)]))
  };
}

/** Whether all readings of each bin are kept, so that percentiles of coarser bins are exact. */
export function isFull({columns}: Bins): boolean {
  return [...columns.values()].every(
    ({digest, count}) => digest?.every(({length}, bin) => length === count[bin]) ?? true
  );
}

function cutOut(values: Float64Array | readonly Float64Array[], from: number, to: number) {
  return values instanceof Float64Array ? values.subarray(from, to) : values.slice(from, to);
}

/** Whether the same is kept of each column in all of the parts that have it. */
export function keepAlike(parts: readonly Bins[]): boolean {
  const kept = new Map<string, string>();
  for (const {columns} of parts)
    for (const [name, partials] of columns) {
      const own = Object.keys(partials).join();
      if ((kept.get(name) ?? own) !== own) return false;
      kept.set(name, own);
    }
  return true;
}

/**
 * Bins that follow each other as one list, columns in the order given and those without a reading left out; in scratch,
 * where that is given. What some parts lack of a column counts there as nothing.
 */
export function joinBins(parts: readonly Bins[], names: readonly string[], scratch = new Scratch()): Bins {
  const length = parts.reduce((sum, {starts}) => sum + starts.length, 0);
  const there = names.filter((name) => parts.some(({columns}) => holdsAny(columns.get(name))));
  const kept = there.map((name) => [name, keptOf(parts, name)] as const);
  const lists = 1 + kept.reduce((sum, [, own]) => sum + own.length, 0);
  const {buffer} = scratch.bytes(8 * lists * length);
  let offset = 0;
  const join = (found: readonly Float64Array[]) => {
    const all = new Float64Array(buffer, offset, length);
    offset += 8 * length;
    joinInto(all, found);
    return all;
  };
  const joinPart = (name: string, part: Part) => {
    const found = parts.map(({starts, columns}) => columns.get(name)?.[part] ?? lacking(part, starts.length));
    return part === "digest" ? (found as Float64Array[][]).flat() : join(found as Float64Array[]);
  };
  const starts = join(parts.map((part) => part.starts));
  const columns = kept.map(([name, own]) => {
    const partials = Object.fromEntries(own.map((part) => [part, joinPart(name, part)] as const));
    return [name, partials as unknown as Partials] as const;
  });
  return {starts, columns: new Map(columns)};
}

/** Whether a column has a reading, be it one that is left out. */
function holdsAny(partials: Partials | undefined): boolean {
  const {count, suspect, fail} = partials ?? {};
  return [count, suspect, fail].some((counts) => counts?.some((number) => number > 0));
}

/** All that any of the parts keeps of a column, in the order of the one that keeps most. */
function keptOf(parts: readonly Bins[], name: string): readonly Part[] {
  const lists = parts.map(({columns}) => Object.keys(columns.get(name) ?? {}) as Part[]);
  return [...new Set(lists.sort((a, b) => b.length - a.length).flat())];
}

/** What is kept of a bin without a reading where that is a number. */
const zero: ReadonlySet<Part> = new Set(["count", "squares", "sine", "cosine", ...marks]);

function lacking(part: Part, length: number): Float64Array | readonly Float64Array[] {
  if (part === "digest") return Array.from({length}, () => new Float64Array());
  return new Float64Array(length).fill(zero.has(part) ? 0 : NaN);
}

function joinInto(all: Float64Array, lists: readonly Float64Array[]): void {
  let offset = 0;
  for (const list of lists) {
    all.set(list, offset);
    offset += list.length;
  }
}

/**
 * Puts bins in the place of those of the same times. False, and nothing is changed, where there are none of the same
 * times, or something else is kept of them.
 */
export function replaceBins(bins: Bins, others: readonly Bins[]): boolean {
  const places = others.map(({starts}) => firstFrom(bins.starts, starts[0] ?? Infinity));
  if (!others.every((other, index) => isAlike(bins, other, places[index]!))) return false;
  for (const [index, {columns}] of others.entries())
    for (const [name, partials] of columns)
      for (const [part, values] of Object.entries(partials))
        (bins.columns.get(name)![part as Part] as Float64Array).set(values as Float64Array, places[index]);
  return true;
}

/** Whether the same is kept, in numbers, of the same columns for the same times from a place on. */
function isAlike(bins: Bins, other: Bins, place: number): boolean {
  const told = ({columns}: Bins) =>
    JSON.stringify([...columns].map(([name, partials]) => [name, Object.keys(partials)]));
  const isRanked = [...bins.columns.values()].some(({digest}) => digest);
  return !isRanked && told(bins) === told(other) && other.starts.every((start, i) => bins.starts[place + i] === start);
}

// ---- As bytes ----

/**
 * A file of bins: the CRC-32 of all that follows, the length of the header, the header, and then the numbers as
 * processors have them (double, little endian), so that to read them is to have them. The header names the columns.
 */
interface Header {
  readonly bins: number;
  readonly columns: readonly {readonly name: string; readonly parts: readonly Part[]; readonly digests?: number}[];
}

/** The same bins, the same bytes; in scratch, where that is given. */
export function encodeBins({starts, columns}: Bins, scratch = new Scratch()): Buffer {
  const entries = [...columns].map(
    ([name, partials]) => [name, Object.entries(partials) as [Part, Partials[Part]][]] as const
  );
  const header: Header = {
    bins: starts.length,
    columns: entries.map(([name, parts]) => ({name, parts: parts.map(([part]) => part)}))
  };
  const arrays = [starts, ...entries.flatMap(([, parts]) => parts.flatMap(([, values]) => flat(values!)))];
  const text = Buffer.from(JSON.stringify(header));
  const begin = 8 + 8 * Math.ceil(text.length / 8);
  const bytes = scratch.bytes(begin + arrays.reduce((sum, array) => sum + array.byteLength, 0));
  bytes.writeUInt32LE(begin, 4);
  bytes.fill(" ", 8, begin).set(text, 8);
  let offset = begin;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += array.byteLength;
  }
  return sealBins(bytes);
}

/** Bytes of bins with the CRC-32 of what they now are. */
export function sealBins(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(4)));
  return bytes;
}

/** Of lists how long each is, and then all that is in them. */
function flat(values: Float64Array | readonly Float64Array[]): Float64Array[] {
  if (values instanceof Float64Array) return [values];
  return [Float64Array.from(values, (list) => list.length), ...values];
}

/** Undefined for bytes that are not as they were written. They are not to change while the bins are in use. */
export function decodeBins(content: Uint8Array): Bins | undefined {
  const bytes = content.byteOffset % 8 === 0 ? content : Uint8Array.from(content); // or no doubles can be seen in them
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0, true) !== crc32(bytes.subarray(4))) return undefined;
  let offset = view.getUint32(4, true);
  const header = JSON.parse(Buffer.from(bytes.subarray(8, offset)).toString()) as Header;
  const numbers = (count: number) =>
    new Float64Array(bytes.buffer, bytes.byteOffset + (offset += 8 * count) - 8 * count, count);
  const partial = (part: Part) => {
    const values = numbers(header.bins);
    return part === "digest" ? Array.from(values, numbers) : values;
  };
  const starts = numbers(header.bins);
  const columns = header.columns.map(({name, parts}) => {
    const partials = Object.fromEntries(parts.map((part) => [part, partial(part)])) as unknown as Partials;
    return [name, partials] as const;
  });
  return {starts, columns: new Map(columns)};
}
