import {join} from "node:path";
import {identifier, literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import type {Clock, Stored} from "../time/clock.js";
import type {Field} from "../time/field.js";
import {clockOf, headingOf, unreadableTime} from "../time/clock.js";
import {isText} from "../time/field.js";
import type {EpochUnit} from "../time/shape.js";
import {hostFile} from "./source.js";
import type {How, Source} from "./source.js";
import {unwall} from "../time/wallclock.js";

/** The rows of a file, each with its instant, mostly as one Parquet file that DuckDB reads where it needs to. */
export interface Timed {
  readonly file?: string; // Parquet, on the host
  readonly from: string; // it in FROM position: the source's columns and, of a file, `file_row_number`
  readonly numbered?: string; // the same with `file_row_number`, of what has none
  readonly instant: string; // SQL: TIMESTAMPTZ, NULL where a row has no time
  readonly within: (range: Range) => string; // SQL: which rows are in a span, said so that DuckDB skips the rest
  readonly facts: Facts;
  readonly clock: Clock;
  readonly notes: readonly string[];
  readonly last?: Last;
}

/** What is known of all rows together. */
interface Facts {
  readonly rows: number;
  readonly timed: number; // those that have a time
  readonly begin: number; // µs UTC, inclusive
  readonly end: number; // µs UTC, inclusive
  readonly isSorted: boolean; // times rise, or fall, from row to row
  readonly isRising: boolean;
  readonly isOnward: boolean; // times rise or stand still
}

/** The last row of a file, as the next part of it may need to know. */
export interface Last {
  readonly local: number; // µs, as the clock on the wall showed
  readonly instant: number; // µs UTC
}

/** Rows of one Parquet group, the least that DuckDB skips. */
const groupRows = 122_880;

/**
 * Finds the times of a source's rows. What is not Parquet with times in UTC already is written as such, so that however
 * large a file is, no more of it than a stretch of time is ever in memory. `stream` tells which rows follow one another.
 */
export async function timed(duck: Duck, source: Source, how: How, stream = "''"): Promise<Timed> {
  const asItIs = how.clock && !how.isUnsorted && (await inOrder(duck, source, how.clock, how));
  if (asItIs) return asItIs;
  for (const all of [how.clock !== undefined, true]) {
    const clock = how.clock ?? (await clockOf(duck, source, how, all));
    const rows =
      source.parquet && clock.stored ? ofStored(source, clock.stored) : await staged(duck, source, clock, how);
    const bad = "bad" in rows ? await firstBad(duck, rows.from, {clock, beside: besideOf(source, clock)}) : undefined;
    if (bad && !all) continue;
    if (bad) throw unreadableTime(clock, bad.text, bad.row);
    const {notes, ...placed} =
      "bad" in rows ? await unwalled(duck, {...rows, clock, stream}, how) : {...rows, notes: []};
    const facts = await factsOf(duck, placed);
    const last = clock.kind === "instant" ? undefined : await lastOf(duck, placed, facts);
    const near = (await isClustered(duck, placed, facts)) ? placed : await sorted(duck, placed, how);
    return {...near, facts, clock, notes, ...(last ? {last} : {})};
  }
  throw new Error("its times cannot be read"); // not reached: the second time round, all rows were looked at
}

type Placed = Pick<Timed, "file" | "from" | "instant" | "within">;

// ---- Parquet as it is ----

function ofStored({from, parquet: file}: Source, stored: Stored): Placed {
  if ("unit" in stored) return {file: file!, from, ...ofNumbers(stored.sql, stored.unit)};
  const isMicros = /^TIMESTAMP( WITH TIME ZONE)?$/.test(stored.type);
  const same = isMicros ? stored.sql : `CAST(${stored.sql} AS TIMESTAMP)`;
  const instant = `make_timestamptz(CASE WHEN isfinite(${stored.sql}) THEN epoch_us(${same}) END)`;
  const near = (micros: number) => `CAST(make_timestamp(${micros}) AS ${stored.type})`;
  const slack = isMicros ? 0 : 1e6; // coarse types round
  return {
    file: file!,
    from,
    instant,
    within: ({begin, end}) =>
      conditions([
        begin !== undefined && `${stored.sql} >= ${near(begin - slack)} AND ${instant} >= make_timestamptz(${begin})`,
        end !== undefined && `${stored.sql} <= ${near(end + slack)} AND ${instant} < make_timestamptz(${end})`
      ])
  };
}

function ofNumbers(sql: string, unit: EpochUnit): Pick<Placed, "instant" | "within"> {
  const micros = {s: `${sql}::HUGEINT * 1000000`, ms: `${sql}::HUGEINT * 1000`, us: sql, ns: `${sql} // 1000`}[unit];
  return {
    instant: `make_timestamptz(TRY_CAST(${micros} AS BIGINT))`,
    within: ({begin, end}) =>
      conditions([
        begin !== undefined && `${sql} >= ${numberAt(begin, unit)}`,
        end !== undefined && `${sql} < ${numberAt(end, unit)}`
      ])
  };
}

/** The least number of a unit that is not before an instant, in µs. */
function numberAt(micros: number, unit: EpochUnit): string {
  if (unit === "ns") return String(BigInt(micros) * 1000n);
  return String(Math.ceil(micros / {s: 1e6, ms: 1e3, us: 1}[unit]));
}

function conditions(parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false).join(" AND ") || "true";
}

