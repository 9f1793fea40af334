/** Things that are made when they are first needed, lent to one piece of work at a time, and no more than `size` of them. */
export class Pool<Thing> {
  readonly size: number; // as many work at once
  readonly #make: () => Thing;
  readonly #idle: Thing[] = [];
  readonly #waiting: ((thing: Thing) => void)[] = [];
  #made = 0;

  constructor(size: number, make: () => Thing) {
    this.size = size;
    this.#make = make;
  }

  /** Lends a thing to `work`, once one is free. Work must not wait for other work of the same pool. */
  async use<Result>(work: (thing: Thing) => Promise<Result>): Promise<Result> {
    const thing = await this.#take();
    try {
      return await work(thing);
    } finally {
      this.#give(thing);
    }
  }

  /** Takes out what is idle; what is needed after that is made anew. */
  drain(): readonly Thing[] {
    this.#made -= this.#idle.length;
    return this.#idle.splice(0);
  }

  async #take(): Promise<Thing> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#made >= this.size) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#made++;
    return this.#make();
  }

  #give(thing: Thing): void {
    const next = this.#waiting.shift();
    if (next) next(thing);
    else this.#idle.push(thing);
  }
}
