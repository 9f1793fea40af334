import {identifier, literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import type {Clock} from "../time/clock.js";
import {sampled} from "../time/field.js";
import {finite} from "./host.js";
import {idSql, keysOf, leftOut} from "./long.js";
import type {LongForm} from "./long.js";
import {kinIn, Uneven} from "./portions.js";
import type {Into, Portion, Shape} from "./portions.js";
import {hostFile} from "./source.js";
import type {Source} from "./source.js";

interface Long {
  readonly source: Source;
  readonly clock: Clock;
  readonly long: LongForm;
}

/**
 * A file with a row per parameter, which is plain where each has a value, and is the only one of its time and
 * parameter: then the rows of a time are a row in whatever order they come. Undefined where it cannot be.
 */
export async function pivotedOf(duck: Duck, {source, clock, long}: Long): Promise<Shape | undefined> {
  const {value} = long;
  if (value.type !== "DOUBLE" || leftOut({source, clock, long}).length > 0) return undefined;
  const keys = await keysOf(duck, `(SELECT * FROM ${source.from} LIMIT ${sampled})`, long);
  if (keys.length === 0) return undefined;
  const rows = (from: string) =>
    `SELECT make_timestamptz(epoch_us(${clock.sql})) AS timestamp, ${idSql(long, keys)} AS id, ${finite(value.sql)} AS value FROM ${from}`;
  return {
    columns: keys.map(({column}) => column),
    remarks: [],
    texts: [],
    isRising: false, // what is grouped is in no order
    kin: (file) => kinIn(duck, source.lines!.of(file), clock),
    portion: (from, into) => pivoted(duck, rows(from), into)
  };
}

/** A row without a time, a known parameter or a value, or a second one of both, makes more rows than values. */
async function pivoted(duck: Duck, rows: string, {names, range: {begin, end}, file}: Into): Promise<Portion> {
  const values = names.map((_, index) => `max(value) FILTER (id = ${index}) AS v${index}`);
  const sql = `SELECT timestamp, ${values.join(", ")}, count(*) AS rows FROM (${rows}) GROUP BY timestamp`;
  await duck.run(
    `COPY (${sql}) TO ${literal(file)} (FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1)`
  );
  const from = `read_parquet(${hostFile(file)}, hive_partitioning = false)`;
  const filled = names.map((_, index) => `count(v${index})`).join(" + ");
  const isTimed = `timestamp >= make_timestamptz(${begin}) AND timestamp < make_timestamptz(${end})`;
  const [found] = await duck.rows(
    `SELECT sum(rows)::DOUBLE AS rows, (${filled})::DOUBLE AS filled, bool_and(coalesce(${isTimed}, false)) AS timed FROM ${from}`
  );
  if (found!.timed !== true || found!.rows !== found!.filled) throw new Uneven();
  const named = names.map((name, index) => `v${index} AS ${identifier(name)}`);
  return {sql: `SELECT timestamp, ${named.join(", ")} FROM ${from}`, rows: Number(found!.rows)};
}
