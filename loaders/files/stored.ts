import type {Duck} from "../../pond/duck.js";
import type {Range, Transaction} from "../../pond/types.js";
import {asideOf} from "../time/epoch.js";
import {deliver} from "./fresh.js";
import type {Delivered, Target} from "./fresh.js";
import {summed} from "./host.js";
import type {HostTable} from "./host.js";
import type {Taken} from "./ledger.js";
import {plainOf, storePlain} from "./plain.js";
import {takePortions} from "./portioned.js";
import {Uneven} from "./portions.js";
import type {How, Source} from "./source.js";
import {readTable} from "./table.js";

/** What was stored of a file, and what its next part needs to know. */
export type Stored = Omit<Taken, "notes"> & Pick<HostTable, "notes" | "settled" | "last"> & Pick<Source, "ending">;

interface Read {
  readonly source: Source;
  readonly how: How;
}

export interface Storing {
  readonly target: Target & Pick<Transaction, "attempt">;
  readonly into: string; // the series
  readonly range: Required<Range>; // of clocks that were set
  readonly bytes?: number; // of a portion
}

/** Reads a file and stores what it brings: all of it, or nothing. */
export async function storeFile(duck: Duck, read: Read, storing: Storing): Promise<Stored> {
  const {ending} = read.source;
  return {...(await storeRows(duck, read, storing)), ...(ending ? {ending} : {})};
}

async function storeRows(duck: Duck, read: Read, storing: Storing): Promise<Stored> {
  const {target} = storing;
  const plain = await storeAsPlain(duck, read, storing);
  if (plain) return plain;
  try {
    return await target.attempt(() => storePortions(duck, read, storing));
  } catch (error) {
    if (!(error instanceof Uneven)) throw error;
  }
  const table = await readTable(duck, read.source, read.how);
  return target.attempt(() => storeTable(table, storing));
}

/** In one pass, where a file is so; undefined where it is not. */
async function storeAsPlain(duck: Duck, {source, how}: Read, storing: Storing): Promise<Stored | undefined> {
  const {target, into: path, range, bytes} = storing;
  const plain = await plainOf(duck, source, {how, bytes});
  if (!plain) return undefined;
  const passed = await storePlain(duck, target, plain, {path, range, bytes, scratch: how.scratch});
  if (!passed) return undefined;
  return {
    ...passed,
    ...{known: 0, empty: 0, aside: 0},
    notes: [...source.notes, ...passed.notes],
    ...(plain.settled ? {settled: plain.settled} : {})
  };
}

async function storePortions(duck: Duck, read: Read, storing: Storing): Promise<Stored> {
  let stored: Stored | undefined;
  await takePortions(duck, {...read, ...storing}, async (table) => {
    const one = await storeTable(table, storing);
    stored = stored ? sumOf(stored, one) : {...one, notes: [...read.source.notes, ...one.notes]};
  });
  return stored!;
}

/** Readings of clocks that were not set go beside the series. */
async function storeTable(table: HostTable, {target, into, range: {begin, end}}: Storing): Promise<Stored> {
  const good = await deliver(target, {path: into, table, range: {begin, end}});
  const early = await deliver(target, {path: asideOf(into), table, range: {end: begin}});
  const late = await deliver(target, {path: asideOf(into), table, range: {begin: end}});
  const add = (of: (one: Delivered) => number) => of(good) + of(early) + of(late);
  const differing = add((one) => one.differing);
  return {
    read: add((one) => one.read),
    stored: good.stored,
    known: add((one) => one.known),
    empty: add((one) => one.empty),
    aside: early.stored + late.stored,
    notes: [...table.notes, ...(differing === 0 ? [] : [{of: "differing", count: differing, tell: tellDiffering}])],
    ...(table.settled ? {settled: table.settled} : {}),
    ...(table.last ? {last: table.last} : {})
  };
}

function tellDiffering(count: number): string {
  return `${count === 1 ? "1 time stands" : `${count} times stand`} in rows that differ, the last of which counts`;
}

function sumOf(before: Stored, one: Stored): Stored {
  const add = (of: (stored: Stored) => number) => of(before) + of(one);
  return {
    ...one,
    read: add((each) => each.read),
    stored: add((each) => each.stored),
    known: add((each) => each.known),
    empty: add((each) => each.empty),
    aside: add((each) => each.aside),
    notes: summed([...before.notes, ...one.notes])
  };
}
