import * as arrow from "apache-arrow";
import {tableOf, vectorOf} from "../../pond/arrow.js";

type Cells = Readonly<Record<string, readonly (number | null)[]>>;

const micros = new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, "UTC");

const stampsOf = (times: readonly number[]): arrow.Vector =>
  vectorOf(
    times.map((time) => BigInt(time) * 1_000_000n),
    micros
  );

/** Readings of one column, of whatever type: `times` in whole seconds since 1970. */
export function readingsOf(times: readonly number[], name: string, column: arrow.Vector): arrow.Table {
  const fields = [new arrow.Field("timestamp", micros, true), new arrow.Field(name, column.type, true)];
  return tableOf(new arrow.Schema(fields), [stampsOf(times), column]);
}

/** Readings from plain arrays: `times` in whole seconds since 1970. */
export function readings(times: readonly number[], columns: Cells, metadata: Record<string, string> = {}): arrow.Table {
  const double = new arrow.Float64();
  const schema = new arrow.Schema([
    new arrow.Field("timestamp", micros, true),
    ...Object.keys(columns).map((name) => new arrow.Field(name, double, true, new Map(Object.entries(metadata))))
  ]);
  return tableOf(schema, [stampsOf(times), ...Object.values(columns).map((values) => vectorOf(values, double))]);
}
