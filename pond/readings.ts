import * as arrow from "apache-arrow";
import {isFixedWidth, stacked, tableOf, vectorOf} from "./arrow.js";
import type {Stretch} from "./arrow.js";
import {PondError} from "./error.js";
import {rawTimes} from "./record.js";
import type {Column, ColumnAttributes} from "./types.js";

/** Readings made ready to be stored: sorted, one row per timestamp, timestamps in microseconds, doubles and text else. */
export interface Readings {
  readonly table: arrow.Table;
  readonly columns: readonly Column[];
  readonly minTime: number; // µs UTC, inclusive
  readonly maxTime: number; // µs UTC, inclusive
}

const micros = new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, "UTC");

/** The types that a series holds beside its timestamp, as DuckDB spells them. */
const types = {DOUBLE: new arrow.Float64(), VARCHAR: new arrow.Utf8()};

/**
 * Puts a table of readings in order; undefined when it has no rows. A column without a type, for it holds nothing but
 * null, gets that of its namesake in `known`. Throws BAD_CONTENT, naming the path.
 */
export function prepare(table: arrow.Table, path: string, known: readonly Column[] = []): Readings | undefined {
  const times = timesOf(table, path);
  if (table.numRows === 0) return undefined;
  const fields = table.schema.fields.filter(({name}) => name !== "timestamp");
  const order = orderOf(times);
  const columns = fields.map((field) => ({...field, held: heldAs(field, path, known)}));
  const isReady = times.every((time, i) => i === 0 || times[i - 1]! < time);
  const inOrder = (name: string, type: arrow.DataType, valuesIn: (column: arrow.Vector) => unknown[]): arrow.Vector => {
    const column = table.getChild(name)!;
    if (isReady && column.data.length === 1 && arrow.util.compareTypes(column.type, type)) return column;
    return vectorOf(merged(valuesIn(column), times, order), type);
  };
  const vectors = columns.map(({name, held}) => inOrder(name, types[held], (column) => valuesIn(column, held)));
  const stamps = inOrder("timestamp", micros, () => [...times]);
  const schema = new arrow.Schema([
    new arrow.Field("timestamp", micros, true),
    ...columns.map(({name, held, metadata}) => new arrow.Field(name, types[held], true, metadata))
  ]);
  return {
    table: tableOf(schema, [stamps, ...vectors]),
    columns: columns.map(({name, held, metadata}) => ({name, type: held, attributes: attributesOf(metadata)})),
    minTime: Number(times[order[0]!]),
    maxTime: Number(times[order.at(-1)!])
  };
}

/** Tables of readings as one: columns by name, what a table lacks is null; rows in the order of the tables. */
export function united(tables: readonly arrow.Table[]): arrow.Table {
  const fields = new Map(tables.flatMap(({schema}) => schema.fields.map((field) => [field.name, field] as const)));
  const vectors = [...fields.values()].map((field) => {
    const type = field.type as arrow.DataType;
    const stretches = tables.map((table) => ({column: table.getChild(field.name), rows: table.numRows}));
    return isFixedWidth(type) ? stacked(stretches, type) : vectorOf(stretches.flatMap(valuesOf), type);
  });
  return tableOf(new arrow.Schema([...fields.values()]), vectors);
}

function valuesOf({column, rows}: Stretch): unknown[] {
  return column === null ? new Array<null>(rows).fill(null) : [...(column as Iterable<unknown>)];
}

/** Readings further apart than this, in µs, are kept as versions of their own. */
export const stretchGap = 32 * 86_400e6;

/**
 * The readings cut where they pause for more than a month: a late reading from years ago beside one of today would
 * otherwise make a version that spans, and so touches, all the years between.
 */
