import {availableParallelism} from "node:os";
import {Duck} from "../../pond/duck.js";

/**
 * DuckDBs of one thread each, side by side. One thread adds up in the order of the rows, so what is computed has the
 * same bytes on every machine; the cores are kept busy by computing several shards at once.
 */
export class Engine {
  readonly size: number; // as many work at once
  readonly #idle: Duck[] = [];
  readonly #waiting: ((duck: Duck) => void)[] = [];
  #opened = 0;

  constructor(size = availableParallelism()) {
    this.size = size;
  }

  /** Lends a DuckDB to `work`, once one is free. Work must not wait for other work on the same engine. */
  async use<T>(work: (duck: Duck) => Promise<T>): Promise<T> {
    const duck = await this.#take();
    try {
      return await work(duck);
    } finally {
      this.#give(duck);
    }
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
    this.#opened -= this.#idle.length;
    for (const duck of this.#idle.splice(0)) await duck.close();
  }

  async #take(): Promise<Duck> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#opened >= this.size) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#opened++;
    return new Duck({threads: 1, memory: "1GB"});
  }

  #give(duck: Duck): void {
    const next = this.#waiting.shift();
    if (next) next(duck);
    else this.#idle.push(duck);
  }
}

/** The engine of this process. */
export const engine = new Engine();
