import type {Reader, Transaction} from "../../pond/types.js";
import {memoryOf} from "../resources/memory.js";
import type {Measures} from "./page.js";
import type {Resource} from "../types.js";

/** One pass over a device's readings, page by page. Times are s since 1970. */
export interface Sweep {
  readonly begin: number; // inclusive
  readonly end: number;
  readonly next?: string; // the cursor of the page that follows what was kept; none: of the first
  readonly newest?: number; // of what was kept from before the sweep began, from clocks that were set
  readonly since?: number; // what is older was kept, as far as pages come by time
  readonly isUnordered?: boolean; // they do not
}

/** How far a device is read. It is kept together with the readings that it tells of. */
export interface Progress {
  readonly series: string; // where they are
  readonly measures: Measures; // what its columns are
  readonly newest?: number; // s since 1970: all before was read
  readonly sweep?: Sweep; // what was begun and cut off
}

/** What a page brought that progress depends on, from clocks that were set; s since 1970. */
export interface Brought {
  readonly oldest?: number;
  readonly newest?: number; // of those from before the sweep began
  readonly next?: string; // none: the page was the last
}

/** How a device that goes on is read. */
export interface Plan {
  readonly now: number; // s since 1970
  readonly overlap: number; // s
}

/** A day: what clocks that were set may be ahead, s. */
const ahead = 86_400;

/** What to read next of a device: what was cut off, else all since its newest reading, and the overlap before that. */
export function sweepOf({newest, sweep}: Progress, {now, overlap}: Plan): Sweep {
  const begin = newest === undefined ? 0 : Math.max(0, Math.floor(newest - overlap));
  return sweep ?? {begin, end: Math.ceil(now) + ahead};
}

/**
 * When a sweep began. What is newer, from a clock that is ahead or while a sweep went on for days, does not tell how far a
 * device is read: what came late meanwhile, behind where the sweep was, would be before the overlap of the next.
 */
export function begunAt({end}: Sweep): number {
  return end - ahead;
}

/** Where a device is once a page of a sweep is kept. */
export function advanced(progress: Progress, sweep: Sweep, {oldest, newest, next}: Brought): Progress {
  const reached = later(sweep.newest, newest);
  const {sweep: _, ...known} = progress;
  if (next === undefined) return {...known, newest: later(known.newest, reached)};
  const isUnordered = (sweep.isUnordered ?? false) || (oldest ?? Infinity) < (sweep.since ?? -Infinity);
  return {...known, sweep: {...sweep, next, newest: reached, since: oldest ?? sweep.since, isUnordered}};
}

/**
 * Where a device is when the server does not know a cursor any more: as far as pages came by time, what they brought
 * need not be read again, but for the overlap.
 */
export function stranded(progress: Progress, sweep: Sweep, {now, overlap}: Plan): Progress {
  const reached = sweep.isUnordered || sweep.since === undefined ? sweep.begin : Math.floor(sweep.since - overlap);
  const {next: _, since: __, isUnordered: ___, ...rest} = sweep;
  return {...progress, sweep: {...rest, begin: Math.max(sweep.begin, reached), end: Math.ceil(now) + ahead}};
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

// ---- In the pond ----

/** Where a device's progress is kept. */
export function progressPath(resource: Pick<Resource, "kind" | "name">, device: string): string {
  return `${memoryOf(resource)}/progress/${encodeURIComponent(device)}`;
}

/** How far a device is read; undefined for one that is not known, or whose series somebody took away. */
export async function readProgress(reader: Reader, path: string): Promise<Progress | undefined> {
  if (!(await reader.exists(path))) return undefined;
  const progress = JSON.parse(new TextDecoder().decode(await reader.read(path))) as Progress;
  const isEmpty = progress.newest === undefined && progress.sweep?.newest === undefined;
  return isEmpty || (await reader.exists(progress.series)) ? progress : undefined;
}

/** Keeps it; writes nothing when it is as before. */
export async function writeProgress(tx: Transaction, path: string, progress: Progress): Promise<void> {
  await tx.write(path, `${JSON.stringify(progress)}\n`, {parents: true});
}
