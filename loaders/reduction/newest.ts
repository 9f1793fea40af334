import type {Range, Series} from "../../pond/types.js";
import type {Engine} from "./engine.js";
import {readingsSql, type Reduced} from "./partial.js";
import {firstFrom} from "./search.js";

/** Of what readings are asked for, and with what. */
interface Asked {
  readonly range: Required<Range>;
  readonly columns: readonly Reduced[];
  readonly engine: Engine;
  /** Whether these are all times that were told before a piece came. */
  readonly knows: (piece: string, times: Float64Array) => boolean;
}

/**
 * The readings of a range as `readingsSql` has them, by time, where the newest version tells all that older ones do: a
 * day that is sent once more need not be read from the file of the year that it was first in; and only its times, where
 * it is not known what they were. Undefined where it does not: versions are to be merged.
 */
export async function newestOf(
  series: Series,
  {range, columns, engine, knows}: Asked
): Promise<readonly Float64Array[] | undefined> {
  const newest = await series.newest?.(range);
  if (!newest) return undefined;
  const ask = (sql: string) => engine.use((duck) => duck.numbers(sql));
  const readings = await ask(readingsSql(newest.relation, columns, range));
  const [times] = readings as [Float64Array, ...Float64Array[]];
  if (!isWhole(readings)) return undefined;
  if (knows(newest.key, times)) return readings;
  const [older] = await ask(`SELECT epoch_us(timestamp)::DOUBLE FROM ${newest.older}`);
  return older!.every((time) => times[firstFrom(times, time)] === time) ? readings : undefined;
}

/** Whether readings come by time, and miss nothing in any column. */
function isWhole([times, ...values]: readonly Float64Array[]): boolean {
  if (values.some((column) => column.some(Number.isNaN))) return false;
  for (let row = 1; row < times!.length; row++) if (times![row]! < times![row - 1]!) return false;
  return true;
}
