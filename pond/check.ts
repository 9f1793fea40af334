import {parquetMetadata} from "hyparquet";
import {inspectLog} from "./chain.js";
import {blobKey, Contents} from "./contents.js";
import type {AddAction} from "./delta.js";
import {isPondError} from "./error.js";
import {toOpFile} from "./log.js";
import type {LogState} from "./log.js";
import {decodeColumns, decodeEntries, decodeRecords, hash, rootId} from "./record.js";
import type {OpRecord} from "./record.js";
import type {Store} from "./types.js";

/** Where a pond's bytes are. */
export interface Place {
  readonly store: Store;
  readonly cache: string; // host directory of derived data
}

export interface CheckOptions {
  readonly data?: boolean; // hash all content, not only the log
  readonly subset?: number; // of the content, only this share, chosen at random; above 0, at most 1
}

/** What is wrong: in which file, what, and what to do. */
export interface Problem {
  readonly fault: "commit" | "foreign" | "checkpoint" | "op file" | "blob" | "tree";
  readonly file: string; // key in the store
  readonly version?: number; // the transaction that it belongs to
  readonly sentence: string;
  readonly remedy: string;
  readonly sha256?: string; // what the file should have, when that is known
}

/** What a check saw. */
export interface Checked {
  readonly commits: number;
  readonly checkpoints: number;
  readonly opFiles: number;
  readonly records: number;
  readonly nodes: number; // that can be reached from the root
  readonly blobs: number; // that records ask for
  readonly hashed: number; // contents hashed
  readonly bytes: number; // hashed
  readonly problems: readonly Problem[];
}

const fromCopy = "Restore it from a copy of the pond: pond repair log --from COPY.";
const blobFromCopy = "Restore it from a copy of the pond: pond repair blobs --from COPY.";

/**
 * Proves a pond's structure: the chain of hashes, the log's continuity and rising times, checkpoints that say what the
 * commits say, op files present with their size, hash and rows, blobs present with their size and, of series and
 * tables, a footer that says the same as the record, every node reachable. With `data`, also the hash of all content.
 * Op files that compaction replaced are not asked for: vacuum may have taken them. Opens nothing, so that a pond that
 * cannot be opened can be checked.
 */
export async function check(place: Place, options: CheckOptions = {}): Promise<Checked> {
  const {state, ...log} = await inspectLog(place.store);
  const inspector = new Inspector(new Contents(place.store, place.cache), options);
  await inspector.opFiles(state);
  await inspector.blobs();
  if (log.problems.every(({fault}) => fault === "foreign")) await inspector.tree();
  const {problems, ...told} = inspector.told();
  return {commits: log.commits, checkpoints: log.checkpoints, ...told, problems: [...log.problems, ...problems]};
}

/** What the log's files hold. */
class Inspector {
  readonly #contents: Contents;
  readonly #options: CheckOptions;
  readonly #problems: Problem[] = [];
  readonly #blobs = new Map<string, OpRecord>(); // by SHA-256
  readonly #newest = new Map<string, OpRecord>(); // by node
  #opFiles = 0;
  #records = 0;
  #nodes = 0;
  #hashed = 0;
  #bytes = 0;

  constructor(contents: Contents, options: CheckOptions) {
    this.#contents = contents;
    this.#options = options;
  }

