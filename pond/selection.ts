import {randomUUID} from "node:crypto";
import {mkdir, readFile, rm} from "node:fs/promises";
import {join} from "node:path";
import type {Body, Contents} from "./contents.js";
import {identifier, literal} from "./duck.js";
import type {Duck} from "./duck.js";
import {PondError} from "./error.js";
import {stretchGap} from "./readings.js";
import type {Selection, Staged} from "./types.js";

/** Readings as the content of a version: sorted, one row per timestamp. */
export interface Stretch {
  readonly content: Uint8Array; // Parquet
  readonly rows: number;
  readonly minTime: number; // µs UTC, inclusive
  readonly maxTime: number; // µs UTC, inclusive
}

/** The content of a version, or what is known of it once the store has it. */
export type Piece = Stretch | (Omit<Stretch, "content"> & Body);

/** Puts what SELECTs give into the store, of no series yet. */
export async function stage(duck: Duck, contents: Contents, selection: Selection, path: string): Promise<Staged> {
  const pieces = [];
  for await (const {content, ...facts} of selected(duck, contents.cache, selection, path))
    pieces.push({...facts, ...(await contents.hold(content))});
  return {columns: selection.columns, pieces};
}

/**
 * What SELECTs give, each by time, cut where readings pause for more than a month. DuckDB sorts and writes, so that no
 * reading passes through JavaScript. Throws BAD_CONTENT, naming the path, for rows without a time or two of one time.
 */
export async function* selected(
  duck: Duck,
  cache: string,
  {sql, columns}: Selection,
  path: string
): AsyncIterable<Stretch> {
  const directory = join(cache, "append", randomUUID());
  const doubles = columns.map(({name}) => `${identifier(name)}::DOUBLE AS ${identifier(name)}`);
  const select = ["timestamp::TIMESTAMPTZ AS timestamp", ...doubles].join(", ");
  const stretches = async (index: number) =>
    written(duck, {sql: `SELECT ${select} FROM (${sql[index]!})`, directory: join(directory, String(index)), path});
  await mkdir(directory, {recursive: true});
  let next = sql.length > 0 ? stretches(0) : undefined;
  try {
    for (let index = 0; next; index++) {
      const found = await next;
      next = index + 1 < sql.length ? stretches(index + 1) : undefined;
      yield* found;
    }
  } finally {
    await next?.catch(() => undefined); // whoever takes the stretches has failed and says why
    await rm(directory, {recursive: true});
  }
}

interface Writing {
  readonly sql: string;
  readonly directory: string; // a missing one
  readonly path: string;
}

async function written(duck: Duck, {sql, directory, path}: Writing): Promise<readonly Stretch[]> {
  await mkdir(directory);
  const whole = join(directory, "whole.parquet");
  await write(duck, sql, whole);
  const spans = await spansOf(duck, whole, path);
  const stretches: Stretch[] = [];
  for (const [index, {begin, end, rows}] of spans.entries()) {
    const file = spans.length === 1 ? whole : join(directory, `${index}.parquet`);
    const within = `timestamp BETWEEN make_timestamptz(${begin}) AND make_timestamptz(${end})`;
    if (file !== whole) await write(duck, `SELECT * FROM read_parquet(${literal(whole)}) WHERE ${within}`, file);
    stretches.push({content: await readFile(file), rows, minTime: begin, maxTime: end});
  }
  await rm(directory, {recursive: true});
  return stretches;
}

/** Not synced: these files are read back at once, and what counts is what the store makes of them. */
async function write(duck: Duck, sql: string, file: string): Promise<void> {
  const options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880";
  await duck.run(`COPY (${sql} ORDER BY timestamp) TO ${literal(file)} (${options})`);
}

/** µs UTC, both inclusive. */
interface Span {
  readonly begin: number;
  readonly end: number;
  readonly rows: number;
}

async function spansOf(duck: Duck, file: string, path: string): Promise<readonly Span[]> {
  const micros = `(SELECT epoch_us(timestamp) AS t FROM read_parquet(${literal(file)}))`;
  const rows = await duck.rows(
    `WITH steps AS (SELECT t, lag(t) OVER () AS before, row_number() OVER () AS row FROM ${micros})
     SELECT t::DOUBLE AS t, before::DOUBLE AS before, row::DOUBLE AS row, 0 AS place FROM steps
       WHERE before IS NULL OR t IS NULL OR t = before OR t - before > ${stretchGap}
     UNION ALL SELECT max(t)::DOUBLE, NULL, count(*)::DOUBLE + 1, 1 FROM steps ORDER BY place, row`
  );
  const [last, cuts] = [rows.pop()!, rows];
  const wrong = cuts.find(({t, before}) => t === null || t === before);
  if (wrong) {
    const what = wrong.t === null ? "rows without a timestamp" : "two rows of one timestamp";
    throw new PondError("BAD_CONTENT", `Readings for ${path} have ${what}; give each row a time of its own.`, {path});
  }
  return cuts.map(({t, row}, index) => {
    const next = cuts[index + 1] ?? last;
    return {begin: Number(t), end: Number(next.before ?? last.t), rows: Number(next.row) - Number(row)};
  });
}
