/**
 * The lowest and the highest number of a window that slides over a list, each step in constant time on average
 * (Lemire, "Streaming maximum-minimum filter using no more than three comparisons per element", 2006).
 */
export class Extremes {
  readonly #low = new Queue((last, next) => last >= next);
  readonly #high = new Queue((last, next) => last <= next);

  /** Takes the number at an index; indices rise. */
  push(index: number, value: number): void {
    this.#low.push(index, value);
    this.#high.push(index, value);
  }

  /** Lets go of what stands before an index, which is where the window begins. */
  dropBefore(begin: number): void {
    this.#low.dropBefore(begin);
    this.#high.dropBefore(begin);
  }

  /** The highest less the lowest; −Infinity of an empty window. */
  get range(): number {
    return (this.#high.first ?? -Infinity) - (this.#low.first ?? Infinity);
  }
}

/** Numbers that may yet be the extreme: each is only kept until one comes that beats it. */
class Queue {
  readonly #beaten: (last: number, next: number) => boolean;
  #indices: number[] = [];
  #values: number[] = [];
  #head = 0;

  constructor(beaten: (last: number, next: number) => boolean) {
    this.#beaten = beaten;
  }

  get first(): number | undefined {
    return this.#values[this.#head];
  }

  push(index: number, value: number): void {
    while (this.#values.length > this.#head && this.#beaten(this.#values.at(-1)!, value)) {
      this.#values.pop();
      this.#indices.pop();
    }
    this.#values.push(value);
    this.#indices.push(index);
  }

  dropBefore(begin: number): void {
    while (this.#head < this.#indices.length && this.#indices[this.#head]! < begin) this.#head++;
    if (this.#head < 1024 || this.#head * 2 < this.#indices.length) return;
    this.#indices = this.#indices.slice(this.#head);
    this.#values = this.#values.slice(this.#head);
    this.#head = 0;
  }
}
