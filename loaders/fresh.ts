import type {Table} from "apache-arrow";
import {identifier} from "../pond/duck.js";
import type {Duck} from "../pond/duck.js";
import type {Transaction} from "../pond/types.js";
import {attributesOf, readingsTable} from "./readings.js";
import type {HostTable} from "./table.js";

/** What a file may bring to one series. */
export interface Delivery {
  readonly path: string; // of the series
  readonly table: HostTable;
  readonly where: string; // which rows, as SQL over the table's `instant`
}

/** What it brings. */
export interface Fresh {
  readonly path: string;
  readonly read: number; // rows of the file that `where` takes
  readonly fresh: Table; // rows that add to the series or restate it; a value that it holds already is null
}

/** The rows of a table that its series does not hold already; of several rows with one time the last counts. */
export async function freshRows(tx: Transaction, duck: Duck, {path, table, where}: Delivery): Promise<Fresh> {
  const rows = `(SELECT * FROM ${table.relation} WHERE ${where})`;
  const [span] = await duck.rows(
    `SELECT count(*) AS read, epoch_us(min(instant))::DOUBLE AS begin, epoch_us(max(instant))::DOUBLE + 1 AS end FROM ${rows}`
  );
  const read = Number(span!.read);
  if (read === 0) return {path, read, fresh: readingsTable([], [])};
  const last = table.columns.map((_, index) => `arg_max(v${index}, row) AS v${index}`).join(", ");
  const brought = `(SELECT instant, ${last} FROM ${rows} GROUP BY instant)`;
  const range = {begin: Number(span!.begin), end: Number(span!.end)};
  const found = await duck.table(newSql(await heldBy(tx, {path, range}), brought, table.columns));
  return {path, read, fresh: toReadings(found, table.columns, path)};
}

/** What a series holds already. */
interface Held {
  readonly columns: ReadonlySet<string>;
  readonly relation: string; // of no rows when there is no series
}

interface Stretch {
  readonly path: string;
  readonly range: {readonly begin: number; readonly end: number};
}

async function heldBy(tx: Transaction, {path, range}: Stretch): Promise<Held> {
  if (!(await tx.exists(path)))
    return {columns: new Set(), relation: "(SELECT NULL::TIMESTAMPTZ AS timestamp WHERE false)"};
  const series = await tx.series(path);
  const columns = new Set((await series.columns()).map(({name}) => name));
  return {columns, relation: await series.relation(range)};
}

function newSql({columns: held, relation}: Held, brought: string, columns: readonly string[]): string {
  const news = columns.map((name, index) => {
    const value = `n.v${index}`;
    const known = held.has(name)
      ? `CASE WHEN ${value} IS DISTINCT FROM h.${identifier(name)} THEN ${value} END`
      : value;
    return `${known} AS v${index}`;
  });
  const any = columns.map((_, index) => `v${index} IS NOT NULL`).join(" OR ");
  const joined = `${brought} AS n LEFT JOIN ${relation} AS h ON n.instant = h.timestamp`;
  return `SELECT * FROM (SELECT epoch_us(n.instant)::DOUBLE AS time, ${news.join(", ")} FROM ${joined}) WHERE ${any} ORDER BY time`;
}

/** DuckDB's answer in the standard form: the last name of the series' path is the instrument. */
function toReadings(found: Table, columns: readonly string[], path: string): Table {
  const instrument = path.slice(path.lastIndexOf("/") + 1);
  return readingsTable(
    Array.from(doubles(found, "time")),
    columns.map((name, index) => ({
      name,
      attributes: {instrument, ...attributesOf(name)},
      values: doubles(found, `v${index}`)
    }))
  );
}

/** A column as doubles, NaN for null. */
function doubles(table: Table, name: string): Float64Array {
  const vector = table.getChild(name)!;
  return Float64Array.from({length: table.numRows}, (_, index) => (vector.get(index) as number | null) ?? NaN);
}
