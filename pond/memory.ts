import {PondError} from "./error.js";
import type {Store} from "./types.js";

/** A Store in memory: gone with the process, and quick. */
export class MemoryStore implements Store {
  readonly #objects = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array> {
    const found = this.#objects.get(key);
    if (found === undefined) throw new PondError("NOT_FOUND", `There is no ${key} in the store.`, {key});
    return new Uint8Array(found); // a Buffer's slice would be a view
  }

  async getRange(key: string, begin: number, end?: number): Promise<Uint8Array> {
    return (await this.get(key)).slice(begin, end);
  }

  async putIfAbsent(key: string, content: Uint8Array): Promise<boolean> {
    if (this.#objects.has(key)) return false;
    this.#objects.set(key, new Uint8Array(content));
    return true;
  }

  async *list(prefix: string): AsyncIterable<{readonly key: string; readonly size: number}> {
    for (const key of [...this.#objects.keys()].filter((name) => name.startsWith(prefix)).sort())
      yield {key, size: this.#objects.get(key)?.byteLength ?? 0};
  }

  async delete(key: string): Promise<void> {
    this.#objects.delete(key);
  }
}
