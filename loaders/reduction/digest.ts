/** The ranks of readings: all of them where they are few, a t-digest where they are many (Dunning and Ertl, 2019). */

/**
 * Of so many readings all are kept: what is folded from bins of no more than these has exact percentiles. Half as many
 * centroids hold ranks to 0.01 of any distribution, folded four times; with a quarter of them, heaps that lie a power of
 * ten apart were off by 0.05.
 */
export const exactUpTo = 1024;

/** Of more, so many centroids at most: told as means and weights they are never as many numbers as there are readings. */
const centroids = exactUpTo / 2;

/** Means by size, and how many readings each stands for. */
export class Digest {
  readonly #means: Float64Array;
  readonly #weights: Float64Array;
  readonly #count: number;

  private constructor(means: Float64Array, weights: Float64Array) {
    this.#means = means;
    this.#weights = weights;
    this.#count = weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** Of ascending readings. */
  static of(sorted: Float64Array): Digest {
    return new Digest(sorted, new Float64Array(sorted.length).fill(1));
  }

  /** Of a bin's readings, as `kept` tells them. */
  static from(kept: Float64Array, count: number): Digest {
    if (kept.length === count) return Digest.of(kept);
    const half = kept.length / 2;
    return new Digest(kept.subarray(0, half), kept.subarray(half));
  }

  /** Of all readings that several tell of. */
  static merge(digests: readonly Digest[]): Digest {
    const [first, ...others] = digests.filter((digest) => digest.#count > 0);
    if (first && others.length === 0) return first;
    const means = digests.flatMap((digest) => [...digest.#means]);
    const weights = digests.flatMap((digest) => [...digest.#weights]);
    const order = means.map((_, index) => index).sort((a, b) => means[a]! - means[b]! || a - b);
    return new Digest(
      Float64Array.from(order, (index) => means[index]!),
      Float64Array.from(order, (index) => weights[index]!)
    );
  }

  /** The readings themselves, or where they are more than are kept, the means and then the weights. */
  kept(): Float64Array {
    const {means, weights} = this.#joined();
    if (means.length === this.#count) return means;
    const all = new Float64Array(2 * means.length);
    all.set(means);
    all.set(weights, means.length);
    return all;
  }

  /**
   * What a share of the readings, 0 to 1, is below: between two neighbours on a straight line (R-7, Hyndman and Fan, 1996).
   * Exact where each reading is kept; a mean stands in the middle of its readings. NaN of none.
   */
  quantile(share: number): number {
    const rank = share * (this.#count - 1); // where the least reading has 0
    let [before, below, place] = [0, 0, -Infinity]; // readings before this mean; the mean before, and its rank
    for (const [index, mean] of this.#means.entries()) {
      const weight = this.#weights[index]!;
      const middle = before + (weight - 1) / 2;
      if (rank === middle || (rank < middle && place === -Infinity)) return mean; // not one rounding beside it
      if (rank < middle) return below + ((mean - below) * (rank - place)) / (middle - place);
      [before, below, place] = [before + weight, mean, middle];
    }
    return this.#count > 0 ? below : NaN;
  }

  /** Neighbours joined, more of them towards the median than at the ends, until there are few. */
  #joined(): {means: Float64Array; weights: Float64Array} {
    const [means, weights]: [number[], number[]] = [[], []];
    if (this.#count <= exactUpTo || this.#means.length <= centroids)
      return {means: this.#means, weights: this.#weights};
    let [before, limit] = [0, 0]; // readings before this mean; how many its centroid may reach to
    for (const [index, mean] of this.#means.entries()) {
      const weight = this.#weights[index]!;
      const last = means.length - 1;
      if (last >= 0 && before + weight <= limit) {
        weights[last]! += weight;
        means[last]! += ((mean - means[last]!) * weight) / weights[last]!;
      } else {
        means.push(mean);
        weights.push(weight);
        limit = this.#count * shareAt(scaleOf(before / this.#count) + 1);
      }
      before += weight;
    }
    return {means: Float64Array.from(means), weights: Float64Array.from(weights)};
  }
}

/** Any two neighbours are wider than a step: there are at most twice as many centroids as steps, and one more. */
const steps = centroids / 2 - 1;

/** The paper's scale function k1, from 0 to `steps`, and what it is the scale of. */
function scaleOf(share: number): number {
  return (steps / Math.PI) * (Math.asin(2 * share - 1) + Math.PI / 2);
}

function shareAt(scale: number): number {
  return scale >= steps ? 1 : (Math.sin((scale * Math.PI) / steps - Math.PI / 2) + 1) / 2;
}
