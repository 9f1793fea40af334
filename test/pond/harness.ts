import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {onTestFinished} from "vitest";
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
