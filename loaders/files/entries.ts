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
  readonly #byHead = new Map<string, Map<string, Set<Entry>>>(); // by how many bytes a head has, and then by its hash
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
    this.delete(idOf(entry));
    this.#byId.set(idOf(entry), entry);
    this.#turns.set(entry, this.#turn++);
    this.#newest.set(placeOf(entry), entry);
    addTo(this.#bySize, sizeOf(entry, entry.size), entry);
    const heads = this.#byHead.get(kinOf(entry)) ?? new Map<string, Set<Entry>>();
    this.#byHead.set(kinOf(entry), heads);
    addTo(heads, headOf(entry), entry);
  }

  delete(id: string): void {
    const entry = this.#byId.get(id);
    if (!entry) return;
    this.#byId.delete(id);
    this.#turns.delete(entry);
    if (this.#newest.get(placeOf(entry)) === entry) this.#newest.delete(placeOf(entry));
    this.#bySize.get(sizeOf(entry, entry.size))?.delete(entry);
    this.#byHead.get(kinOf(entry))?.get(headOf(entry))?.delete(entry);
  }

  /** Those of so many bytes. */
  ofSize(kin: Kin, size: number): readonly Entry[] {
    return [...(this.#bySize.get(sizeOf(kin, size)) ?? [])];
  }

  /** Those that begin as a file does, by what `hash` tells of so many of its first bytes. */
  beginningAs(kin: Kin, hash: (bytes: number) => string): readonly Entry[] {
    const found: Entry[] = [];
    const heads = this.#byHead.get(kinOf(kin)) ?? new Map<string, Set<Entry>>();
    const lengths = new Set([...heads.keys()].map((head) => Number(head.split(":")[0])));
    for (const bytes of lengths) found.push(...(heads.get(`${bytes}:${hash(bytes)}`) ?? []));
    return found;
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

/** The head of an entry, as it is looked up. */
function headOf({mark, head}: Entry): string {
  return `${Math.min(headBytes, mark)}:${head}`;
}

function kinOf({into, how}: Kin): string {
  return JSON.stringify([into, how]);
}

function sizeOf({into, how}: Kin, size: number): string {
  return JSON.stringify([into, how, size]);
}

function placeOf({into, place}: Pick<Entry, "into" | "place">): string {
  return JSON.stringify([into, place]);
}

function addTo(groups: Map<string, Set<Entry>>, key: string, entry: Entry): void {
  const group = groups.get(key);
  if (group) group.add(entry);
  else groups.set(key, new Set([entry]));
}
