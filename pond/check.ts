import {blobKey} from "./contents.js";
import {commitKey} from "./delta.js";
import type {AddAction} from "./delta.js";
import {isPondError} from "./error.js";
import {commitsAfter, toOpFile} from "./log.js";
import type {LogEntry} from "./log.js";
import type {Pond} from "./pond.js";
import {decodeColumns, decodeRecords, hash} from "./record.js";
import type {OpRecord} from "./record.js";

export interface CheckOptions {
  readonly data?: boolean; // hash all content, not only the log
}

/** What is wrong: in which file, what, and what to do. */
interface Problem {
  readonly file: string; // key in the store
  readonly version?: number; // the transaction that it belongs to
  readonly sentence: string;
  readonly remedy: string;
}

/** What a check saw. */
export interface Checked {
  readonly commits: number;
  readonly opFiles: number;
  readonly records: number;
  readonly nodes: number; // that can be reached from the root
  readonly blobs: number; // that records ask for
  readonly hashed: number; // contents hashed
  readonly bytes: number; // hashed
  readonly problems: readonly Problem[];
}

const unchained = (engine: string): string =>
  `${engine || "A foreign writer"} wrote this commit without the hash of the one before.`;
const fromWriter =
  "Ask who wrote it; if it is meant, leave it: it is read like any other, and the next commit vouches for it.";
const fromCopy = "Restore the file from a copy of the pond.";

/**
 * Proves the pond's structure: the chain of hashes, the log's continuity and rising times, op files present with their
 * size, hash and rows, blobs present with their size, every node reachable. With `data`, also the hash of all content.
 */
export async function check(pond: Pond, options: CheckOptions = {}): Promise<Checked> {
  const inspector = new Inspector(pond, options.data ?? false);
  await inspector.log();
  await inspector.blobs();
  await inspector.tree();
  return inspector.told();
}

class Inspector {
  readonly #pond: Pond;
  readonly #data: boolean;
  readonly #problems: Problem[] = [];
  readonly #blobs = new Map<string, OpRecord>(); // by SHA-256
  #commits = 0;
  #opFiles = 0;
  #records = 0;
  #nodes = 0;
  #hashed = 0;
  #bytes = 0;

  constructor(pond: Pond, data: boolean) {
    this.#pond = pond;
    this.#data = data;
  }

