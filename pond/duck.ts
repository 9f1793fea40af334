import {mkdir} from "node:fs/promises";
import {dirname} from "node:path";
import type {DuckDBConnection, DuckDBInstance} from "@duckdb/node-api";
import type {Table} from "apache-arrow";
import type {Chunk, Lending, LentColumn} from "./column.js";
import {replace} from "./disk.js";

export interface DuckOptions {
  readonly memory?: string; // what DuckDB may hold, e.g. "2GB", the default
  readonly threads?: number; // as many as there are cores, by default
  readonly spill?: string; // an existing or missing host directory for what does not fit in memory
}

/** Options of DuckDB's `COPY … TO`, e.g. `{FORMAT: "csv", HEADER: true}`. */
export type CopyOptions = Readonly<Record<string, string | number | boolean>>;

const parquet: CopyOptions = {FORMAT: "parquet", COMPRESSION: "zstd", ROW_GROUP_SIZE: 122_880};

/** The most rows that DuckDB gives at a time. */
export const vectorSize = 2048;

/** Quotes text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Quotes a name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What a Duck works with. */
interface Engine {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly lending: Lending;
}

/**
 * A DuckDB in memory whose clock is UTC and whose appetite is bounded. It is loaded when it is first asked: that takes
 * longer than all else that a command does which only lists or writes files. Errors are DuckDB's own.
 */
export class Duck {
  readonly #start: () => Promise<Engine>;
  #engine: Promise<Engine> | undefined;

  constructor(options: DuckOptions = {}) {
    this.#start = () => start(options);
  }

  /** Runs one or more statements. */
  async run(sql: string): Promise<void> {
    const {connection} = await this.#awake();
    await connection.run(sql);
  }

  /** Rows as objects: BIGINT as bigint, TIMESTAMP and TIMESTAMPTZ as Date (to the millisecond), NULL as null. */
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    const {connection} = await this.#awake();
    return (await connection.runAndReadAll(sql)).getRowObjectsJS();
  }

  /** The whole result as columns, which are all DOUBLE; NaN where they are NULL. */
  async numbers(sql: string): Promise<readonly Float64Array[]> {
    const {chunks, width} = await this.#whole(sql);
    const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
    return Array.from({length: width}, (_, column) => joined(chunks, column, rows));
  }

  /** The result once all of it is there: for little, that takes less time than `chunks`. */
  async all(sql: string): Promise<readonly Chunk[]> {
    return (await this.#whole(sql)).chunks;
  }

  /** The result as an Arrow Table: TIMESTAMPTZ as Timestamp(µs, UTC), DECIMAL and HUGEINT as double. */
  async table(sql: string): Promise<Table> {
    const [{toArrow}, {connection}] = await Promise.all([import("./result.js"), this.#awake()]);
    return toArrow(await connection.runAndReadAll(sql));
  }

  /**
   * The result as it comes, for more than should be in memory at once, up to `vectorSize` rows at a time. Until it ends
   * nothing else may be asked here; a session may.
   */
  async *chunks(sql: string): AsyncIterable<Chunk> {
    const [{Chunk}, {connection}] = await Promise.all([import("./column.js"), this.#awake()]);
    const result = await connection.stream(sql);
    const next = () => {
      const coming = result.fetchChunk();
      coming.catch(() => undefined); // told where it is awaited, which may be later
      return coming;
    };
    let coming = next();
    try {
      for (let chunk = await coming; chunk !== null && chunk.rowCount > 0; chunk = await coming) {
        coming = next(); // DuckDB goes on while the reader works
        yield new Chunk(chunk);
      }
    } finally {
      await coming.catch(() => undefined); // a reader who leaves early leaves it behind
    }
  }

  /** Has `body` query columns that JavaScript holds, all of one length, as the relation that it is told. */
  async lend<T>(columns: readonly LentColumn[], body: (relation: string) => Promise<T>): Promise<T> {
    const {lending} = await this.#awake();
    return lending.lend(columns, body);
  }

  /** Writes the result of a SELECT to a file (zstd Parquet unless told), whole and durable or not at all; gives its rows. */
  async copy(sql: string, file: string, options?: CopyOptions): Promise<number> {
    let rows = 0;
    await mkdir(dirname(file), {recursive: true});
    await replace(file, async (temp) => void (rows = await this.write(sql, temp, options)));
    return rows;
  }

  /** Writes it likewise to a file that nobody reads yet: whoever wants it to be durable syncs it. */
  async write(sql: string, file: string, options: CopyOptions = parquet): Promise<number> {
    const list = Object.entries(options).map(([name, value]) => `${name} ${setting(value)}`);
    const {connection} = await this.#awake();
    return (await connection.run(`COPY (${sql}) TO ${literal(file)} (${list.join(", ")})`)).rowsChanged;
  }

  /** The names that stand in FROM position, as they are spelled. */
  async tableNames(sql: string): Promise<readonly string[]> {
    const {connection} = await this.#awake();
    return connection.getTableNames(sql, false);
  }

  /** Has `body` work on a connection of its own, whose temporary views and settings end with it. */
  async session<T>(body: (session: Duck) => Promise<T>): Promise<T> {
    const {instance, lending} = await this.#awake();
    const connection = await instance.connect();
    const session = new Duck();
    session.#engine = Promise.resolve({instance, connection, lending});
    try {
      return await body(session);
    } finally {
      connection.closeSync();
    }
  }

  /** Ends what was begun; a Duck that was never asked has nothing to end. */
  async close(): Promise<void> {
    const engine = await this.#engine;
    engine?.connection.closeSync();
    engine?.instance.closeSync();
  }

  async #whole(sql: string): Promise<{readonly chunks: readonly Chunk[]; readonly width: number}> {
    const [{Chunk}, {connection}] = await Promise.all([import("./column.js"), this.#awake()]);
    const result = await connection.run(sql);
    return {chunks: (await result.fetchAllChunks()).map((chunk) => new Chunk(chunk)), width: result.columnCount};
  }

  #awake(): Promise<Engine> {
    return (this.#engine ??= this.#start());
  }
}

function joined(chunks: readonly Chunk[], column: number, rows: number): Float64Array {
  const numbers = new Float64Array(rows);
  let row = 0;
  for (const chunk of chunks) {
    numbers.set(chunk.doubles(column), row);
    row += chunk.rows;
  }
  return numbers;
}

async function start({memory = "2GB", threads, spill}: DuckOptions): Promise<Engine> {
  const [{DuckDBInstance: Instance}, {Lending}] = await Promise.all([
    import("@duckdb/node-api"),
    import("./column.js")
  ]);
  const instance = await Instance.create(":memory:", {
    memory_limit: memory,
    autoinstall_known_extensions: "false", // nothing is ever fetched
    enable_external_file_cache: "false", // files are at hand: what it keeps of them grows with what is read
    ...(threads === undefined ? {} : {threads: String(threads)}),
    ...(spill === undefined ? {} : {temp_directory: spill})
  });
  const connection = await instance.connect();
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  return {instance, connection, lending: new Lending(connection)};
}

function setting(value: string | number | boolean): string {
  return typeof value === "string" ? literal(value) : String(value);
}
