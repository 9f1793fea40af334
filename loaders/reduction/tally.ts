import {vectorSize} from "../../pond/duck.js";
import type {Chunk as Result} from "../../pond/column.js";
import {
  type Adder,
  Ends,
  flags,
  mostBins,
  mostRows,
  perBin,
  Ranks,
  type Rows,
  type Runs,
  Spread,
  Totals,
  turns
} from "./adder.js";
import type {Bins} from "./bins.js";
import type {Extras, Part, Partials, Reduced} from "./partial.js";
import type {Range} from "../../pond/types.js";
import {binStart, nextBin, type Resolution} from "../time/resolution.js";

type Chunk = Pick<Result, "rows" | "doubles">;

/** What bins are made of. */
export interface Tallying {
  readonly columns: readonly Reduced[];
  readonly resolution: Resolution;
  readonly extras: Extras;
  readonly range?: Required<Range>; // that rows come from; unless given as many bins as there can be have their place
}

/** Periods of a calendar may be a little shorter than is usual: of February, and of days on which clocks go forward. */
const shortest = 0.9;

function placesOf({resolution, range}: Tallying): number {
  if (!range) return mostBins;
  return Math.min(mostBins, Math.ceil((range.end - range.begin) / (shortest * resolution.width)) + 1);
}

/** Rows do not come by time. */
export class Unsorted extends Error {}

/**
 * Rows that come by time, added up into bins. What is said of a bin depends on its rows alone and not on how they are
 * dealt out in chunks, so that the same rows give the same bits.
 *
 * DuckDB reads, merges and sorts; adding up is done here, for where rows come by time there is nothing to look up, and a
 * loop over a column takes a fraction of the time that grouping does.
 */
export class Tally {
  readonly #resolution: Resolution;
  readonly #columns: readonly ColumnTally[];
  readonly #runs: Runs = {edges: new Int32Array(mostRows + 1), count: 0, first: 0, goesOn: false};
  readonly #starts: Float64Array;
  #length = 0;
  #taken = 0; // bins at the beginning
  #time = -Infinity; // of the last row
  #end = -Infinity; // of the last bin

  constructor(tallying: Tallying) {
    const {columns, resolution, extras} = tallying;
    const places = placesOf(tallying);
    this.#resolution = resolution;
    this.#starts = perBin(places);
    this.#columns = columns.map((column) => new ColumnTally(column, extras, places));
  }

  /** The start of the last bin, µs UTC. */
  get last(): number {
    return this.#length > 0 ? this.#starts[this.#length - 1]! : -Infinity;
  }

