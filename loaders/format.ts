import type {Table, Vector} from "apache-arrow";
import {csvFormatRows} from "d3-dsv";

/** The forms in which a command prints rows. */
export const formats = ["table", "csv", "json", "ndjson"] as const;
export type Format = (typeof formats)[number];

/** One printed row: column names to plain values. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * The rows as text without a last line break. Times are ISO 8601 in UTC, in milliseconds or as much finer as they are; a
 * missing value is empty, or null in JSON.
 */
export function formatRows(rows: readonly Row[], format: Format): string {
  switch (format) {
    case "table":
      return alignedTable(rows);
    case "csv":
      return commaSeparated(rows);
    case "json":
      return JSON.stringify(rows.map(plainRow), null, 2);
    case "ndjson":
      return rows.map((row) => JSON.stringify(plainRow(row))).join("\n");
  }
}

function commaSeparated(rows: readonly Row[]): string {
  const names = columnsOf(rows);
  return csvFormatRows([names, ...rows.map((row) => names.map((name) => cell(row[name])))]);
}

/** Some rows at a time. */
export type RowStream = AsyncIterable<readonly Row[]>;

/**
 * The same text for more rows than should be in memory, in pieces, with a last line break. `rows` has to give the same
 * each time that it is called: a table is as wide as its widest cell, and so is read twice.
 */
export async function* formatStream(rows: () => RowStream, format: Format): AsyncIterable<string> {
  if (format === "table") yield* alignedStream(rows);
  else if (format === "csv") yield* csvStream(rows());
  else if (format === "json") yield* jsonStream(rows());
  else for await (const some of rows()) if (some.length > 0) yield `${formatRows(some, format)}\n`;
}

async function* alignedStream(rows: () => RowStream): AsyncIterable<string> {
  let layout = layoutOf([]);
  for await (const some of rows()) layout = layoutOf(some, layout);
  yield `${headOf(layout)}\n`;
  for await (const some of rows()) if (some.length > 0) yield `${aligned(some, layout).join("\n")}\n`;
}

async function* csvStream(rows: RowStream): AsyncIterable<string> {
  let isFirst = true;
  for await (const some of rows) {
    if (some.length === 0) continue;
    const text = formatRows(some, "csv");
    yield `${isFirst ? text : text.slice(text.indexOf("\n") + 1)}\n`;
    isFirst = false;
  }
  if (isFirst) yield "\n";
}

async function* jsonStream(rows: RowStream): AsyncIterable<string> {
  let before = "[\n";
  for await (const some of rows) {
    if (some.length === 0) continue;
    yield before + formatRows(some, "json").slice(2, -2);
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

/** The rows of an Arrow table as plain values: bigints that fit become numbers, times Dates, or text where they are finer. */
export function rowsOf(table: Table): Row[] {
  const columns = table.schema.fields.map(({name, type}, place) => {
    const vector = table.getChildAt(place)!; // a row of Arrow's looks each of its columns up by name, which takes ten times as long
    return {name, at: reading(vector, String(type))};
  });
  return Array.from({length: table.numRows}, (_, index) => {
    return Object.fromEntries(columns.map(({name, at}) => [name, at(index)]));
  });
}

/** Decimals of a second that an Arrow timestamp counts. */
const decimals: Readonly<Record<string, number>> = {SECOND: 0, MILLISECOND: 3, MICROSECOND: 6, NANOSECOND: 9};

/** What tells the plain value of a row. */
function reading(vector: Vector, type: string): (row: number) => unknown {
  const unit = /^Timestamp<(\w+)/.exec(type)?.[1];
  if (unit !== undefined) {
    const ticks = ticksOf(vector);
    return (row) => (ticks[row] === null ? null : instantOf(ticks[row]!, decimals[unit]!));
  }
  const isDate = type.startsWith("Date");
  return (row) => plainValue(vector.get(row), isDate);
}

/** Timestamps as they are counted: Arrow itself tells milliseconds, as doubles. */
function ticksOf({data}: Vector): (bigint | null)[] {
  return data.flatMap((part) =>
    Array.from({length: part.length}, (_, row) => (part.getValid(row) ? (part.values as BigInt64Array)[row]! : null))
  );
}

const million = 1_000_000n;

/** What DuckDB counts infinity as, in any unit. */
const infinity = 2n ** 63n - 1n;

/** An instant, counted since 1970: a Date where milliseconds tell it, else as ISO 8601 with the decimals that do. */
function instantOf(ticks: bigint, decimals: number): Date | string {
  if (ticks === infinity || ticks === -infinity) return ticks > 0n ? "infinity" : "-infinity";
  const nanos = ticks * 10n ** BigInt(9 - decimals);
  const rest = ((nanos % million) + million) % million; // before 1970 too, a time is after its millisecond
  const millis = new Date(Number((nanos - rest) / million));
  if (rest === 0n) return millis;
  return millis.toISOString().replace("Z", `${String(rest).padStart(6, "0").replace(/000$/, "")}Z`);
}

function plainValue(value: unknown, isDate: boolean): unknown {
  if (isDate && value !== null && value !== undefined) return new Date(Number(value));
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return value;
}

function plainRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainCell(value)]));
}

function plainCell(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value ?? null;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "string") return value;
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

function columnsOf(rows: readonly Row[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  return [...names];
}

/** How the columns of a table stand, by name. */
type Layout = ReadonlyMap<string, {readonly width: number; readonly isRight: boolean}>;

/** What rows need, beside what those before them do. */
function layoutOf(rows: readonly Row[], before: Layout = new Map()): Layout {
  const layout = new Map(before);
  for (const name of columnsOf(rows)) {
    const {width, isRight} = before.get(name) ?? {width: name.length, isRight: true};
    layout.set(name, {
      width: rows.reduce((widest, row) => Math.max(widest, cell(row[name]).length), width),
      isRight: isRight && rows.every((row) => isNumberOrNothing(row[name]))
    });
  }
  return layout;
}

function alignedTable(rows: readonly Row[]): string {
  const layout = layoutOf(rows);
  return [headOf(layout), ...aligned(rows, layout)].join("\n");
}

function headOf(layout: Layout): string {
  return lineOf([...layout.keys()], layout);
}

function aligned(rows: readonly Row[], layout: Layout): string[] {
  const names = [...layout.keys()];
  return rows.map((row) =>
    lineOf(
      names.map((name) => cell(row[name])),
      layout
    )
  );
}

function lineOf(cells: readonly string[], layout: Layout): string {
  return [...layout.values()]
    .map(({width, isRight}, index) => (isRight ? cells[index]!.padStart(width) : cells[index]!.padEnd(width)))
    .join("  ")
    .trimEnd();
}

function isNumberOrNothing(value: unknown): boolean {
  if (typeof value === "string") return /^$|^[\d,.]+( [kMG]?B)?$/.test(value); // as formatCount and formatBytes write
  return value === null || value === undefined || typeof value === "number" || typeof value === "bigint";
}

/** Bytes for people: "512 B", "3.4 kB", "1.2 MB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${["B", "kB", "MB", "GB"][power]}`;
}

/** An instant in µs since 1970, as rows tell it. */
export function formatInstant(micros: number): string {
  return cell(instantOf(BigInt(micros), decimals.MICROSECOND!));
}

/** A count of things: "1 file", "12,699 files"; the plural only where it is not the noun with an s. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** A count with thin grouping: 12699 becomes "12,699". */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}
