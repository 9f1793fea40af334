import {createHash, type Hash} from "node:crypto";
import type {Range} from "../../pond/types.js";
import {firstFrom} from "./search.js";

/** When blocks have readings, as a hash of each block's times: equal hashes, equal times. */
export class Times {
  readonly #blocks: readonly Required<Range>[];
  readonly #hashes: readonly Hash[];
  #next = 0; // the first block that later readings may be in

  /** Blocks come by time, and do not overlap. */
  constructor(blocks: readonly Required<Range>[]) {
    this.#blocks = blocks;
    this.#hashes = blocks.map(() => createHash("sha256"));
  }

  /** Adds the times of readings, µs UTC, which rise from one call to the next too. */
  add(times: Float64Array): void {
    for (; this.#next < this.#blocks.length; this.#next++) {
      const {begin, end} = this.#blocks[this.#next]!;
      const to = firstFrom(times, end);
      this.#hashes[this.#next]!.update(times.subarray(firstFrom(times, begin), to));
      if (to === times.length) return;
    }
  }

  /** The hash of each block, hex; nothing may be added after that. */
  tell(): readonly string[] {
    return this.#hashes.map((hash) => hash.digest("hex"));
  }
}

/** The hashes of blocks whose times are all here. */
export function timesOf(blocks: readonly Required<Range>[], times: Float64Array): readonly string[] {
  const all = new Times(blocks);
  all.add(times);
  return all.tell();
}
