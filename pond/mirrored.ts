import {randomUUID} from "node:crypto";
import {link, mkdir, readdir, readFile, rm, stat as hostStat, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {decodeActions, encodeActions} from "./delta.js";
import type {Action} from "./delta.js";
import {linkOrCopy, sizeOf, sync, temporary} from "./disk.js";
import type {Duck} from "./duck.js";
import {identifier, literal} from "./duck.js";
import type {FS} from "./fs.js";
import {hostFile} from "./query.js";
import {hash} from "./record.js";
import type {Part} from "./series.js";
import {seriesKey, StoredSeries} from "./series.js";
import type {Column, Series, Stat} from "./types.js";

/**
 * A series or a table as a Delta table of its own on the host, protocol (1,2), for Spark, Trino, ClickHouse, Polars or
 * DuckDB. Its data files are hard links to the pond's where a version stands alone in its time, and merged copies where
 * versions overlap; a table with a type that the protocol does not have is a copy in which that column is text. Each
 * change is one more commit of the table. True when anything on the host changed.
 */
export async function mirrorTable(fs: FS, stat: Stat, directory: string): Promise<boolean> {
  await mkdir(join(directory, "_delta_log"), {recursive: true});
  const table = await readTable(directory);
  const {columns, parts} = stat.kind === "table" ? await tableLayout(fs, stat) : await seriesLayout(fs, stat);
  const wanted = new Map(parts.map((part) => [`part-${part.key}.parquet`, part]));
  const schema = schemaOf(columns);
  const actions: Action[] = table.version < 0 ? [protocol] : [];
  if (schema !== table.schema) actions.push(metaData(table.id ?? randomUUID(), schema));
  for (const file of table.live) if (!wanted.has(file)) actions.push(removal(file));
  let changed = false;
  for (const [file, part] of wanted) {
    if (await layPart(part, join(directory, file), fs.duck)) changed = true;
    if (!table.live.has(file)) actions.push(await addition(directory, file, fs.duck));
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

// ---- What it is made of ----

type Field = Pick<Column, "name" | "type">;

/** Columns in types that Delta has, and the files that hold them or the SELECTs that make them. */
interface Layout {
  readonly columns: readonly Field[];
  readonly parts: readonly Part[];
}

async function seriesLayout(fs: FS, {path}: Stat): Promise<Layout> {
  const series = await fs.series(path);
  const fields = [{name: "timestamp", type: "TIMESTAMP WITH TIME ZONE"}, ...(await series.columns())];
  const parts = await partsOf(series, fields);
  const sorted = parts.map((part) =>
    "sql" in part ? {...part, sql: `SELECT * FROM (${part.sql}) ORDER BY timestamp`} : part
  );
  return {columns: fields.map(held), parts: sorted};
}

async function partsOf(series: Series, fields: readonly Field[]): Promise<readonly Part[]> {
  if (series instanceof StoredSeries) return series.parts();
  return [{key: await seriesKey(series), sql: selecting(fields, await series.relation())}];
}

/** A table is its newest version. */
async function tableLayout(fs: FS, {path, sha256}: Stat): Promise<Layout> {
  const file = await hostFile(fs, await fs.node(path));
  const relation = `read_parquet(${literal(file)})`;
  const fields = (await fs.duck.rows(`DESCRIBE FROM ${relation}`)).map((row) => ({
    name: String(row.column_name),
    type: String(row.column_type)
  }));
  const columns = fields.map(held);
  const isAsItIs = columns.every(({type}, i) => type === fields[i]!.type);
  const key = isAsItIs ? sha256! : hash(JSON.stringify([sha256, columns]));
  return {columns, parts: [isAsItIs ? {key, file} : {key, sql: selecting(fields, relation)}]};
}

function selecting(fields: readonly Field[], relation: string): string {
  const cast = fields.map(held).map(({name, type}) => `${identifier(name)}::${type} AS ${identifier(name)}`);
  return `SELECT ${cast.join(", ")} FROM ${relation}`;
}

/** Puts a part's file in place; true when it was not there. */
async function layPart(part: Part, file: string, duck: Duck): Promise<boolean> {
  if ((await sizeOf(file)) !== undefined) return false;
  if ("sql" in part) await duck.copy(part.sql, file);
  else await linkOrCopy(part.file, file);
  return true;
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
  VARCHAR: "string",
  BLOB: "binary",
  DATE: "date",
  "TIMESTAMP WITH TIME ZONE": "timestamp"
};

/** What holds the values of a type that Delta does not have; the pond's clock is UTC. */
const holders: Readonly<Record<string, string>> = {
  UTINYINT: "SMALLINT",
  USMALLINT: "INTEGER",
  UINTEGER: "BIGINT",
  UBIGINT: "DECIMAL(20,0)",
  TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
  TIMESTAMP_S: "TIMESTAMP WITH TIME ZONE",
  TIMESTAMP_MS: "TIMESTAMP WITH TIME ZONE",
  TIMESTAMP_NS: "TIMESTAMP WITH TIME ZONE"
};

/** A column as Delta can have it: other types as text. */
function held({name, type}: Field): Field {
  const isKnown = type in deltaTypes || (type.startsWith("DECIMAL(") && !type.endsWith("[]"));
  return {name, type: isKnown ? type : (holders[type] ?? "VARCHAR")};
}

function schemaOf(columns: readonly Field[]): string {
  const fields = columns.map(({name, type}) => {
    return {name, type: deltaTypes[type] ?? type.toLowerCase(), nullable: true, metadata: {}};
  });
  return JSON.stringify({type: "struct", fields});
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
  const {size, mtimeMs} = await hostStat(file);
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
