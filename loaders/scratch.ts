/**
 * Memory that is used again and again. What is asked of V8 anew for each file is given back late, and what is not given
 * back yet makes it collect garbage all the time, which takes longer than to compute what the file holds.
 */
export class Scratch {
  #bytes = Buffer.alloc(0);

  /** Some bytes, whatever stands in them: they are good until bytes are asked for again. */
  bytes(length: number): Buffer {
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length);
    return this.#bytes.subarray(0, length);
  }
}

/** No more at a time than there is work at a time. */
const idle: Scratch[] = [];

/** Lends scratch to work until it ends: nothing that stands in it may be used after that. */
export async function withScratch<T>(work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const scratch = idle.pop() ?? new Scratch();
  try {
    return await work(scratch);
  } finally {
    idle.push(scratch);
  }
}

/** Lends each of the items a scratch of its own, until work with all that was made there ends. */
export async function withScratches<Item, Made, T>(
  items: readonly Item[],
  make: (item: Item, scratch: Scratch) => Promise<Made>,
  work: (made: readonly Made[]) => Promise<T>
): Promise<T> {
  const [item, ...rest] = items;
  if (item === undefined) return work([]);
  return withScratch(async (scratch) => {
    const first = await make(item, scratch);
    return withScratches(rest, make, (others) => work([first, ...others]));
  });
}
