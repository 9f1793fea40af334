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

/** Parquet with zstd, row groups of 100,000 rows and statistics. */
export function encodeParquet(table: Table): Uint8Array {
  const {Compression, EnabledStatistics, Table: WasmTable, writeParquet, WriterPropertiesBuilder} = library();
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.ZSTD)
    .setMaxRowGroupSize(100_000)
    .setStatisticsEnabled(EnabledStatistics.Chunk)
    .setCreatedBy("duckpond")
    .build();
  return writeParquet(WasmTable.fromIPCStream(tableToIPC(table, "stream")), properties);
}

/** The Table in Parquet bytes, or some of its columns; CORRUPT when they are none. `name` is for the sentence. */
export function decodeParquet(bytes: Uint8Array, name: string, columns?: readonly string[]): Table {
  try {
    return tableFromIPC(
      library()
        .readParquet(bytes, columns === undefined ? {} : {columns: [...columns]})
        .intoIPCStream()
    );
  } catch (error) {
    throw new PondError("CORRUPT", `${name} is not readable as Parquet: ${String(error)}.`, {name}, error);
  }
}
