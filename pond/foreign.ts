import {readFile, readdir, stat} from "node:fs/promises";
import {join, normalize} from "node:path";
import {identifier, literal} from "./duck.js";
import type {Duck} from "./duck.js";
import {PondError} from "./error.js";

/**
 * A Delta table that somebody else wrote, read at one version. Follows the Delta transaction log protocol
 * (delta-io/delta, PROTOCOL.md) for tables that a reader of version 1 may read; anything beyond is refused by name.
 */
export interface ForeignTable {
  readonly version: number; // the version that it shows
  readonly columns: readonly {readonly name: string; readonly type: string}[]; // types as DuckDB spells them
  readonly partitionColumns: readonly string[];
  readonly files: number; // live data files
  readonly relation: string; // a parenthesised SELECT for DuckDB: all rows, columns in the schema's order
}

/** Which version to read: a number, or the newest that was there at a time (µs UTC, inclusive); else the newest. */
export interface Moment {
  readonly version?: number;
  readonly time?: number;
}

/**
 * Opens the Delta table in a host directory. Throws PondError NOT_FOUND (no table, or no such version), UNSUPPORTED (a
 * feature beyond reader version 1, named), CORRUPT (a log that does not add up).
 */
export async function openForeign(directory: string, duck: Duck, moment: Moment = {}): Promise<ForeignTable> {
  const log = await listLog(directory);
  const version = await resolveVersion(log, moment);
  const state = await replay(log, duck, version);
  checkProtocol(log, state);
  return describe(log, state, version);
}

interface Log {
  readonly directory: string; // of the table
  readonly commits: ReadonlyMap<number, string>; // version -> file
  readonly checkpoints: ReadonlyMap<number, readonly string[]>; // version -> the files of a whole checkpoint
}

interface Add {
  readonly path: string;
  readonly partitionValues?: Readonly<Record<string, string | null>>;
  readonly deletionVector?: unknown;
}

interface MetaData {
  readonly schemaString: string;
  readonly partitionColumns?: readonly string[];
  readonly format?: {readonly provider?: string};
  readonly configuration?: Readonly<Record<string, string>>;
}

interface Protocol {
  readonly minReaderVersion: number;
  readonly readerFeatures?: readonly string[] | null;
}

interface Action {
  readonly add?: Add | null;
  readonly remove?: {readonly path: string} | null;
  readonly metaData?: MetaData | null;
  readonly protocol?: Protocol | null;
  readonly commitInfo?: {readonly timestamp?: number; readonly inCommitTimestamp?: number} | null;
}

interface State {
  readonly live: Map<string, Add>;
  metaData?: MetaData;
  protocol?: Protocol;
}

// ---- The log: which versions there are ----

async function listLog(directory: string): Promise<Log> {
  const names = await readdir(join(directory, "_delta_log")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    throw new PondError("NOT_FOUND", `${directory} is no Delta table: it has no directory _delta_log`, {directory});
  });
  const path = (name: string) => join(directory, "_delta_log", name);
  const commits = names.filter((name) => /^\d{20}\.json$/.test(name));
  return {
    directory,
    commits: new Map(commits.map((name) => [versionOf(name), path(name)] as const)),
    checkpoints: wholeCheckpoints(names, path)
  };
}

function versionOf(name: string): number {
  return Number(name.slice(0, 20));
}

/** Checkpoints in one file, or in parts `<version>.checkpoint.<part>.<parts>.parquet` of which none is missing. */
function wholeCheckpoints(names: readonly string[], path: (name: string) => string): Map<number, string[]> {
  const whole = new Map<number, string[]>();
  for (const name of names) if (/^\d{20}\.checkpoint\.parquet$/.test(name)) whole.set(versionOf(name), [path(name)]);
  const parts = names.filter((name) => /^\d{20}\.checkpoint\.\d{10}\.\d{10}\.parquet$/.test(name));
  for (const version of new Set(parts.map(versionOf))) {
    const files = parts.filter((name) => versionOf(name) === version).sort();
    if (!whole.has(version) && files.length === Number(files[0]!.slice(-18, -8))) whole.set(version, files.map(path));
  }
  return whole;
}

