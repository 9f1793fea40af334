import type {Duck} from "../pond/duck.js";
import type {Range} from "../pond/types.js";
import type {Timed} from "./timed.js";

/** A span of time, half-open, µs UTC, and how many rows stand in it. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly rows: number;
}

/** How much is wanted, and how much of it at once. */
interface Wanted {
  readonly range: Range;
  readonly limit: number; // rows
}

/** Into how many equal parts a span of time is counted before they are put together. */
const parts = 1024;

/** Cuts what stands in a span into stretches of time, by time, with no more rows each than the limit unless they are of one instant. */
export async function cut(duck: Duck, rows: Timed, {range, limit}: Wanted): Promise<readonly Stretch[]> {
  const begin = Math.max(range.begin ?? -Infinity, rows.facts.begin);
  const end = Math.min(range.end ?? Infinity, rows.facts.end + 1);
  return begin < end ? split(duck, rows, {begin, end, limit}) : [];
}

interface Span {
  readonly begin: number;
  readonly end: number;
  readonly limit: number;
}

async function split(duck: Duck, rows: Timed, {begin, end, limit}: Span): Promise<readonly Stretch[]> {
  const width = Math.max(1, Math.ceil((end - begin) / parts));
  const counts = await duck.rows(
    `SELECT (epoch_us(${rows.instant}) - ${begin}) // ${width} AS part, count(*)::DOUBLE AS rows FROM ${rows.from}
     WHERE ${rows.within({begin, end})} GROUP BY part ORDER BY part`
  );
  const found: Stretch[] = [];
  let gathered = 0;
  for (const row of counts) {
    const from = begin + Number(row.part) * width;
    const to = Math.min(from + width, end);
    const count = Number(row.rows);
    if (count > limit && width > 1) {
      found.push(...(await split(duck, rows, {begin: from, end: to, limit})));
      gathered = limit;
    } else if (gathered > 0 && gathered + count <= limit) {
      gathered += count;
      found.push({begin: found.pop()!.begin, end: to, rows: gathered});
    } else {
      found.push({begin: from, end: to, rows: count});
      gathered = count;
    }
  }
  return found;
}
