import {createHash} from "node:crypto";
import {readFile, rename} from "node:fs/promises";
import {join} from "node:path";
import type {Range} from "../../pond/types.js";
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

/** What is known of the published files of one dataset, so that none has to be opened for it again. */
export class Shelf {
  readonly #file: string;
  readonly #written: Map<string, Written>; // by key

  private constructor(file: string, written: readonly Written[]) {
    this.#file = file;
    this.#written = new Map(written.map((one) => [one.key, one]));
  }

  /** What is known of the dataset at a path of the pond. */
  static of(path: string, cache: string): Shelf {
    const file = join(cache, "shelves", `${keyOf(path)}.json`);
    return new Shelf(file, JSON.parse(readText(file) ?? "[]") as Written[]);
  }

  find(key: string): Written | undefined {
    return this.#written.get(key);
  }

  add(written: Written): Written {
    this.#written.set(written.key, written);
    return written;
  }

  /** Puts away what is known of these files, and of no others. */
  async keep(files: readonly string[]): Promise<void> {
    const kept = new Set(files);
    const written = [...this.#written.values()].filter(({entry}) => kept.has(entry.file));
    await writeChanged(this.#file, JSON.stringify(written));
  }
}

/** Where a shard is written until its content names it: a folder below a directory of the host, and its key. */
export interface Draft {
  readonly directory: string;
  readonly folder: string;
  readonly key: string;
}

/** The host path of a draft; one that a killed run leaves is a shard that nothing names, and goes as those do. */
export function draftOf({directory, folder, key}: Draft): string {
  return join(directory, folder, `${key}.parquet`);
}

/**
 * Names a draft by when it begins and by its bytes, so that what is made of other files to the same content keeps its
 * name, and readers need not fetch it again. The span is `[begin, end)` in milliseconds since 1970.
 */
export async function settle(draft: Draft, {begin, end}: Required<Range>): Promise<ShardEntry> {
  const path = draftOf(draft);
  const hash = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  const span = {begin: new Date(begin).toISOString(), end: new Date(end).toISOString()};
  const file = `${draft.folder}/${stampOf(span.begin)}-${hash.slice(0, 8)}.parquet`;
  await rename(path, join(draft.directory, file));
  return {file, ...span};
}
