import {csvFormatRows} from "npm:d3-dsv";
import type {Line} from "./chart.js";
import type {Point} from "./dataset.js";

/** Lines side by side: one row per instant at which any of them has a bin, one column per line and statistic. */
export interface Sheet {
  readonly times: readonly number[]; // ms since 1970, ascending: when each bin begins
  readonly columns: readonly SheetColumn[];
}

export interface SheetColumn {
  readonly name: string; // "Surface.DO.mg/L.avg", with the dataset before it where there are several
  readonly values: readonly (number | undefined)[]; // one per time; undefined where readings are missing
}

const statistics = ["avg", "min", "max", "count"] as const;

/** The join of lines on time. */
export function sheetOf(lines: readonly Pick<Line, "key" | "column" | "points">[]): Sheet {
  const times = [...new Set(lines.flatMap(({points}) => points.map(({time}) => time)))].sort((a, b) => a - b);
  const several = new Set(lines.map(({key, column}) => key.slice(0, -column.length))).size > 1;
  return {
    times,
    columns: lines.flatMap(({key, column, points}) => {
      const bins = new Map<number, Point>(points.map((point) => [point.time, point]));
      const name = several ? key.replace("/", ".") : column;
      return statistics.map((statistic) => ({
        name: `${name}.${statistic}`,
        values: times.map((time) => bins.get(time)?.[statistic])
      }));
    })
  };
}

/** Comma-separated values: times in UTC as ISO 8601, nothing where readings are missing, notes first after `#`. */
export function csvOf({times, columns}: Sheet, notes: readonly string[]): string {
  const rows = times.map((time, row) => [
    new Date(time).toISOString(),
    ...columns.map(({values}) => String(values[row] ?? ""))
  ]);
  const table = csvFormatRows([["timestamp", ...columns.map(({name}) => name)], ...rows]);
  return `${notes.map((note) => `# ${note}\n`).join("")}${table}\n`;
}
