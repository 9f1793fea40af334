import {randomUUID} from "node:crypto";
import {copyFile, link, mkdir, readdir, readFile, rm, stat, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {sync, temporary} from "./disk.js";
import type {Duck} from "./duck.js";
import {literal} from "./duck.js";
import {decodeActions, encodeActions} from "./delta.js";
import type {Action} from "./delta.js";
import type {Part} from "./series.js";
import {seriesKey, StoredSeries} from "./series.js";
import type {Column, Series} from "./types.js";

/**
 * A series as a Delta table of its own on the host, protocol (1,2), for Spark, Trino, ClickHouse, Polars or DuckDB. Its
 * data files are hard links to the pond's where a version stands alone in its time, and merged copies where versions
 * overlap. Each change of the series is one more commit of the table.
 * True when anything on the host changed.
 */
export async function mirrorSeries(series: Series, directory: string, duck: Duck): Promise<boolean> {
  await mkdir(join(directory, "_delta_log"), {recursive: true});
  const table = await readTable(directory);
  const parts = await partsOf(series);
  const wanted = new Map(parts.map((part) => [`part-${part.key}.parquet`, part]));
  const schema = schemaOf(await series.columns());
  const actions: Action[] = table.version < 0 ? [protocol] : [];
  if (schema !== table.schema) actions.push(metaData(table.id ?? randomUUID(), schema));
  for (const file of table.live) if (!wanted.has(file)) actions.push(removal(file));
  let changed = false;
  for (const [file, part] of wanted) {
    if (await layPart(part, join(directory, file), duck)) changed = true;
    if (!table.live.has(file)) actions.push(await addition(directory, file, duck));
  }
  if (actions.length > 0) await commit(directory, table.version + 1, actions);
  return changed || actions.length > 0;
}

interface HostTable {
  readonly version: number; // -1 when there is none
  readonly id?: string;
  readonly schema?: string;
  readonly live: ReadonlySet<string>;
}

async function readTable(directory: string): Promise<HostTable> {
  const names = (await readdir(join(directory, "_delta_log"))).filter((name) => /^\d{20}\.json$/.test(name)).sort();
  const live = new Set<string>();
  let found: {id?: string; schema?: string} = {};
  for (const name of names)
    for (const {add, remove, metaData: meta} of decodeActions(await readFile(join(directory, "_delta_log", name)))) {
      if (remove) live.delete(remove.path);
      if (add) live.add(add.path);
      if (meta) found = {id: meta.id as string, schema: meta.schemaString as string};
    }
  return {version: names.length - 1, ...found, live};
}

async function partsOf(series: Series): Promise<readonly Part[]> {
  if (series instanceof StoredSeries) return series.parts();
  return [{key: await seriesKey(series), sql: `SELECT * FROM ${await series.relation()}`}];
}

/** Puts a part's file in place; true when it was not there. */
async function layPart(part: Part, file: string, duck: Duck): Promise<boolean> {
  if (await exists(file)) return false;
  if ("sql" in part) await duck.copy(`SELECT * FROM (${part.sql}) ORDER BY timestamp`, file);
  else await linkOrCopy(part.file, file);
  return true;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    }
  );
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!["EXDEV", "EPERM", "ENOTSUP", "EMLINK"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    await copyFile(from, to); // another disk, or a filesystem without hard links
  }
}

// ---- The table's log ----

const protocol: Action = {protocol: {minReaderVersion: 1, minWriterVersion: 2}};

const deltaTypes: Readonly<Record<string, string>> = {
  DOUBLE: "double",
  FLOAT: "float",
  BIGINT: "long",
  INTEGER: "integer",
  SMALLINT: "short",
  TINYINT: "byte",
  BOOLEAN: "boolean",
  VARCHAR: "string"
};

function schemaOf(columns: readonly Column[]): string {
  const field = (name: string, type: string) => ({name, type, nullable: true, metadata: {}});
  const rest = columns.map(({name, type}) => field(name, deltaTypes[type] ?? "string"));
  return JSON.stringify({type: "struct", fields: [field("timestamp", "timestamp"), ...rest]});
}

function metaData(id: string, schemaString: string): Action {
  const format = {provider: "parquet", options: {}};
  return {metaData: {id, format, schemaString, partitionColumns: [], configuration: {}, createdTime: Date.now()}};
}

function removal(path: string): Action {
  return {remove: {path, deletionTimestamp: Date.now(), dataChange: true}};
}

async function addition(directory: string, path: string, duck: Duck): Promise<Action> {
  const file = join(directory, path);
  const {size, mtimeMs} = await stat(file);
  const [row] = await duck.rows(`SELECT num_rows::DOUBLE AS n FROM parquet_file_metadata(${literal(file)})`);
  const stats = JSON.stringify({numRecords: row!.n});
  return {
    add: {path, partitionValues: {}, size, modificationTime: Math.floor(mtimeMs), dataChange: true, stats, tags: {}}
  };
}

/** A whole, durable file, linked to its name, which must be free. */
async function commit(directory: string, version: number, actions: readonly Action[]): Promise<void> {
  const log = join(directory, "_delta_log");
  const temp = temporary(join(directory, "commit"));
  try {
    await writeFile(temp, encodeActions(actions));
    await sync(temp);
    await sync(directory);
    await link(temp, join(log, `${String(version).padStart(20, "0")}.json`));
  } finally {
    await rm(temp, {force: true});
  }
  await sync(log);
}
