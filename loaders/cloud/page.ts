import type {Range} from "../../pond/types.js";
import type {FriendlyNames, ParameterData} from "./api.js";

/** What a column of HydroVu's readings is. */
export interface Measure {
  readonly parameter: string;
  readonly unit?: string; // none where HydroVu's is empty
}

/** What columns are, by the ids of their parameter and unit, as `1/7`. */
export type Measures = Readonly<Record<string, Measure>>;

/** Readings by time, µs UTC. */
export interface Rows {
  readonly columns: readonly Measure[];
  readonly rows: ReadonlyMap<number, Float64Array>; // a value for each column, NaN where there is none
}

/**
 * What the columns of a page are, beside those that are known: these stay as they were called when they were first met,
 * so that a column goes on whatever HydroVu calls it. Of two parameters of one name the later has its id beside it.
 */
export function measuresOf(known: Measures, page: readonly ParameterData[], names: FriendlyNames): Measures {
  const measures: Record<string, Measure> = {...known};
  const taken = new Set(Object.values(known).map(alike));
  for (const data of page) {
    if (measures[keyOf(data)] !== undefined) continue;
    const {parameterId, unitId} = data;
    const parameter = names.parameters[parameterId]?.trim() || `Parameter ${parameterId}`;
    const unit = (names.units[unitId] ?? `unit ${unitId}`).trim();
    const told = unit === "" ? {parameter} : {parameter, unit};
    const measure = taken.has(alike(told)) ? {...told, parameter: `${parameter} (${parameterId})`} : told;
    measures[keyOf(data)] = measure;
    taken.add(alike(measure));
  }
  return measures;
}

/** How a measure is spelled as a column's name. */
export function columnName({parameter, unit}: Measure): string {
  return unit === undefined ? parameter : `${parameter}.${unit}`;
}

/** DuckDB does not tell names apart by case. */
function alike(measure: Measure): string {
  return columnName(measure).toLowerCase();
}

/** The readings of a page as rows. Of two of one time and parameter the later counts. */
export function rowsOf(page: readonly ParameterData[], measures: Measures): Rows {
  const keys = [...new Set(page.map(keyOf))];
  const rows = new Map<number, Float64Array>();
  for (const data of page) {
    const index = keys.indexOf(keyOf(data));
    for (const {timestamp, value} of data.readings) {
      if (value === null || !Number.isFinite(value)) continue;
      const time = Math.round(timestamp * 1e6);
      let row = rows.get(time);
      if (!row) rows.set(time, (row = new Float64Array(keys.length).fill(NaN)));
      row[index] = value;
    }
  }
  return {columns: keys.map((key) => measures[key]!), rows};
}

/** How many readings a page has, as HydroVu counts them: values, not rows. */
export function pointsIn(page: readonly ParameterData[]): number {
  return page.reduce((sum, {readings}) => sum + readings.length, 0);
}

/** The rows in a span of time, and the others. */
export function divided(
  {columns, rows}: Rows,
  {begin, end}: Required<Range>
): {readonly within: Rows; readonly beyond: Rows} {
  const [within, beyond] = [new Map<number, Float64Array>(), new Map<number, Float64Array>()];
  for (const [time, row] of rows) (time >= begin && time < end ? within : beyond).set(time, row);
  return {within: {columns, rows: within}, beyond: {columns, rows: beyond}};
}

function keyOf({parameterId, unitId}: Pick<ParameterData, "parameterId" | "unitId">): string {
  return `${parameterId}/${unitId}`;
}
