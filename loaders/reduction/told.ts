import type {LentColumn} from "../../pond/column.js";
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

type Type = "INTEGER" | "DOUBLE";

/** As DuckDB spells it. */
export function typeOf({statistic}: Pick<Told, "statistic">): Type {
  return isCount(statistic) ? "INTEGER" : "DOUBLE";
}

/** What is to stand in a file. */
export interface Telling extends Due {
  readonly told: readonly Told[];
  readonly time: string; // SQL that makes `timestamp` of the µs since 1970 in the column "timestamp"
}

/** What browsers read. */
export const browsers = {FORMAT: "parquet", COMPRESSION: "snappy"};

/** A column of doubles, and as what it is to stand in a file. */
export interface Typed extends LentColumn {
  readonly type: Type;
  readonly isFull: boolean; // no value is missing: to look for those takes DuckDB a third of what it takes to write
}

/** Columns of doubles that JavaScript holds, and the time of each row. */
export interface Table {
  readonly times: Float64Array;
  readonly columns: readonly Typed[];
}

/** Writes a row for each bin to a file that nobody reads yet (see `Duck.write`); gives their number. */
export function writeTold(duck: Duck, bins: Bins, {telling, file}: {telling: Telling; file: string}): Promise<number> {
  const columns = telling.told.map((one): Typed => {
    const values = tell(bins, one, telling);
    const type = typeOf(one);
    return {name: nameOf(one), values, type, isFull: type === "INTEGER" || !values.some(Number.isNaN)};
  });
  return writeTable(duck, {times: bins.starts, columns}, {time: telling.time, file});
}

/** Writes a table likewise, as browsers read it; gives the number of its rows. `time` is as `Telling` has it. */
export function writeTable(
  duck: Duck,
  {times, columns}: Table,
  {time, file}: {time: string; file: string}
): Promise<number> {
  const select = [`${time} AS timestamp`, ...columns.map(selected)].join(", ");
  return duck.lend([{name: "timestamp", values: times}, ...columns], (relation) =>
    duck.write(`SELECT ${select} FROM ${relation}`, file, browsers)
  );
}

function selected({name, type, isFull}: Typed): string {
  const own = identifier(name);
  const value = isFull ? own : `nullif(${own}, 'nan'::DOUBLE)`;
  return `${type === "DOUBLE" ? value : `${value}::${type}`} AS ${own}`;
}
