import {type Run, runsOf, type Sequence, testNames} from "./criterion.js";
import {packed, untested} from "../readings/flag.js";
import type {Mark} from "./mark.js";
import type {Planned} from "./plan.js";
import {rollUp} from "./qartod.js";
import {firstFrom} from "../reduction/search.js";
import {claimsOf, isTold, nameOf} from "../series/claim.js";

/** Numbers of a series side by side, by time: those that flags are asked for, and those around them. */
export interface Readings {
  readonly times: Float64Array; // µs since 1970
  readonly values: ReadonlyMap<string, Float64Array>; // by column, NaN where there is none
  readonly beside: ReadonlyMap<string, Float64Array>; // by column, what its readings are held against
  readonly claimed: ReadonlyMap<string, Float64Array>; // by claim, NaN where it has no reading
  readonly begun: ReadonlySet<string>; // the columns that have readings before these
}

/** The rows in which the instrument of a group of columns told anything. */
export interface Rows {
  readonly indices: Int32Array;
  readonly times: Float64Array; // ms
  readonly runs: (interval: number) => readonly Run[]; // where no gap is, by ms from one reading to the next
}

/** The rows of each group; one in which nothing was told at all is everybody's. */
export function rowsByGroup(columns: readonly Planned[], {times, values}: Readings): ReadonlyMap<string, Rows> {
  const told = new Map<string, Uint8Array>();
  const all = new Uint8Array(times.length);
  for (const {group, column} of columns) {
    const rows = told.get(group) ?? new Uint8Array(times.length);
    const numbers = values.get(column.name)!;
    for (let row = 0; row < numbers.length; row++) if (!Number.isNaN(numbers[row])) rows[row] = all[row] = 1;
    told.set(group, rows);
  }
  return new Map([...told].map(([group, rows]) => [group, rowsAt(selected(rows, all), times)]));
}

/** The rows that are marked, and those that are not among all. */
function selected(own: Uint8Array, all: Uint8Array): Int32Array {
  const rows = new Int32Array(own.length);
  let count = 0;
  for (let row = 0; row < own.length; row++) if (own[row] === 1 || all[row] === 0) rows[count++] = row;
  return rows.subarray(0, count);
}

/** What stands at some rows. */
function gathered(values: Float64Array, rows: Int32Array): Float64Array {
  const found = new Float64Array(rows.length);
  for (let place = 0; place < rows.length; place++) found[place] = values[rows[place]!]!;
  return found;
}

function rowsAt(indices: Int32Array, times: Float64Array): Rows {
  const own = gathered(times, indices).map((time) => time / 1000);
  const known = new Map<number, readonly Run[]>();
  const runs = (interval: number) => {
    const found = known.get(interval) ?? runsOf(own, interval);
    known.set(interval, found);
    return found;
  };
  return {indices, times: own, runs};
}

/** The flags of a column, a number for each of all rows, 0 where it has no reading. */
export function judge(
  {column, criteria}: Planned,
  rows: Rows,
  {readings, marks}: {readonly readings: Readings; readonly marks: readonly Mark[]}
): Int32Array {
  const sequence = sequenceOf(column.name, rows, readings);
  const found = criteria.map((criterion) => ({
    flags: criterion.flagsOf(sequence),
    place: testNames.indexOf(criterion.name) + 1
  }));
  const all = found.length === 0 ? [] : [{flags: rollUp(found.map(({flags}) => flags)), place: 0}, ...found];
  const own = new Int32Array(rows.indices.length).fill(nothing);
  for (const {flags, place} of all)
    for (let row = 0; row < own.length; row++) own[row] = packed(own[row]!, place, flags[row]!);
  const numbers = new Int32Array(readings.times.length);
  for (let row = 0; row < own.length; row++)
    if (!Number.isNaN(sequence.values[row])) numbers[rows.indices[row]!] = own[row]!;
  for (const mark of marks) if (mark.column === column.name) apply(mark, numbers, readings);
  return numbers;
}

const nothing = untested(testNames.length);
const byHand = testNames.indexOf("manual") + 1;

/** What a person says of a reading counts before all tests, where that reading is the one that is told. */
function apply(mark: Mark, numbers: Int32Array, {times, claimed}: Readings): void {
  const {begin = -Infinity, end = Infinity, flag, turns} = mark;
  const readings = new Map(claimsOf(turns).map((claim) => [claim, claimed.get(nameOf(claim))!]));
  const isConcerned = (row: number) => isTold(turns, (claim) => !Number.isNaN(readings.get(claim)![row]));
  for (let row = firstFrom(times, begin); row < times.length && times[row]! < end; row++)
    if (numbers[row] !== 0 && isConcerned(row)) numbers[row] = packed(packed(numbers[row]!, 0, flag), byHand, flag);
}

/** What is infinite is no reading either. */
function sequenceOf(column: string, {indices, times, runs}: Rows, {values, beside, begun}: Readings): Sequence {
  const own = gathered(values.get(column)!, indices);
  for (let place = 0; place < own.length; place++) if (!Number.isFinite(own[place])) own[place] = NaN;
  const other = beside.get(column);
  const neighbour = other ? {neighbour: gathered(other, indices)} : {};
  return {times, values: own, runs, isBegun: begun.has(column), ...neighbour};
}
