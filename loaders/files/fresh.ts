import {identifier} from "../../pond/duck.js";
import type {Range, Reader, Selection} from "../../pond/types.js";
import type {Count, HostTable, TableColumn} from "./host.js";
import type {Stretch} from "./stretch.js";

/** What a file may bring to one series. */
export interface Delivery {
  readonly path: string; // of the series
  readonly table: HostTable;
  readonly range: Range; // which of its rows
}

/** What it brought. */
export interface Delivered {
  readonly read: number; // rows of the file in the range
  readonly stored: number; // times that were new or restated
  readonly known: number; // times of which the series held all already
  readonly empty: number; // times without a value
  readonly differing: number; // times at which the file's own rows differ; the last counts
}

/** Where a delivery goes. */
export interface Target {
  readonly reader: Reader; // what stands there already
  readonly append: (path: string, selection: Selection) => Promise<number>; // how many times that were
}

/**
 * Stores what a file adds to a series or restates, stretch by stretch, so that files of any size pass through the same
 * memory; of several rows with one time the last counts. What the series holds already is not stored again.
 */
export async function deliver({reader, append}: Target, {path, table, range}: Delivery): Promise<Delivered> {
  const stretches = await table.cut(range);
  const counts: Count[] = [];
  const sql: string[] = [];
  const {columns, names} = await columnsOf(reader, path, table);
  let [sorted, isNew] = [table.isRising ?? false, true];
  for (const stretch of stretches) {
    counts.push(await table.count(stretch));
    const held = await heldBy(reader, path, stretch);
    sql.push(fresh({path, table, range: stretch}, names, held));
    isNew &&= held === undefined;
    sorted &&= isNew; // what a join gives is in no order
  }
  const sum = (of: (count: Count) => number) => counts.reduce((total, count) => total + of(count), 0);
  const stored = await append(path, {sql, columns, sorted});
  const filled = isNew ? stored : await filledIn(table, stretches);
  return {
    read: sum(({rows}) => rows),
    stored,
    known: filled - stored,
    empty: sum(({times}) => times) - filled,
    differing: sum((one) => one.differing)
  };
}

async function filledIn(table: HostTable, stretches: readonly Stretch[]): Promise<number> {
  let times = 0;
  for (const stretch of stretches) times += await table.filled(stretch);
  return times;
}

/** What the columns of a file are called in a series, and which of those it has already. */
interface Columns {
  readonly columns: readonly Omit<TableColumn, "header">[];
  readonly names: readonly {readonly name: string; readonly isHeld: boolean}[];
}

/** DuckDB does not tell names apart by case: a column is called as the series calls it; its path names the instrument. */
export async function columnsOf(fs: Reader, path: string, table: Pick<HostTable, "columns">): Promise<Columns> {
  const instrument = path.slice(path.lastIndexOf("/") + 1);
  const known = (await fs.exists(path)) ? await (await fs.series(path)).columns() : [];
  const held = new Map(known.map(({name}) => [name.toLowerCase(), name]));
  const names = table.columns.map(({name}) => {
    const same = held.get(name.toLowerCase());
    return {name: same ?? name, isHeld: same !== undefined};
  });
  const columns = table.columns.map(({attributes}, index) => ({
    name: names[index]!.name,
    attributes: {instrument, ...attributes}
  }));
  return {columns, names};
}

/** The rows of a table that its series does not hold already, with NULL for each value that it does. */
function fresh({table, range}: Delivery, names: Columns["names"], held: string | undefined): string {
  const values = names.map(({name, isHeld}, index) => {
    const known = `CASE WHEN n.v${index} IS DISTINCT FROM h.${identifier(name)} THEN n.v${index} END`;
    return `${held !== undefined && isHeld ? known : `n.v${index}`} AS ${identifier(name)}`;
  });
  const join = held === undefined ? "" : ` LEFT JOIN ${held} AS h ON n.instant = h.timestamp`;
  const joined = `SELECT n.instant AS timestamp, ${values.join(", ")} FROM (${table.folded(range)}) AS n${join}`;
  const any = names.map(({name}) => `${identifier(name)} IS NOT NULL`).join(" OR ");
  return `SELECT * FROM (${joined}) WHERE ${any}`;
}

/** What a series holds in a span, in FROM position; undefined where that is nothing. */
export async function heldBy(fs: Reader, path: string, range: Range): Promise<string | undefined> {
  if (!(await fs.exists(path))) return undefined;
  const series = await fs.series(path);
  return (await series.pieces(range)).length === 0 ? undefined : series.relation(range);
}
