import type {Column, Range, Series} from "../../pond/types.js";
import {isMeant} from "../readings/parameter.js";
import type {Origin, Thread} from "../types.js";
import {calledIn} from "./alias.js";
import {intersect} from "./combined.js";
import {originsIn, readingsOf, wholly} from "./origin.js";

/** A series among those that another is made of, and which of its columns that one's come from. */
export interface Ancestor {
  readonly path: string;
  readonly columns: readonly Column[]; // its own, of readings
  readonly threads: readonly Thread[]; // from these to those of what is made of it
  readonly period: Range; // while it is; half-open, µs UTC
  readonly isSource: boolean; // nothing computes it: its readings are stored
  readonly isMended: boolean; // on the way what calibrations found of it is made good
}

/**
 * All that a series is made of, however many steps away, as what stands in the pond tells it: itself first, then each
 * before what it is made of in turn. What none of its columns comes from is left out.
 */
export async function lineageOf(series: Series): Promise<readonly Ancestor[]> {
  return follow(await wholly(series));
}

/** The same of what is made of all of a series and stands at another path. */
export function withOwn(path: string, lineage: readonly Ancestor[]): readonly Ancestor[] {
  return [...lineage.slice(0, 1).map((series) => ({...series, path, isSource: false})), ...lineage];
}

async function follow(origin: Origin): Promise<readonly Ancestor[]> {
  const {series, threads, period, isMended = false} = origin;
  const sources = await originsIn(series);
  const found = await Promise.all(sources.flatMap((source) => within(source, origin)).map(follow));
  const self = {path: calledIn(series), columns: await readingsOf(series), threads, period, isMended};
  return [{...self, isSource: sources.length === 0}, ...found.flat()];
}

/** What a series is made of, as part of what is made of that in turn. */
function within(source: Origin, outer: Origin): Origin[] {
  const period = intersect(source.period, outer.period);
  const threads = outer.threads.flatMap((last) =>
    source.threads.filter(({to}) => to === last.from).map((first) => joined(first, last, outer))
  );
  if (!period || threads.length === 0) return [];
  const isMended = source.isMended || outer.isMended || false;
  const isShifted = source.isShifted || outer.isShifted || false;
  return [{series: source.series, period, threads, isMended, isShifted}];
}

/** Whose turn it is at a reading's own time does not say what stands at another. */
function joined(first: Thread, last: Thread, {isShifted = false}: Origin): Thread {
  const isUnclear = isShifted && first.turns.length > 0;
  const isMade = first.isMade || last.isMade || isUnclear;
  return {from: first.from, to: last.to, isMade, turns: [...(isUnclear ? [] : first.turns), ...last.turns]};
}

/**
 * What comes from a parameter of an ancestor, or from any column of it where none is named: it is called as the ancestor
 * calls it, or, where that has none of the name, as what is made of it does, which has these columns.
 */
export function threadsOf(
  {columns: own, threads}: Ancestor,
  parameter: string | null,
  columns: readonly Column[]
): readonly Thread[] {
  if (parameter === null) return threads;
  const theirs = namesIn(own, parameter);
  if (theirs.size > 0) return threads.filter(({from}) => theirs.has(from));
  const ours = namesIn(columns, parameter);
  return threads.filter(({to}) => ours.has(to));
}

function namesIn(columns: readonly Column[], parameter: string): ReadonlySet<string> {
  const meant = columns.filter((column) => column.name === parameter || isMeant(parameter, column, columns));
  return new Set(meant.map(({name}) => name));
}
