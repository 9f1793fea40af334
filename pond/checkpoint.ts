import * as arrow from "apache-arrow";
import {tableOf, vectorOf} from "./arrow.js";
import type {Action} from "./delta.js";
import {isPondError, PondError} from "./error.js";
import {decodeParquet, encodeParquet} from "./parquet.js";
import {hash} from "./record.js";
import type {Store} from "./types.js";

/**
 * Checkpoints of the log: classic ones in a single file, as PROTOCOL.md of delta-io/delta has them, and the hint that
 * says which is the newest. A checkpoint carries its own seal as one more `txn`, which other readers pass over.
 */

const folder = "oplog/_delta_log/";
export const hintKey = `${folder}_last_checkpoint`;
const sealed = "duckpond.seal.";

/** Where a version's checkpoint stands in the store. */
export function checkpointKey(version: number): string {
  return `${folder}${String(version).padStart(20, "0")}.checkpoint.parquet`;
}

/** The version of the checkpoint under a key; undefined for other keys. */
export function checkpointVersion(key: string): number | undefined {
  const found = /(\d{20})\.checkpoint\.parquet$/.exec(key);
  return found === null ? undefined : Number(found[1]);
}

const field = (name: string, type: arrow.DataType): arrow.Field => new arrow.Field(name, type, true);
const struct = (fields: Readonly<Record<string, arrow.DataType>>): arrow.Struct =>
  new arrow.Struct(Object.entries(fields).map(([name, type]) => field(name, type)));

const text = new arrow.Utf8();
const int = new arrow.Int32();
const long = new arrow.Int64();
const bool = new arrow.Bool();
const entry = new arrow.Struct<{key: arrow.Utf8; value: arrow.Utf8}>([
  new arrow.Field("key", text, false),
  new arrow.Field("value", text, true)
]);
const map = new arrow.Map_(new arrow.Field("key_value", entry, false));
const list = new arrow.List(field("element", text));

/** The columns of a checkpoint: one action per row, the others null. */
const columns: Readonly<Record<string, arrow.Struct>> = {
  txn: struct({appId: text, version: long, lastUpdated: long}),
  add: struct({
    ...{path: text, partitionValues: map, size: long, modificationTime: long},
    ...{dataChange: bool, stats: text, tags: map}
  }),
  remove: struct({path: text, deletionTimestamp: long, dataChange: bool}),
  metaData: struct({
    ...{id: text, name: text, description: text, format: struct({provider: text, options: map})},
    ...{schemaString: text, partitionColumns: list, configuration: map, createdTime: long}
  }),
  protocol: struct({minReaderVersion: int, minWriterVersion: int})
};

/** A checkpoint of the actions that make a state. */
function encodeCheckpoint(actions: readonly Action[]): Uint8Array {
  const rows = [...actions, {txn: {appId: sealed + sealOf(actions), version: 0}}].map(plain);
  const schema = new arrow.Schema(Object.entries(columns).map(([name, type]) => field(name, type)));
  const vectors = Object.entries(columns).map(([name, type]) =>
    vectorOf(
      rows.map((row) => toColumn(row[name] ?? null, type)),
      type
    )
  );
  const bytes = encodeParquet(tableOf(schema, vectors));
  decodeCheckpoint(bytes, "a checkpoint about to be written"); // a reader could do nothing with a wrong one
  return bytes;
}

/** The actions of a checkpoint; CORRUPT when they are not those that were written. */
function decodeCheckpoint(bytes: Uint8Array, key: string): Action[] {
  const actions = sealedIn(bytes, key);
  if (actions !== undefined) return actions;
  const sentence = `${key} is not as it was written; run pond repair checkpoint.`;
  throw new PondError("CORRUPT", sentence, {key});
}

/** The actions, or undefined when they are not those that the seal was made of. */
function sealedIn(bytes: Uint8Array, key: string): Action[] | undefined {
  const rows = rowsOf(bytes, key);
  const isSeal = ({txn}: Action): boolean => txn?.appId.startsWith(sealed) ?? false;
  const actions = rows?.filter((row) => !isSeal(row));
  return actions && rows?.find(isSeal)?.txn?.appId === sealed + sealOf(actions) ? actions : undefined;
}

/** The action in each row; undefined when the bytes cannot be read as that. */
function rowsOf(bytes: Uint8Array, key: string): Action[] | undefined {
  const table = tableIn(bytes, key);
  if (table === undefined) return undefined;
  const vectors = fieldsOf(table.schema.fields).map(([name, type], i) => [name, type, table.getChildAt(i)!] as const);
  const rows = Array.from({length: table.numRows}, (_, i) =>
    only(vectors.map(([column, type, vector]) => [column, fromColumn(vector.get(i), type)]))
  );
  const actions = rows.filter((row) => row !== undefined);
  return actions.length < rows.length ? undefined : actions;
}

