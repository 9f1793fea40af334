import {createHash} from "node:crypto";
import * as arrow from "apache-arrow";
import {tableOf, vectorOf} from "./arrow.js";
import {PondError} from "./error.js";
import {decodeParquet, encodeParquet, shapeIn, shapeOf} from "./parquet.js";
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

/** An op file's columns, or some of them. ClickHouse stores text as plain bytes: the log's schema says what is text. */
export function decodeColumns(bytes: Uint8Array, path: string, columns?: readonly string[]): arrow.Table {
  const table = decodeParquet(bytes, path, columns);
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

/** The records of an op file; contents only of directories and symlinks, which every walk needs, unless `whole`. */
export function decodeRecords(
  bytes: Uint8Array,
  file: Pick<OpFile, "path" | "partId" | "transaction">,
  whole = false
): OpRecord[] {
  const table = decodeColumns(bytes, file.path);
  const missing = fields.find(({name}) => table.getChild(name) === null && !later.includes(name));
  if (missing) throw new PondError("CORRUPT", `${file.path} has no column ${missing.name}.`, {file: file.path});
  const raw = Object.fromEntries(fields.map(({name, type}) => [name, reader(table.getChild(name), type)]));
  return Array.from({length: table.numRows}, (_, i) => {
    const get = (name: string): unknown => raw[name]!(i);
    const number = (name: string): number | undefined => {
      const value = get(name);
      return value === null ? undefined : Number(value);
    };
    const kind = get("kind") as NodeKind;
    const stored = get("content") as Uint8Array | null;
    const isKept = whole || kind === "directory" || kind === "symlink";
    return {
      partId: file.partId,
      nodeId: get("node_id") as string,
      kind,
      version: number("version")!,
      timestamp: number("timestamp")!,
      content: isKept ? (stored?.slice() ?? null) : null,
      inline: stored !== null,
      sha256: get("sha256") as string,
      size: number("size")!,
      rows: number("rows"),
      minTime: number("min_time"),
      maxTime: number("max_time"),
      attributes: JSON.parse(get("attributes") as string) as Record<string, unknown>,
      transaction: number("transaction") ?? file.transaction,
      file: file.path,
      ...(get("until") === null ? {} : {since: number("since"), until: number("until")})
    };
  });
}

/** Reads timestamps as they are stored: the library would turn them to milliseconds and lose the rest. */
function reader(column: arrow.Vector | null, type: arrow.DataType): (i: number) => unknown {
  if (column === null) return () => null;
  if (!arrow.DataType.isTimestamp(type)) return (i) => column.get(i) as unknown;
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
