import {createHash} from "node:crypto";
import * as arrow from "apache-arrow";
import {tableOf, vectorOf} from "./arrow.js";
import {PondError} from "./error.js";
import {decodeParquet, decodeSome, encodeParquet, shapeIn, shapeOf} from "./parquet.js";
import type {NodeKind} from "./types.js";

/** The root directory's id, the same in every pond. */
export const rootId = "00000000-0000-0000-0000-000000000000";

/** Content up to this many bytes stands in the record, larger content in a blob. */
export const inlineLimit = 65_536;

/** One version of one node: a row of the operation log. */
export interface OpRecord {
  readonly partId: string;
  readonly nodeId: string;
  readonly kind: NodeKind;
  readonly version: number; // 1, 2, … per node
  readonly timestamp: number; // µs UTC, when it was written
  readonly content: Uint8Array | null; // null when it is in a blob, or when it was not asked for
  readonly inline: boolean; // whether the content stands in the record
  readonly sha256: string; // of the content, hex
  readonly size: number; // bytes
  readonly rows?: number;
  readonly minTime?: number; // µs UTC, inclusive
  readonly maxTime?: number; // µs UTC, inclusive
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly transaction: number; // the Delta version that brought it
  readonly file: string; // the op file that holds it, relative to oplog/
  readonly since?: number; // of a series, merged: the first and
  readonly until?: number; // the last version whose readings it holds, both inclusive
}

/** A record before it is in the log. */
export type NewRecord = Omit<OpRecord, "transaction" | "file">;

/** An entry of a directory. A node that moved keeps its partition, so that no history is rewritten. */
export interface Entry {
  readonly name: string;
  readonly nodeId: string;
  readonly partId: string;
  readonly kind: NodeKind;
}

const text = new arrow.Utf8();
const long = new arrow.Int64();
const micros = new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, "UTC");

/** The columns of an op file, in order; `part_id` is the partition and stands in the path and in the log. */
export const recordColumns = [
  {name: "node_id", type: text, delta: "string"},
  {name: "kind", type: text, delta: "string"},
  {name: "version", type: long, delta: "long"},
  {name: "timestamp", type: micros, delta: "timestamp"},
  {name: "content", type: new arrow.Binary(), delta: "binary"},
  {name: "sha256", type: text, delta: "string"},
  {name: "size", type: long, delta: "long"},
  {name: "rows", type: long, delta: "long"},
  {name: "min_time", type: micros, delta: "timestamp"},
  {name: "max_time", type: micros, delta: "timestamp"},
  {name: "attributes", type: text, delta: "string"},
  {name: "transaction", type: long, delta: "long"}, // null: the commit that added the file; compaction fills it in
  {name: "since", type: long, delta: "long"},
  {name: "until", type: long, delta: "long"}
] as const;

/** Columns that op files need not have: logs begun before there was compaction do not know them. */
const later: readonly string[] = ["since", "until"];

const fields = recordColumns.map(({name, type}) => new arrow.Field(name, type, true));
let wanted: Uint8Array | undefined; // the schema, once it is needed