export function stretchesOf(readings: Readings): readonly Readings[] {
  const times = rawTimes(readings.table.getChild("timestamp")!);
  const cuts = [0];
  for (let i = 1; i < times.length; i++) if (Number(times[i]! - times[i - 1]!) > stretchGap) cuts.push(i);
  if (cuts.length === 1) return [readings];
  return cuts.map((begin, index) => {
    const end = cuts[index + 1] ?? times.length;
    const table = readings.table.slice(begin, end);
    return {...readings, table, minTime: Number(times[begin]), maxTime: Number(times[end - 1])};
  });
}

function timesOf(table: arrow.Table, path: string): BigInt64Array {
  const column = table.getChild("timestamp");
  const wrong = (what: string): PondError =>
    new PondError("BAD_CONTENT", `Readings for ${path} ${what}; give timestamp as Timestamp(µs, UTC).`, {path});
  if (column === null) throw wrong("have no column timestamp");
  if (!arrow.DataType.isTimestamp(column.type) || column.type.unit !== arrow.TimeUnit.MICROSECOND)
    throw wrong(`have a timestamp of type ${String(column.type)}`);
  if (column.nullCount > 0) throw wrong(`have ${column.nullCount} rows without a timestamp`);
  return rawTimes(column);
}

function heldAs({name, type}: arrow.Field, path: string, known: readonly Column[]): keyof typeof types {
  const plain = (arrow.DataType.isDictionary(type) ? type.dictionary : type) as arrow.DataType;
  if (arrow.DataType.isFloat(plain) || arrow.DataType.isInt(plain)) return "DOUBLE";
  if (arrow.DataType.isUtf8(plain) || arrow.DataType.isLargeUtf8(plain)) return "VARCHAR";
  if (arrow.DataType.isNull(plain))
    return known.find((column) => column.name === name)?.type === "VARCHAR" ? "VARCHAR" : "DOUBLE";
  const sentence = `Column ${name} of the readings for ${path} is ${String(type)}; a series holds doubles and text.`;
  throw new PondError("BAD_CONTENT", sentence, {path, column: name});
}

function valuesIn(column: arrow.Vector, held: keyof typeof types): unknown[] {
  const values = new Array<unknown>(column.length);
  for (let i = 0; i < values.length; i++) {
    const value = column.get(i) as number | bigint | string | null;
    values[i] = value === null || held === "VARCHAR" ? value : Number(value);
  }
  return values;
}

/** Row numbers by time, equal times in the order they came. */
function orderOf(times: BigInt64Array): Uint32Array {
  const order = new Uint32Array(times.length).map((_, i) => i);
  if (times.every((time, i) => i === 0 || times[i - 1]! <= time)) return order;
  return order.sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : a - b));
}

/** A column in order, rows of one timestamp folded: the last that is not null. */
function merged<T>(values: readonly (T | null)[], times: BigInt64Array, order: Uint32Array): (T | null)[] {
  const out: (T | null)[] = [];
  for (let i = 0; i < order.length; i++) {
    const value = values[order[i]!]!;
    if (i === 0 || times[order[i]!] !== times[order[i - 1]!]) out.push(value);
    else if (value !== null) out[out.length - 1] = value;
  }
  return out;
}

/** What a field's metadata tells of a column. */
export function attributesOf(metadata: ReadonlyMap<string, string>): ColumnAttributes {
  const known = ["instrument", "scope", "parameter", "unit", "flags", "test", "statistic"].filter((key) =>
    metadata.has(key)
  );
  return Object.fromEntries(known.map((key) => [key, metadata.get(key)!]));
}

/** Batches gathered into tables of about half a million rows, so that a stream of any length fits in memory. */
export async function* gathered(readings: arrow.Table | AsyncIterable<arrow.RecordBatch>): AsyncIterable<arrow.Table> {
  if (readings instanceof arrow.Table) {
    yield readings;
    return;
  }
  let batches: arrow.RecordBatch[] = [];
  let rows = 0;
  for await (const batch of readings) {
    batches.push(batch);
    rows += batch.numRows;
    if (rows < 500_000) continue;
    yield new arrow.Table(batches);
    batches = [];
    rows = 0;
  }
  if (batches.length > 0) yield new arrow.Table(batches);
}
