import {vectorSize} from "../../pond/duck.js";
import {Digest} from "./digest.js";
import {marks, type Part, type Partials, type Percentile, shareOf} from "./partial.js";
import {rowsPerShard} from "./shard.js";

/**
 * How rows come to the partials of bins, a column at a time. Rows come by time. A reading is the partials of a bin that
 * holds it alone, so that there is one way to add up.
 *
 * Most of what a reduction costs in JavaScript is spent in these loops, hence their plain words.
 */

/** As many rows as are added at once: a chunk of readings, or the bins of a page, which may have one across its border. */
export const mostRows = Math.max(vectorSize, rowsPerShard + 1);

/** As many bins as there can be at once: those of a page, and one for each row that is added then. */
export const mostBins = rowsPerShard + 1 + mostRows;

/** Neighbouring rows that are in one bin. */
export interface Runs {
  readonly edges: Int32Array; // the row where each run begins, and where the last one ends
  count: number;
  first: number; // the place of the first run's bin; the other runs are in the bins that follow it
  goesOn: boolean; // that bin has rows from before
}

/** A value for each place where a bin can be. */
export const perBin = (places: number) => new Float64Array(places);

/** Partials of one column, of those that there are. Without digests each row is one reading. */
export type Rows = Required<Omit<Partials, "digest">> & Pick<Partials, "digest">;

/** Adds rows up into some of a column's partials. */
export interface Adder {
  readonly kept: {readonly [Each in Part]?: Float64Array | Float64Array[]}; // by the place of the bin
  add(rows: Rows, runs: Runs): void;
  close?(place: number): void; // the last bin gets no more rows
}

/**
 * The least before, a reading, and the greatest before: which of two is kept is looked up, since of noise processors
 * guess every fourth comparison wrong, and that takes as long as all else that is done with a reading.
 */
const either = new Float64Array(3);

/** Sum, count, least and greatest. */
export class Totals implements Adder {
  readonly kept: {readonly [Each in "sum" | "count" | "min" | "max"]: Float64Array};
  readonly #lost = perBin(1); // to rounding, of the last bin's sum: it is compensated (Kahan, 1965), however often it was folded

  constructor(places: number) {
    this.kept = {sum: perBin(places), count: perBin(places), min: perBin(places), max: perBin(places)};
  }

  add({sum: sums, count: counts, min: mins, max: maxs}: Rows, {edges, count: runs, first, goesOn}: Runs) {
    const {sum, count, min, max} = this.kept;
    for (let run = 0; run < runs; run++) {
      const place = first + run;
      const end = edges[run + 1]!;
      const goes = run === 0 && goesOn && count[place]! > 0;
      let all = goes ? sum[place]! : 0;
      let lost = goes ? this.#lost[0]! : 0;
      let number = goes ? count[place]! : 0;
      let least = goes ? min[place]! : Infinity;
      let most = goes ? max[place]! : -Infinity;
      for (let row = edges[run]!; row < end; row++) {
        if (counts[row] === 0) continue;
        const next = sums[row]! - lost;
        const total = all + next;
        lost = total - all - next;
        all = total;
        number += counts[row]!;
        least = Math.min(least, mins[row]!);
        most = Math.max(most, maxs[row]!);
      }
      this.#lost[0] = lost;
      count[place] = number;
      sum[place] = all;
      min[place] = least;
      max[place] = most;
      if (number === 0) sum[place] = min[place] = max[place] = NaN; // chosen in one go, V8 makes an object of each
    }
  }

  /** The same of readings, in a fraction of the time: each counts for one, and is its own sum, least and greatest. */
  readings(readings: Float64Array, {edges, count: runs, first, goesOn}: Runs) {
    const {sum, count, min, max} = this.kept;
    for (let run = 0; run < runs; run++) {
      const place = first + run;
      const end = edges[run + 1]!;
      const goes = run === 0 && goesOn && count[place]! > 0;
      let all = goes ? sum[place]! : 0;
      let lost = goes ? this.#lost[0]! : 0;
      let number = goes ? count[place]! : 0;
      let least = goes ? min[place]! : Infinity;
      let most = goes ? max[place]! : -Infinity;
      for (let row = edges[run]!; row < end; row++) {
        const value = readings[row]! + 0; // no -0, for which of it and 0 is the least would rest on their order
        if (value - value !== 0) continue; // NaN, or infinite
        const next = value - lost;
        const total = all + next;
        lost = total - all - next;
        all = total;
        number++;
        either[0] = least;
        either[1] = value;
        either[2] = most;
        least = either[Number(value < least)]!;
        most = either[2 - Number(value > most)]!;
      }
      this.#lost[0] = lost;
      count[place] = number;
      sum[place] = all;
      min[place] = least;
      max[place] = most;
      if (number === 0) sum[place] = min[place] = max[place] = NaN; // chosen in one go, V8 makes an object of each
    }
  }
}

