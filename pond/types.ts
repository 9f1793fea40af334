import type {RecordBatch, Table} from "apache-arrow";
import type {Asked} from "./asked.js";
import type {Duck} from "./duck.js";

/**
 * The words that cross files in pond/, and that loaders/ may use.
 *
 * Times are whole microseconds since 1970-01-01T00:00:00Z held in a `number` (exact until the year 2255).
 * Ranges are half-open, `[begin, end)`, unless a field says inclusive.
 */

/** What a node is. */
export type NodeKind = "directory" | "file" | "series" | "table" | "symlink" | "dynamic";

/** A half-open span of time in microseconds UTC; a missing end is unbounded. */
export interface Range {
  readonly begin?: number; // inclusive
  readonly end?: number; // exclusive
}

/** What a column of readings is, wherever it came from; its name is only how these are spelled. */
export interface ColumnAttributes {
  readonly instrument?: string; // the device, e.g. "Vulink_1"
  readonly scope?: string; // the role it plays at a site, e.g. "AT500_Surface"
  readonly parameter?: string; // e.g. "DO"
  readonly unit?: string; // e.g. "mg/L"
  readonly flags?: string; // of flags and not of readings: the column whose readings they are for
  readonly test?: string; // of flags: the test that gave them, e.g. "spike"; none: what all tests come to
  readonly statistic?: string; // of bins and not of readings: what is told of them, e.g. "avg"; of bins of bins "avg.max"
}

/** One column of a series or table. */
export interface Column {
  readonly name: string;
  readonly type: string; // as DuckDB spells it, e.g. "DOUBLE"
  readonly attributes: ColumnAttributes;
}

/** One version of a node, as the operation log holds it. */
export interface Version {
  readonly version: number; // 1, 2, … per node
  readonly transaction: number; // the Delta version that brought it
  readonly timestamp: number; // µs UTC, when it was written
  readonly sha256: string; // of the content, hex
  readonly size: number; // bytes of content
  readonly rows?: number; // series and tables
  readonly minTime?: number; // µs UTC, inclusive; series
  readonly maxTime?: number; // µs UTC, inclusive; series
}

