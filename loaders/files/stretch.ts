import type {Duck} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {hostFile} from "./source.js";
import type {Timed} from "./timed.js";

/** A span of time, half-open, µs UTC, and how many rows stand in it; open where doubles do not tell µs apart any more. */
export interface Stretch extends Range {
  readonly rows: number;
}

/** How much is wanted, and how much of it at once. */
interface Wanted {
  readonly range: Range;
  readonly limit: number; // rows
}

/** Into how many equal parts a span of time is counted before they are put together. */
const parts = 1024;

/** Doubles tell one µs from the next up to here, before 1970 and after: from 1684 to 2255. No clock that was set is beyond. */
const exact = Number.MAX_SAFE_INTEGER;

/**
 * Cuts what stands in a span into stretches of time, by time, with no more rows each than the limit unless they are of
 * one instant, or of before 1684 or after 2255, which are a stretch each.
 */
export async function cut(duck: Duck, rows: Timed, {range, limit}: Wanted): Promise<readonly Stretch[]> {
  const {begin = -Infinity, end = Infinity} = range;
  const {facts} = rows;
  const isEarly = facts.begin < -exact && begin < -exact;
  const isLate = facts.end >= exact && end > exact;
  return [
    ...(isEarly ? await asOne(duck, rows, {...range, end: Math.min(end, -exact)}) : []),
    ...(await cutNear(duck, rows, {range: {begin: Math.max(begin, -exact), end: Math.min(end, exact)}, limit})),
    ...(isLate ? await asOne(duck, rows, {...range, begin: Math.max(begin, exact)}) : [])
  ];
}

async function asOne(duck: Duck, {from, within}: Timed, range: Range): Promise<readonly Stretch[]> {
  const [row] = await duck.rows(`SELECT count(*)::DOUBLE AS rows FROM ${from} WHERE ${within(range)}`);
  return row!.rows === 0 ? [] : [{...range, rows: Number(row!.rows)}];
}

interface Near extends Wanted {
  readonly range: Required<Range>;
}

async function cutNear(duck: Duck, rows: Timed, {range, limit}: Near): Promise<readonly Stretch[]> {
  const {facts} = rows;
  const begin = Math.max(range.begin, facts.begin);
  const end = Math.min(range.end, facts.end + 1);
  if (begin >= end) return [];
  const isWhole = begin === facts.begin && end === facts.end + 1;
  if (rows.file === undefined && isWhole) return [{begin, end, rows: facts.timed}]; // a portion, which is small enough
  const isPlain = rows.file !== undefined && facts.isRising && facts.timed === facts.rows && isWhole;
  return isPlain ? along(duck, {...rows, file: rows.file}, limit) : split(duck, rows, {begin, end, limit});
}

// ---- Along the rows ----

/** Of rows that rise: by the groups that they are in, so that no group is read for two stretches. */
async function along(
  duck: Duck,
  {file, from, instant, facts}: Timed & {file: string},
  limit: number
): Promise<readonly Stretch[]> {
  const groups = await duck.rows(
    `SELECT any_value(row_group_num_rows)::DOUBLE AS rows FROM parquet_metadata(${hostFile(file)})
     WHERE row_group_num_rows > 0 GROUP BY row_group_id ORDER BY row_group_id`
  );
  const starts = startsOf(
    groups.map(({rows}) => Number(rows)),
    limit
  );
  const found = await duck.rows(
    `SELECT epoch_us(${instant})::DOUBLE AS begin FROM ${from} WHERE file_row_number IN (${starts.join(", ")}) ORDER BY begin`
  );
  const begins = found.map(({begin}) => Number(begin));
  return begins.map((begin, index) => {
    const rows = (starts[index + 1] ?? facts.rows) - starts[index]!;
    return {begin, end: begins[index + 1] ?? facts.end + 1, rows};
  });
}

/** The rows at which stretches begin, from 0: as many whole groups as the limit takes, or equal parts of a larger one. */
function startsOf(groups: readonly number[], limit: number): readonly number[] {
  const starts: number[] = [];
  let [row, gathered] = [0, Infinity];
  for (const rows of groups) {
    const parts = Math.ceil(rows / limit);
    if (gathered + rows > limit) {
      for (let part = 0; part < parts; part++) starts.push(row + Math.floor((rows * part) / parts));
      gathered = 0;
    }
    gathered += rows;
    row += rows;
  }
  return starts;
}

// ---- By time ----

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
      found.push({...found.pop()!, end: to, rows: gathered});
    } else {
      found.push({begin: from, end: to, rows: count});
      gathered = count;
    }
  }
  return found;
}