  told(): Omit<Checked, "commits" | "checkpoints"> {
    return {
      ...{opFiles: this.#opFiles, records: this.#records, nodes: this.#nodes, blobs: this.#blobs.size},
      ...{hashed: this.#hashed, bytes: this.#bytes, problems: this.#problems}
    };
  }

  async opFiles(state: LogState): Promise<void> {
    for (const add of state.adds()) await this.#opFile(add);
  }

  async #opFile(add: AddAction): Promise<void> {
    this.#opFiles++;
    const file = `oplog/${add.path}`;
    const told = {fault: "op file", file, version: Number(add.tags.transaction), remedy: fromCopy} as const;
    const {sha256} = add.tags;
    const wrong = (sentence: string): unknown =>
      this.#problems.push({...told, sentence, ...(sha256 === undefined ? {} : {sha256})});
    const bytes = await this.#fetch(file);
    if (bytes === undefined) return void wrong("The op file is missing.");
    if (bytes.length !== add.size)
      return void wrong(`The op file has ${bytes.length} bytes, the log says ${add.size}.`);
    if (sha256 !== undefined && hash(bytes) !== sha256) return void wrong("The op file does not have its hash.");
    const records = decodeRecords(bytes, toOpFile(add));
    const {numRecords = records.length} = JSON.parse(add.stats ?? "{}") as {numRecords?: number}; // a foreign writer may not say
    if (records.length !== numRecords) wrong(`The op file has ${records.length} rows, the log says ${numRecords}.`);
    this.#records += records.length;
    for (const record of records) this.#know(record);
    if (this.#options.data)
      this.#inline(bytes, file, (row, digits) => wrong(`The content in row ${row} does not have its hash ${digits}.`));
  }

  #know(record: OpRecord): void {
    if (!record.inline) this.#blobs.set(record.sha256, record);
    if (record.version >= (this.#newest.get(record.nodeId)?.version ?? 0)) this.#newest.set(record.nodeId, record);
  }

  #inline(bytes: Uint8Array, file: string, wrong: (row: number, digits: string) => unknown): void {
    const table = decodeColumns(bytes, file, ["content", "sha256"]);
    const [contents, hashes] = [table.getChild("content")!, table.getChild("sha256")!];
    for (let i = 0; i < table.numRows; i++) {
      const content = contents.get(i) as Uint8Array | null;
      if (content === null || !this.#isChosen()) continue;
      this.#count(content);
      if (hash(content) !== hashes.get(i)) wrong(i, String(hashes.get(i)));
    }
  }

  async blobs(): Promise<void> {
    const sizes = new Map<string, number>();
    for await (const {key, size} of this.#contents.store.list("blobs/")) sizes.set(key, size);
    for (const record of this.#blobs.values()) await this.#blob(record, sizes);
  }

  async #blob(record: OpRecord, sizes: ReadonlyMap<string, number>): Promise<void> {
    const {sha256, size, transaction} = record;
    const file = blobKey(sha256);
    const wrong = (sentence: string): unknown =>
      this.#problems.push({fault: "blob", file, version: transaction, sentence, remedy: blobFromCopy, sha256});
    if (!sizes.has(file)) return void wrong("The blob is missing.");
    if (sizes.get(file) !== size) return void wrong(`The blob has ${sizes.get(file)!} bytes, its record says ${size}.`);
    const said = await this.#footer(record, file);
    if (said !== undefined) return void wrong(said);
    if (!this.#options.data || !this.#isChosen()) return;
    const content = await this.#contents.store.get(file);
    this.#count(content);
    if (hash(content) !== sha256) wrong("The blob does not have the hash that is its name.");
  }

  /** What is wrong with the footer of a Parquet blob, of which only that is read. */
  async #footer({kind, rows, attributes, size}: OpRecord, file: string): Promise<string | undefined> {
    if (kind !== "series" && kind !== "table") return undefined;
    const {store} = this.#contents;
    const end = Buffer.from(await store.getRange(file, size - 8));
    const length = end.readUInt32LE(0);
    if (end.toString("latin1", 4) !== "PAR1" || length + 12 > size) return "The blob does not end as Parquet does.";
    const tail = Uint8Array.from(await store.getRange(file, size - 8 - length));
    const footer = footerOf(tail.buffer);
    if (footer === undefined) return "The blob's Parquet footer is not readable.";
    if (rows !== undefined && footer.rows !== rows) return `The blob has ${footer.rows} rows, its record says ${rows}.`;
    const {columns} = attributes as {columns?: readonly {name: string}[]};
    const known = new Set(["timestamp", ...(columns ?? []).map(({name}) => name)]);
    const stray = columns && footer.columns.find((name) => !known.has(name));
    return stray === undefined ? undefined : `The blob has a column ${stray} that its record does not tell of.`;
  }

  /** Every directory has its entries, and every entry its record. */
  async tree(): Promise<void> {
    if (this.#problems.length > 0) return; // what is broken below would be told twice
    const seen = new Set<string>();
    const queue = [{nodeId: rootId, path: "/"}];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const {nodeId, path} = next;
      const record = this.#newest.get(nodeId);
      if (record === undefined) this.#stray(path, "is listed and has no record in the log");
      else if (seen.has(nodeId)) this.#stray(path, "is listed twice");
      seen.add(nodeId);
      if (record?.kind !== "directory") continue;
      for (const entry of decodeEntries(await this.#contents.read(record)).values())
        queue.push({nodeId: entry.nodeId, path: `${path === "/" ? "" : path}/${entry.name}`});
    }
    this.#nodes = seen.size - 1; // the root is in no directory
  }

  #stray(path: string, what: string): void {
    this.#problems.push({fault: "tree", file: "oplog/", sentence: `${path} ${what}.`, remedy: fromCopy});
  }

  #isChosen(): boolean {
    return Math.random() < (this.#options.subset ?? 1);
  }

  #count(content: Uint8Array): void {
    this.#hashed++;
    this.#bytes += content.length;
  }

  async #fetch(key: string): Promise<Uint8Array | undefined> {
    return this.#contents.store.get(key).catch((error: unknown) => {
      if (isPondError(error, "NOT_FOUND")) return undefined;
      throw error;
    });
  }
}

function footerOf(tail: ArrayBuffer): {readonly rows: number; readonly columns: readonly string[]} | undefined {
  try {
    const {num_rows: rows, schema} = parquetMetadata(tail);
    return {rows: Number(rows), columns: schema.slice(1).map(({name}) => name)};
  } catch {
    return undefined; // its messages tell of bytes, the check of the file
  }
}