// ---- Text as it is ----

/**
 * A portion in which each row has a time in UTC, and they are by time, is read once for the times and once for all: to
 * write it in between would take longer.
 */
async function inOrder(duck: Duck, {from, fields}: Source, clock: Clock, how: How): Promise<Timed | undefined> {
  const beside = besideOf({fields}, clock);
  const isUtc = clock.kind === "instant" || how.timeZone === "UTC";
  if (!isUtc || beside.filter(isText).length > 1) return undefined; // each column of text is read apart
  const columns = [`${clock.sql} AS t`, ...beside.map(({sql}) => sql)].join(", ");
  const numbered = `(SELECT ${columns}, row_number() OVER () - 1 AS file_row_number FROM ${from})`; // one after another
  const placed = {from: `(SELECT ${columns} FROM ${from})`, numbered, ...atTimes("0", "false")};
  const facts = await factsOf(duck, placed, "");
  if (facts.rows === 0 || facts.timed < facts.rows || !facts.isSorted) return undefined;
  const last = facts.isRising ? facts.end : facts.begin;
  return {...placed, facts, clock, notes: [], ...(clock.kind === "local" ? {last: {local: last, instant: last}} : {})};
}

// ---- What is written as Parquet first ----

/** The columns that hold no times. */
function besideOf({fields}: Pick<Source, "fields">, clock: Clock): readonly Field[] {
  return fields.filter((field) => !clock.fields.includes(field));
}

interface Staged extends Pick<Timed, "file" | "from"> {
  readonly bad: true; // there is a column of what is no time
}

/** The source's rows with `t`, the time, `zoned`, where some say their offset, and `bad`, what is there and no time. */
async function staged(duck: Duck, source: Source, clock: Clock, how: How): Promise<Staged> {
  const beside = besideOf(source, clock);
  const kept = beside.map(({sql}) => sql);
  const select = (text: string, zone: string, bad: string) =>
    [`${text} AS t`, `${zone} AS zoned`, `${bad} AS bad`, ...kept].join(", ");
  const sql = select(clock.sql, clock.zoned ?? String(clock.kind === "instant"), clock.text ?? "NULL::VARCHAR");
  const file = join(how.scratch, "staged.parquet");
  const isSmall = clock === how.clock; // a portion, which is not on the disk before it is gone
  await toParquet(duck, `SELECT ${sql} FROM ${source.from}`, {file, hasText: !isSmall && beside.some(isText)});
  return {file, from: parquet(file), bad: true};
}

/** In the form that costs least to write and read again: it is gone in a moment. Text is kept once for all alike. */
async function toParquet(duck: Duck, sql: string, {file, hasText}: {file: string; hasText: boolean}): Promise<void> {
  const form = hasText ? "COMPRESSION snappy" : "COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1";
  await duck.run(`COPY (${sql}) TO ${literal(file)} (FORMAT parquet, ${form}, ROW_GROUP_SIZE ${groupRows})`);
}

/** A Parquet file of the host in FROM position. */
export function parquet(file: string): string {
  return `read_parquet(${hostFile(file)}, file_row_number = true, hive_partitioning = false)`;
}

/**
 * The first row with what is no time. Lines of words between the header and the first time are the header's, which tell
 * units, and so is the header where it comes again: a logger that starts anew writes it.
 */
async function firstBad(
  duck: Duck,
  from: string,
  {clock: {fields}, beside}: {readonly clock: Clock; readonly beside: readonly Field[]}
): Promise<{text: string; row: number} | undefined> {
  const [any] = await duck.rows(`SELECT count(*)::DOUBLE AS rows FROM ${from} WHERE bad IS NOT NULL`);
  if (any!.rows === 0) return undefined;
  const first = `(SELECT min(file_row_number) FROM ${from} WHERE t IS NOT NULL)`;
  const heading = headingOf(fields);
  const others = beside.filter((field) => isText(field) && field.remark === undefined);
  const same = others.map(({sql, header}) => ` AND coalesce(trim(${sql}), '') = ${literal(header.trim())}`).join("");
  const isHeader = `(trim(bad) = ${literal(heading)}${same}) OR (file_row_number < ${first} AND NOT regexp_matches(bad, '\\d'))`;
  const [row] = await duck.rows(
    `SELECT bad, file_row_number::DOUBLE + 1 AS row FROM ${from} WHERE bad IS NOT NULL AND NOT coalesce(${isHeader}, false)
     ORDER BY row LIMIT 1`
  );
  if (row && String(row.bad).trim() === heading)
    throw new Error(`its header comes again in row ${Number(row.row)} with other columns; make two files of it`);
  return row && {text: String(row.bad), row: Number(row.row)};
}

interface Unplaced extends Pick<Timed, "file" | "from" | "clock"> {
  readonly stream: string;
}

