import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import * as arrow from "apache-arrow";
import {onTestFinished} from "vitest";
import {tableOf, vectorOf} from "../../pond/arrow.js";
import {Pond} from "../../pond/pond.js";
import type {PondOptions} from "../../pond/pond.js";
import type {Transaction} from "../../pond/types.js";

/** A directory that is gone when the test is over. */
export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "pond-"));
  onTestFinished(() => rm(dir, {recursive: true, force: true}));
  return dir;
}

/** A new pond in a directory of its own. */
export async function newPond(options: PondOptions = {}): Promise<{pond: Pond; dir: string}> {
  const dir = await scratch();
  const pond = await Pond.open(dir, {create: true, ...options});
  onTestFinished(() => pond.close());
  return {pond, dir};
}

/** One transaction under a test's name. */
export async function write<T>(pond: Pond, body: (tx: Transaction) => Promise<T>): Promise<T> {
  return (await pond.transaction({command: "test"}, body)).result;
}

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

/** A series' rows by second, without the columns that are null. */
export async function rowsOf(pond: Pond, relation: string): Promise<Record<string, Record<string, number>>> {
  const rows = await pond.duck.rows(`SELECT epoch(timestamp) AS s, * EXCLUDE timestamp FROM ${relation} ORDER BY 1`);
  return Object.fromEntries(
    rows.map(({s, ...rest}) => [
      String(s),
      Object.fromEntries(Object.entries(rest).filter(([, v]) => v !== null)) as Record<string, number>
    ])
  );
}
