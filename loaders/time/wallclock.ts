import {literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {offsetAt, transitionsOf} from "./transition.js";
import type {Transition} from "./transition.js";

/** Rows of a file whose times are those of a clock on the wall. */
export interface Walled {
  readonly from: string; // in FROM position: `file_row_number`, `t` (TIMESTAMP), and what the rest names
  readonly zone: string;
  readonly local: string; // SQL: whether `t` is of the wall clock
  readonly stream: string; // SQL: rows of one value follow one another in time
  readonly after?: Reading; // the row before the first, where these are the tail of a file
}

/** When a row of the wall clock was: µs as the clock showed, and since 1970 in UTC. */
interface Reading {
  readonly local: number;
  readonly instant: number;
}

/** How the wall clock's times are UTC. */
export interface Unwalled {
  readonly offset: string; // SQL: µs by which `t` is ahead of UTC
  readonly notes: readonly string[];
}

/**
 * Finds the instants of wall clock times. An hour that comes twice, when clocks are put back, is told apart by the
 * order of the rows: where time steps back, or stands still, its second coming begins. Throws, in words that follow
 * the file's name, for a time that did not exist because clocks were put forward over it.
 */
export async function unwall(duck: Duck, walled: Walled): Promise<Unwalled> {
  const {zone} = walled;
  const spans = await spansOf(duck, walled);
  if (spans.length === 0) return {offset: "0", notes: []};
  const transitions = transitionsIn(zone, spans);
  const seconds: string[] = [];
  const notes: string[] = [];
  for (const transition of transitions) {
    if (transition.after > transition.before) await refuseSkipped(duck, walled, transition);
    else {
      const found = await secondComing(duck, walled, transition);
      seconds.push(...found.conditions);
      notes.push(...found.notes);
    }
  }
  const first = offsetSql(transitions, zone, spans[0]!.begin);
  const offset = seconds.length === 0 ? first : `CASE ${seconds.join(" ")} ELSE ${first} END`;
  return {offset, notes};
}

/** ms, as the clock showed and, to two days, UTC. */
interface Span {
  readonly begin: number;
  readonly end: number;
}

const day = 86_400_000;
const [earliest, latest] = [Date.UTC(1000, 0), Date.UTC(10_000, 0) - 1]; // beyond, years may have other than four figures

/** Where rows stand, cut where they pause for a year: one of a clock that was not set may be thousands of them away. */
async function spansOf(duck: Duck, {from, local}: Walled): Promise<readonly Span[]> {
  const year = 365 * day;
  const rows = await duck.rows(
    `SELECT epoch_ms(min(t))::DOUBLE AS begin, epoch_ms(max(t))::DOUBLE AS end FROM ${from}
     WHERE ${local} AND t BETWEEN ${timestamp(earliest)} AND ${timestamp(latest)} GROUP BY epoch_ms(t) // ${year} ORDER BY begin`
  );
  const spans: Span[] = [];
  for (const row of rows) {
    const [begin, end] = [Number(row.begin) - 2 * day, Number(row.end) + 2 * day];
    const isNear = spans.length > 0 && begin - spans.at(-1)!.end < year;
    spans.push({begin: isNear ? spans.pop()!.begin : begin, end});
  }
  return spans;
}

/** The transitions in all spans, and in between what they come to, at the begin of the next. */
function transitionsIn(zone: string, spans: readonly Span[]): readonly Transition[] {
  return spans.flatMap(({begin, end}, index) => {
    const [before, after] = [offsetAt(zone, spans[index - 1]?.end ?? begin), offsetAt(zone, begin)];
    return [...(before === after ? [] : [{at: begin, before, after}]), ...transitionsOf(zone, begin, end)];
  });
}

/** A search of the offset by halves; an hour that comes twice is its first coming. */
function offsetSql(transitions: readonly Transition[], zone: string, begin: number): string {
  if (transitions.length === 0) return String(offsetAt(zone, begin) * 1000);
  const middle = transitions.length >> 1;
  const {at, before, after} = transitions[middle]!;
  const [earlier, later] = [transitions.slice(0, middle), transitions.slice(middle + 1)];
  const below = earlier.length === 0 ? String(before * 1000) : offsetSql(earlier, zone, begin);
  const above = later.length === 0 ? String(after * 1000) : offsetSql(later, zone, begin);
  return `CASE WHEN t < ${timestamp(at + before)} THEN ${below} ELSE ${above} END`;
}

async function refuseSkipped(duck: Duck, {from, zone, local}: Walled, {at, before, after}: Transition): Promise<void> {
  const [row] = await duck.rows(
    `SELECT strftime(t, '%Y-%m-%d %H:%M:%S') AS time, file_row_number + 1 AS row FROM ${from}
     WHERE ${local} AND t >= ${timestamp(at + before)} AND t < ${timestamp(at + after)} ORDER BY file_row_number LIMIT 1`
  );
  if (!row) return;
  const [from_, to] = [before, after].map((offset) => new Date(at + offset).toISOString().slice(11, 16));
  throw new Error(
    `its time ${String(row.time)} in row ${String(row.row)} did not exist in ${zone}, where clocks went from ${from_!} to ${to!}; ` +
      "give the zone that the instrument's clock keeps"
  );
}

/** Rows that stand in one hour that comes twice, one after another, of one stream. */
interface Stay {
  readonly begin: number; // rows
  readonly end: number;
  readonly head: number; // the time of the first, µs as the clock showed
  readonly backs: readonly number[]; // rows where time steps back
  readonly stills: readonly number[]; // or stands still
  readonly isFirst: boolean; // nothing stands before it in its stream
  readonly isLast: boolean;
  readonly times: number;
}

interface Seconds {
  readonly conditions: readonly string[]; // WHEN … THEN the offset
  readonly notes: readonly string[];
}

async function secondComing(duck: Duck, walled: Walled, transition: Transition): Promise<Seconds> {
  const {at, before, after} = transition;
  const [begin, end] = [timestamp(at + after), timestamp(at + before)];
  const {stays, falling} = await staysIn(duck, walled, transition);
  const conditions: string[] = [];
  let once = 0;
  for (const stay of stays) {
    const turn = falling ? turnDown(stay) : turnUp(stay, {after: walled.after, transition});
    if (turn === undefined) once = Math.max(once, isAtEnd(stay, {falling, after: walled.after}) ? 0 : stay.times);
    else {
      const range = falling ? `< ${turn}` : `>= ${turn}`;
      const rows = `file_row_number BETWEEN ${stay.begin} AND ${stay.end} AND file_row_number ${range}`;
      conditions.push(`WHEN t >= ${begin} AND t < ${end} AND ${rows} THEN ${after * 1000}`);
    }
  }
  const hour = new Date(at + after).toISOString().slice(0, 16).replace("T", " ");
  const times = once === 1 ? "1 time" : `${once} times`;
  const note = `${times} of the hour from ${hour}, which came twice, taken for its first coming`;
  return {conditions, notes: once > 0 ? [note] : []};
}

interface Border {
  readonly after: Reading | undefined;
  readonly transition: Transition;
}

/** The row at which the second coming begins; none when the hour stands once, or rows are shuffled and tell nothing. */
function turnUp(stay: Stay, {after, transition}: Border): number | undefined {
  const {begin, head, isFirst, isLast} = stay;
  if (turnsIn(stay).length > 0 || !isFirst) return onlyOne(turnsIn(stay));
  if (!after) return isLast ? undefined : begin; // it is nearer to what follows, which is of the time after
  const wasSecond = after.instant >= transition.at * 1000;
  const wasInside = after.local >= (transition.at + transition.after) * 1000;
  return wasSecond || (wasInside && head <= after.local) ? begin : undefined;
}

/** Where rows go back in time: the row behind the last of the second coming. */
function turnDown(stay: Stay): number | undefined {
  if (turnsIn(stay).length > 0) return onlyOne(turnsIn(stay));
  return stay.isLast && !stay.isFirst ? stay.end + 1 : undefined;
}

/** Whether nothing later follows: then the first coming is nearest, and nothing is said. */
function isAtEnd(stay: Stay, {falling, after}: {falling: boolean; after: Reading | undefined}): boolean {
  if (turnsIn(stay).length > 0) return false;
  return falling ? stay.isFirst && !stay.isLast : stay.isLast && (!stay.isFirst || after !== undefined);
}

function turnsIn({backs, stills}: Stay): readonly number[] {
  return backs.length > 0 ? backs : stills;
}

function onlyOne(turns: readonly number[]): number | undefined {
  return turns.length === 1 ? turns[0] : undefined;
}

async function staysIn(duck: Duck, walled: Walled, {at, before, after}: Transition) {
  const {from, local, stream} = walled;
  const [begin, end] = [timestamp(at + after), timestamp(at + before)];
  const near = `${local} AND t >= ${timestamp(at + after - day)} AND t < ${timestamp(at + before + day)}`;
  const rows = await duck.rows(
    `WITH near AS (SELECT file_row_number AS row, t, ${stream} AS stream, t >= ${begin} AND t < ${end} AS inside FROM ${from} WHERE ${near}),
     steps AS (SELECT *, lag(t) OVER w AS before, lag(inside) OVER w AS was, lead(inside) OVER w AS will FROM near
       WINDOW w AS (PARTITION BY stream ORDER BY row)),
     way AS (SELECT coalesce(sum(sign(epoch_us(t - before))), 0) < 0 AS falling FROM steps WHERE NOT inside OR NOT was),
     stays AS (SELECT *, sum(CASE WHEN was THEN 0 ELSE 1 END) OVER (PARTITION BY stream ORDER BY row) AS stay FROM steps WHERE inside)
     SELECT min(row)::DOUBLE AS begin, max(row)::DOUBLE AS end, epoch_us(arg_min(t, row))::DOUBLE AS head, count(DISTINCT t)::DOUBLE AS times, (SELECT falling FROM way) AS falling,
       list(row::DOUBLE) FILTER (was AND CASE WHEN (SELECT falling FROM way) THEN t > before ELSE t < before END) AS backs,
       list(row::DOUBLE) FILTER (was AND t = before) AS stills,
       bool_or(was IS NULL) AS first, bool_or(will IS NULL) AS last
     FROM stays GROUP BY stream, stay ORDER BY begin`
  );
  const stays = rows.map((row): Stay => ({
    begin: Number(row.begin),
    end: Number(row.end),
    head: Number(row.head),
    times: Number(row.times),
    backs: (row.backs ?? []) as number[],
    stills: (row.stills ?? []) as number[],
    isFirst: row.first === true,
    isLast: row.last === true
  }));
  return {stays, falling: rows[0]?.falling === true};
}

/** A wall clock's time, given in ms as if it were UTC. */
function timestamp(ms: number): string {
  return `TIMESTAMP ${literal(new Date(ms).toISOString().replace("T", " ").replace("Z", ""))}`;
}