/** What is known of a node without reading its content. */
export interface Stat {
  readonly path: string; // absolute, normalised
  readonly name: string;
  readonly kind: NodeKind;
  readonly nodeId: string; // UUID
  readonly partId: string; // UUID of the directory whose partition holds its records
  readonly version: number;
  readonly modified: number; // µs UTC
  readonly size: number; // bytes; a series: of all versions
  readonly sha256?: string; // of the newest version's content
  readonly rows?: number; // as stored, restated readings counted once per version
  readonly minTime?: number; // µs UTC, inclusive
  readonly maxTime?: number; // µs UTC, inclusive
  readonly target?: string; // symlinks
  readonly dangling?: boolean; // a symlink that leads nowhere
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A path that a glob matched, and what its wildcards stood for, `$0, $1, …` from left to right. */
export interface Match {
  readonly path: string;
  readonly captures: readonly string[];
  readonly stat: Stat;
}

/**
 * A stretch of content that a series is made of. Two equal lists of pieces mean equal readings, so whatever is
 * computed from a series can be kept under the hash of the pieces' keys.
 */
export interface Piece {
  readonly key: string; // hex; changes whenever the readings in it change
  readonly minTime: number; // µs UTC, inclusive
  readonly maxTime: number; // µs UTC, inclusive
  readonly rows?: number; // readings in it, where that is known
}

/** Readings over time, stored or computed: one row per timestamp. */
export interface Series {
  readonly path: string;
  columns(): Promise<readonly Column[]>; // without the column `timestamp`
  pieces(range?: Range): Promise<readonly Piece[]>; // those that overlap the range, oldest version first
  /**
   * A parenthesised SELECT for DuckDB: `timestamp` (TIMESTAMPTZ) and one column per parameter, one row per
   * timestamp, newest version wins per timestamp and column (a NULL says nothing). Rows come in no promised order.
   * Reads only the pieces that overlap the range, and may tell all that is in them: who wants the range alone says so.
   */
  relation(range?: Range): Promise<string>;
  /** Of a range that the newest version may tell of alone, what shows whether it does; undefined where that is unlikely. */
  newest?(range: Range): Promise<Newest | undefined>;
  /** The same as what it is made for asks it, so that whatever would wait for itself says so. */
  askedBy?(asker: Asked): Series;
}

/**
 * The newest of several versions that tell of a range, a relation like the series' own, and one of each `timestamp` in
 * the range of which older ones tell. Where it tells every column at each of these, older ones say nothing.
 */
export interface Newest {
  readonly key: string; // of its piece
  readonly relation: string;
  readonly older: string;
}

/** What a dynamic directory computes: a directory, or a leaf that looks like the stored one of its kind. */
export type DynamicNode =
  | {readonly kind: "directory"; readonly directory: DynamicDirectory; readonly asked?: Asked} // in whose name it asks
  | {readonly kind: "file"; read(): Promise<Uint8Array>}
  | {readonly kind: "series"; readonly series: Series};

/** Entries computed on access; implemented above pond/. Read-only, cached per snapshot by the pond. */
export interface DynamicDirectory {
  list(): Promise<readonly string[]>; // names, sorted
  get(name: string): Promise<DynamicNode | undefined>;
}

/** What a dynamic directory may use: the snapshot it belongs to, and a place for derived data. */
export interface DynamicContext {
  readonly fs: Reader; // asked in the name of the directory
  readonly cache: string; // an existing host directory for derived files, keyed by content; may be deleted any time
  readonly path: string; // where the directory stands in the pond
  readonly duck: Duck; // the pond's own
}

/** Makes a dynamic directory from the config that its node holds. */
export type DynamicFactory = (config: unknown, context: DynamicContext) => DynamicDirectory;

/** The read side of a filesystem, the same over a snapshot, over history and inside a transaction. */
export interface Reader {
  readonly version: number; // the Delta version that it shows
  stat(path: string): Promise<Stat>; // follows symlinks
  lstat(path: string): Promise<Stat>; // does not
  readlink(path: string): Promise<string | undefined>; // where a symlink points, followed no further; else undefined
  exists(path: string): Promise<boolean>;
  list(path: string): Promise<readonly Stat[]>; // sorted by name; the entries themselves, symlinks not followed
  walk(path: string): AsyncIterable<Stat>; // depth first, names sorted, symlinks not followed
  glob(pattern: string): Promise<readonly Match[]>; // sorted by path
  read(path: string): Promise<Uint8Array>; // file: bytes; series and table: one Parquet file
  stream(path: string): AsyncIterable<Uint8Array>; // the same a few megabytes at a time, proven before the first
  versions(path: string): Promise<readonly Version[]>; // oldest first
  /** How many readings, each of a time and a column, an older version told already; undefined where no series is stored. */
  restated(path: string): Promise<number | undefined>;
  series(path: string): Promise<Series>; // a series or a table with a column `timestamp`, stored or dynamic
  askedBy(asker: Asked): Reader; // the same, asked in the name of something that is computed: see Asked
  /** The readings of a series by time, a batch at a time: memory is bound by row groups, not by the history. */
  batches(path: string, range?: Range): AsyncIterable<RecordBatch>;
  /** SQL by DuckDB; BAD_QUERY says where it is wrong. Each "'/pond/path'" or glob in FROM position is read through the filesystem; `oplog` is the log. */
  query(sql: string, options?: {readonly source?: string}): Promise<Table>; // source: a path that is the table `source` too
}

/** The write side: everything or nothing, and reads see the writes before them. */
export interface Transaction extends Reader {
  mkdir(path: string, options?: {readonly recursive?: boolean}): Promise<void>;
  /** A file's next version. Pieces are for what is too large to hold; BAD_CONTENT when they differ the second time. */
  write(path: string, content: Uint8Array | string | Pieces, options?: WriteOptions): Promise<void>;
  /**
   * Adds a version to a series, made when missing. `timestamp` is Timestamp(µs, UTC), the rest one number or text per
   * parameter, kept as DOUBLE and VARCHAR; column attributes come as Arrow field metadata (instrument, scope,
   * parameter, unit). Rows are sorted by time; of two rows with one timestamp in one append the later wins per column.
   * No rows: no version. Throws BAD_CONTENT for another type, or one that is not the column's in earlier versions.
   */
  append(
    path: string,
    readings: Table | AsyncIterable<RecordBatch> | Selection | Staged,
    options?: WriteOptions
  ): Promise<Appended>;
  /** A table's next version; column attributes come as Arrow field metadata. */
  table(path: string, content: Table, options?: WriteOptions): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  dynamic(path: string, factory: string, config: unknown): Promise<void>; // makes it or replaces its config
  rename(from: string, to: string): Promise<void>;
  remove(path: string, options?: {readonly recursive?: boolean; readonly force?: boolean}): Promise<void>;
  /** Runs `body`; when it throws, what it wrote is undone and the transaction goes on. Bodies do not overlap. */
  attempt<T>(body: () => Promise<T>): Promise<T>;
}

/**
 * Readings that DuckDB selects and stores itself, for amounts that would take long through JavaScript. Each SELECT
 * gives `timestamp` (TIMESTAMPTZ, never NULL, no two alike) and a number per parameter, in any order, of a span of time
 * that no other reaches into, and no more than fits in memory as one Parquet file; the next runs while what the one
 * before gave is put away.
 */
export interface Selection {
  readonly sql: readonly string[] | AsyncIterable<string>; // asked for the next when all but the last are done
  readonly columns: readonly Omit<Column, "type">[];
  readonly sorted?: boolean; // whether all rows come by time, from SELECT to SELECT, which saves sorting them
}

/** Content piece by piece. It is asked for twice, to be hashed and to be stored, and has to be the same then. */
export type Pieces = () => AsyncIterable<Uint8Array>;

/** Readings that the store has and no series yet: to append them is quick, however many they are. See `Pond.stage`. */
export interface Staged {
  readonly columns: Selection["columns"];
  readonly pieces: readonly {
    readonly content: Uint8Array | null; // null where the store has it
    readonly inline: boolean;
    readonly sha256: string; // hex
    readonly size: number; // bytes
    readonly rows: number;
    readonly minTime: number; // µs UTC, inclusive
    readonly maxTime: number; // µs UTC, inclusive
  }[];
}

export interface WriteOptions {
  readonly parents?: boolean; // make missing parent directories
  readonly attributes?: Readonly<Record<string, unknown>>; // merged into the node's attributes
}

export interface Appended {
  readonly rows: number;
  readonly minTime?: number; // µs UTC, inclusive
  readonly maxTime?: number; // µs UTC, inclusive
}

/** Who did what: written into `commitInfo` of the Delta log. */
export interface Intent {
  readonly command: string; // e.g. "pond run"
  readonly message?: string;
}

/** One transaction as the log tells it. */
export interface Commit {
  readonly version: number; // Delta version
  readonly timestamp: number; // µs UTC, strictly increasing (whole milliseconds)
  readonly txnId: string; // UUID
  readonly user: string;
  readonly command: string;
  readonly message?: string;
  readonly tookMs: number;
  readonly operations: number; // records written
  readonly rows: number; // readings stored
  readonly previous?: string; // SHA-256 of the previous commit file, hex
}

/** A point of history: after a transaction, or at an instant, µs UTC. */
export type Moment = {readonly version: number} | {readonly time: number};

/** The effects a pond has on the world beside its store; tests replace them. */
export interface PondEffects {
  readonly now: () => number; // ms since 1970
  readonly user: string;
}

/** An object of a store. */
export interface Listed {
  readonly key: string;
  /** What there is to know of it; undefined when it is gone since it was listed. */
  readonly stat: () => Promise<Standing | undefined>;
}

/** An object as it stands in a store. */
export interface Standing {
  readonly size: number; // bytes
  readonly mark?: string; // when the store knows it: a put of the same key changes it even if the key was taken
}

/**
 * The port to bytes. Keys are relative, `/`-separated, from `[A-Za-z0-9._=/-]`. Objects are immutable once put, but
 * for those a caller deletes. Nothing above may need rename, append, a directory, or a listing in one page.
 */
export interface Store {
  /** The whole object; rejects with code `NOT_FOUND` when there is none. */
  get(key: string): Promise<Uint8Array>;
  /** Bytes `[begin, end)`; a negative begin counts from the end. Short objects give what they have. */
  getRange(key: string, begin: number, end?: number): Promise<Uint8Array>;
  /** True once the object is durable under a key that had none; false, and no change, when the key was taken. */
  putIfAbsent(key: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<boolean>;
  /**
   * Keys that begin with the prefix, sorted by code unit. There may be a hundred thousand of them, of which few are asked
   * what else there is to know.
   */
  list(prefix: string): AsyncIterable<Listed>;
  /** Gone when it resolves; deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** A host path that DuckDB may read the object from, when the store has one. */
  locate?(key: string): string;
}

/** What is wrong: in which file, what, and what to do. */
export interface Problem {
  readonly fault: "commit" | "foreign" | "checkpoint" | "op file" | "blob" | "tree";
  readonly file: string; // key in the store
  readonly version?: number; // the transaction that it belongs to
  readonly sentence: string;
  readonly remedy: string;
  readonly sha256?: string; // what the file should have, when that is known
}
