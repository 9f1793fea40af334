import {hash} from "node:crypto";
import {existsSync, mkdirSync, readFileSync, renameSync} from "node:fs";
import {dirname, join} from "node:path";
import {sync} from "../../pond/disk.js";
import type {Range} from "../../pond/types.js";
import {bounded} from "../bound.js";
import {readText, writeChanged} from "../file.js";
import {stampOf} from "./pack.js";
import {keyOf} from "../reduction/shard.js";
import type {ShardEntry} from "../types.js";

/** A shard's file, once it is published. */
export interface Written {
  readonly key: string; // of what it is made from
  readonly entry: ShardEntry;
  readonly rows: number;
  readonly bytes: number;
  readonly isFull?: boolean; // of bins whose percentiles are kept: coarser ones have exact ones from them
}

/** Where shelves and what stands on them are. */
interface Place {
  readonly directory: string; // host directory of what is published
  readonly cache: string; // host directory for what is derived
}

/** A file until its content names it: a folder below the published directory, and the key of what it is made from. */
export interface Draft {
  readonly folder: string;
  readonly key: string;
}

/** What a draft holds; its span is `[begin, end)` in milliseconds since 1970. */
type Content = Required<Range> & Pick<Written, "rows" | "isFull">;

/**
 * The published files of one dataset, and what is known of them, so that none has to be opened for it again. New ones come
 * all at once, for a disk syncs many files in the time that it takes for a few: until then they are drafts, and nothing
 * names them. Those that a killed run leaves go as all do that nothing names.
 */
export class Shelf {
  readonly #directory: string;
  readonly #file: string;
  readonly #written: Map<string, Written>; // by key
  readonly #drafts = new Map<string, string>(); // from host paths to those that they get
  readonly #folders = new Set<string>(); // host paths that are there

  /** Of the dataset at a path of the pond. */
  constructor(path: string, {directory, cache}: Place) {
    this.#directory = directory;
    this.#file = join(cache, "shelves", `${keyOf(path)}.json`);
    const written = JSON.parse(readText(this.#file) ?? "[]") as Written[];
    this.#written = new Map(written.map((one) => [one.key, one]));
  }

  /** What is known by a key, if it is there still. */
  find(key: string): Written | undefined {
    const known = this.#written.get(key);
    return known && existsSync(join(this.#directory, known.entry.file)) ? known : undefined;
  }

  /** The host path to write a draft to. */
  place({folder, key}: Draft): string {
    const path = join(this.#directory, folder);
    if (!this.#folders.has(path)) mkdirSync(path, {recursive: true});
    this.#folders.add(path);
    return join(path, `${key}.parquet`);
  }

  /**
   * Takes a draft that was written. It is named by when it begins and by its bytes, so that what is made of other files to
   * the same content keeps its name, and readers need not fetch it again. It stands under that name once the shelf is kept.
   */
  take(draft: Draft, {begin, end, ...content}: Content): Written {
    const path = this.place(draft);
    const bytes = readFileSync(path);
    const span = {begin: new Date(begin).toISOString(), end: new Date(end).toISOString()};
    const file = `${draft.folder}/${stampOf(span.begin)}-${hash("sha256", bytes).slice(0, 8)}.parquet`;
    this.#drafts.set(path, join(this.#directory, file));
    const written = {key: draft.key, entry: {file, ...span}, ...content, bytes: bytes.length};
    this.#written.set(draft.key, written);
    return written;
  }

  /** Gives drafts their names, durably; then puts away what is known of these files, and of no others. */
  async keep(files: readonly string[]): Promise<void> {
    await this.#settle();
    const kept = new Set(files);
    const written = [...this.#written.values()].filter(({entry}) => kept.has(entry.file));
    await writeChanged(this.#file, JSON.stringify(written));
  }

  async #settle(): Promise<void> {
    await syncAll(this.#drafts.keys());
    for (const [draft, file] of this.#drafts) renameSync(draft, file);
    const folders = [...this.#drafts.values()].map((file) => dirname(file));
    await syncAll(new Set([...folders, ...folders.map((folder) => dirname(folder))])); // which may be new as well
    this.#drafts.clear();
  }
}

/** Syncs side by side, for what is waited for is mostly the same. */
async function syncAll(paths: Iterable<string>): Promise<void> {
  const atOnce = bounded(4);
  await Promise.all([...paths].map((path) => atOnce(() => sync(path))));
}