  /** Adds readings as `readingsSql` has them. Throws Unsorted for one that is earlier than the one before it. */
  readings(chunk: Chunk): void {
    this.#deal(chunk.doubles(0));
    let index = 1;
    for (const column of this.#columns) index = column.readings(chunk, index, this.#runs);
  }

  /** Adds finer bins. */
  bins({starts, columns}: Bins): void {
    this.#deal(starts);
    for (const column of this.#columns) column.bins(columns.get(column.name), this.#runs);
  }

  /**
   * Takes the bins that begin before an instant and hold anything; all unless it is given, and then no row may follow.
   * They are good until rows are added, or bins taken, again.
   */
  take(end = Infinity): Bins {
    this.#close();
    let count = 0;
    while (count < this.#length && this.#starts[count]! < end) count++;
    if (count === this.#length) for (const column of this.#columns) column.close(count - 1);
    const places: number[] = [];
    for (let place = 0; place < count; place++) if (this.#holds(place)) places.push(place);
    const starts = pick(this.#starts, places);
    const taken = this.#columns.map((column) => [column.name, column.take(places)] as const);
    this.#taken = count;
    return {starts, columns: new Map(taken.filter((entry): entry is [string, Partials] => entry[1] !== undefined))};
  }

  /** Whether any column has a reading in a bin. A loop, for it is asked of each. */
  #holds(place: number): boolean {
    for (const column of this.#columns) if (column.holds(place)) return true;
    return false;
  }

  /** Closes the gap where bins were taken. */
  #close(): void {
    if (this.#taken === 0) return;
    for (const column of this.#columns) column.drop(this.#taken, this.#length);
    this.#starts.copyWithin(0, this.#taken, this.#length);
    this.#length -= this.#taken;
    this.#taken = 0;
  }

  /** Finds the runs of rows. */
  #deal(times: Float64Array): void {
    this.#close();
    const runs = this.#runs;
    runs.count = 0;
    runs.first = this.#length;
    runs.goesOn = false;
    let last = this.#time;
    let end = this.#end;
    for (let row = 0; row < times.length; row++) {
      const time = times[row]!;
      if (time < last) throw new Unsorted("Rows do not come by time.");
      last = time;
      if (time >= end) {
        if (this.#length === this.#starts.length) throw new Error("There are more bins than were foreseen.");
        this.#starts[this.#length++] = binStart(time, this.#resolution);
        end = nextBin(time + 1, this.#resolution);
      } else if (row === 0) {
        runs.first = this.#length - 1;
        runs.goesOn = true;
      } else continue;
      runs.edges[runs.count++] = row;
    }
    this.#time = last;
    this.#end = end;
    runs.edges[runs.count] = times.length;
  }
}

/** Of a column without a reading. */
const nothing = new Float64Array(mostRows);
const empty = {sum: nothing, count: nothing, min: nothing, max: nothing, sine: nothing, cosine: nothing};

/** What of a column is added up next; they take their turns. */
const counts = new Float64Array(vectorSize);
const sines = new Float64Array(vectorSize);
const cosines = new Float64Array(vectorSize);

class ColumnTally {
  readonly #column: Reduced;
  readonly #totals: Totals;
  readonly #flags: ReturnType<typeof flags>;
  readonly #others: readonly Adder[];

  constructor(column: Reduced, {ends, spread, percentiles = []}: Extras, places: number) {
    this.#column = column;
    this.#totals = new Totals(places);
    this.#flags = flags(column.flags ? places : 0);
    this.#others = [
      ...(ends ? [new Ends(places)] : []),
      ...(spread ? [new Spread(places)] : []),
      ...(column.turn ? [turns(places)] : []),
      ...(column.flags ? [this.#flags] : []),
      ...(percentiles.length > 0 ? [new Ranks(percentiles, places)] : [])
    ];
  }

  get name(): string {
    return this.#column.name;
  }

  /** Whether a bin has a reading, be it one that is left out. */
  holds(place: number): boolean {
    if (this.#totals.kept.count[place]! > 0) return true;
    return this.#column.flags !== undefined && this.#flags.kept.suspect[place]! + this.#flags.kept.fail[place]! > 0;
  }

  /** Adds readings; tells the place of the column after them. */
  readings(chunk: Chunk, index: number, runs: Runs): number {
    const {turn, flags} = this.#column;
    const readings = chunk.doubles(index);
    this.#totals.readings(readings, runs);
    if (this.#others.length === 0) return index + 1;
    for (let row = 0; row < chunk.rows; row++) counts[row] = readings[row]! - readings[row]! === 0 ? 1 : 0; // not NaN, not infinite
    if (turn) pointTo(readings, turn);
    const rows = {
      sum: readings,
      count: counts,
      min: readings,
      max: readings,
      first: readings,
      last: readings,
      squares: nothing,
      sine: sines,
      cosine: cosines,
      suspect: flags ? chunk.doubles(index + 1) : nothing,
      fail: flags ? chunk.doubles(index + 2) : nothing
    };
    for (const adder of this.#others) adder.add(rows as Rows, runs);
    return index + (flags ? 3 : 1);
  }

  /** Adds finer bins; undefined: without a reading. What is from before the column was tested has no flags. */
  bins(partials: Partials | undefined, runs: Runs): void {
    const rows = {suspect: nothing, fail: nothing, ...(partials ?? empty)};
    for (const adder of [this.#totals, ...this.#others]) adder.add(rows as Rows, runs);
  }

  close(place: number): void {
    for (const adder of this.#others) adder.close?.(place);
  }

  /** What is kept of the bins at some places; undefined if there is nothing in them. */
  take(places: readonly number[]): Partials | undefined {
    if (!places.some((place) => this.holds(place))) return undefined;
    return Object.fromEntries(this.#kept.map(([part, values]) => [part, pick(values, places)])) as unknown as Partials;
  }

  /** Drops the first `count` bins of `length`. */
  drop(count: number, length: number): void {
    for (const [, values] of this.#kept) values.copyWithin(0, count, length);
  }

  get #kept(): readonly (readonly [Part, Float64Array | Float64Array[]])[] {
    return [this.#totals, ...this.#others].flatMap(
      ({kept}) => Object.entries(kept) as [Part, Float64Array | Float64Array[]][]
    );
  }
}

/** The unit vectors of the readings, of which so much is a full turn; none of what is no reading. */
function pointTo(readings: Float64Array, turn: number): void {
  for (let row = 0; row < readings.length; row++) {
    const angle = (readings[row]! * 2 * Math.PI) / turn;
    sines[row] = counts[row]! > 0 ? Math.sin(angle) : 0;
    cosines[row] = counts[row]! > 0 ? Math.cos(angle) : 0;
  }
}

/** What stands at places; no copy where none is left out. A loop, for `map` and `from` take ten times as long. */
function pick<Values extends Float64Array | Float64Array[]>(values: Values, places: readonly number[]): Values {
  if (places.at(-1) === places.length - 1) return head(values, places.length) as Values;
  const picked =
    values instanceof Float64Array ? new Float64Array(places.length) : new Array<Float64Array>(places.length);
  for (let index = 0; index < places.length; index++) picked[index] = values[places[index]!]!;
  return picked as Values;
}

function head(values: Float64Array | Float64Array[], length: number): Float64Array | Float64Array[] {
  return values instanceof Float64Array ? values.subarray(0, length) : values.slice(0, length);
}