function tableIn(bytes: Uint8Array, key: string): arrow.Table | undefined {
  try {
    return decodeParquet(bytes, key);
  } catch (error) {
    if (isPondError(error, "CORRUPT")) return undefined;
    throw error;
  }
}

/** The hash of actions, whatever the order of their fields and whatever is absent. */
function sealOf(actions: readonly Action[]): string {
  return hash(actions.map((action) => `${canonical(plain(action))}\n`).join(""));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join()}}`;
}

/** An action as a checkpoint holds it: only what its columns have. */
function plain(action: Action): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(action).map(([name, body]) => {
      const known = columns[name]!.children.map((child) => child.name);
      return [name, Object.fromEntries(Object.entries(body as object).filter(([key]) => known.includes(key)))];
    })
  );
}

function toColumn(value: unknown, type: arrow.DataType): unknown {
  if (value === null || value === undefined) return null;
  if (arrow.DataType.isMap(type)) return new Map(Object.entries(value));
  if (arrow.DataType.isStruct(type)) {
    const body = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(fieldsOf(type.children).map(([name, inner]) => [name, toColumn(body[name], inner)]));
  }
  return arrow.DataType.isInt(type) && type.bitWidth === 64 ? BigInt(value as number) : value;
}

function fromColumn(value: unknown, type: arrow.DataType): unknown {
  if (value === null) return undefined;
  if (arrow.DataType.isMap(type)) return Object.fromEntries(value as Iterable<[string, unknown]>);
  if (arrow.DataType.isList(type)) return [...(value as Iterable<unknown>)];
  if (typeof value === "bigint") return Number(value);
  if (!arrow.DataType.isStruct(type)) return value;
  const row = value as Readonly<Record<string, unknown>>;
  const told = fieldsOf(type.children).map(([name, inner]) => [name, fromColumn(row[name] ?? null, inner)] as const);
  return Object.fromEntries(told.filter(([, inner]) => inner !== undefined));
}

/** Names and types; the library's own type of a field leaves its type open. */
function fieldsOf(fields: readonly arrow.Field[]): readonly (readonly [name: string, type: arrow.DataType])[] {
  return fields.map(({name, type}) => [name, type as arrow.DataType]);
}

function only(cells: readonly (readonly [string, unknown])[]): Action | undefined {
  const filled = cells.filter(([, value]) => value !== undefined);
  return filled.length === 1 ? Object.fromEntries(filled) : undefined;
}

/** Puts a checkpoint, proves it, and only then points the hint at it: readers never follow a hint into nothing. */
export async function putCheckpoint(store: Store, version: number, actions: readonly Action[]): Promise<void> {
  const key = checkpointKey(version);
  const bytes = encodeCheckpoint(actions);
  await store.putIfAbsent(key, bytes);
  const found = await store.get(key);
  if (!Buffer.from(bytes).equals(found)) decodeCheckpoint(found, key); // one that was there before, or damage
  const hint = Buffer.from(JSON.stringify({version, size: actions.length + 1}));
  while (((await readHint(store)) ?? -1) < version) {
    await store.delete(hintKey); // without a hint readers look for themselves
    await store.putIfAbsent(hintKey, hint); // fails when another maintenance puts its own, which may be older
  }
}

/** The version of the newest checkpoint after one, as the hint says; `look` in the log itself when there is no hint. */
export async function checkpointAfter(store: Store, version: number, look: boolean): Promise<number | undefined> {
  const hinted = (await readHint(store)) ?? (look ? await newestListed(store) : undefined);
  return hinted !== undefined && hinted > version ? hinted : undefined;
}

/** What the hint says; undefined when there is none, or when it is none. */
export async function readHint(store: Store): Promise<number | undefined> {
  const bytes = await store.get(hintKey).catch((error: unknown) => {
    if (isPondError(error, "NOT_FOUND")) return undefined;
    throw error;
  });
  const found = /^\{"version":(\d{1,15}),"size":\d+\}$/.exec(Buffer.from(bytes ?? []).toString("utf8"));
  return found === null ? undefined : Number(found[1]);
}

async function newestListed(store: Store): Promise<number | undefined> {
  let newest: number | undefined;
  for await (const {key} of store.list(folder)) newest = checkpointVersion(key) ?? newest;
  return newest;
}

/** The actions of a version's checkpoint. */
export async function readCheckpoint(store: Store, version: number): Promise<Action[]> {
  const key = checkpointKey(version);
  const bytes = await store.get(key).catch((error: unknown) => {
    if (!isPondError(error, "NOT_FOUND")) throw error;
    const sentence = `${hintKey} names a checkpoint of version ${version} and there is none; run pond repair checkpoint.`;
    throw new PondError("CORRUPT", sentence, {key}, error);
  });
  return decodeCheckpoint(bytes, key);
}
