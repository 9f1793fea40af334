import {
  type DuckDBDateValue,
  type DuckDBResultReader,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue
} from "@duckdb/node-api";
import * as arrow from "apache-arrow";

import {tableOf, vectorOf} from "./arrow.js";

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