async function unwalled(
  duck: Duck,
  {file, from, clock, stream}: Unplaced,
  how: How
): Promise<Placed & {notes: readonly string[]}> {
  const local = clock.kind === "mixed" ? "NOT zoned" : "true";
  const isLocal = clock.kind !== "instant" && how.timeZone !== "UTC";
  const {offset, notes} = isLocal
    ? await unwall(duck, {from, zone: how.timeZone, local, stream, after: how.after})
    : {offset: "0", notes: []};
  return {file, from, ...atTimes(offset, clock.kind === "mixed" ? "zoned" : "false"), notes};
}

/** Where `t` is ahead of UTC by so many µs, unless it is `zoned`. */
function atTimes(offset: string, zoned: string): Pick<Placed, "instant" | "within"> {
  const ahead = zoned === "false" ? `(${offset})` : `CASE WHEN ${zoned} THEN 0 ELSE ${offset} END`;
  const micros = offset === "0" ? "epoch_us(t)" : `epoch_us(t) - ${ahead}`;
  const instant = `make_timestamptz(${micros})`; // a cast would ask the calendar of each row
  const day = 86_400e6; // no clock is further from UTC
  const slack = offset === "0" ? 0 : day;
  const within = ({begin, end}: Range) =>
    conditions([
      begin !== undefined && `t >= make_timestamp(${begin - slack})`,
      end !== undefined && `t < make_timestamp(${end + slack})`,
      begin !== undefined && slack > 0 && `${instant} >= make_timestamptz(${begin})`,
      end !== undefined && slack > 0 && `${instant} < make_timestamptz(${end})`
    ]);
  return {instant, within};
}

// ---- What is known of them ----

/** Of Parquet rows without a time are counted apart, at no cost; of text, with `which` empty, only that there are some. */
async function factsOf(duck: Duck, {from, instant}: Placed, which = "WHERE t IS NOT NULL"): Promise<Facts> {
  const times = `SELECT epoch_us(${instant}) AS t FROM ${from}`;
  const steps = `SELECT t, lag(t) OVER () AS before FROM (${times}) ${which}`;
  const [[row], [count]] = [
    await duck.rows(
      `SELECT count(*)::DOUBLE AS rows, count(t) AS timed, min(t)::DOUBLE AS begin, max(t)::DOUBLE AS end,
         count(*) FILTER (t <= before) AS falls, count(*) FILTER (t < before) AS backs, count(*) FILTER (t >= before) AS rises FROM (${steps})`
    ),
    which === "" ? [] : await duck.rows(`SELECT count(*) AS rows FROM ${from}`)
  ];
  return {
    rows: Number((count ?? row)!.rows),
    timed: Number(row!.timed),
    begin: Number(row!.begin),
    end: Number(row!.end),
    isSorted: row!.falls === 0n || row!.rises === 0n,
    isRising: row!.falls === 0n,
    isOnward: row!.backs === 0n
  };
}

async function lastOf(duck: Duck, {from, instant}: Placed, {rows, timed}: Facts): Promise<Last | undefined> {
  const which = rows === timed ? `file_row_number = ${rows - 1}` : "t IS NOT NULL"; // the latter reads all

  const [row] = await duck.rows(
    `SELECT epoch_us(t)::DOUBLE AS local, epoch_us(${instant})::DOUBLE AS instant FROM ${from}
     WHERE ${which} ORDER BY file_row_number DESC LIMIT 1`
  );
  return row && {local: Number(row.local), instant: Number(row.instant)};
}

/** Whether a stretch of time stands in few groups of rows: else each stretch would have the whole file read again. */
async function isClustered(duck: Duck, {from, instant}: Placed, {begin, end, isSorted}: Facts): Promise<boolean> {
  if (isSorted || end <= begin) return true;
  const [row] = await duck.rows(
    `SELECT count(*)::DOUBLE AS groups, sum(width)::DOUBLE / ${end - begin} AS turns FROM
       (SELECT epoch_us(max(i)) - epoch_us(min(i)) AS width FROM
         (SELECT ${instant} AS i, file_row_number // ${groupRows} AS part FROM ${from}) GROUP BY part)`
  );
  return Number(row!.groups) <= 2 || Number(row!.turns) <= 3;
}

async function sorted(duck: Duck, {from, instant}: Placed, {scratch}: How): Promise<Placed> {
  const file = join(scratch, "sorted.parquet");
  const [columns, row] = [await duck.rows(`DESCRIBE SELECT * FROM ${from}`), "file_row_number"];
  const kept = columns
    .map(({column_name}) => String(column_name))
    .filter((name) => /^c\d+$/.test(name))
    .map(identifier);
  const select = [`${instant} AS t`, ...kept].join(", ");
  await toParquet(duck, `SELECT ${select} FROM ${from} WHERE (${instant}) IS NOT NULL ORDER BY t, ${row}`, {
    file,
    hasText: true
  });
  const within = ({begin, end}: Range) =>
    conditions([
      begin !== undefined && `t >= make_timestamptz(${begin})`,
      end !== undefined && `t < make_timestamptz(${end})`
    ]);
  return {file, from: parquet(file), instant: "t", within};
}
