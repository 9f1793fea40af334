import {createHash} from "node:crypto";
import {mkdir, readFile, rename, rm, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {sizeOf, temporary} from "./disk.js";
import {isPondError, PondError} from "./error.js";
import {encodeParquet} from "./parquet.js";
import {decodeColumns, hash, inlineLimit} from "./record.js";
import type {OpFile, OpRecord} from "./record.js";
import type {Pieces, Store} from "./types.js";

/** Where a blob stands in the store. */
export function blobKey(sha256: string): string {
  return `blobs/${sha256.slice(0, 2)}/${sha256}`;
}

/** What a record's content is found by; a record that is not committed yet carries it. */
export type Held = Pick<OpRecord, "sha256" | "size" | "inline" | "content" | "nodeId" | "version"> & {
  readonly file?: string;
};

/** Content, in pieces where it is too large to hold; null once the store has it. And what a record says of it. */
export interface Body extends Pick<OpRecord, "inline" | "sha256" | "size"> {
  readonly content: Uint8Array | Pieces | null;
}

export function bodyOf(content: Uint8Array | string): Body {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return {content: bytes, inline: bytes.length <= inlineLimit, sha256: hash(bytes), size: bytes.length};
}

/** Bytes hashed at a time. */
const stride = 1 << 22;

/**
 * The bytes behind records: as bytes, or as host files that DuckDB can read. DuckDB takes what it finds for data, so
 * the hash of a file is proven before it gets it, once by each process.
 */
export class Contents {
  readonly store: Store;
  readonly cache: string; // host directory
  readonly #proven = new Map<string, Promise<void>>(); // by key in the store
  #opened: {readonly file: string; readonly inline: ReadonlyMap<string, Uint8Array>} | undefined;
  readonly #placed = new Set<string>(); // host files under cache/ that were written or proven by this process

  constructor(store: Store, cache: string) {
    this.store = store;
    this.cache = cache;
  }

  /** Puts large content into the store; small content stays in the record. */
  async hold(given: Uint8Array | Body): Promise<Pick<OpRecord, "content" | "inline" | "sha256" | "size">> {
    const {content, inline, sha256, size} = given instanceof Uint8Array ? bodyOf(given) : given;
    const bytes = content instanceof Uint8Array ? content : null;
    if (inline) return {content: bytes, inline, sha256, size};
    if (content !== null) await this.store.putIfAbsent(blobKey(sha256), bytes ?? (content as Pieces)());
    return {content: null, inline, sha256, size};
  }

  /** The content of a record, its hash proven. */
  async read(record: Held): Promise<Uint8Array> {
    const bytes = await this.#fetch(record);
    if (hash(bytes) === record.sha256) return bytes;
    this.#opened = undefined; // so that a file put back is found
    throw damaged(record.inline ? `The content in oplog/${record.file}` : blobKey(record.sha256), record.sha256);
  }

  /** The content of each record, op files that hold some of it opened once. */
  async readAll<T extends Held>(records: readonly T[]): Promise<ReadonlyMap<T, Uint8Array>> {
    const files = [...new Set(records.map(({file}) => file))];
    const found = new Map<T, Uint8Array>();
    for (const file of files)
      for (const record of records.filter((one) => one.file === file)) found.set(record, await this.read(record));
    return found;
  }

  /** The content of a record a few megabytes at a time, its hash proven before the first of them. */
  async *stream(record: Held): AsyncIterable<Uint8Array> {
    if (record.inline || record.size <= stride) return void (yield await this.read(record));
    await this.#prove(blobKey(record.sha256), record.sha256);
    yield* this.#pieces(blobKey(record.sha256));
  }

  /** An op file, its hash proven. */
  async opFile({path, sha256}: Pick<OpFile, "path" | "sha256">): Promise<Uint8Array> {
    const bytes = await needed(this.store.get(`oplog/${path}`));
    if (sha256 === undefined || hash(bytes) === sha256) return bytes;
    throw damaged(`oplog/${path}`, sha256);
  }

  /** A host file with the content: the blob itself when the store has it at hand, a copy under cache/ otherwise. */
  async locate(record: Held): Promise<string> {
    const {sha256, size} = record;
    const blob = record.inline ? undefined : this.store.locate?.(blobKey(sha256));
    if (blob !== undefined) return this.#prove(blobKey(sha256), sha256).then(() => blob);
    const file = join(this.cache, "content", sha256.slice(0, 2), sha256);
    const isThere = await hasSize(file, size); // a torn one, after a loss of power, is shorter
    const isWhole = isThere && (this.#placed.has(file) || hash(await readFile(file)) === sha256);
    if (!isWhole) await this.place(file, await this.read(record));
    this.#placed.add(file);
    return file;
  }

  /** A host file that is an op file; of a foreign writer's, which may store text as plain bytes, one in our own form. */
  async locateOpFile(opFile: Pick<OpFile, "path" | "sha256">): Promise<string> {
    const {path, sha256} = opFile;
    const host = sha256 && this.store.locate?.(`oplog/${path}`);
    if (host) return this.#prove(`oplog/${path}`, sha256).then(() => host);
    const file = join(this.cache, "objects", path);
    if (this.#placed.has(file) && (await hasSize(file))) return file;
    const bytes = await this.opFile(opFile);
    await this.place(file, sha256 === undefined ? encodeParquet(decodeColumns(bytes, `oplog/${path}`)) : bytes);
    this.#placed.add(file);
    return file;
  }

  /** Proves an object once. */
  #prove(key: string, sha256: string): Promise<void> {
    const known = this.#proven.get(key);
    if (known !== undefined) return known;
    const proof = this.#hashOf(key).then((digits) => {
      if (digits !== sha256) throw damaged(key, sha256);
    });
    this.#proven.set(key, proof);
    proof.catch(() => this.#proven.delete(key)); // so that one put back is found
    return proof;
  }

  async #hashOf(key: string): Promise<string> {
    const digest = createHash("sha256");
    for await (const bytes of this.#pieces(key)) digest.update(bytes);
    return digest.digest("hex");
  }

  async *#pieces(key: string): AsyncIterable<Uint8Array> {
    for (let [at, isMore] = [0, true]; isMore; at += stride) {
      const bytes = await needed(this.store.getRange(key, at, at + stride));
      if (bytes.length > 0) yield bytes;
      isMore = bytes.length === stride;
    }
  }

  /** Puts a derived file under cache/: whole or not at all. */
  async place(file: string, content: Uint8Array): Promise<void> {
    await mkdir(dirname(file), {recursive: true});
    const temp = temporary(file);
    try {
      await writeFile(temp, content);
      await rename(temp, file);
    } finally {
      await rm(temp, {force: true});
    }
  }

  async #fetch(record: Held): Promise<Uint8Array> {
    if (record.content !== null) return record.content;
    if (!record.inline) return needed(this.store.get(blobKey(record.sha256)));
    const found = (await this.#inlineIn(record.file!)).get(record.sha256);
    if (found !== undefined) return found.slice();
    const sentence = `oplog/${record.file} has lost version ${record.version} of node ${record.nodeId}; restore it from a copy.`;
    throw new PondError("CORRUPT", sentence, {file: record.file});
  }

  /** Content by its hash. The file that was read last is kept: a directory's small files are in one. */
  async #inlineIn(file: string): Promise<ReadonlyMap<string, Uint8Array>> {
    if (this.#opened?.file === file) return this.#opened.inline;
    const table = decodeColumns(await needed(this.store.get(`oplog/${file}`)), `oplog/${file}`);
    const [hashes, contents] = inlineColumns.map((name) => table.getChild(name)!);
    const inline = new Map<string, Uint8Array>();
    for (let i = 0; i < table.numRows; i++) {
      const content = contents!.get(i) as Uint8Array | null;
      if (content !== null) inline.set(hashes!.get(i) as string, content);
    }
    this.#opened = {file, inline};
    return inline;
  }
}

/** What the log names has to be there: its absence must not pass for that of a path. */
async function needed(found: Promise<Uint8Array>): Promise<Uint8Array> {
  return found.catch((error: unknown) => {
    if (!isPondError(error, "NOT_FOUND")) throw error;
    const sentence = `${String(error.data.key)} is missing; restore it from a copy of the pond.`;
    throw new PondError("CORRUPT", sentence, error.data, error);
  });
}

function damaged(what: string, sha256: string): PondError {
  const sentence = `${what} does not have its hash ${sha256}; restore it from a copy of the pond.`;
  return new PondError("CORRUPT", sentence, {what, sha256});
}

const inlineColumns = ["sha256", "content"];

async function hasSize(file: string, size?: number): Promise<boolean> {
  const found = await sizeOf(file);
  return found !== undefined && (size === undefined || found === size);
}
