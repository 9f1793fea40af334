import {csvFormatRows} from "npm:d3-dsv";
import type {Line} from "../chart/frame.js";

/** Values side by side: one row per instant, in order of time. */
export interface Sheet {
  readonly times: readonly number[]; // ms since 1970, ascending: of a reading, or when a bin begins
  readonly columns: readonly SheetColumn[];
}

export interface SheetColumn {
  readonly name: string; // "Surface.DO.mg/L.avg", with the dataset before it where there are several
  readonly statistic: Told;
  readonly values: readonly (number | undefined)[]; // one per time; undefined where there is none
}

/** What a column tells: of bins their statistics and how many readings were flagged, of readings the value and its flag. */
export type Told = "avg" | "min" | "max" | "count" | "suspect" | "fail" | "value" | "flag";

/** Whether a column holds whole numbers. */
export function isWhole({statistic}: SheetColumn): boolean {
  return ["count", "suspect", "fail", "flag"].includes(statistic);
}

/** Lines as they are drawn, joined on time. */
export function sheetOf(lines: readonly Line[]): Sheet {
  const several = new Set(lines.map(datasetOf)).size > 1;
  return joined(lines.map((line) => ownSheet(line, several ? `${datasetOf(line)}.` : "")));
}

function datasetOf({key, column}: Line): string {
  return key.slice(0, -column.length - 1);
}

function ownSheet(line: Line, before: string): Sheet {
  const {points, flagged = [], header = line.column, resolution, tested = false} = line;
  const times = [...new Set([...points, ...flagged].map(({time}) => time))].sort((a, b) => a - b);
  const [bins, flags] = [byTime(points), byTime(flagged)];
  const column = (statistic: Told, value: (time: number) => number | undefined): SheetColumn => ({
    name: statistic === "value" ? `${before}${header}` : `${before}${header}.${statistic}`,
    statistic,
    values: times.map(value)
  });
  if (resolution.raw)
    return {
      times,
      columns: [
        column("value", (time) => flags.get(time)?.value ?? bins.get(time)?.avg),
        ...(tested ? [column("flag", (time) => flagOf(flags.get(time)))] : [])
      ]
    };
  const told = (["avg", "min", "max", "count"] as const).map((name) => column(name, (time) => bins.get(time)?.[name]));
  const counts = (["suspect", "fail"] as const).map((name) => column(name, (time) => flags.get(time)?.[name] ?? 0));
  return {times, columns: tested ? [...told, ...counts] : told};
}

function byTime<T extends {readonly time: number}>(all: readonly T[]): ReadonlyMap<number, T> {
  return new Map(all.map((one) => [one.time, one]));
}

/** QARTOD's, as far as a chart knows it. */
function flagOf(flag: {readonly fail: number} | undefined): number | undefined {
  return flag && (flag.fail > 0 ? 4 : 3);
}

/** Sheets side by side, a row wherever any of them has one. */
export function joined(sheets: readonly Sheet[]): Sheet {
  const [first] = sheets;
  if (first && sheets.every(({times}) => same(times, first.times)))
    return {times: first.times, columns: sheets.flatMap(({columns}) => columns)};
  const times = [...new Set(sheets.flatMap((sheet) => sheet.times))].sort((a, b) => a - b);
  const columns = sheets.flatMap((sheet) => {
    const rows = new Map(sheet.times.map((time, row) => [time, row]));
    return sheet.columns.map((column) => ({
      ...column,
      values: times.map((time) => {
        const row = rows.get(time);
        return row === undefined ? undefined : column.values[row];
      })
    }));
  });
  return {times, columns};
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((time, index) => time === b[index]));
}

/** Comma-separated values: times in UTC as ISO 8601, nothing where there is none, notes first after `#`. */
export function csvOf({times, columns}: Sheet, notes: readonly string[]): string {
  const rows = times.map((time, row) => [
    new Date(time).toISOString(),
    ...columns.map(({values}) => String(values[row] ?? ""))
  ]);
  const table = csvFormatRows([["timestamp", ...columns.map(({name}) => name)], ...rows]);
  return `${notes.map((note) => `# ${note}\n`).join("")}${table}\n`;
}
