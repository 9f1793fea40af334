import {mkdir} from "node:fs/promises";
import {dirname} from "node:path";
import {type DuckDBConnection, DuckDBInstance} from "@duckdb/node-api";
import type {Table} from "apache-arrow";
import {toArrow} from "./arrow.js";
import {replace} from "./disk.js";

export interface DuckOptions {
  readonly memory?: string; // what DuckDB may hold, e.g. "2GB", the default
  readonly threads?: number; // as many as there are cores, by default
  readonly spill?: string; // an existing or missing host directory for what does not fit in memory
}

/** Options of DuckDB's `COPY … TO`, e.g. `{FORMAT: "csv", HEADER: true}`. */
export type CopyOptions = Readonly<Record<string, string | number | boolean>>;

const parquet: CopyOptions = {FORMAT: "parquet", COMPRESSION: "zstd", ROW_GROUP_SIZE: 122_880};

/** Quotes text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Quotes a name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A DuckDB in memory whose clock is UTC and whose appetite is bounded. Errors are DuckDB's own. */
export class Duck {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open({memory = "2GB", threads, spill}: DuckOptions = {}): Promise<Duck> {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: memory,
      autoinstall_known_extensions: "false", // nothing is ever fetched
      ...(threads === undefined ? {} : {threads: String(threads)}),
      ...(spill === undefined ? {} : {temp_directory: spill})
    });
    const connection = await instance.connect();
    await connection.run("SET GLOBAL TimeZone = 'UTC'");
    return new Duck(instance, connection);
  }

  /** Runs one or more statements. */
  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Rows as objects: BIGINT as bigint, TIMESTAMP and TIMESTAMPTZ as Date (to the millisecond), NULL as null. */
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    return (await this.#connection.runAndReadAll(sql)).getRowObjectsJS();
  }

  /** The result as an Arrow Table: TIMESTAMPTZ as Timestamp(µs, UTC), DECIMAL and HUGEINT as double. */
  async table(sql: string): Promise<Table> {
    return toArrow(await this.#connection.runAndReadAll(sql));
  }

  /** Writes the result of a SELECT to a file (zstd Parquet unless told), whole and durable or not at all. */
  async copy(sql: string, file: string, options: CopyOptions = parquet): Promise<void> {
    const list = Object.entries(options).map(([name, value]) => `${name} ${setting(value)}`);
    await mkdir(dirname(file), {recursive: true});
    await replace(file, (temp) => this.run(`COPY (${sql}) TO ${literal(temp)} (${list.join(", ")})`));
  }

  /** The names that stand in FROM position, as they are spelled. */
  tableNames(sql: string): readonly string[] {
    return this.#connection.getTableNames(sql, false);
  }

  /** Has `body` work on a connection of its own, whose temporary views and settings end with it. */
  async session<T>(body: (session: Duck) => Promise<T>): Promise<T> {
    const connection = await this.#instance.connect();
    try {
      return await body(new Duck(this.#instance, connection));
    } finally {
      connection.closeSync();
    }
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

function setting(value: string | number | boolean): string {
  return typeof value === "string" ? literal(value) : String(value);
}
