import * as arrow from "apache-arrow";

/** Arrow vectors and tables from plain values. */

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

const utf8 = new TextEncoder();

/** The same for text and bytes: laid one after the other, with where each begins. */
function variableWidth(type: arrow.Utf8 | arrow.Binary, values: readonly unknown[]): arrow.Vector {
  const bytes = values.map((value) => (typeof value === "string" ? utf8.encode(value) : (value as Uint8Array | null)));
  const valueOffsets = new Int32Array(values.length + 1);
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 64) * 8);
  bytes.forEach((value, i) => {
    valueOffsets[i + 1] = valueOffsets[i]! + (value?.length ?? 0);
    if (value !== null) nullBitmap[i >> 3]! |= 1 << (i & 7);
  });
  const data = new Uint8Array(valueOffsets.at(-1)!);
  bytes.forEach((value, i) => value && data.set(value, valueOffsets[i]));
  const nullCount = bytes.filter((value) => value === null).length;
  return arrow.makeVector(arrow.makeData({type: type as arrow.Utf8, data, valueOffsets, nullBitmap, nullCount}));
}

export function isFixedWidth(type: arrow.DataType): boolean {
  return arrow.DataType.isInt(type) || arrow.DataType.isFloat(type) || arrow.DataType.isTimestamp(type);
}

/** A vector of raw values: int64 and timestamps as bigint in their own unit, null where nothing. */
export function vectorOf(values: readonly unknown[], type: arrow.DataType): arrow.Vector {
  if (isFixedWidth(type)) return fixedWidth(type, values);
  if (arrow.DataType.isUtf8(type) || arrow.DataType.isBinary(type)) return variableWidth(type, values);
  return arrow.vectorFromArray(values, type);
}

/** A column of a table, or so many rows that say nothing. */
export interface Stretch {
  readonly column: arrow.Vector | null;
  readonly rows: number;
}

/** Columns of one fixed-width type, one below the other: copied whole, so that no value becomes one of JavaScript's. */
export function stacked(stretches: readonly Stretch[], type: arrow.DataType): arrow.Vector {
  const length = stretches.reduce((total, {rows}) => total + rows, 0);
  const data = new (type.ArrayType as Float64ArrayConstructor)(length);
  const nullBitmap = new Uint8Array(Math.ceil(length / 64) * 8);
  let [at, valid] = [0, 0];
  for (const {column, rows} of stretches) {
    let row = at;
    for (const part of column?.data ?? []) {
      data.set((part.values as Float64Array).subarray(0, part.length), row); // `values` already begins at the offset
      for (let i = 0; i < part.length; i++, row++)
        if (part.nullCount === 0 || part.getValid(i)) {
          nullBitmap[row >> 3]! |= 1 << (row & 7);
          valid++;
        }
    }
    at += rows;
  }
  const made = {type: type as arrow.Float64, data, nullBitmap, nullCount: length - valid, length};
  return arrow.makeVector(arrow.makeData(made));
}

/** A Table of one batch from whole columns. */
export function tableOf(schema: arrow.Schema, vectors: readonly arrow.Vector[]): arrow.Table {
  const length = vectors[0]?.length ?? 0;
  const children = vectors.map((column) => column.data[0] as arrow.Data);
  const data = arrow.makeData({type: new arrow.Struct(schema.fields), length, nullCount: 0, children});
  return new arrow.Table(schema, [new arrow.RecordBatch(schema, data)]);
}
