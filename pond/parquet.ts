import {createRequire} from "node:module";
import {type Table, tableFromIPC, tableToIPC} from "apache-arrow";
import type * as Library from "parquet-wasm/node";
import {PondError} from "./error.js";

/** Arrow Tables as Parquet bytes and back. The library's Arrow is not ours: tables cross as IPC bytes. */

const require = createRequire(import.meta.url);

/** The library, which takes a while to load, once something is read or written. */
function library(): typeof Library {
  return require("parquet-wasm/node") as typeof Library;
}

/** A dictionary of so few rows is longer than they are, and takes as long to write. */
const few = 16;

/** Parquet with zstd, row groups of 100,000 rows and statistics. */
export function encodeParquet(table: Table): Uint8Array {
  const {Compression, EnabledStatistics, Table: WasmTable, writeParquet, WriterPropertiesBuilder} = library();
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.ZSTD)
    .setMaxRowGroupSize(100_000)
    .setStatisticsEnabled(EnabledStatistics.Chunk)
    .setDictionaryEnabled(table.numRows > few)
    .setCreatedBy("duckpond")
    .build();
  return writeParquet(WasmTable.fromIPCStream(tableToIPC(table, "stream")), properties);
}

/** What another reader makes of a file: its schema as an Arrow IPC stream, which is the same for the same schema. */
interface Shape {
  readonly schema: Uint8Array;
  readonly rows: number;
}

/** The shape of a Table, as the library tells it. */
export function shapeOf(table: Table): Shape {
  return measured(library().Table.fromIPCStream(tableToIPC(table, "stream")));
}

/** The shape of Parquet bytes, all of which are decoded; CORRUPT when they cannot be. */
export function shapeIn(bytes: Uint8Array, name: string): Shape {
  return orCorrupt(name, () => measured(library().readParquet(bytes)));
}

function measured(table: Library.Table): Shape {
  const batches = table.recordBatches();
  const rows = batches.reduce((total, {numRows}) => total + numRows, 0);
  const shape = {schema: table.schema.intoIPCStream(), rows};
  for (const one of [table, ...batches]) one.free();
  return shape;
}

/** The Table in Parquet bytes; CORRUPT when they are none. `name` is for the sentence. */
export function decodeParquet(bytes: Uint8Array, name: string): Table {
  return orCorrupt(name, () => tableFromIPC(library().readParquet(bytes).intoIPCStream()));
}

/**
 * Those columns of Parquet bytes that they have of the named ones; CORRUPT as above. The rest is not unpacked, which
 * the library's `readParquet` does whatever columns it is asked for (0.8.0).
 */
export async function decodeSome(bytes: Uint8Array, name: string, columns: readonly string[]): Promise<Table> {
  try {
    const file = await library().ParquetFile.fromFile(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    try {
      const there = new Set(tableFromIPC(file.schema().intoIPCStream()).schema.fields.map((field) => field.name));
      const table = await file.read({columns: columns.filter((column) => there.has(column))});
      return tableFromIPC(table.intoIPCStream());
    } finally {
      file.free();
    }
  } catch (error) {
    throw unreadable(name, error);
  }
}

function orCorrupt<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): PondError {
  return new PondError("CORRUPT", `${name} is not readable as Parquet: ${String(error)}.`, {name}, error);
}
