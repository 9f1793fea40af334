import {existsSync} from "node:fs";
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {replaceFile} from "./file.js";
import {keyOf} from "./shard.js";
import type {ShardEntry} from "./types.js";

/** A shard's file, once it is published. */
export interface Written {
  readonly entry: ShardEntry;
  readonly rows: number;
  readonly bytes: number;
  readonly isFull?: boolean; // of bins whose percentiles are kept: coarser ones have exact ones from them
}

/** What is known of the published files of one dataset, so that none has to be opened for it again. */
export class Shelf {
  readonly #file: string;
  readonly #written: Map<string, Written>; // by file

  private constructor(file: string, written: readonly Written[]) {
    this.#file = file;
    this.#written = new Map(written.map((one) => [one.entry.file, one]));
  }

  /** What is known of the dataset at a path of the pond. */
  static async of(path: string, cache: string): Promise<Shelf> {
    const file = join(cache, "shelves", `${keyOf(path)}.json`);
    return new Shelf(file, existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Written[]) : []);
  }

  find(file: string): Written | undefined {
    return this.#written.get(file);
  }

  add(written: Written): Written {
    this.#written.set(written.entry.file, written);
    return written;
  }

  /** Puts away what is known of these files, and of no others. */
  async keep(files: readonly string[]): Promise<void> {
    await replaceFile(this.#file, JSON.stringify(files.map((file) => this.#written.get(file))));
  }
}
