import * as arrow from "npm:apache-arrow";
import initialise, * as parquet from "npm:parquet-wasm";
import {isWhole} from "./sheet.js";
import type {Sheet} from "./sheet.js";

/** Loaded only when a reader asks for Parquet: the writer is most of two megabytes. */
let ready: Promise<unknown> | undefined;

/** The bytes of a Parquet file: `timestamp` in milliseconds, UTC, then the columns; the notes are its metadata. */
export async function parquetOf({times, columns}: Sheet, notes: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const stamps = BigInt64Array.from(times, BigInt);
  const timestamp = arrow.makeVector(
    arrow.makeData({type: new arrow.TimestampMillisecond("UTC"), data: stamps, length: stamps.length, nullCount: 0})
  );
  const vectors = columns.map((column) => {
    const filled = column.values.map((value) => value ?? null);
    const type = isWhole(column) ? new arrow.Int32() : new arrow.Float64();
    return [column.name, arrow.vectorFromArray(filled, type) as arrow.Vector] as const;
  });
  return packed(new arrow.Table(Object.fromEntries<arrow.Vector>([["timestamp", timestamp], ...vectors])), notes);
}

/** The bytes of a Parquet file with a table's columns; the notes are its metadata. */
export async function packed(table: arrow.Table, notes: Readonly<Record<string, string>>): Promise<Uint8Array> {
  ready ??= initialise(import.meta.resolve("npm:parquet-wasm/esm/parquet_wasm_bg.wasm"));
  await ready;
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.SNAPPY)
    .setKeyValueMetadata(new Map(Object.entries(notes)))
    .build();
  return parquet.writeParquet(parquet.Table.fromIPCStream(arrow.tableToIPC(table, "stream")), properties);
}