async function resolveVersion(log: Log, {version, time}: Moment): Promise<number> {
  const versions = [...log.commits.keys(), ...log.checkpoints.keys()];
  if (versions.length === 0) throw new PondError("NOT_FOUND", `${log.directory} is no Delta table: its log is empty`);
  if (time !== undefined) return versionAt(log, time);
  const newest = Math.max(...versions);
  if (version !== undefined && version > newest)
    throw new PondError("NOT_FOUND", `${log.directory} has no version ${version}: the newest is ${newest}`);
  return version ?? newest;
}

async function versionAt(log: Log, time: number): Promise<number> {
  let found: number | undefined;
  for (const version of [...log.commits.keys()].sort((a, b) => a - b))
    if ((await timestampOf(log, version)) * 1000 <= time) found = version;
  if (found === undefined)
    throw new PondError(
      "NOT_FOUND",
      `${log.directory} has no version as old as ${new Date(time / 1000).toISOString()}`
    );
  return found;
}

/** Milliseconds since 1970: what the commit says of itself, else when its file was last modified. */
async function timestampOf(log: Log, version: number): Promise<number> {
  const file = log.commits.get(version)!;
  const info = (await readCommit(file)).find((action) => action.commitInfo)?.commitInfo;
  return info?.inCommitTimestamp ?? info?.timestamp ?? (await stat(file)).mtimeMs;
}

// ---- Replay: what is live at a version ----

async function replay(log: Log, duck: Duck, version: number): Promise<State> {
  const state: State = {live: new Map()};
  const start = Math.max(-1, ...[...log.checkpoints.keys()].filter((checkpoint) => checkpoint <= version));
  if (start >= 0) apply(state, await readCheckpoint(log.checkpoints.get(start)!, duck));
  for (let next = start + 1; next <= version; next++) {
    const file = log.commits.get(next);
    if (file === undefined)
      throw new PondError(
        "CORRUPT",
        `${log.directory} lacks version ${next} of its log, which version ${version} needs`
      );
    apply(state, await readCommit(file));
  }
  return state;
}

function apply(state: State, actions: readonly Action[]): void {
  for (const {remove} of actions) if (remove) state.live.delete(remove.path);
  for (const {add, metaData, protocol} of actions) {
    if (add) state.live.set(add.path, add);
    if (metaData) state.metaData = metaData;
    if (protocol) state.protocol = protocol;
  }
}

async function readCommit(file: string): Promise<Action[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim() !== "");
  try {
    return lines.map((line) => JSON.parse(line) as Action);
  } catch (error) {
    throw new PondError(
      "CORRUPT",
      `${file} is no whole commit of a Delta log: it does not parse as JSON`,
      {file},
      error
    );
  }
}

async function readCheckpoint(files: readonly string[], duck: Duck): Promise<Action[]> {
  const list = files.map(literal).join(", ");
  const rows = await duck.rows(`SELECT CAST(to_json(c) AS VARCHAR) AS action FROM read_parquet([${list}]) AS c`);
  return rows.map((row) => JSON.parse(row.action as string) as Action);
}

// ---- What is refused ----

function checkProtocol({directory}: Log, {protocol, metaData, live}: State): void {
  const refuse = (what: string) =>
    new PondError("UNSUPPORTED", `${directory} cannot be read: ${what}; rewrite it for readers of version 1`, {
      directory
    });
  if (!protocol) throw new PondError("CORRUPT", `${directory} cannot be read: its log holds no protocol action`);
  if (!metaData) throw new PondError("CORRUPT", `${directory} cannot be read: its log holds no metaData action`);
  const {minReaderVersion, readerFeatures} = protocol;
  if (readerFeatures?.length) throw refuse(`it needs the reader features ${readerFeatures.join(", ")}`);
  if (minReaderVersion === 2) throw refuse("it needs column mapping (reader version 2)");
  if (minReaderVersion !== 1) throw refuse(`it needs reader version ${minReaderVersion}`);
  const provider = metaData.format?.provider ?? "parquet";
  if (provider !== "parquet") throw refuse(`its data files are ${provider}, not Parquet`);
  if ([...live.values()].some((add) => add.deletionVector)) throw refuse("it has deletion vectors");
}

/** The host path of a data file; a file outside the table's directory is refused. */
function locate(directory: string, path: string): string {
  const decoded = decodeURIComponent(path);
  const inside = normalize(decoded);
  if (/^[a-z][a-z0-9+.-]*:/i.test(decoded) || inside.startsWith("/") || inside.startsWith(".."))
    throw new PondError("UNSUPPORTED", `${directory} cannot be read: its data file ${path} is outside the table`, {
      path
    });
  return join(directory, inside);
}

