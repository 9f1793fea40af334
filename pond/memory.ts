import {PondError} from "./error.js";
import type {Listed, Standing, Store} from "./types.js";

/** A Store in memory: gone with the process, and quick. */
export class MemoryStore implements Store {
  readonly #objects = new Map<string, Uint8Array>();
  readonly #marks = new Map<string, number>(); // puts per key

  async get(key: string): Promise<Uint8Array> {
    const found = this.#objects.get(key);
    if (found === undefined) throw new PondError("NOT_FOUND", `There is no ${key} in the store.`, {key});
    return new Uint8Array(found); // a Buffer's slice would be a view
  }

  async getRange(key: string, begin: number, end?: number): Promise<Uint8Array> {
    return (await this.get(key)).slice(begin, end);
  }

  async putIfAbsent(key: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<boolean> {
    const bytes = content instanceof Uint8Array ? content : await gathered(content);
    this.#marks.set(key, (this.#marks.get(key) ?? 0) + 1);
    if (this.#objects.has(key)) return false;
    this.#objects.set(key, new Uint8Array(bytes));
    return true;
  }

  async *list(prefix: string): AsyncIterable<Listed> {
    for (const key of [...this.#objects.keys()].filter((name) => name.startsWith(prefix)).sort())
      yield {key, stat: async () => this.#stat(key)};
  }

  #stat(key: string): Standing | undefined {
    const found = this.#objects.get(key);
    return found && {size: found.byteLength, mark: String(this.#marks.get(key))};
  }

  async delete(key: string): Promise<void> {
    this.#objects.delete(key);
  }
}

async function gathered(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}
