import {mkdir, rename, rm, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {sizeOf, temporary} from "./disk.js";
import {PondError} from "./error.js";
import {decodeColumns, hash} from "./record.js";
import type {OpFile, OpRecord} from "./record.js";
import type {Store} from "./types.js";

/** Where a blob stands in the store. */
export function blobKey(sha256: string): string {
  return `blobs/${sha256.slice(0, 2)}/${sha256}`;
}

/** What a record's content is found by; a record that is not committed yet carries it. */
export type Held = Pick<OpRecord, "sha256" | "size" | "inline" | "content" | "nodeId" | "version"> & {
  readonly file?: string;
};

/** The bytes behind records: as bytes, or as host files that DuckDB can read. */
export class Contents {
  readonly store: Store;
  readonly cache: string; // host directory

  constructor(store: Store, cache: string) {
    this.store = store;
    this.cache = cache;
  }

  /** The content of a record, its hash proven. */
  async read(record: Held): Promise<Uint8Array> {
    const bytes = await this.#fetch(record);
    if (hash(bytes) === record.sha256) return bytes;
    const where = record.inline ? `oplog/${record.file}` : blobKey(record.sha256);
    const sentence = `The content of ${where} does not have its hash ${record.sha256}; restore it from a copy of the pond.`;
    throw new PondError("CORRUPT", sentence, {where, sha256: record.sha256});
  }

  /** An op file, its hash proven. */
  async opFile({path, sha256}: Pick<OpFile, "path" | "sha256">): Promise<Uint8Array> {
    const bytes = await this.store.get(`oplog/${path}`);
    if (sha256 === undefined || hash(bytes) === sha256) return bytes;
    const sentence = `oplog/${path} does not have the hash ${sha256} that its commit says; restore it from a copy of the pond.`;
    throw new PondError("CORRUPT", sentence, {path, sha256});
  }

  /** A host file with the content: the blob itself when the store has it at hand, a copy under cache/ otherwise. */
  async locate(record: Held): Promise<string> {
    const blob = record.inline ? undefined : this.store.locate?.(blobKey(record.sha256));
    if (blob !== undefined) return blob;
    const file = join(this.cache, "content", record.sha256.slice(0, 2), record.sha256);
    if (await hasSize(file, record.size)) return file; // a torn one, after a loss of power, is shorter
    await this.place(file, await this.read(record));
    return file;
  }

  /** A host file of an object in the store, an op file for example. */
  async locateObject(key: string): Promise<string> {
    const host = this.store.locate?.(key);
    if (host !== undefined) return host;
    const file = join(this.cache, "objects", key);
    if (!(await hasSize(file))) await this.place(file, await this.store.get(key));
    return file;
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
    if (!record.inline) return this.store.get(blobKey(record.sha256));
    const table = decodeColumns(await this.store.get(`oplog/${record.file}`), `oplog/${record.file}`, inlineColumns);
    const [nodes, versions, contents] = inlineColumns.map((name) => table.getChild(name)!);
    for (let i = 0; i < table.numRows; i++)
      if (nodes!.get(i) === record.nodeId && Number(versions!.get(i)) === record.version)
        return (contents!.get(i) as Uint8Array).slice();
    const sentence = `oplog/${record.file} has lost version ${record.version} of node ${record.nodeId}; restore it from a copy.`;
    throw new PondError("CORRUPT", sentence, {file: record.file});
  }
}

const inlineColumns = ["node_id", "version", "content"];

async function hasSize(file: string, size?: number): Promise<boolean> {
  const found = await sizeOf(file);
  return found !== undefined && (size === undefined || found === size);
}
