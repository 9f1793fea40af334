import * as arrow from "apache-arrow";
import {tableOf, vectorOf} from "../../pond/arrow.js";

type Cells = Readonly<Record<string, readonly (number | null)[]>>;

/** Readings from plain arrays: `times` in whole seconds since 1970. */
export function readings(times: readonly number[], columns: Cells, metadata: Record<string, string> = {}): arrow.Table {
  const micros = new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, "UTC");
  const double = new arrow.Float64();
  const schema = new arrow.Schema([
    new arrow.Field("timestamp", micros, true),
    ...Object.keys(columns).map((name) => new arrow.Field(name, double, true, new Map(Object.entries(metadata))))
  ]);
  const stamps = vectorOf(
    times.map((time) => BigInt(time) * 1_000_000n),
    micros
  );
  return tableOf(schema, [stamps, ...Object.values(columns).map((values) => vectorOf(values, double))]);
}
