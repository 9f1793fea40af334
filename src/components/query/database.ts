import * as duckdb from "npm:@duckdb/duckdb-wasm";
import type {Table} from "npm:apache-arrow";
import {catalogue} from "../catalogue.js";
import {readShard, recordOf} from "../data/dataset.js";
import {localTimeSql, quoted} from "./question.js";
import type {Source} from "./question.js";
import {joined} from "../time/range.js";
import {turnsOf} from "../time/zone.js";

/** Says what is being waited for. */
export type Tell = (words: string) => void;

/**
 * DuckDB in the browser, over the published Parquet. A table's files are fetched when a query first names it, whole and
 * from this site alone.
 */
export class Database {
  readonly #db: duckdb.AsyncDuckDB;
  readonly #connection: duckdb.AsyncDuckDBConnection;
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #laid = new Map<string, Promise<void>>();

  private constructor(
    db: duckdb.AsyncDuckDB,
    connection: duckdb.AsyncDuckDBConnection,
    sources: ReadonlyMap<string, Source>
  ) {
    this.#db = db;
    this.#connection = connection;
    this.#sources = sources;
  }

  static async open(sources: readonly Source[]): Promise<Database> {
    const bundle = await duckdb.selectBundle({
      mvp: {
        mainModule: import.meta.resolve("npm:@duckdb/duckdb-wasm/dist/duckdb-mvp.wasm"),
        mainWorker: import.meta.resolve("npm:@duckdb/duckdb-wasm/dist/duckdb-browser-mvp.worker.js")
      },
      eh: {
        mainModule: import.meta.resolve("npm:@duckdb/duckdb-wasm/dist/duckdb-eh.wasm"),
        mainWorker: import.meta.resolve("npm:@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js")
      }
    });
    const db = new duckdb.AsyncDuckDB(new duckdb.VoidLogger(), new Worker(bundle.mainWorker!));
    await db.instantiate(bundle.mainModule);
    await db.open({query: {castBigIntToDouble: true, castDecimalToDouble: true}});
    const connection = await db.connect();
    const record = joined(catalogue.datasets.flatMap((dataset) => recordOf(dataset) ?? []));
    const now = Date.parse(catalogue.now);
    const turns = turnsOf(catalogue.timeZone, record?.begin ?? now, Math.max(record?.end ?? now, now));
    await connection.query(localTimeSql(turns));
    return new Database(db, connection, new Map(sources.map((source) => [source.name, source])));
  }

  /** What a query gives. Rejects with the engine's words, or with a sentence about a file that cannot be had. */
  async query(sql: string, tell: Tell): Promise<Table> {
    for (const name of await this.#connection.getTableNames(sql)) {
      const source = this.#sources.get(name.toLowerCase());
      if (source) await this.#lay(source, tell);
    }
    tell("Computing …");
    return this.#connection.query(sql);
  }

  #lay(source: Source, tell: Tell): Promise<void> {
    const kept = this.#laid.get(source.name);
    if (kept) return kept;
    const made = this.#layShards(source, tell);
    this.#laid.set(source.name, made);
    made.catch(() => this.#laid.delete(source.name)); // asked for anew the next time
    return made;
  }

  async #layShards({name, resolution: {shards}}: Source, tell: Tell): Promise<void> {
    tell(`Fetching ${shards.length.toLocaleString("en-US")} ${shards.length === 1 ? "file" : "files"} of ${name} …`);
    await Promise.all(
      shards.map(async (shard, index) => {
        const bytes = new Uint8Array((await readShard(shard)).slice(0)); // the engine takes what it is given away
        await this.#db.registerFileBuffer(`${name}/${index}.parquet`, bytes);
      })
    );
    await this.#connection.query(
      `CREATE OR REPLACE VIEW ${quoted(name)} AS SELECT * FROM parquet_scan('${name}/*.parquet')`
    );
  }
}
