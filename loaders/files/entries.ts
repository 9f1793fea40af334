import {createHash} from "node:crypto";
import type {Entry} from "./ledger.js";

/** How and where to what comes of files is stored: contents are the same only among such. */
type Kin = Pick<Entry, "into" | "how">;

/**
 * Contents that were taken, one after another, to be found by what tells them apart: a directory of ten years of daily
 * files has thousands, and each file is looked for among them.
 */
export class Entries {
  readonly #byId = new Map<string, Entry>();
  readonly #bySize = new Map<string, Set<Entry>>();
  readonly #byHead = new Map<string, Set<Entry>>();
  readonly #lengths = new Map<string, Set<number>>(); // of heads, in bytes
  readonly #newest = new Map<string, Entry>(); // of each place
  readonly #turns = new Map<Entry, number>(); // when each was taken
  #turn = 0;

  constructor(entries: Iterable<Entry> = []) {
    for (const entry of entries) this.add(entry);
  }

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  all(): readonly Entry[] {
    return [...this.#byId.values()];
  }

  /** Adds one, as the last, whether it was there or not. */
  add(entry: Entry): void {
    const id = idOf(entry);
    const bytes = headLength(entry);
    this.delete(id);
    this.#byId.set(id, entry);
    this.#turns.set(entry, this.#turn++);
    this.#newest.set(placeOf(entry), entry);
    addTo(this.#bySize, keyOf(entry, entry.size), entry);
    addTo(this.#byHead, keyOf(entry, bytes, entry.head), entry);
    addTo(this.#lengths, keyOf(entry), bytes);
  }

  delete(id: string): void {
    const entry = this.#byId.get(id);
    if (!entry) return;
    this.#byId.delete(id);
    this.#turns.delete(entry);
    if (this.#newest.get(placeOf(entry)) === entry) this.#newest.delete(placeOf(entry));
    this.#bySize.get(keyOf(entry, entry.size))?.delete(entry);
    this.#byHead.get(keyOf(entry, headLength(entry), entry.head))?.delete(entry);
  }

  /** Those of so many bytes. */
  ofSize(kin: Kin, size: number): readonly Entry[] {
    return [...(this.#bySize.get(keyOf(kin, size)) ?? [])];
  }

  /** Those that begin as a file does, by what `hash` tells of so many of its first bytes. */
  beginningAs(kin: Kin, hash: (bytes: number) => string): readonly Entry[] {
    const lengths = [...(this.#lengths.get(keyOf(kin)) ?? [])];
    return lengths.flatMap((bytes) => [...(this.#byHead.get(keyOf(kin, bytes, hash(bytes))) ?? [])]);
  }

  /** What was taken last from a place, if that was after another. */
  after(place: string, entry: Entry): Entry | undefined {
    const newest = this.#newest.get(placeOf({...entry, place}));
    return newest && this.#turns.get(newest)! > this.#turns.get(entry)! ? newest : undefined;
  }
}

/** What names an entry: where to, how, and what was read. Hex. */
export function idOf({segments, into, how}: Entry): string {
  return createHash("sha256")
    .update(JSON.stringify([into, how, segments]))
    .digest("hex");
}

/** Bytes that a head has at the most. */
export const headBytes = 1024;

function headLength({mark}: Entry): number {
  return Math.min(headBytes, mark);
}

function keyOf({into, how}: Kin, ...more: readonly unknown[]): string {
  return JSON.stringify([into, how, ...more]);
}

function placeOf({into, place}: Pick<Entry, "into" | "place">): string {
  return JSON.stringify([into, place]);
}

function addTo<T>(groups: Map<string, Set<T>>, key: string, one: T): void {
  const group = groups.get(key);
  if (group) group.add(one);
  else groups.set(key, new Set([one]));
}
