import {inspectLog} from "./chain.js";
import {blobKey, Contents} from "./contents.js";
import type {AddAction} from "./delta.js";
import {isPondError} from "./error.js";
import {misfitIn} from "./footer.js";
import {toOpFile} from "./log.js";
import type {LogState} from "./log.js";
import {decodeEntries, decodeRecords, decodeWhole, hash, rootId} from "./record.js";
import type {Entry, OpFile, OpRecord} from "./record.js";
import type {Listed, Problem, Store} from "./types.js";

/** Where a pond's bytes are. */
export interface Place {
  readonly store: Store;
  readonly cache: string; // host directory of derived data
}

export interface CheckOptions {
  readonly data?: boolean; // hash all content, not only the log
  readonly subset?: number; // of the content, only this share, chosen at random; above 0, at most 1
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
 * tables, a footer with the rows, columns and types that the record tells, every node reachable. With `data`, also the
 * hash of all content, and the footers of what stands in op files.
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
    const isWhole = this.#options.data === true || sha256 === undefined; // a foreign writer's
    const records = await decoded(bytes, toOpFile(add), isWhole);
    if (records === undefined) return void wrong("The op file does not hold records.");
    const {numRecords = records.length} = JSON.parse(add.stats ?? "{}") as {numRecords?: number}; // a foreign writer may not say
    if (records.length !== numRecords) wrong(`The op file has ${records.length} rows, the log says ${numRecords}.`);
    this.#records += records.length;
    for (const record of records) this.#know(record.kind === "directory" ? record : {...record, content: null});
    const lost = records.findIndex(({inline, content}) => isWhole && inline && content === null);
    if (lost >= 0) wrong(`The content in row ${lost} is missing.`);
    if (this.#options.data) for (const [row, record] of records.entries()) await this.#inline(record, row, wrong);
  }

  #know(record: OpRecord): void {
    if (!record.inline) this.#blobs.set(record.sha256, record);
    if (record.version >= (this.#newest.get(record.nodeId)?.version ?? 0)) this.#newest.set(record.nodeId, record);
  }

  async #inline(record: OpRecord, row: number, wrong: (sentence: string) => unknown): Promise<void> {
    const {content, sha256} = record;
    if (content === null || !this.#isChosen()) return;
    this.#count(content);
    if (hash(content) !== sha256) return void wrong(`The content in row ${row} does not have its hash ${sha256}.`);
    const misfit = isParquet(record)
      ? await misfitIn(record, async (begin, end) => content.subarray(begin, end))
      : undefined;
    if (misfit !== undefined) wrong(`The content in row ${row} ${misfit}.`);
  }

  async blobs(): Promise<void> {
    const listed = new Map<string, Listed>();
    for await (const one of this.#contents.store.list("blobs/")) listed.set(one.key, one);
    for (const record of this.#blobs.values())
      await this.#blob(record, (await listed.get(blobKey(record.sha256))?.stat())?.size);
  }

  async #blob(record: OpRecord, found: number | undefined): Promise<void> {
    const {sha256, size, transaction} = record;
    const file = blobKey(sha256);
    const wrong = (sentence: string): unknown =>
      this.#problems.push({fault: "blob", file, version: transaction, sentence, remedy: blobFromCopy, sha256});
    if (found === undefined) return void wrong("The blob is missing.");
    if (found !== size) return void wrong(`The blob has ${found} bytes, its record says ${size}.`);
    const read = (begin: number, end?: number) => this.#contents.store.getRange(file, begin, end);
    const misfit = isParquet(record) ? await misfitIn(record, read) : undefined;
    if (misfit !== undefined) return void wrong(`The blob ${misfit}.`);
    if (!this.#options.data || !this.#isChosen()) return;
    const content = await this.#contents.store.get(file);
    this.#count(content);
    if (hash(content) !== sha256) wrong("The blob does not have the hash that is its name.");
  }

  /** Every directory has its entries, and every entry its record. */
  async tree(): Promise<void> {
    if (this.#problems.some(({fault}) => fault === "op file")) return; // whose nodes would be told of once more
    const broken = new Set(this.#problems.map(({sha256}) => sha256));
    const seen = new Set<string>();
    const queue = [{nodeId: rootId, path: "/"}];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const {nodeId, path} = next;
      const record = this.#newest.get(nodeId);
      if (record === undefined) this.#stray(path, "is listed and has no record in the log");
      else if (seen.has(nodeId)) this.#stray(path, "is listed twice");
      seen.add(nodeId);
      if (record?.kind !== "directory" || broken.has(record.sha256)) continue;
      for (const entry of await this.#entries(record))
        queue.push({nodeId: entry.nodeId, path: `${path === "/" ? "" : path}/${entry.name}`});
    }
    this.#nodes = seen.size - 1; // the root is in no directory
  }

  async #entries(record: OpRecord): Promise<Iterable<Entry>> {
    try {
      return decodeEntries(await this.#contents.read(record)).values();
    } catch (error) {
      if (!isPondError(error, "CORRUPT")) throw error;
      const {sha256, transaction: version} = record;
      const sentence = `The directory in it does not have its hash ${sha256}.`;
      const where = record.inline
        ? ({fault: "op file", file: `oplog/${record.file}`, remedy: fromCopy} as const)
        : ({fault: "blob", file: blobKey(sha256), remedy: blobFromCopy, sha256} as const);
      this.#problems.push({...where, version, sentence});
      return [];
    }
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

/** The records of an op file; undefined when a foreign writer put something else there. */
async function decoded(bytes: Uint8Array, file: OpFile, whole: boolean): Promise<readonly OpRecord[] | undefined> {
  try {
    return whole ? decodeWhole(bytes, file) : await decodeRecords(bytes, file);
  } catch (error) {
    if (isPondError(error, "CORRUPT") || error instanceof SyntaxError) return undefined; // no Parquet, or no JSON in it
    throw error;
  }
}

function isParquet({kind}: OpRecord): boolean {
  return kind === "series" || kind === "table";
}
