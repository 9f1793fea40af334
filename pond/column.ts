import {BIGINT, DOUBLE, type DuckDBConnection, type DuckDBDataChunk, DuckDBTableFunction} from "@duckdb/node-api";
import bindings from "@duckdb/node-bindings";

/** Columns of doubles between DuckDB and JavaScript, each as a whole: a value on its own costs more than its sum. */

/** Rows of a result, as many as DuckDB has ready. */
export class Chunk {
  readonly rows: number;
  readonly #chunk: DuckDBDataChunk;

  constructor(chunk: DuckDBDataChunk) {
    this.#chunk = chunk;
    this.rows = chunk.rowCount;
  }

  /** A copy of a column of type DOUBLE, by its place in the result; NaN where it is NULL. */
  doubles(column: number): Float64Array {
    const vector = bindings.data_chunk_get_vector(this.#chunk.chunk, column);
    const {buffer, byteOffset} = bindings.vector_get_data(vector, 8 * this.rows); // a copy: DuckDB's own is gone with the chunk
    const values = new Float64Array(buffer, byteOffset, this.rows);
    const valid = bindings.vector_get_validity(vector, 8 * Math.ceil(this.rows / 64)) as Uint8Array | null; // null: all are
    if (valid) withoutNulls(values, valid);
    return values;
  }
}

/** Puts NaN where the bit of a value, of which each byte has eight from the lowest on, is not set. */
function withoutNulls(values: Float64Array, valid: Uint8Array): void {
  for (let first = 0; first < values.length; first += 8) {
    const bits = valid[first >> 3]!;
    if (bits === 255) continue;
    for (let row = first; row < Math.min(first + 8, values.length); row++)
      if ((bits & (1 << (row & 7))) === 0) values[row] = NaN;
  }
}

/** Doubles as a Float64Array has them, or such as are made when they are asked for. */
export interface Doubles {
  readonly length: number;
  subarray(begin: number, end: number): Float64Array;
}

/** A column that JavaScript holds. */
export interface LentColumn {
  readonly name: string;
  readonly values: Doubles; // NaN where there is none
}

interface Scan {
  readonly columns: readonly LentColumn[];
  next: number; // row
}

/** Columns that the queries of one DuckDB may read as a relation, for as long as they are lent. */
export class Lending {
  readonly #lent = new Map<number, readonly LentColumn[]>();
  #count = 0;

  constructor(connection: DuckDBConnection) {
    connection.registerTableFunction(
      DuckDBTableFunction.create({
        name: "lent",
        parameterTypes: [BIGINT],
        bindFunction: (bind) => {
          const columns = this.#lent.get(Number(bind.getParameter(0))) ?? [
            {name: "nothing", values: new Float64Array()}
          ];
          for (const {name} of columns) bind.addResultColumn(name, DOUBLE);
          bind.setCardinality(columns[0]?.values.length ?? 0, true);
          bind.setBindData(columns);
        },
        initFunction: (scan) => {
          scan.setMaxThreads(1); // rows come in their order
          scan.setInitData({columns: scan.bindData, next: 0});
        },
        mainFunction: (scan, chunk) => give(scan.initData as Scan, chunk)
      })
    );
  }

  /** Has `body` query columns of one length under the name of the relation that it is told. */
  async lend<T>(columns: readonly LentColumn[], body: (relation: string) => Promise<T>): Promise<T> {
    const number = this.#count++;
    this.#lent.set(number, columns);
    try {
      return await body(`lent(${number})`);
    } finally {
      this.#lent.delete(number);
    }
  }
}

function give(scan: Scan, chunk: DuckDBDataChunk): void {
  const {columns, next} = scan;
  const rows = Math.min(bindings.vector_size(), columns[0]!.values.length - next);
  chunk.rowCount = rows;
  for (const [index, {values}] of columns.entries()) {
    const vector = bindings.data_chunk_get_vector(chunk.chunk, index);
    const {buffer, byteOffset} = values.subarray(next, next + rows);
    bindings.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset, 8 * rows);
  }
  scan.next += rows;
}
