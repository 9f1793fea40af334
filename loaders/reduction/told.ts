import {type Duck, identifier} from "../../pond/duck.js";
import type {Bins} from "./bins.js";
import type {Mark, Reduced} from "./partial.js";
import {type Due, isCount, type Statistic, statisticName, tell} from "./statistic.js";

/** One statistic of one column, as a column. */
export interface Told {
  readonly column: Reduced;
  readonly statistic: Statistic | Mark;
}

export function nameOf({column, statistic}: Told): string {
  return statisticName(column.name, statistic);
}

/** As DuckDB spells it. */
export function typeOf({statistic}: Pick<Told, "statistic">): "INTEGER" | "DOUBLE" {
  return isCount(statistic) ? "INTEGER" : "DOUBLE";
}

/** What is to stand in a file. */
export interface Telling extends Due {
  readonly told: readonly Told[];
  readonly time: string; // SQL that makes `timestamp` of the µs since 1970 in the column "timestamp"
}

/** What browsers read. */
export const browsers = {FORMAT: "parquet", COMPRESSION: "snappy"};

/** Writes a row for each bin; gives their number. */
export function writeTold(duck: Duck, bins: Bins, {telling, file}: {telling: Telling; file: string}): Promise<number> {
  const {told, time} = telling;
  const lent = told.map((one) => ({name: nameOf(one), values: tell(bins, one, telling)}));
  const select = told.map((one, index) => selected(one, lent[index]!.values));
  const sql = (relation: string) => `SELECT ${[`${time} AS timestamp`, ...select].join(", ")} FROM ${relation}`;
  return duck.lend([{name: "timestamp", values: bins.starts}, ...lent], (relation) =>
    duck.copy(sql(relation), file, browsers)
  );
}

/** To look for what is missing takes DuckDB a third of what it takes to write, and most columns miss nothing. */
function selected(told: Told, values: Float64Array): string {
  const name = identifier(nameOf(told));
  if (typeOf(told) === "INTEGER") return `${name}::INTEGER AS ${name}`;
  return values.some(Number.isNaN) ? `nullif(${name}, 'nan'::DOUBLE) AS ${name}` : name;
}
