import {join} from "node:path";
import type {Pond} from "../../pond/pond.js";
import {delta} from "./client.js";
import type {Judge, Row} from "./client.js";

/** The operation log as the judge reads it: every record, its content hashed by the judge. */
export function theirRecords(judge: Judge, dir: string): Promise<readonly Row[]> {
  const micros = (name: string): string => `toString(toUnixTimestamp64Micro(${name}))`;
  return judge.rows(`
    SELECT part_id, node_id, kind, toString(version) AS number, ${micros("timestamp")} AS written, sha256,
      lower(hex(SHA256(content))) AS hashed, toString(size) AS bytes, toString(rows) AS readings,
      ${micros("min_time")} AS first, ${micros("max_time")} AS last, attributes, toString(since) AS merged
    FROM ${delta(join(dir, "oplog"))} ORDER BY node_id, version, since`);
}

/** The operation log as the pond reads it, in the judge's words. */
export async function ourRecords(pond: Pond): Promise<readonly Row[]> {
  const micros = (name: string): string => `epoch_us(${name})::VARCHAR`;
  const table = await (
    await pond.fs()
  ).query(`
    SELECT part_id, node_id, kind, version::VARCHAR AS number, ${micros("timestamp")} AS written, sha256,
      sha256(content) AS hashed, size::VARCHAR AS bytes, rows::VARCHAR AS readings,
      ${micros("min_time")} AS first, ${micros("max_time")} AS last, attributes, since::VARCHAR AS merged
    FROM oplog ORDER BY node_id, version, since`);
  return table.toArray().map((row) => (row as {toJSON(): Row}).toJSON());
}

/** A mirrored series as the judge reads it. */
export function theirReadings(judge: Judge, directory: string): Promise<readonly Row[]> {
  return judge.rows(`
    SELECT toString(toUnixTimestamp64Micro(timestamp)) AS time, * EXCEPT timestamp
    FROM ${delta(directory)} ORDER BY timestamp`);
}

/** A series as the pond reads it, in the judge's words. */
export async function ourReadings(pond: Pond, path: string): Promise<readonly Row[]> {
  const relation = await (await (await pond.fs()).series(path)).relation();
  const sql = `SELECT epoch_us(timestamp)::VARCHAR AS time, * EXCLUDE timestamp FROM ${relation} ORDER BY timestamp`;
  return (await pond.duck.rows(sql)) as readonly Row[];
}
