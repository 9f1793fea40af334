import {
  type DuckDBDateValue,
  type DuckDBResultReader,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue
} from "@duckdb/node-api";
import * as arrow from "apache-arrow";

/** How DuckDB's columns become Arrow's. */

interface Conversion {
  readonly type: arrow.DataType;
  readonly convert: (value: NonNullable<DuckDBValue>) => unknown;
}

const same = (value: NonNullable<DuckDBValue>): unknown => value;
const text = (value: NonNullable<DuckDBValue>): string => String(value);
const field = (name: string) => (value: NonNullable<DuckDBValue>) =>
  (value as unknown as Record<string, unknown>)[name];
const toDouble = (value: NonNullable<DuckDBValue>): number => Number(text(value));

const toDate = (value: NonNullable<DuckDBValue>): Date => new Date((value as DuckDBDateValue).days * 86_400_000);

const {TimeUnit} = arrow;
const conversions: Partial<Record<DuckDBTypeId, Conversion>> = {
  [DuckDBTypeId.BOOLEAN]: {type: new arrow.Bool(), convert: same},
  [DuckDBTypeId.TINYINT]: {type: new arrow.Int8(), convert: same},
  [DuckDBTypeId.SMALLINT]: {type: new arrow.Int16(), convert: same},
  [DuckDBTypeId.INTEGER]: {type: new arrow.Int32(), convert: same},
  [DuckDBTypeId.BIGINT]: {type: new arrow.Int64(), convert: same},
  [DuckDBTypeId.UTINYINT]: {type: new arrow.Uint8(), convert: same},
  [DuckDBTypeId.USMALLINT]: {type: new arrow.Uint16(), convert: same},
  [DuckDBTypeId.UINTEGER]: {type: new arrow.Uint32(), convert: same},
  [DuckDBTypeId.UBIGINT]: {type: new arrow.Uint64(), convert: same},
  [DuckDBTypeId.FLOAT]: {type: new arrow.Float32(), convert: same},
  [DuckDBTypeId.DOUBLE]: {type: new arrow.Float64(), convert: same},
  [DuckDBTypeId.HUGEINT]: {type: new arrow.Float64(), convert: toDouble},
  [DuckDBTypeId.UHUGEINT]: {type: new arrow.Float64(), convert: toDouble},
  [DuckDBTypeId.DECIMAL]: {type: new arrow.Float64(), convert: toDouble},
  [DuckDBTypeId.DATE]: {type: new arrow.DateDay(), convert: toDate},
  [DuckDBTypeId.TIMESTAMP]: {type: new arrow.Timestamp(TimeUnit.MICROSECOND), convert: field("micros")},
  [DuckDBTypeId.TIMESTAMP_TZ]: {type: new arrow.Timestamp(TimeUnit.MICROSECOND, "UTC"), convert: field("micros")},
  [DuckDBTypeId.TIMESTAMP_S]: {type: new arrow.Timestamp(TimeUnit.SECOND), convert: field("seconds")},
  [DuckDBTypeId.TIMESTAMP_MS]: {type: new arrow.Timestamp(TimeUnit.MILLISECOND), convert: field("millis")},
  [DuckDBTypeId.TIMESTAMP_NS]: {type: new arrow.Timestamp(TimeUnit.NANOSECOND), convert: field("nanos")},
  [DuckDBTypeId.VARCHAR]: {type: new arrow.Utf8(), convert: same},
  [DuckDBTypeId.BLOB]: {type: new arrow.Binary(), convert: field("bytes")}
};

/** What else there is (lists, structs, intervals, UUIDs, …) comes as the text that DuckDB prints. */
const printed: Conversion = {type: new arrow.Utf8(), convert: text};

function conversion(type: DuckDBType): Conversion {
  return conversions[type.typeId] ?? printed;
}

/** Bytes for the values of a fixed-width type: set by index, so that no value passes through a builder. */
function fixedWidth(type: arrow.DataType, values: readonly unknown[]): arrow.Vector {
  const data = new (type.ArrayType as Float64ArrayConstructor)(values.length);
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 64) * 8);
  let nullCount = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null) nullCount++;
    else {
      data[i] = value as number;
      nullBitmap[i >> 3]! |= 1 << (i & 7);
    }
  }
  return arrow.makeVector(
    arrow.makeData({type: type as arrow.Float64, data, nullBitmap, nullCount, length: values.length})
  );
}

function isFixedWidth(type: arrow.DataType): boolean {
  return arrow.DataType.isInt(type) || arrow.DataType.isFloat(type) || arrow.DataType.isTimestamp(type);
}

/** A vector of raw values: int64 and timestamps as bigint in their own unit, null where nothing. */
export function vectorOf(values: readonly unknown[], type: arrow.DataType): arrow.Vector {
  return isFixedWidth(type) ? fixedWidth(type, values) : arrow.vectorFromArray(values, type);
}

function vector(values: readonly DuckDBValue[], {type, convert}: Conversion): arrow.Vector {
  const converted = values.map((value) => (value === null ? null : convert(value)));
  return vectorOf(converted, type);
}

/** The whole result as one Arrow Table; equal column names are told apart as DuckDB does. */
export function toArrow(reader: DuckDBResultReader): arrow.Table {
  const names = reader.deduplicatedColumnNames();
  const types = reader.columnTypes();
  const columns = reader.getColumns();
  const vectors = names.map((_, i) => vector(columns[i] ?? [], conversion(types[i]!)));
  const fields = names.map((name, i) => new arrow.Field(name, conversion(types[i]!).type, true));
  return tableOf(new arrow.Schema(fields), vectors);
}

/** A Table of one batch from whole columns. */
export function tableOf(schema: arrow.Schema, vectors: readonly arrow.Vector[]): arrow.Table {
  const length = vectors[0]?.length ?? 0;
  const children = vectors.map((column) => column.data[0] as arrow.Data);
  const data = arrow.makeData({type: new arrow.Struct(schema.fields), length, nullCount: 0, children});
  return new arrow.Table(schema, [new arrow.RecordBatch(schema, data)]);
}