  told(): Checked {
    return {
      ...{commits: this.#commits, opFiles: this.#opFiles, records: this.#records, nodes: this.#nodes},
      ...{blobs: this.#blobs.size, hashed: this.#hashed, bytes: this.#bytes, problems: this.#problems}
    };
  }

  async log(): Promise<void> {
    let previous: LogEntry | undefined;
    for await (const entry of commitsAfter(this.#pond.store, -1)) {
      this.#commits++;
      this.#link(entry, previous);
      for (const {add} of entry.actions) if (add) await this.#opFile(add, entry.version);
      previous = entry;
    }
    await this.#gaps(previous?.version ?? -1);
  }

  #link({version, info, isSound}: LogEntry, previous: LogEntry | undefined): void {
    const wrong = (sentence: string): unknown =>
      this.#report({file: commitKey(version), version, sentence, remedy: fromCopy});
    if (!isSound) wrong("The commit is not as it was written.");
    if (previous === undefined) return;
    if (info.previous === undefined && !info.engineInfo.startsWith("duckpond/"))
      this.#report({file: commitKey(version), version, sentence: unchained(info.engineInfo), remedy: fromWriter});
    else if (info.previous !== previous.sha256)
      wrong(
        `The chain breaks: it follows ${info.previous ?? "nothing"}, but ${commitKey(previous.version)} has ${previous.sha256}.`
      );
    if (info.timestamp <= previous.info.timestamp)
      wrong(`Its time ${info.timestamp} is not after ${previous.info.timestamp}, the one before.`);
  }

  async #gaps(newest: number): Promise<void> {
    for await (const {key} of this.#pond.store.list("oplog/_delta_log/")) {
      const version = Number(/(\d{20})\.json$/.exec(key)?.[1] ?? -1);
      if (version > newest)
        this.#report({file: key, version, sentence: `The log has a gap after version ${newest}.`, remedy: fromCopy});
    }
  }

  async #opFile(add: AddAction, version: number): Promise<void> {
    this.#opFiles++;
    const file = `oplog/${add.path}`;
    const wrong = (sentence: string): void => this.#report({file, version, sentence, remedy: fromCopy});
    const bytes = await this.#fetch(file);
    if (bytes === undefined) return wrong("The op file is missing.");
    if (bytes.length !== add.size) return wrong(`The op file has ${bytes.length} bytes, the log says ${add.size}.`);
    if (add.tags.sha256 !== undefined && hash(bytes) !== add.tags.sha256)
      return wrong("The op file does not have its hash.");
    const records = decodeRecords(bytes, {...toOpFile(add), transaction: version});
    const {numRecords = records.length} = JSON.parse(add.stats ?? "{}") as {numRecords?: number}; // a foreign writer may not say
    if (records.length !== numRecords) wrong(`The op file has ${records.length} rows, the log says ${numRecords}.`);
    this.#records += records.length;
    for (const record of records) if (!record.inline) this.#blobs.set(record.sha256, record);
    if (this.#data) this.#inline(bytes, file, version);
  }

  #inline(bytes: Uint8Array, file: string, version: number): void {
    const table = decodeColumns(bytes, file, ["content", "sha256"]);
    const [contents, hashes] = [table.getChild("content")!, table.getChild("sha256")!];
    for (let i = 0; i < table.numRows; i++) {
      const content = contents.get(i) as Uint8Array | null;
      if (content === null) continue;
      this.#count(content);
      const sentence = `The content in row ${i} does not have its hash ${String(hashes.get(i))}.`;
      if (hash(content) !== hashes.get(i)) this.#report({file, version, sentence, remedy: fromCopy});
    }
  }

  async blobs(): Promise<void> {
    const sizes = new Map<string, number>();
    for await (const {key, size} of this.#pond.store.list("blobs/")) sizes.set(key, size);
    for (const record of this.#blobs.values()) await this.#blob(record, sizes);
  }

  async #blob({sha256, size, transaction}: OpRecord, sizes: ReadonlyMap<string, number>): Promise<void> {
    const file = blobKey(sha256);
    const wrong = (sentence: string): void => this.#report({file, version: transaction, sentence, remedy: fromCopy});
    if (!sizes.has(file)) return wrong("The blob is missing.");
    if (sizes.get(file) !== size) return wrong(`The blob has ${sizes.get(file)!} bytes, its record says ${size}.`);
    if (!this.#data) return;
    const content = await this.#pond.store.get(file);
    this.#count(content);
    if (hash(content) !== sha256) wrong("The blob does not have the hash that is its name.");
  }

  /** Every directory can be listed and every entry has its record. */
  async tree(): Promise<void> {
    if (this.#problems.some(({remedy}) => remedy === fromCopy)) return; // what is broken below would be told twice
    const fs = await this.#pond.fs();
    const walk = async (path: string): Promise<void> => {
      for (const stat of await fs.list(path)) {
        this.#nodes++;
        if (stat.kind === "directory") await walk(stat.path);
      }
    };
    await walk("/").catch((error: unknown) => {
      if (!isPondError(error, "CORRUPT", "NOT_FOUND")) throw error;
      this.#report({file: "oplog/", sentence: error.message, remedy: fromCopy});
    });
  }

  #report(problem: Problem): void {
    this.#problems.push(problem);
  }

  #count(content: Uint8Array): void {
    this.#hashed++;
    this.#bytes += content.length;
  }

  async #fetch(key: string): Promise<Uint8Array | undefined> {
    return this.#pond.store.get(key).catch((error: unknown) => {
      if (isPondError(error, "NOT_FOUND")) return undefined;
      throw error;
    });
  }
}
