import {availableParallelism} from "node:os";
import {Duck} from "../../pond/duck.js";
import {Pool} from "./pool.js";

/**
 * DuckDBs of one thread each, side by side. One thread adds up in the order of the rows, so what is computed has the
 * same bytes on every machine; the cores are kept busy by computing several pages at once.
 */
export class Engine {
  readonly #ducks: Pool<Duck>;

  constructor(size = availableParallelism()) {
    this.#ducks = new Pool(size, openDuck);
  }

  /** As many work at once. */
  get size(): number {
    return this.#ducks.size;
  }

  /** Lends a DuckDB to `work`, once one is free. Work must not wait for other work on the same engine. */
  use<Result>(work: (duck: Duck) => Promise<Result>): Promise<Result> {
    return this.#ducks.use(work);
  }

  /** Works on items side by side, as many at once as there are DuckDBs; results come in the order of the items. */
  async each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const results = new Array<R>(items.length);
    const waiting = items.entries();
    const lane = async () => {
      for (const [index, item] of waiting) results[index] = await work(item);
    };
    await Promise.all(Array.from({length: this.size}, lane));
    return results;
  }

  /** Closes what is idle; the engine opens anew when it is used again. */
  async close(): Promise<void> {
    for (const duck of this.#ducks.drain()) await duck.close();
  }
}

/** A DuckDB that adds up in the order of the rows. */
export function openDuck(): Duck {
  return new Duck({threads: 1, memory: "1GB"});
}

/** The engine of this process. */
export const engine = new Engine();
