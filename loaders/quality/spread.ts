import type {Duck} from "../../pond/duck.js";
import type {Piece, Range, Series} from "../../pond/types.js";
import {within} from "../reduction/partial.js";
import {firstFrom} from "../reduction/search.js";
import {keyOf, overlaps, type Span, spansBetween} from "../reduction/shard.js";

/** How a series is looked through. */
interface Spread {
  readonly source: Series;
  readonly width: number; // µs, by which time is cut
  readonly duck: Duck;
  readonly remember: Remember;
}

/** Gives what was kept under a key, which is made and kept where it was not. */
export type Remember = (key: string, work: () => Promise<readonly number[]>) => Promise<readonly number[]>;

/** So many spans are looked through at once: where another piece comes, no more than these are once again. */
const atOnce = 100;

/** Fewer may well be empty: to find out which is not worth it. */
const few = 20;

/**
 * The spans that readings of a series may be in, by time. A piece is known to have readings where it begins and ends; it
 * may hold years, and have none in between. Where it lies over many spans, it is asked.
 */
export async function spansIn(spread: Spread): Promise<readonly Span[]> {
  const pieces = await spread.source.pieces();
  const first = pieces.reduce((time, {minTime}) => Math.min(time, minTime), Infinity);
  const last = pieces.reduce((time, {maxTime}) => Math.max(time, maxTime), -Infinity);
  if (first > last) return [];
  const spans = spansBetween(spread.width, first, last);
  const ends = Float64Array.from(pieces.flatMap(({minTime, maxTime}) => [minTime, maxTime])).sort();
  const found: Span[] = [];
  for (let index = 0; index < spans.length; index += atOnce) {
    const some = spans.slice(index, index + atOnce);
    const around = meeting(pieces, some);
    const doubtful = some.filter((span) => !meets(span, ends) && around.some((piece) => overlaps(piece, span)));
    const empty = doubtful.length > few ? await emptyAmong(doubtful, {pieces: around, ...spread}) : new Set();
    found.push(...some.filter(({begin}) => !empty.has(begin)));
  }
  return found;
}

/** Where those spans begin in which the series has no row. */
async function emptyAmong(
  spans: readonly Span[],
  {source, pieces, duck, remember}: Spread & {readonly pieces: readonly Piece[]}
): Promise<ReadonlySet<number>> {
  const range = rangeOf(spans);
  const begins = spans.map(({begin}) => begin);
  const keys = meeting(pieces, spans).map(({key}) => key);
  const empty = await remember(keyOf("empty", begins, range.end, keys), async () => {
    const hours = await hoursIn(source, range, duck);
    return spans.filter((span) => !meets(span, hours)).map(({begin}) => begin);
  });
  return new Set(empty);
}

const hour = 3600e6;

/** The hours of a series that have rows, by time, µs UTC; spans are whole hours. */
async function hoursIn(source: Series, range: Required<Range>, duck: Duck): Promise<Float64Array> {
  const hours = `floor(epoch_us(timestamp) / ${hour}) * ${hour}`;
  const [found] = await duck.numbers(
    `SELECT DISTINCT ${hours} AS hour FROM ${await source.relation(range)} WHERE ${within(range)} ORDER BY hour`
  );
  return found!;
}

function meeting(pieces: readonly Piece[], spans: readonly Span[]): readonly Piece[] {
  const range = rangeOf(spans);
  return pieces.filter((piece) => overlaps(piece, range));
}

/** From the first of spans to the last. */
function rangeOf(spans: readonly Span[]): Required<Range> {
  return {begin: spans[0]!.begin, end: spans.at(-1)!.end};
}

/** Whether any of the instants, by time, is in a span. */
function meets({begin, end}: Required<Range>, instants: Float64Array): boolean {
  return (instants[firstFrom(instants, begin)] ?? Infinity) < end;
}
