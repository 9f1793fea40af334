import type {ColumnAttributes, Range} from "../../pond/types.js";
import type {Settled} from "./source.js";
import type {Stretch} from "./stretch.js";
import type {Last} from "./timed.js";

/** A file of the host as readings. */
export interface HostTable {
  readonly columns: readonly TableColumn[];
  readonly notes: readonly string[]; // what was left out, a phrase each
  readonly rows: number; // with a time
  readonly isRising?: boolean; // whether rows come as they are folded, by time
  readonly span?: {readonly begin: number; readonly end: number}; // µs UTC, both inclusive; none without rows
  readonly settled?: Settled; // how it is written, where more may be written behind it
  readonly last?: Last; // when its last row was, if that took a clock on the wall
  cut(range: Range): Promise<readonly Stretch[]>; // what fits in memory, by time; nothing without rows
  count(stretch: Stretch): Promise<Count>;
  filled(stretch: Stretch): Promise<number>; // times at which there is a value
  /** A SELECT of `instant` (TIMESTAMPTZ) and `v0`, `v1`, … (DOUBLE): a row per instant, of several the last that says something. */
  folded(range: Range): string;
}

export interface TableColumn {
  readonly name: string; // `<scope>.<parameter>.<unit>`, as far as they are told
  readonly attributes: ColumnAttributes;
}

/** What stands in a stretch of time. */
export interface Count {
  readonly rows: number;
  readonly times: number;
  readonly differing: number; // times at which rows differ
}

/** A table without columns, and why. */
export function nothing(note: string): HostTable {
  const none = {cut: async () => [], count: async () => ({rows: 0, times: 0, differing: 0}), filled: async () => 0};
  return {columns: [], notes: [note], rows: 0, ...none, folded: () => ""};
}

// ---- Numbers ----

/** The number in a text, DOUBLE or NULL. */
export function numberIn(sql: string, decimal: "." | ","): string {
  const plain = decimal === "," ? `replace(replace(${sql}, '.', ''), ',', '.')` : sql;
  const told = decimal === "," ? `CASE WHEN contains(${sql}, ',') THEN ${plain} ELSE ${sql} END` : plain;
  return `TRY_CAST(trim(${told}) AS DOUBLE)`;
}

/** NaN and infinity are no readings. */
export function finite(sql: string): string {
  return `(CASE WHEN isfinite(${sql}) THEN ${sql} END)`;
}

export function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}
