import {mkdirSync, readFileSync, renameSync, writeFileSync} from "node:fs";
import {dirname} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";

/** How many requests a server grants in any span of time. */
export interface RateLimit {
  readonly requests: number;
  readonly per: number; // ms
}

/**
 * Lets requests through, in the order in which they come, so that in no span of `per` more than `requests` reach the
 * server. A request counts from its sending until `per` after its answer, since somewhere in between it arrived: so the
 * limit holds at the server's end, however long the way there takes. With a file it holds from process to process, also
 * when one is killed.
 */
export class Limiter {
  readonly #limit: RateLimit;
  readonly #file: string | undefined;
  readonly #open = new Set<Promise<unknown>>(); // requests under way
  #done: number[]; // when requests were answered, within the last `per`, oldest first
  #heldUntil = 0;
  #line: Promise<unknown> = Promise.resolve();

  constructor(limit: RateLimit, file?: string) {
    this.#limit = limit;
    this.#file = file;
    this.#done = file === undefined ? [] : remembered(file);
    if (file !== undefined) mkdirSync(dirname(file), {recursive: true});
  }

  /** Does the request when it is its turn. */
  async run<T>(request: () => Promise<T>): Promise<T> {
    const started = this.#line.then(async () => {
      await this.#turn();
      return {answer: this.#follow(request())};
    });
    this.#line = started.catch(() => undefined); // is the caller's, who has it too
    return (await started).answer;
  }

  /** Lets nothing through for a while: the server asked for that. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, clock() + ms);
  }

  async #turn(): Promise<void> {
    for (let wait = this.#wait(); wait !== 0; wait = this.#wait())
      await (wait === undefined ? Promise.allSettled([Promise.race(this.#open)]) : sleep(Math.ceil(wait)));
  }

  async #follow<T>(answer: Promise<T>): Promise<T> {
    this.#open.add(answer);
    this.#remember();
    try {
      return await answer;
    } finally {
      this.#open.delete(answer);
      this.#done.push(clock());
      this.#remember();
    }
  }

  /** How long until the next may go, in ms; undefined when that depends on an answer. */
  #wait(): number | undefined {
    const now = clock();
    if (now < this.#heldUntil) return this.#heldUntil - now;
    this.#done = this.#done.filter((time) => now - time <= this.#limit.per);
    const over = this.#done.length + this.#open.size - this.#limit.requests;
    if (over < 0) return 0;
    const freeing = this.#done[over];
    return freeing === undefined ? undefined : Math.max(1, freeing + this.#limit.per - now);
  }

  #remember(): void {
    if (this.#file === undefined) return;
    writeFileSync(`${this.#file}.new`, JSON.stringify({done: this.#done, open: this.#open.size}));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Never goes back while a process lives, and means the same to the next. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** What a process before left. What it had under way when it died may arrive only now. */
function remembered(file: string): number[] {
  try {
    const {done, open} = JSON.parse(readFileSync(file, "utf8")) as {done: number[]; open: number};
    const now = clock();
    return [...done, ...new Array<number>(open).fill(now)].map((time) => Math.min(time, now));
  } catch {
    return []; // there was none, or the machine went down while it was written, which is long ago
  }
}
