import type {Doubles} from "../../pond/column.js";
import {firstFrom} from "../reduction/search.js";
import type {Table, Typed} from "../reduction/told.js";

/**
 * Tables side by side, by time: what they tell of one instant stands in one row. Where one tells twice of an instant, the
 * others do not with their second. Rows come by time, those of each table too.
 */
export function aligned(tables: readonly Table[]): Table {
  const {times, places} = joinTimes(tables.map((table) => table.times));
  const columns = tables.flatMap((table, index) =>
    table.columns.map((column): Typed => {
      if (column.values.length === times.length) return column; // a row of its own for each
      return {...column, values: new Placed(column.values, places[index]!, times.length), isFull: false};
    })
  );
  return {times, columns};
}

/** Each instant as often as any list has it, and where in that the elements of each list stand. */
function joinTimes(lists: readonly Float64Array[]): {times: Float64Array; places: readonly Uint32Array[]} {
  const times = new Float64Array(lists.reduce((sum, {length}) => sum + length, 0));
  const places = lists.map(({length}) => new Uint32Array(length));
  const next = new Uint32Array(lists.length);
  let rows = 0;
  for (let time = earliest(lists, next); time < Infinity; time = earliest(lists, next)) {
    for (let index = 0; index < lists.length; index++)
      if (lists[index]![next[index]!] === time) places[index]![next[index]!++] = rows;
    times[rows++] = time;
  }
  return {times: times.subarray(0, rows), places};
}

/** Infinity once all lists have ended. A loop, for it is asked for each row. */
function earliest(lists: readonly Float64Array[], next: Uint32Array): number {
  let time = Infinity;
  for (let index = 0; index < lists.length; index++) {
    const own = lists[index]![next[index]!];
    if (own !== undefined && own < time) time = own;
  }
  return time;
}

/** Doubles at some of many places, and NaN at the others: only what is asked for is laid out, for the whole may be much. */
class Placed implements Doubles {
  readonly length: number;
  readonly #values: Doubles;
  readonly #places: Uint32Array; // of the values; they rise

  constructor(values: Doubles, places: Uint32Array, length: number) {
    this.length = length;
    this.#values = values;
    this.#places = places;
  }

  subarray(begin: number, end: number): Float64Array {
    const [first, last] = [firstFrom(this.#places, begin), firstFrom(this.#places, end)];
    const all = new Float64Array(end - begin).fill(NaN);
    const values = this.#values.subarray(first, last);
    for (let index = 0; index < values.length; index++) all[this.#places[first + index]! - begin] = values[index]!;
    return all;
  }
}
