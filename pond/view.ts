import type {Contents} from "./contents.js";
import type {LogState} from "./log.js";
import {recordsOf} from "./outline.js";
import {asWalked, decodeEntries, rootId} from "./record.js";
import type {Entry, NewRecord, OpFile, OpRecord} from "./record.js";

/** A record as a view shows it: in the log, or about to be. */
export type Shown = NewRecord & {readonly transaction: number; readonly file?: string};

/** The nodes of one directory's partition: their versions, oldest first; perhaps not those that are superseded. */
export type Partition = ReadonlyMap<string, readonly Shown[]>;

/** What a filesystem is made of: partitions of records. */
export interface View {
  readonly version: number;
  readonly timestamp: number; // ms since 1970
  partition(id: string): Promise<Partition>;
  history(id: string): Promise<Partition>; // with all versions
}

/** Decoded partitions, by the op files that they were read from. */
export class Partitions {
  readonly #contents: Contents;
  readonly #known = new Map<string, {readonly files: readonly OpFile[]; readonly partition: Promise<Partition>}>();
  #written: ReadonlyMap<string, readonly OpRecord[]> = new Map(); // by op file, of the last transaction of our own

  constructor(contents: Contents) {
    this.#contents = contents;
  }

  /** Takes the records of a transaction just committed, so that they need not be read back. */
  add(state: LogState, records: ReadonlyMap<string, readonly NewRecord[]>): void {
    const written = [...records].map(([id, fresh]) => {
      const {path, transaction} = state.partition(id).at(-1)!;
      return [path, fresh.map((record) => ({...asWalked(record), file: path, transaction}))] as const;
    });
    this.#written = new Map(written);
  }

  /** What the files make, under a name for it; only files that it did not have the last time are read. */
  get(id: string, files: readonly OpFile[]): Promise<Partition> {
    const known = this.#known.get(id);
    if (known !== undefined && samePaths(known.files, files)) return known.partition;
    const grown = known !== undefined && samePaths(known.files, files.slice(0, known.files.length));
    const partition = grown
      ? this.#load(files.slice(known.files.length), known.partition)
      : this.#load(files, Promise.resolve(new Map()));
    this.#known.set(id, {files, partition});
    partition.catch(() => this.#known.delete(id));
    return partition;
  }

  async #load(files: readonly OpFile[], base: Promise<Partition>): Promise<Partition> {
    const records: OpRecord[] = [];
    for (const file of files) records.push(...(await this.#records(file)));
    return merge(await base, records);
  }

  async #records(file: OpFile): Promise<readonly OpRecord[]> {
    return this.#written.get(file.path) ?? recordsOf(this.#contents, file);
  }
}

function samePaths(a: readonly OpFile[], b: readonly OpFile[]): boolean {
  return a.length === b.length && a.every((file, i) => file.path === b[i]!.path);
}

/** A partition with more records. */
export function merge(partition: Partition, records: readonly Shown[]): Partition {
  const merged = new Map(partition);
  for (const [id, more] of byNode(records)) merged.set(id, inOrder(partition.get(id) ?? [], more));
  return merged;
}

/** Records by the node that they are versions of. */
export function byNode<T extends Shown>(records: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const nodes = new Map<string, T[]>();
  for (const record of records) {
    const known = nodes.get(record.nodeId);
    if (known === undefined) nodes.set(record.nodeId, [record]);
    else known.push(record);
  }
  return nodes;
}

/** Versions of a node and more of them, oldest first; mostly those that come are newer. */
function inOrder(known: readonly Shown[], more: readonly Shown[]): readonly Shown[] {
  const tail = [...known.slice(-1), ...more];
  const isSorted = tail.every((record, i) => i === 0 || tail[i - 1]!.version <= record.version);
  const all = [...known, ...more];
  return isSorted ? all : all.sort((a, b) => a.version - b.version);
}

/** The pond as it was at a version: the log only grows, so this is its records up to that transaction. */
export class Snapshot implements View {
  readonly version: number;
  readonly timestamp: number;
  readonly state: LogState;
  readonly #partitions: Partitions;
  readonly #shown = new Map<string, Promise<Partition>>();

  constructor(state: LogState, partitions: Partitions, version = state.version, timestamp = state.timestamp) {
    this.state = state;
    this.version = version;
    this.timestamp = timestamp;
    this.#partitions = partitions;
  }

  partition(id: string): Promise<Partition> {
    const known = this.#shown.get(id);
    if (known !== undefined) return known;
    const shown = this.#load(id);
    this.#shown.set(id, shown);
    shown.catch(() => this.#shown.delete(id)); // so that a file put back is found
    return shown;
  }

  /** All records up to this version; those of superseded versions are read only here. */
  async history(id: string): Promise<Partition> {
    if (this.state.damage !== undefined) throw this.state.damage;
    const partition = await this.#partitions.get(`${id} with its past`, this.state.partition(id));
    if (this.version === this.state.version) return partition;
    return each(partition, (records) => records.filter((record) => record.transaction <= this.version));
  }

  async #load(id: string): Promise<Partition> {
    if (this.version < this.state.version) return each(await this.history(id), standing);
    if (this.state.damage !== undefined) throw this.state.damage;
    const files = this.state.partition(id).filter((file) => !file.isPast);
    return each(await this.#partitions.get(id, files), standing);
  }
}

function each(partition: Partition, select: (records: readonly Shown[]) => readonly Shown[]): Partition {
  const selected = [...partition].map(([node, records]) => [node, select(records)] as const);
  return new Map(selected.filter(([, records]) => records.length > 0));
}

/** The versions that a record stands for, both inclusive. */
export function spanOf({version, since = version, until = version}: Shown): readonly [number, number] {
  return [since, until];
}

/** Of a node's records those that no merged one stands for. */
export function standing<T extends Shown>(records: readonly T[]): readonly T[] {
  if (records[0]?.kind !== "series" || records.every(({until}) => until === undefined)) return records;
  let widest: readonly [number, number] = [-1, -1];
  const isCovered = (record: T): boolean => {
    const span = spanOf(record);
    const isInside = span[1] <= widest[1] && (span[0] !== widest[0] || span[1] !== widest[1]);
    if (!isInside) widest = span;
    return isInside;
  };
  const widestFirst = [...records].sort((a, b) => spanOf(a)[0] - spanOf(b)[0] || spanOf(b)[1] - spanOf(a)[1]);
  const covered = new Set(widestFirst.filter(isCovered));
  return records.filter((record) => !covered.has(record));
}

/** The root as if a directory above listed it. */
export const rootEntry: Entry = {name: "", nodeId: rootId, partId: rootId, kind: "directory"};

const decoded = new WeakMap<Shown, ReadonlyMap<string, Entry>>();

/** The entries of a directory's newest version. */
export async function entriesOf(directory: Shown, contents: Contents): Promise<ReadonlyMap<string, Entry>> {
  const known = decoded.get(directory);
  if (known !== undefined) return known;
  const entries = decodeEntries(await contents.read(directory));
  decoded.set(directory, entries);
  return entries;
}
