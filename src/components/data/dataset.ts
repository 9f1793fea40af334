import {parquetMetadata, parquetRead} from "npm:hyparquet";
import type {DatasetEntry, ResolutionEntry, ShardEntry} from "../../../loaders/types.js";
import {shardUrl} from "../catalogue.js";
import {firstFrom} from "./gaps.js";
import type {Flagged, Point} from "./point.js";
import type {TimeRange} from "../time/range.js";
import {breathe} from "./turn.js";

/** A stretch of a record that could not be had, and why, in a sentence. */
export interface Failure extends TimeRange {
  readonly reason: string;
}

/** What could be had of a column, in order of time. */
export interface Reading {
  readonly points: readonly Point[];
  readonly flagged: readonly Flagged[];
  readonly failures: readonly Failure[];
}

export interface Source {
  readonly resolution: ResolutionEntry;
  readonly column: string;
  readonly drops?: boolean; // suspect readings are left out of the line, as failed ones are
}

/**
 * The bins of a column that overlap a range, in order of time, those without a reading left out. Fetches the shards that
 * overlap the range and no others, each once. A shard that cannot be had is told of, and the others are read.
 */
export async function readPoints(source: Source, range: TimeRange): Promise<Reading> {
  const failures: Failure[] = [];
  const parts = await Promise.all(
    shardsIn(source.resolution, range).map((shard) =>
      readColumn(shard, source).catch((error: unknown) => {
        failures.push({...spanOf(shard), reason: error instanceof Error ? error.message : String(error)});
        return nothing;
      })
    )
  );
  return {...cut(parts, source.resolution, range), failures};
}

/** Resolves when the shards that overlap a range are here or cannot be had. */
export async function readyPoints(resolution: ResolutionEntry, range: TimeRange): Promise<void> {
  await Promise.allSettled(shardsIn(resolution, range).map((shard) => readShard(shard)));
}

/** What is in memory of it already, and whether that is all. */
export function knownPoints(source: Source, range: TimeRange): Reading & {readonly whole: boolean} {
  const parts = shardsIn(source.resolution, range).map((shard) => decoded.get(keyOf(shard, source)));
  const known = parts.filter((part) => part !== undefined);
  return {...cut(known, source.resolution, range), failures: [], whole: known.length === parts.length};
}

/** Fetches what a reader may ask for next; what cannot be had now is asked for again when it is needed. */
export function prefetch({shards}: ResolutionEntry, range: TimeRange): void {
  const wanted = shards.filter((shard) => overlaps(shard, range) && !buffers.has(shard.file));
  for (const shard of wanted.slice(0, 2)) readShard(shard, "low").catch(() => undefined);
}

/** All that is stored of a column, by the names of the shards' own columns. Rejects when a shard cannot be had. */
export async function readStored({shards}: ResolutionEntry, column: string): Promise<Stored> {
  const parts = await Promise.all(
    shards.map(async (shard) => {
      const file = await opening(shard);
      const names = [column, ...statistics.map((statistic) => `${column}.${statistic}`)].filter((name) =>
        file.names.has(name)
      );
      return {times: file.times, names, values: await valuesOf(file, names)};
    })
  );
  const names = [...new Set(parts.flatMap((part) => part.names))];
  const all = (name: string) => parts.flatMap(({values, times}) => values.get(name) ?? missing(times));
  return {times: parts.flatMap(({times}) => times), columns: new Map(names.map((name) => [name, all(name)]))};
}

function missing({length}: readonly number[]): Values {
  return Array.from({length}, () => undefined);
}

export interface Stored {
  readonly times: readonly number[];
  readonly columns: ReadonlyMap<string, Values>;
}

/** The first and last reading of a dataset, in milliseconds since 1970; undefined while it has none. */
export function recordOf({begin, end}: DatasetEntry): TimeRange | undefined {
  return begin && end ? {begin: Date.parse(begin), end: Date.parse(end)} : undefined;
}

function shardsIn({shards}: ResolutionEntry, range: TimeRange): readonly ShardEntry[] {
  return shards.filter((shard) => overlaps(shard, range));
}

function spanOf({begin, end}: ShardEntry): TimeRange {
  return {begin: Date.parse(begin), end: Date.parse(end)};
}

function overlaps(shard: ShardEntry, range: TimeRange): boolean {
  const {begin, end} = spanOf(shard);
  return begin <= range.end && end > range.begin;
}

/** A column of one shard. */
interface Part {
  readonly points: readonly Point[];
  readonly flagged: readonly Flagged[];
}

const nothing: Part = {points: [], flagged: []};

/** What of the parts, which follow each other, the range meets. */
function cut(parts: readonly Part[], {widthMs, raw}: ResolutionEntry, {begin, end}: TimeRange): Part {
  const first = raw ? begin : begin - widthMs + 1;
  const within = <T extends {readonly time: number}>(all: readonly T[]) =>
    all.slice(firstFrom(all, first), firstFrom(all, end + 1));
  return {
    points: parts.flatMap(({points}) => within(points)),
    flagged: parts.flatMap(({flagged}) => within(flagged))
  };
}

// ---- Shards ----

const buffers = new Map<string, Promise<ArrayBuffer>>(); // by file
const opened = new Map<string, Promise<Opened>>(); // by file
const columns = new Map<string, Promise<Part>>(); // by file and column
const decoded = new Map<string, Part>(); // those of `columns` that are there

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
export function readShard(shard: ShardEntry, priority: RequestPriority = "auto"): Promise<ArrayBuffer> {
  return once(buffers, shard.file, () => fetchShard(shard, priority));
}