/** The first and the last reading. */
export class Ends implements Adder {
  readonly kept: {readonly first: Float64Array; readonly last: Float64Array};

  constructor(places: number) {
    this.kept = {first: perBin(places), last: perBin(places)};
  }

  add(rows: Rows, {edges, count: runs, first: at, goesOn}: Runs): void {
    const {first, last} = this.kept;
    for (let run = 0; run < runs; run++) {
      const place = at + run;
      if (run > 0 || !goesOn) first[place] = last[place] = NaN;
      for (let row = edges[run]!; row < edges[run + 1]!; row++) {
        if (rows.count[row] === 0) continue;
        if (Number.isNaN(first[place])) first[place] = rows.first[row]!;
        last[place] = rows.last[row]!;
      }
    }
  }
}

/** Squared deviations from the mean: those within finer bins, and those of their means (Chan, Golub and LeVeque, 1979). */
export class Spread implements Adder {
  readonly kept: {readonly squares: Float64Array};
  #count = 0; // of the last bin
  #mean = 0;

  constructor(places: number) {
    this.kept = {squares: perBin(places)};
  }

  add(rows: Rows, {edges, count: runs, first, goesOn}: Runs): void {
    const {squares} = this.kept;
    for (let run = 0; run < runs; run++) {
      const place = first + run;
      if (run > 0 || !goesOn) this.#count = this.#mean = squares[place] = 0;
      for (let row = edges[run]!; row < edges[run + 1]!; row++) {
        const more = rows.count[row]!;
        if (more === 0) continue;
        const count = this.#count + more;
        const distance = rows.sum[row]! / more - this.#mean;
        squares[place]! += rows.squares[row]! + (distance * distance * this.#count * more) / count;
        this.#mean += (distance * more) / count;
        this.#count = count;
      }
    }
  }
}

/** Sums of what counts as nothing where there is nothing. */
class Sums<Name extends Part> implements Adder {
  readonly kept: {readonly [Each in Name]: Float64Array};
  readonly #names: readonly Name[];

  constructor(names: readonly Name[], places: number) {
    this.#names = names;
    this.kept = Object.fromEntries(names.map((name) => [name, perBin(places)])) as {[Each in Name]: Float64Array};
  }

  add(rows: Rows, {edges, count: runs, first, goesOn}: Runs): void {
    for (const name of this.#names) {
      const [kept, values] = [this.kept[name], rows[name] as Float64Array];
      for (let run = 0; run < runs; run++) {
        let sum = run === 0 && goesOn ? kept[first]! : 0;
        for (let row = edges[run]!; row < edges[run + 1]!; row++) sum += values[row]!;
        kept[first + run] = sum;
      }
    }
  }
}

/** The sum of the unit vectors. */
export const turns = (places: number) => new Sums(["sine", "cosine"], places);

/** How often readings are flagged. */
export const flags = (places: number) => new Sums(marks, places);

/** Percentiles, and the digest that coarser bins have theirs from. */
export class Ranks implements Adder {
  readonly kept: {readonly [Each in Percentile]?: Float64Array} & {readonly digest: Float64Array[]};
  readonly #percentiles: readonly {readonly share: number; readonly kept: Float64Array}[];
  #readings: number[] = []; // of the last bin
  #finer: Digest[] = []; // of those that it is folded from

  constructor(names: readonly Percentile[], places: number) {
    this.#percentiles = names.map((name) => ({share: shareOf(name), kept: perBin(places)}));
    const kept = names.map((name, index) => [name, this.#percentiles[index]!.kept] as const);
    this.kept = {...(Object.fromEntries(kept) as {[Each in Percentile]?: Float64Array}), digest: []};
  }

  add({sum, count, digest}: Rows, {edges, count: runs, first, goesOn}: Runs): void {
    for (let run = 0; run < runs; run++) {
      if (run > 0 || !goesOn) this.close(first + run - 1);
      for (let row = edges[run]!; row < edges[run + 1]!; row++) {
        if (count[row] === 0) continue;
        if (digest)
          this.#finer.push(Digest.from(digest[row]!.slice(), count[row]!)); // theirs may not be there for long
        else this.#readings.push(sum[row]!);
      }
    }
  }

  close(place: number): void {
    if (place < 0) return; // it was the first bin that began
    const digest = Digest.merge([Digest.of(Float64Array.from(this.#readings).sort()), ...this.#finer]);
    for (const {share, kept} of this.#percentiles) kept[place] = digest.quantile(share);
    this.kept.digest[place] = digest.kept();
    [this.#readings, this.#finer] = [[], []];
  }
}
