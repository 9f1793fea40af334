import type {RecordBatch} from "apache-arrow";
import type {Duck} from "./duck.js";
import {where} from "./series.js";
import type {Piece, Range, Series} from "./types.js";

/** About so many readings are in memory at a time: no more than in a row group or two. */
const most = 100_000;

/**
 * The readings of a series by time, in batches; memory is bound by their size, however long the history is. A relation
 * may tell whole pieces: each window takes its own readings of it, or those of two would come twice.
 */
export async function* batchesOf(duck: Duck, series: Series, range: Range = {}): AsyncIterable<RecordBatch> {
  for (const window of windowsOf(await series.pieces(range), range)) {
    const table = await duck.table(`SELECT * FROM ${await series.relation(window)}${where(window)} ORDER BY timestamp`);
    yield* table.batches;
  }
}

/** A time at which pieces begin or end: readings per µs from there on, more or fewer than before. */
interface Edge {
  readonly time: number; // µs UTC
  readonly change: number;
}

/**
 * A range in windows that hold about as many readings each, at least one. Readings are taken to lie evenly in the time
 * of their piece; of a piece that does not say how many it has, to be as many as a window may hold.
 */
export function windowsOf(pieces: readonly Piece[], {begin, end}: Range): Range[] {
  const cuts: number[] = [];
  let [held, rate] = [0, 0];
  const edges = edgesOf(pieces);
  for (const [index, {time, change}] of edges.entries()) {
    rate += change;
    const span = (edges[index + 1]?.time ?? time) - time;
    const coming = Math.max(0, rate * span);
    if (held + coming > most) cuts.push(time, ...evenly(time, span, Math.ceil(coming / most)));
    held = held + coming > most ? coming % most : held + coming;
  }
  const instants = [...new Set(cuts.map(Math.floor))];
  const ends = instants.filter((cut) => cut > (begin ?? -Infinity) && cut < (end ?? Infinity));
  return [begin, ...ends].map((from, index) => ({begin: from, end: ends[index] ?? end}));
}

/** The cuts between so many equal parts of a span of time. */
function evenly(time: number, span: number, parts: number): number[] {
  return Array.from({length: Math.max(0, parts - 1)}, (_, part) => time + (span * (part + 1)) / parts);
}

function edgesOf(pieces: readonly Piece[]): Edge[] {
  const edges = pieces.flatMap(({minTime, maxTime, rows = most}): Edge[] => {
    const change = rows / (maxTime + 1 - minTime);
    return [
      {time: minTime, change},
      {time: maxTime + 1, change: -change}
    ];
  });
  return edges.sort((a, b) => a.time - b.time);
}