function keyOf(shard: ShardEntry, {column, drops}: Source): string {
  return `${shard.file} ${drops ? "drops" : "keeps"} ${column}`;
}

function readColumn(shard: ShardEntry, source: Source): Promise<Part> {
  const key = keyOf(shard, source);
  return once(columns, key, async () => {
    const part = await decode(await opening(shard), source).catch((error: unknown) => refuse(shard, error));
    decoded.set(key, part);
    return part;
  });
}

/** A shard that has come and can be read. */
async function opening(shard: ShardEntry): Promise<Opened> {
  const buffer = await readShard(shard);
  const file = await once(opened, shard.file, () => open(buffer)).catch((error: unknown) => refuse(shard, error));
  failed.delete(shard.file);
  return file;
}

/** Damaged on the way, perhaps: it is fetched again when it is asked for again. */
function refuse({file}: ShardEntry, cause: unknown): never {
  buffers.delete(file);
  opened.delete(file);
  failed.add(file);
  throw new Error(`The data file ${file} could not be read: it is damaged or not whole.`, {cause});
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

async function fetchShard({file}: ShardEntry, priority: RequestPriority): Promise<ArrayBuffer> {
  const cache = failed.has(file) ? "reload" : "default";
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), longest);
  failed.add(file);
  waiting.set(file, controller);
  try {
    const response = await fetch(shardUrl(file), {cache, priority, signal: controller.signal});
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

// ---- Parquet ----

/** A shard whose footer has been read: it tells of each column where it is. */
interface Footed {
  readonly buffer: ArrayBuffer;
  readonly metadata: ReturnType<typeof parquetMetadata>;
}

/** A shard whose rows are known: all its columns are of the same times. */
interface Opened extends Footed {
  readonly names: ReadonlySet<string>;
  readonly times: readonly number[];
}

async function open(buffer: ArrayBuffer): Promise<Opened> {
  await breathe();
  const metadata = parquetMetadata(buffer);
  const values = await valuesOf({buffer, metadata}, ["timestamp"]);
  const times = values.get("timestamp") as readonly number[];
  return {buffer, metadata, names: new Set(metadata.schema.map(({name}) => name)), times};
}

/** What a shard may tell of a column, as its name goes on: of a bin, and at last of a reading itself. */
const statistics = ["avg", "min", "max", "count", "suspect", "fail", "flag"] as const;

type Values = readonly (number | null | undefined)[];

const parsers = {timestampFromMilliseconds: Number}; // not a Date for each

/** Columns of a shard by their names, each in the order of the rows. */
async function valuesOf({buffer, metadata}: Footed, names: readonly string[]): Promise<ReadonlyMap<string, Values>> {
  const found = new Map(names.map((name) => [name, [] as (number | null | undefined)[]]));
  await breathe();
  await parquetRead({
    file: buffer,
    metadata,
    parsers,
    columns: [...names],
    onChunk: ({columnName, columnData, rowStart}) => {
      const values = found.get(columnName)!;
      for (let row = 0; row < columnData.length; row++) values[rowStart + row] = columnData[row] as number | null;
    }
  });
  return found;
}

async function decode(file: Opened, {column, resolution, drops}: Source): Promise<Part> {
  return resolution.raw ? decodeReadings(file, column, drops) : decodeBins(file, column);
}

async function decodeBins(file: Opened, column: string): Promise<Part> {
  const wanted = statistics.slice(0, 6).map((statistic) => `${column}.${statistic}`);
  const {times, names} = file;
  const values = await valuesOf(
    file,
    wanted.filter((name) => names.has(name))
  );
  const [avg, min, max, count, suspect, fail] = wanted.map((name) => values.get(name));
  const at = (of: Values | undefined, row: number) => Number(of?.[row] ?? 0);
  const points: Point[] = [];
  const flagged: Flagged[] = [];
  for (let row = 0; row < times.length; row++) {
    const time = times[row]!;
    if (at(count, row) > 0)
      points.push({time, avg: at(avg, row), min: at(min, row), max: at(max, row), count: at(count, row)});
    if (at(suspect, row) + at(fail, row) > 0) flagged.push({time, suspect: at(suspect, row), fail: at(fail, row)});
  }
  return {points, flagged};
}

/** QARTOD's flags. */
const [suspectFlag, failFlag] = [3, 4];

async function decodeReadings(file: Opened, column: string, drops = false): Promise<Part> {
  const flagName = `${column}.flag`;
  const {times, names} = file;
  const values = await valuesOf(file, [column, ...(names.has(flagName) ? [flagName] : [])]);
  const [readings, flags] = [values.get(column)!, values.get(flagName)];
  const points: Point[] = [];
  const flagged: Flagged[] = [];
  for (let row = 0; row < times.length; row++) {
    const [time, value, flag] = [times[row]!, readings[row], flags?.[row]];
    if (typeof value !== "number" || Number.isNaN(value)) continue;
    const [suspect, fail] = [Number(flag === suspectFlag), Number(flag === failFlag)];
    if (suspect + fail > 0) flagged.push({time, suspect, fail, value});
    if (!fail && !(suspect && drops)) points.push({time, avg: value, min: value, max: value, count: 1});
  }
  return {points, flagged};
}
