import type {Table} from "apache-arrow";
import {csvFormatRows} from "d3-dsv";

/** The forms in which a command prints rows. */
export const formats = ["table", "csv", "json", "ndjson"] as const;
export type Format = (typeof formats)[number];

/** One printed row: column names to plain values. */
export type Row = Readonly<Record<string, unknown>>;

/** The rows as text without a last line break. Times are ISO 8601 in UTC; a missing value is empty, or null in JSON. */
export function formatRows(rows: readonly Row[], format: Format): string {
  switch (format) {
    case "table":
      return alignedTable(rows);
    case "csv":
      return csvFormatRows([columnsOf(rows), ...rows.map((row) => columnsOf(rows).map((name) => cell(row[name])))]);
    case "json":
      return JSON.stringify(rows.map(plainRow), null, 2);
    case "ndjson":
      return rows.map((row) => JSON.stringify(plainRow(row))).join("\n");
  }
}

/** The rows of an Arrow table as plain values: bigints that fit become numbers, timestamps become Dates. */
export function rowsOf(table: Table): Row[] {
  const names = table.schema.fields.map((field) => field.name);
  const times = new Set(table.schema.fields.filter((field) => isTime(String(field.type))).map((field) => field.name));
  return Array.from({length: table.numRows}, (_, index) => {
    const row = table.get(index);
    return Object.fromEntries(names.map((name) => [name, plainValue(row?.[name], times.has(name))]));
  });
}

function isTime(type: string): boolean {
  return type.startsWith("Timestamp") || type.startsWith("Date");
}

function plainValue(value: unknown, time: boolean): unknown {
  if (time && value !== null && value !== undefined) return new Date(Number(value));
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
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function alignedTable(rows: readonly Row[]): string {
  const columns = columnsOf(rows);
  const cells = rows.map((row) => columns.map((name) => cell(row[name])));
  const widths = columns.map((name, index) => Math.max(name.length, ...cells.map((line) => line[index]!.length)));
  const right = columns.map((name) => rows.every((row) => isNumberOrNothing(row[name])));
  const aligned = (line: readonly string[]) =>
    line
      .map((text, index) => (right[index] ? text.padStart(widths[index]!) : text.padEnd(widths[index]!)))
      .join("  ")
      .trimEnd();
  return [aligned(columns), ...cells.map(aligned)].join("\n");
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

/** A count of things: "1 file", "12,699 files"; the plural only where it is not the noun with an s. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** A count with thin grouping: 12699 becomes "12,699". */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}
