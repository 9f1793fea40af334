import type {Decimal} from "./decimal.js";
import type {ColumnAttributes, Range} from "../../pond/types.js";
import type {Settled} from "./source.js";
import type {Stretch} from "./stretch.js";
import type {Last} from "./timed.js";

/** A file of the host as readings. */
export interface HostTable {
  readonly columns: readonly TableColumn[];
  readonly leftOut: readonly string[]; // headers of columns that hold no numbers
  readonly decimals?: ReadonlyMap<string, Decimal>; // by header: how the numbers of a column are read, if they are text
  readonly notes: readonly Note[]; // what was left out
  readonly rows: number; // with a time
  readonly isRising?: boolean; // whether rows come as they are folded, by time
  readonly isOnward: boolean; // whether no row is of a time before another's above it
  readonly isSorted: boolean; // whether times rise, or fall, from row to row
  readonly span?: Span; // none without rows
  readonly settled?: Settled; // how it is written, where more may be written behind it
  readonly last?: Last; // when its last row was, if that took a clock on the wall
  spanIn(range: Range): Promise<Span | undefined>; // of the rows in a range
  cut(range: Range): Promise<readonly Stretch[]>; // what fits in memory, by time; nothing without rows
  count(stretch: Stretch): Promise<Count>;
  filled(stretch: Stretch): Promise<number>; // times at which there is a value
  /** A SELECT of `instant` (TIMESTAMPTZ) and `v0`, `v1`, … (DOUBLE): a row per instant, of several the last that says something. */
  folded(range: Range): string;
}

/** µs UTC, both inclusive. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

export interface TableColumn {
  readonly header: string; // as the file names it
  readonly name: string; // `<scope>.<parameter>.<unit>`, as far as they are told
  readonly attributes: ColumnAttributes;
}

/** What stands in a stretch of time. */
export interface Count {
  readonly rows: number;
  readonly times: number;
  readonly differing: number; // times at which rows differ
}

/** What only the file as a whole tells. */
export type Told = "filled" | "spanIn" | "isOnward" | "isSorted";

/** A table without columns, and why. */
export function nothing(note: string): Omit<HostTable, Told> {
  const none = {cut: async () => [], count: async () => ({rows: 0, times: 0, differing: 0}), folded: () => ""};
  return {columns: [], leftOut: [], notes: [note], rows: 0, ...none};
}

// ---- Rows of one time ----

/**
 * SQL before a SELECT: `r`, the rows, and `several`, the times that stand in more of them than they should. Those are
 * few, if any: to group all rows by what counts among them would take longer than all else.
 */
export function severalIn(select: string, isSeveral = "count(*) > 1"): string {
  return `WITH r AS MATERIALIZED (${select}), several AS (SELECT instant FROM r GROUP BY instant HAVING ${isSeveral})`;
}

// ---- What is said of it ----

/** A phrase, or one with a number in it, to which that of another part of the file is added. */
export type Note = string | Counted;

export interface Counted {
  readonly of: string; // the same in all parts
  readonly count: number;
  readonly tell: (count: number) => string;
}

/** What is said of the parts of a file, as it is said of the whole. */
export function summed(notes: readonly Note[]): readonly Note[] {
  const sums = new Map<string, Note>();
  for (const note of notes) {
    const of = typeof note === "string" ? note : note.of;
    const before = sums.get(of) ?? note;
    const isSecond = sums.has(of) && typeof note !== "string" && typeof before !== "string";
    sums.set(of, isSecond ? {...before, count: before.count + note.count} : before);
  }
  return [...sums.values()];
}

/** A note in words. */
export function told(note: Note): string {
  return typeof note === "string" ? note : note.tell(note.count);
}

// ---- Numbers ----

/** NaN and infinity are no readings. */
export function finite(sql: string): string {
  return `(CASE WHEN isfinite(${sql}) THEN ${sql} END)`;
}

export function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}
