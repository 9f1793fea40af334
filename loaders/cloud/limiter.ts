import {mkdirSync, renameSync, writeFileSync} from "node:fs";
import {dirname} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {readCache} from "../cache.js";

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
  static readonly #shared = new Map<string, Limiter>(); // by file
  readonly #limits: Set<RateLimit>;
  readonly #file: string | undefined;
  readonly #open = new Set<Promise<unknown>>(); // requests under way
  #done: number[]; // when requests were answered, within the last `#span`, oldest first
  #span = 0; // ms, the longest `per` so far
  #heldUntil = 0;
  #closed: {readonly until: number; readonly why: Error} | undefined;
  #line: Promise<unknown> = Promise.resolve();

  constructor(limit?: RateLimit, file?: string) {
    this.#limits = new Set(limit ? [limit] : []);
    this.#file = file;
    this.#done = file === undefined ? [] : remembered(file);
  }

  /** The one of a file, which all in this process share who ask the same account, each under a limit of its own. */
  static of(file: string): Limiter {
    const limiter = Limiter.#shared.get(file) ?? new Limiter(undefined, file);
    Limiter.#shared.set(file, limiter);
    return limiter;
  }

  /** Does work under a limit. Where others are at work under limits of theirs, all of these hold for all. */
  async under<T>(limit: RateLimit, work: () => Promise<T>): Promise<T> {
    const own = {...limit};
    this.#limits.add(own);
    try {
      return await work();
    } finally {
      this.#limits.delete(own);
    }
  }

  /** Does the request when it is its turn. */
  async run<T>(request: () => Promise<T>): Promise<T> {
    const started = this.#line.then(async () => {
      await this.#turn();
      this.#remember(this.#open.size + 1); // before it is sent, for this process may end before it is answered
      return {answer: this.#follow(request())};
    });
    this.#line = started.catch(() => undefined); // is the caller's, who has it too
    return (await started).answer;
  }

  /** Lets nothing through for a while: the server asked for that. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, clock() + ms);
  }

  /** Lets nothing through for so long that nobody waits for it: until then each request ends with this error. */
  close(ms: number, why: Error): void {
    const until = clock() + ms;
    if (until > (this.#closed?.until ?? 0)) this.#closed = {until, why};
  }

  async #turn(): Promise<void> {
    for (let wait = this.#wait(); wait !== 0; wait = this.#wait())
      await (wait === undefined ? Promise.allSettled([Promise.race(this.#open)]) : sleep(Math.ceil(wait)));
  }

  async #follow<T>(answer: Promise<T>): Promise<T> {
    this.#open.add(answer);
    try {
      return await answer;
    } finally {
      this.#open.delete(answer);
      this.#done.push(clock());
      this.#remember(this.#open.size);
    }
  }

  /** How long until the next may go, in ms; undefined when that depends on an answer. */
  #wait(): number | undefined {
    const now = clock();
    if (this.#closed && now < this.#closed.until) throw this.#closed.why;
    if (now < this.#heldUntil) return this.#heldUntil - now;
    const waits = Array.from(this.#limits, (limit) => this.#waitUnder(limit, now));
    return waits.reduce((a, b) => (a === undefined || b === undefined ? undefined : Math.max(a, b)), 0);
  }

  #waitUnder({requests, per}: RateLimit, now: number): number | undefined {
    this.#span = Math.max(this.#span, per);
    const done = this.#done.filter((time) => now - time <= per);
    const over = done.length + this.#open.size - requests;
    if (over < 0) return 0;
    const freeing = done[over];
    return freeing === undefined ? undefined : Math.max(1, freeing + per - now);
  }

  #remember(open: number): void {
    const now = clock();
    this.#done = this.#done.filter((time) => now - time <= this.#span);
    if (this.#file === undefined) return;
    mkdirSync(dirname(this.#file), {recursive: true}); // the cache may be deleted at any time
    writeFileSync(`${this.#file}.new`, JSON.stringify({done: this.#done, open}));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Never goes back while a process lives, and means the same to the next. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** What a process before left. What it had under way when it died may arrive only now. */
function remembered(file: string): number[] {
  const {done, open} = readCache<{done: number[]; open: number}>(file) ?? {done: [], open: 0};
  const now = clock();
  return [...done, ...new Array<number>(open).fill(now)].map((time) => Math.min(time, now));
}
