import type {Bins} from "./bins.js";

/** Bins of files that were just written, for whatever is made of them next. A file's name tells what is in it. */
class Recent {
  readonly #kept = new Map<string, {readonly bins: Bins; readonly size: number}>();
  #size = 0; // bytes

  find(file: string): Bins | undefined {
    return this.#kept.get(file)?.bins;
  }

  /** Keeps bins, which may not change any more, and lets go of the oldest beyond what there is room for. */
  keep(file: string, bins: Bins, size: number): void {
    this.#drop(file);
    this.#kept.set(file, {bins, size});
    this.#size += size;
    for (const oldest of this.#kept.keys()) if (this.#size > room) this.#drop(oldest);
  }

  #drop(file: string): void {
    this.#size -= this.#kept.get(file)?.size ?? 0;
    this.#kept.delete(file);
  }
}

/** Bytes of all in this process. */
export const room = 1 << 25;

export const recent = new Recent();
