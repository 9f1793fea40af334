import {join} from "node:path";
import {type DataType, Field, Float64, Schema, type Table, TimestampMicrosecond, Utf8} from "apache-arrow";
import {tableOf, vectorOf} from "../../pond/arrow.js";
import type {Pond} from "../../pond/pond.js";
import type {Commit, Reader, Transaction} from "../../pond/types.js";
import {readCache} from "../cache.js";
import {formOf} from "../resources/applied.js";
import {replaceFile} from "../file.js";
import type {Fared, RunRow} from "../types.js";

/**
 * How resources fared: the series `/sys/runs` has a row for each run of a resource that had news. A run without news
 * writes nothing, so that building twice adds no transaction; when it was stands in the cache alone, beside the newest
 * rows, which are there so that nobody has to read all of the history every night.
 */
const path = "/sys/runs";

/** A run's news: what was stored or set aside, and words that were not there the last time, or are gone. */
function isNews(row: RunRow, last: RunRow | undefined): boolean {
  return !last || row.stored > 0 || row.aside > 0 || saying(last) !== saying(row);
}

function saying({errors, notes, stale}: RunRow): string {
  return JSON.stringify([errors, notes, stale]);
}

function isOf({kind, name}: RunRow): (other: RunRow) => boolean {
  return (other) => other.kind === kind && other.name === name;
}

/** How each resource of the pond fared when it last had news, and when it last ran, by kind and name. */
export async function lastRuns(fs: Reader, cache: string): Promise<readonly Fared[]> {
  if (!(await fs.exists(path))) return [];
  const {kind, version} = await fs.stat(path);
  if (kind !== "series") return []; // a directory, in ponds from before: see `append`
  const memo = readCache<Memo>(memoIn(cache));
  const rows = memo?.version === version ? memo.rows : (await newestRows(fs)).map(ranLast);
  const here = await Promise.all(rows.map((row) => fs.exists(formOf(row))));
  return rows.filter((_, index) => here[index]);
}

function ranLast(row: RunRow): Fared {
  return {...row, last: {started: row.started, tookMs: row.tookMs}};
}

/** Keeps the rows that have news, in one transaction, and when the others were; `before` is what is known by now. */
export async function recordRuns(
  pond: Pond,
  rows: readonly RunRow[],
  before: readonly Fared[]
): Promise<Commit | undefined> {
  if (rows.length === 0) return undefined;
  const news = rows.filter((row) => isNews(row, before.find(isOf(row))));
  const {commit} = await pond.transaction({command: "pond run", message: "how resources fared"}, async (tx) => {
    if (news.length > 0) await append(tx, news);
  });
  const ran = rows.map((row) => {
    const {last} = ranLast(row);
    return news.includes(row) ? {...row, last} : {...before.find(isOf(row))!, last};
  });
  const others = before.filter((row) => !rows.some(isOf(row)));
  const fs = await pond.fs();
  if (await fs.exists(path))
    await writeMemo(pond.cache, {version: (await fs.stat(path)).version, rows: [...others, ...ran]});
  return commit;
}

// ---- The series ----

const words = new Utf8();
const number = new Float64();
const micros = new TimestampMicrosecond("UTC");

async function append(tx: Transaction, rows: readonly RunRow[]): Promise<void> {
  if ((await tx.exists(path)) && (await tx.stat(path)).kind === "directory") await tx.remove(path, {recursive: true});
  await tx.append(path, runsTable(rows, await momentsOf(tx, rows)), {parents: true});
}

/** When each began, µs since 1970: as many microseconds later as it takes to have a moment of its own. */
async function momentsOf(tx: Transaction, rows: readonly RunRow[]): Promise<readonly number[]> {
  const begin = Math.min(...rows.map(({started}) => started)) * 1000;
  const taken = new Set<number>();
  if (await tx.exists(path)) {
    const held = await (await tx.series(path)).pieces({begin});
    if (held.length > 0) {
      const found = await tx.query(
        `SELECT epoch_us(timestamp)::DOUBLE AS time FROM "${path}" WHERE epoch_us(timestamp) >= ${begin}`
      );
      for (const row of found) taken.add((row as {time: number}).time);
    }
  }
  return rows.map(({started}) => {
    let moment = started * 1000;
    while (taken.has(moment)) moment++;
    taken.add(moment);
    return moment;
  });
}

function runsTable(rows: readonly RunRow[], moments: readonly number[]): Table {
  const lines = (texts: readonly string[]) => (texts.length === 0 ? null : texts.join("\n"));
  const columns: readonly (readonly [string, DataType, readonly unknown[], string?])[] = [
    ["timestamp", micros, moments.map(BigInt)],
    ["kind", words, rows.map(({kind}) => kind)],
    ["name", words, rows.map(({name}) => name)],
    ["took", number, rows.map(({tookMs}) => tookMs), "ms"],
    ["read", number, rows.map(({read}) => read)],
    ["stored", number, rows.map(({stored}) => stored)],
    ["aside", number, rows.map(({aside}) => aside)],
    ["note", words, rows.map(({notes}) => lines(notes))],
    ["error", words, rows.map(({errors}) => lines(errors))],
    ["stale", words, rows.map(({stale}) => lines(stale))],
    ["tests", words, rows.map(({tests}) => (tests ? JSON.stringify(tests) : null))]
  ];
  const fields = columns.map(([name, type, , unit]) => {
    const attributes = Object.entries({parameter: name, ...(unit === undefined ? {} : {unit})});
    return new Field(name, type, true, new Map(name === "timestamp" ? [] : attributes));
  });
  return tableOf(
    new Schema(fields),
    columns.map(([, type, values]) => vectorOf(values, type))
  );
}

async function newestRows(fs: Reader): Promise<readonly RunRow[]> {
  const newest = "QUALIFY row_number() OVER (PARTITION BY kind, name ORDER BY timestamp DESC) = 1";
  const table = await fs.query(
    `SELECT epoch_us(timestamp)::DOUBLE AS time, * FROM "${path}" ${newest} ORDER BY kind, name`
  );
  return Array.from(table, (row) => rowOf(row as unknown as Held));
}

interface Held extends Pick<RunRow, "kind" | "name" | "read" | "stored" | "aside"> {
  readonly time: number;
  readonly took: number;
  readonly note: string | null;
  readonly error: string | null;
  readonly stale: string | null;
  readonly tests?: string | null; // none in ponds from before
}

function rowOf({time, took, kind, name, read, stored, aside, note, error, stale, tests}: Held): RunRow {
  const lines = (text: string | null) => text?.split("\n") ?? [];
  const said = {notes: lines(note), errors: lines(error), stale: lines(stale)};
  const fared = tests ? {tests: JSON.parse(tests) as NonNullable<RunRow["tests"]>} : {};
  return {kind, name, started: Math.floor(time / 1000), tookMs: took, read, stored, aside, ...said, ...fared};
}

// ---- The cache ----

interface Memo {
  readonly version: number; // of the series that it was made with
  readonly rows: readonly Fared[];
}

function memoIn(cache: string): string {
  return join(cache, "runs.json");
}

async function writeMemo(cache: string, {version, rows}: Memo): Promise<void> {
  const byName = rows.toSorted((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1));
  await replaceFile(memoIn(cache), `${JSON.stringify({version, rows: byName})}\n`);
}