/** Hex SHA-256. */
export function hash(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** About how many bytes records take in memory, and in an op file before it is packed. */
export function weightOf(records: readonly Pick<OpRecord, "inline" | "size">[]): number {
  return records.reduce((total, {inline, size}) => total + 256 + (inline ? size : 0), 0);
}

/** Records as an op file. `transactions` are written only by compaction, one per record. */
export function encodeRecords(records: readonly NewRecord[], transactions?: readonly number[]): Uint8Array {
  const big = (value: number | undefined): bigint | null => (value === undefined ? null : BigInt(value));
  const columns: unknown[][] = [
    records.map((record) => record.nodeId),
    records.map((record) => record.kind),
    records.map((record) => big(record.version)),
    records.map((record) => big(record.timestamp)),
    records.map((record) => record.content),
    records.map((record) => record.sha256),
    records.map((record) => big(record.size)),
    records.map((record) => big(record.rows)),
    records.map((record) => big(record.minTime)),
    records.map((record) => big(record.maxTime)),
    records.map((record) => JSON.stringify(record.attributes)),
    records.map((_, i) => big(transactions?.[i])),
    records.map((record) => big(record.since)),
    records.map((record) => big(record.until))
  ];
  const vectors = columns.map((values, i) => vectorOf(values, recordColumns[i]!.type));
  return encodeParquet(tableOf(new arrow.Schema(fields), vectors));
}

/** Other readers cast silently, so the writer looks at what it wrote before any commit names it. */
export function lint(bytes: Uint8Array, rows: number): void {
  const found = shapeIn(bytes, "an op file about to be committed");
  wanted ??= shapeOf(new arrow.Table(new arrow.Schema(fields))).schema;
  if (found.rows === rows && Buffer.from(found.schema).equals(wanted)) return;
  const {schema} = decodeParquet(bytes, "an op file");
  const sentence = `An op file came out with ${found.rows} rows instead of ${rows} and the columns ${schema.fields.join(", ")}; nothing was committed.`;
  throw new PondError("CORRUPT", sentence, {rows});
}

const texts: readonly string[] = recordColumns.filter(({type}) => type === text).map(({name}) => name);

/** An op file's columns. ClickHouse stores text as plain bytes: the log's schema says what is text. */
export function decodeColumns(bytes: Uint8Array, path: string): arrow.Table {
  const table = decodeParquet(bytes, path);
  const isPlain = ({name, type}: arrow.Field): boolean => texts.includes(name) && arrow.DataType.isBinary(type);
  if (!table.schema.fields.some(isPlain)) return table;
  const fields = table.schema.fields.map((field) => (isPlain(field) ? field.clone({type: text}) : field));
  const columnOf = (field: arrow.Field): arrow.Vector => {
    const column = table.getChild(field.name)!;
    return isPlain(field) ? new arrow.Vector(column.data.map((data) => data.clone(text))) : column;
  };
  const vectors = Object.fromEntries(table.schema.fields.map((field) => [field.name, columnOf(field)]));
  return new arrow.Table(new arrow.Schema(fields), vectors); // its own setChild leaves the schema as it was
}

/** Where an op file came from. */
export interface OpFile {
  readonly path: string; // relative to oplog/
  readonly partId: string;
  readonly transaction: number; // the commit that added it
  readonly sha256?: string; // of the file, hex; a foreign writer's has none
  readonly isPast: boolean; // whether all its records are superseded
  readonly isCompacted: boolean; // whether compaction made it, of what was newest then
  readonly bytes: number; // about, of its records unpacked
}

/** What the records of an op file are made with. */
type Origin = Pick<OpFile, "path" | "partId" | "transaction" | "sha256">;

const lean = recordColumns.map(({name}) => name).filter((name) => name !== "content");

/**
 * The records of an op file whose hash is proven; contents only of directories and symlinks, which every walk needs.
 * The other contents are most of what stands in it, and are not unpacked. A file without a hash is read as a whole:
 * the library does not survive damage in a column that it is asked for.
 */
export async function decodeRecords(bytes: Uint8Array, file: Origin): Promise<OpRecord[]> {
  if (file.sha256 === undefined) return decodeWhole(bytes, file).map(asWalked);
  const records = recordsFrom(await decodeSome(bytes, file.path, lean), file);
  if (!records.some((record) => isWalked(record) && record.inline)) return records;
  const contents = (await decodeSome(bytes, file.path, ["content"])).getChild("content")!;
  return records.map((record, i) => (isWalked(record) ? {...record, content: copyOf(contents.get(i))} : record));
}

/** The records of an op file with all contents that stand in it. */
export function decodeWhole(bytes: Uint8Array, file: Origin): OpRecord[] {
  const table = decodeColumns(bytes, file.path);
  const records = recordsFrom(table, file);
  const contents = table.getChild("content");
  if (contents === null) throw lacking(file, "content");
  return records.map((record, i) => ({...record, content: copyOf(contents.get(i))}));
}

/** A record as a walk needs it: without content, but for a directory's or a symlink's. */
export function asWalked<T extends Pick<OpRecord, "kind" | "content">>(record: T): T {
  return isWalked(record) ? record : {...record, content: null};
}

function isWalked({kind}: Pick<OpRecord, "kind">): boolean {
  return kind === "directory" || kind === "symlink";
}

/** What an op file's buffer must not be held for. */
function copyOf(content: unknown): Uint8Array | null {
  return (content as Uint8Array | null)?.slice() ?? null;
}

function lacking({path}: Origin, column: string): PondError {
  return new PondError("CORRUPT", `${path} has no column ${column}.`, {file: path});
}

/** The records of an op file's columns, without content. */
function recordsFrom(table: arrow.Table, file: Origin): OpRecord[] {
  const missing = lean.find((name) => table.getChild(name) === null && !later.includes(name));
  if (missing !== undefined) throw lacking(file, missing);
  const text = (name: string): ((i: number) => string) => reader(table, name) as (i: number) => string;
  const number = (name: string): ((i: number) => number | undefined) => {
    const valueOf = reader(table, name);
    return (i) => {
      const value = valueOf(i);
      return value === null ? undefined : Number(value);
    };
  };
  const [nodeId, kind, sha256, attributes] = [text("node_id"), text("kind"), text("sha256"), text("attributes")];
  const [version, timestamp, size, rows] = [number("version"), number("timestamp"), number("size"), number("rows")];
  const [minTime, maxTime, transaction] = [number("min_time"), number("max_time"), number("transaction")];
  const [since, until] = [number("since"), number("until")];
  return Array.from({length: table.numRows}, (_, i) => ({
    partId: file.partId,
    nodeId: nodeId(i),
    kind: kind(i) as NodeKind,
    version: version(i)!,
    timestamp: timestamp(i)!,
    content: null,
    inline: size(i)! <= inlineLimit,
    sha256: sha256(i),
    size: size(i)!,
    rows: rows(i),
    minTime: minTime(i),
    maxTime: maxTime(i),
    attributes: attributesIn(attributes(i)),
    transaction: transaction(i) ?? file.transaction,
    file: file.path,
    ...(until(i) === undefined ? {} : {since: since(i), until: until(i)})
  }));
}

const known = new Map<string, OpRecord["attributes"]>();

/** Versions of a series mostly have the same attributes: those in a pond's op files are read, and held, once. */
export function attributesIn(json: string): OpRecord["attributes"] {
  const before = known.get(json);
  if (before !== undefined) return before;
  const attributes = Object.freeze(JSON.parse(json) as Record<string, unknown>);
  if (known.size === 4096) known.clear();
  known.set(json, attributes);
  return attributes;
}

/** Reads a column's values, timestamps as they are stored: the library would turn them to milliseconds and lose the rest. */
function reader(table: arrow.Table, name: string): (i: number) => unknown {
  const column = table.getChild(name);
  if (column === null) return () => null;
  if (!arrow.DataType.isTimestamp(column.type)) return (i) => column.get(i) as unknown;
  const values = rawTimes(column);
  return (i) => (column.isValid(i) ? values[i] : null);
}

/** The int64 values behind a timestamp column, in the column's own unit. */
export function rawTimes(column: arrow.Vector): BigInt64Array {
  const chunks = column.data.map(
    (data) => (data.values as BigInt64Array).subarray(0, data.length) // `values` already begins at the offset
  );
  if (chunks.length === 1) return chunks[0]!;
  const all = new BigInt64Array(column.length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

const entryFields = ["name", "node_id", "part_id", "kind"].map((name) => new arrow.Field(name, text, true));

/** A directory's content: its entries, sorted by name, as an Arrow IPC stream. */
export function encodeEntries(entries: Iterable<Entry>): Uint8Array {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const columns = [
    sorted.map((entry) => entry.name),
    sorted.map((entry) => entry.nodeId),
    sorted.map((entry) => entry.partId),
    sorted.map((entry) => entry.kind)
  ];
  const vectors = columns.map((values) => vectorOf(values, text));
  return arrow.tableToIPC(tableOf(new arrow.Schema(entryFields), vectors), "stream");
}

export function decodeEntries(content: Uint8Array): Map<string, Entry> {
  const table = arrow.tableFromIPC(content);
  const [names, nodes, parts, kinds] = entryFields.map(({name}) => table.getChild(name)!);
  const entries = Array.from({length: table.numRows}, (_, i) => ({
    name: names!.get(i) as string,
    nodeId: nodes!.get(i) as string,
    partId: parts!.get(i) as string,
    kind: kinds!.get(i) as NodeKind
  }));
  return new Map(entries.map((entry) => [entry.name, entry]));
}