// ---- Rows as SQL ----

type DeltaType =
  | string
  | {readonly type: "struct"; readonly fields: readonly DeltaField[]}
  | {readonly type: "array"; readonly elementType: DeltaType}
  | {readonly type: "map"; readonly keyType: DeltaType; readonly valueType: DeltaType};

interface DeltaField {
  readonly name: string;
  readonly type: DeltaType;
}

const primitives: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  long: "BIGINT",
  integer: "INTEGER",
  short: "SMALLINT",
  byte: "TINYINT",
  float: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  binary: "BLOB",
  date: "DATE",
  timestamp: "TIMESTAMPTZ"
};

function duckType(type: DeltaType): string {
  if (typeof type === "string") return primitives[type] ?? decimalType(type);
  if (type.type === "array") return `${duckType(type.elementType)}[]`;
  if (type.type === "map") return `MAP(${duckType(type.keyType)}, ${duckType(type.valueType)})`;
  return `STRUCT(${type.fields.map((field) => `${identifier(field.name)} ${duckType(field.type)}`).join(", ")})`;
}

function decimalType(type: string): string {
  if (type === "decimal") return "DECIMAL(10,0)";
  if (/^decimal\(\d+,\s*\d+\)$/.test(type)) return type.toUpperCase();
  throw new PondError("UNSUPPORTED", `the type ${type} of a Delta table cannot be read`, {type});
}

function describe({directory}: Log, {live, metaData}: State, version: number): ForeignTable {
  const {fields} = JSON.parse(metaData!.schemaString) as {fields: DeltaField[]};
  const columns = fields.map(({name, type}) => ({name, type: duckType(type)}));
  const partitionColumns = metaData!.partitionColumns ?? [];
  const typeOf = (name: string) => columns.find((column) => column.name === name)?.type;
  const groups = groupByPartition([...live.values()], partitionColumns);
  const selects = groups.map((adds) => {
    const files = adds.map((add) => literal(locate(directory, add.path))).join(", ");
    const read = `read_parquet([${files}], union_by_name = true, hive_partitioning = false)`;
    const values = partitionColumns.map(
      (name) => `${partitionValue(adds[0]!, name, typeOf(name))} AS ${identifier(name)}`
    );
    const data = partitionColumns.length ? `* EXCLUDE (${excluded(partitionColumns)})` : "*";
    const rows = partitionColumns.length
      ? `(SELECT * FROM ${nothing(columns)} UNION ALL BY NAME SELECT * FROM ${read})`
      : read;
    return `SELECT ${[data, ...values].join(", ")} FROM ${rows}`;
  });
  const cast = columns.map(({name, type}) => `CAST(${identifier(name)} AS ${type}) AS ${identifier(name)}`);
  const all = [`SELECT * FROM ${nothing(columns)}`, ...selects].join(" UNION ALL BY NAME ");
  return {version, columns, partitionColumns, files: live.size, relation: `(SELECT ${cast.join(", ")} FROM (${all}))`};
}

function excluded(names: readonly string[]): string {
  return names.map(identifier).join(", ");
}

/** No rows, all columns: what a file lacks becomes NULL in the union with it. */
function nothing(columns: readonly {name: string; type: string}[]): string {
  const nulls = columns.map(({name, type}) => `CAST(NULL AS ${type}) AS ${identifier(name)}`);
  return `(SELECT ${nulls.join(", ")} WHERE false)`;
}

function groupByPartition(adds: readonly Add[], partitionColumns: readonly string[]): Add[][] {
  const groups = new Map<string, Add[]>();
  for (const add of adds) {
    const key = JSON.stringify(partitionColumns.map((name) => add.partitionValues?.[name] ?? null));
    groups.set(key, [...(groups.get(key) ?? []), add]);
  }
  return [...groups.values()];
}

/** The protocol writes every partition value as text (bytes as characters), and no value as null or as empty text. */
function partitionValue(add: Add, name: string, type: string | undefined): string {
  const value = add.partitionValues?.[name];
  if (value === null || value === undefined || value === "") return "NULL";
  return type === "BLOB" ? `encode(${literal(value)})` : literal(value);
}
