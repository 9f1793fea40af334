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

/** As many stretches are under way: DuckDB goes on while one of them is read back, hashed and synced. */
const atOnce = 2;

/** Puts what SELECTs give into the store, of no series yet. */
export async function stage(duck: Duck, contents: Contents, selection: Selection, path: string): Promise<Staged> {
  const pieces = [];
  for await (const {content, ...facts} of selected(duck, contents.cache, selection, path))
    pieces.push({...facts, ...(await contents.hold(content))});
  return {columns: selection.columns, pieces};
}

/**
 * What SELECTs give, each by time, cut where readings pause for more than a month. DuckDB sorts and writes, so that no
 * reading passes through JavaScript. Throws BAD_CONTENT, naming the path and in its data which `misplacement` it is, for
 * rows without a time, two of one time, those that are not by time though they were said to be, and for SELECTs that
 * overlap in time.
 */
export async function* selected(
  duck: Duck,
  cache: string,
  {sql, columns, sorted = false}: Selection,
  path: string
): AsyncIterable<Stretch> {
  const directory = join(cache, "append", randomUUID());
  const doubles = columns.map(({name}) => `${identifier(name)}::DOUBLE AS ${identifier(name)}`);
  const select = ["timestamp::TIMESTAMPTZ AS timestamp", ...doubles].join(", ");
  const given = each(sql);
  const coming: Promise<readonly Stretch[]>[] = [];
  const goOn = async () => {
    while (coming.length < atOnce) {
      const {value, done} = await given.next();
      if (done) return;
      const writing = {sql: `SELECT ${select} FROM (${value})`, sorted, directory: join(directory, randomUUID()), path};
      const stretches = duck.session((session) => written(session, writing));
      stretches.catch(() => undefined); // told where it is awaited
      coming.push(stretches);
    }
  };
  await mkdir(directory, {recursive: true});
  try {
    await goOn();
    for (const before: Pick<Stretch, "minTime" | "maxTime">[] = []; coming.length > 0;) {
      const found = await coming.shift()!;
      await goOn();
      const [minTime, maxTime] = [found[0]?.minTime ?? Infinity, found.at(-1)?.maxTime ?? -Infinity];
      if (sorted && before.some((one) => one.maxTime >= minTime)) throw misplaced(path, "out of order");
      if (before.some((one) => one.minTime <= maxTime && one.maxTime >= minTime)) throw misplaced(path, "overlapping");
      yield* found;
      before.push({minTime, maxTime});
    }
  } finally {
    await Promise.allSettled(coming); // whoever takes the stretches has failed and says why
    await given.return(undefined);
    await rm(directory, {recursive: true});
  }
}

async function* each<T>(values: readonly T[] | AsyncIterable<T>): AsyncGenerator<T, undefined> {
  yield* values;
  return undefined;
}

interface Writing {
  readonly sql: string;
  readonly sorted: boolean;
  readonly directory: string; // a missing one
  readonly path: string;
}

async function written(duck: Duck, {sql, sorted, directory, path}: Writing): Promise<readonly Stretch[]> {
  await mkdir(directory);
  const whole = join(directory, "whole.parquet");
  await write(duck, sorted ? sql : `${sql} ORDER BY timestamp`, whole);
  const spans = await spansOf(duck, whole, path);
  const stretches: Stretch[] = [];
  for (const [index, {begin, end, rows}] of spans.entries()) {
    const file = spans.length === 1 ? whole : join(directory, `${index}.parquet`);
    const within = `timestamp BETWEEN make_timestamptz(${begin}) AND make_timestamptz(${end})`;
    if (file !== whole) await write(duck, `SELECT * FROM read_parquet(${literal(whole)}) WHERE ${within}`, file);
    stretches.push({content: await readFile(file), rows, minTime: Number(begin), maxTime: Number(end)});
  }
  await rm(directory, {recursive: true});
  return stretches;
}

/** Not synced: these files are read back at once, and what counts is what the store makes of them. */
async function write(duck: Duck, sql: string, file: string): Promise<void> {
  const options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880";
  await duck.run(`COPY (${sql}) TO ${literal(file)} (${options})`);
}

/** µs UTC, both inclusive; exact of any year, which doubles are until 2255. */
interface Span {
  readonly begin: bigint;
  readonly end: bigint;
  readonly rows: number;
}

/** A row before which readings pause, or where something is wrong, or what would follow the last. */
interface Step {
  readonly t: bigint | null;
  readonly before: bigint | null;
  readonly row: number; // from 1
}

async function spansOf(duck: Duck, file: string, path: string): Promise<readonly Span[]> {
  const micros = `(SELECT epoch_us(timestamp) AS t FROM read_parquet(${literal(file)}))`;
  const rows = await duck.rows(
    `WITH steps AS (SELECT t, lag(t) OVER () AS before, row_number() OVER () AS row FROM ${micros})
     SELECT t, before, row::DOUBLE AS row, 0 AS place FROM steps
       WHERE before IS NULL OR t IS NULL OR t <= before OR t - before > ${stretchGap}
     UNION ALL SELECT max(t), NULL, count(*)::DOUBLE + 1, 1 FROM steps ORDER BY place, row`
  );
  const cuts = rows as unknown as Step[];
  const last = cuts.pop()!;
  const wrong = cuts.find(({t, before}) => t === null || (before !== null && t <= before));
  if (wrong?.t === null) throw misplaced(path, "untimed");
  if (wrong) throw misplaced(path, wrong.t === wrong.before ? "twice" : "out of order");
  return cuts.map(({t, row}, index) => {
    const next = cuts[index + 1] ?? last;
    return {begin: t!, end: (next.before ?? last.t)!, rows: next.row - row};
  });
}

/** What is wrong with where readings stand in time. */
type Misplacement = keyof typeof misplacements;

const misplacements = {
  untimed: "have rows without a timestamp; give each row a time of its own",
  twice: "have two rows of one timestamp; give each row a time of its own",
  "out of order": "are not by time though they are said to be; give them so, or do not say it",
  overlapping: "come from SELECTs that overlap in time; give each a span of its own"
};

function misplaced(path: string, misplacement: Misplacement): PondError {
  return new PondError("BAD_CONTENT", `Readings for ${path} ${misplacements[misplacement]}.`, {path, misplacement});
}
