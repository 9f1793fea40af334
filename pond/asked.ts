import {PondError} from "./error.js";

/**
 * Something that is worked out when it is asked for, of others that it asks in turn. It notes whom each waits for, so
 * that one which would wait for itself says so instead, through however many others that is, and whichever reader set
 * them to work. Readers who ask for one thing side by side do not wait for one another.
 */
export class Asked {
  readonly #name: string; // a path or a pattern
  readonly #awaited = new Map<Asked, number>(); // and for how many answers

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * What the work gives, which asks in the name of this; `asker` is in whose name that is asked for, none for a reader.
   * Throws CIRCULAR where the answer would wait for the asker.
   */
  async answer<T>(asker: Asked | undefined, work: () => Promise<T>): Promise<T> {
    if (asker === undefined) return work();
    const way = this.#wayTo(asker);
    if (way !== undefined) throw circular(way.map((one) => one.#name));
    asker.#count(this, 1);
    try {
      return await work();
    } finally {
      asker.#count(this, -1);
    }
  }

  #count(other: Asked, more: 1 | -1): void {
    const answers = (this.#awaited.get(other) ?? 0) + more;
    if (answers === 0) this.#awaited.delete(other);
    else this.#awaited.set(other, answers);
  }

  /** Through whom this waits for another, both included; undefined where it does not. */
  #wayTo(other: Asked, seen = new Set<Asked>()): readonly Asked[] | undefined {
    if (this === other) return [this];
    seen.add(this);
    for (const next of this.#awaited.keys()) {
      const way = seen.has(next) ? undefined : next.#wayTo(other, seen);
      if (way !== undefined) return [this, ...way];
    }
    return undefined;
  }
}

/** Drawn the way readings would go. */
function circular(names: readonly string[]): PondError {
  const ring = [...names, names[0]!].reverse().join(" → ");
  const sentence = `${names[0]!} is made of itself: ${ring}; have what computes one of these read something else, or remove the link that leads there.`;
  return new PondError("CIRCULAR", sentence, {names});
}
