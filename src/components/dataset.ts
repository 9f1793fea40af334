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

/**
 * The bins of a column that overlap a range, in order of time, those without a reading left out. Fetches the shards that
 * overlap the range and no others, each once. Rejects with a sentence that names the file when one cannot be had.
 */
export async function readPoints(
  {resolution, column}: {readonly resolution: ResolutionEntry; readonly column: string},
  range: TimeRange
): Promise<Point[]> {
  const shards = resolution.shards.filter((shard) => overlaps(shard, range));
  const parts = await Promise.all(shards.map((shard) => readColumn(shard, column)));
  return parts.flat().filter(({time}) => time + resolution.widthMs > range.begin && time <= range.end);
}

/** The first and last reading of a dataset, in milliseconds since 1970; undefined while it has none. */
export function recordOf({begin, end}: DatasetEntry): TimeRange | undefined {
  return begin && end ? {begin: Date.parse(begin), end: Date.parse(end)} : undefined;
}

function overlaps({begin, end}: ShardEntry, range: TimeRange): boolean {
  return Date.parse(begin) <= range.end && Date.parse(end) > range.begin;
}

const buffers = new Map<string, Promise<ArrayBuffer>>();
const columns = new Map<string, Promise<Point[]>>();

/** Keeps what succeeds; what fails may be asked for again. */
function once<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const kept = cache.get(key);
  if (kept) return kept;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}

function readColumn(shard: ShardEntry, column: string): Promise<Point[]> {
  return once(columns, `${shard.file} ${column}`, async () => {
    const buffer = await once(buffers, shard.file, () => fetchShard(shard));
    const points = await decode(buffer, shard, column).catch((error: unknown) => {
      buffers.delete(shard.file); // damaged on the way, perhaps: fetched again when asked for again
      throw error;
    });
    failed.delete(shard.file);
    return points;
  });
}

const failed = new Set<string>(); // shards to ask the server for again, whatever the browser's cache holds

async function fetchShard({file}: ShardEntry): Promise<ArrayBuffer> {
  const cache = failed.has(file) ? "reload" : "default";
  failed.add(file);
  const response = await fetch(shardUrl(file), {cache}).catch((error: unknown) => {
    throw new Error(`The data file ${file} could not be fetched: is this device offline?`, {cause: error});
  });
  if (!response.ok)
    throw new Error(`The data file ${file} could not be fetched: the server answered ${response.status}.`);
  return response.arrayBuffer();
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
