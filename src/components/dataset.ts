import {parquetReadObjects} from "npm:hyparquet";
import type {DatasetEntry, ResolutionEntry, ShardEntry} from "../../loaders/types.js";
import {shardUrl} from "./catalogue.js";
import type {TimeRange} from "./range.js";

/** One bin of one column: `time` is its start in milliseconds since 1970. */
export interface Point {
  readonly time: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** A stretch of a record that could not be had, and why, in a sentence. */
export interface Failure extends TimeRange {
  readonly reason: string;
}

/** What could be had of a column. */
export interface Reading {
  readonly points: readonly Point[];
  readonly failures: readonly Failure[];
}

interface Source {
  readonly resolution: ResolutionEntry;
  readonly column: string;
}

/**
 * The bins of a column that overlap a range, in order of time, those without a reading left out. Fetches the shards that
 * overlap the range and no others, each once. A shard that cannot be had is told of, and the others are read.
 */
export async function readPoints({resolution, column}: Source, range: TimeRange): Promise<Reading> {
  const shards = resolution.shards.filter((shard) => overlaps(shard, range));
  const failures: Failure[] = [];
  const parts = await Promise.all(
    shards.map((shard) =>
      readColumn(shard, column).catch((error: unknown) => {
        failures.push({...spanOf(shard), reason: error instanceof Error ? error.message : String(error)});
        return [];
      })
    )
  );
  const points = parts.flat().filter(({time}) => time + resolution.widthMs > range.begin && time <= range.end);
  return {points, failures};
}

/** The first and last reading of a dataset, in milliseconds since 1970; undefined while it has none. */
export function recordOf({begin, end}: DatasetEntry): TimeRange | undefined {
  return begin && end ? {begin: Date.parse(begin), end: Date.parse(end)} : undefined;
}

function spanOf({begin, end}: ShardEntry): TimeRange {
  return {begin: Date.parse(begin), end: Date.parse(end)};
}

function overlaps(shard: ShardEntry, range: TimeRange): boolean {
  const {begin, end} = spanOf(shard);
  return begin <= range.end && end > range.begin;
}

const buffers = new Map<string, Promise<ArrayBuffer>>();
const columns = new Map<string, Promise<Point[]>>();

/** Keeps what succeeds; what fails may be asked for again. */
function once<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const kept = cache.get(key);
  if (kept) return kept;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.get(key) === made && cache.delete(key)); // unless it was asked for anew meanwhile
  return made;
}

/** The bytes of a shard, fetched once. Rejects with a sentence that names the file when they cannot be had. */
export function readShard(shard: ShardEntry): Promise<ArrayBuffer> {
  return once(buffers, shard.file, () => fetchShard(shard));
}

function readColumn(shard: ShardEntry, column: string): Promise<Point[]> {
  return once(columns, `${shard.file} ${column}`, async () => {
    const points = await decode(await readShard(shard), shard, column).catch((error: unknown) => {
      buffers.delete(shard.file); // damaged on the way, perhaps: fetched again when asked for again
      throw error;
    });
    failed.delete(shard.file);
    return points;
  });
}

const failed = new Set<string>(); // shards to ask the server for again, whatever the browser's cache holds
const longest = 60_000; // milliseconds for one file: a server that is silent for longer will not speak
const waiting = new Map<string, AbortController>();

/** Lets go of every file that has not come yet, so that it is asked for anew. */
export function abandonWaiting(): void {
  for (const [file, controller] of waiting) {
    controller.abort();
    buffers.delete(file);
    for (const key of columns.keys()) if (key.startsWith(`${file} `)) columns.delete(key);
  }
  waiting.clear();
}

async function fetchShard({file}: ShardEntry): Promise<ArrayBuffer> {
  const cache = failed.has(file) ? "reload" : "default";
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), longest);
  failed.add(file);
  waiting.set(file, controller);
  try {
    const response = await fetch(shardUrl(file), {cache, signal: controller.signal});
    if (response.ok) return await response.arrayBuffer();
    throw new Error(`The data file ${file} could not be fetched: the server answered ${response.status}.`);
  } catch (error) {
    if (controller.signal.aborted) throw new Error(`The data file ${file} did not come in time.`, {cause: error});
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`The data file ${file} could not be fetched: is this device offline?`, {cause: error});
  } finally {
    clearTimeout(timer);
    if (waiting.get(file) === controller) waiting.delete(file);
  }
}

async function decode(file: ArrayBuffer, shard: ShardEntry, column: string): Promise<Point[]> {
  const [avg, min, max, count] = ["avg", "min", "max", "count"].map((statistic) => `${column}.${statistic}`);
  try {
    const rows = await parquetReadObjects({file, columns: ["timestamp", avg!, min!, max!, count!]});
    return rows.filter((row) => Number(row[count!]) > 0).map(toPoint);
  } catch (error) {
    throw new Error(`The data file ${shard.file} could not be read: it is damaged or not whole.`, {cause: error});
  }
  function toPoint(row: Record<string, unknown>): Point {
    const number = (name: string | undefined) => Number(row[name!]);
    return {time: Number(row.timestamp), avg: number(avg), min: number(min), max: number(max), count: number(count)};
  }
}
