import {checkpointKey, checkpointVersion, putCheckpoint, readHint} from "./checkpoint.js";
import {commitRewrite} from "./commit.js";
import {rewrite} from "./compact.js";
import type {Horizon, Rewrite} from "./compact.js";
import type {Contents} from "./contents.js";
import {commitKey} from "./delta.js";
import {PondError} from "./error.js";
import {newestAt} from "./history.js";
import {advance, horizonId} from "./log.js";
import type {LogState} from "./log.js";
import {decodeEntries, rootId} from "./record.js";
import {outline, recordsOf} from "./outline.js";
import type {OpRecord} from "./record.js";
import type {PondEffects} from "./types.js";
import {vacuum} from "./vacuum.js";

const hour = 3_600_000;
const week = 7 * 24 * hour;

export interface MaintainOptions {
  readonly keep?: number; // ms: how far back time travel reaches from now on; all the way when missing
  readonly retention?: number; // ms: how long what nothing refers to stays; a week
}

/** What maintenance did. */
export interface Maintained {
  readonly partitions: number; // rewritten
  readonly opFiles: number; // replaced
  readonly versions: number; // of series, for which merged ones stand now
  readonly records: number; // let go
  readonly checkpoint?: number; // the version of the one that was made
  readonly commits: number; // deleted
  readonly files: number; // deleted
  readonly bytes: number; // deleted
}

/**
 * Makes a pond quick to open again: compaction, checkpoint, log cleanup, outlines and vacuum, in this order, each of which
 * may be cut off anywhere and changes nothing that is shown. Without `keep` the whole past stays. BAD_QUERY when a time is
 * less than an hour: processes may be at work that began that long ago.
 */
export async function maintain(
  contents: Contents,
  base: LogState,
  effects: PondEffects,
  {keep, retention = week}: MaintainOptions = {}
): Promise<Maintained> {
  if (Math.min(keep ?? hour, retention) < hour)
    throw new PondError("BAD_QUERY", "Maintenance keeps at least one hour; give --keep and --retention 1h or more.");
  const {store} = contents;
  const now = effects.now();
  const compacted = await compact(contents, base, {effects, ...(keep === undefined ? {} : {since: now - keep})});
  const state = await advance(store, compacted.state);
  if (state.damage !== undefined) throw state.damage;
  const isNew = (await readHint(store)) !== state.version;
  if (isNew) await putCheckpoint(store, state.version, [...state.actions(now - retention)]);
  const commits = await cleanUp(contents, state);
  await outline(contents, state);
  const {files, bytes} = await vacuum(contents, state, {now, retention});
  return {...compacted.told, ...(isNew ? {checkpoint: state.version} : {}), commits, files, bytes};
}

async function compact(
  contents: Contents,
  base: LogState,
  {effects, since}: {readonly effects: PondEffects; readonly since?: number}
): Promise<{
  readonly state: LogState;
  readonly told: Pick<Maintained, "partitions" | "opFiles" | "versions" | "records">;
}> {
  if (base.damage !== undefined) throw base.damage;
  const now = Math.floor(effects.now());
  const horizon = since === undefined ? undefined : await horizonAt(contents, base, since);
  const rewrites: Rewrite[] = [];
  for (const id of base.partitions()) {
    const made = await rewrite(contents, base.partition(id), {now, ...(horizon === undefined ? {} : {horizon})});
    if (made !== undefined) rewrites.push(made);
  }
  const sum = (of: (made: Rewrite) => number): number => rewrites.reduce((total, made) => total + of(made), 0);
  const told = {opFiles: sum(({files}) => files), versions: sum(({merged}) => merged)};
  const actions = rewrites.flatMap((made) => made.actions);
  const isRaised = horizon !== undefined && horizon.version > base.horizon;
  if (isRaised) actions.push({txn: {appId: horizonId, version: horizon.version, lastUpdated: now}});
  if (actions.length === 0) return {state: base, told: {partitions: 0, ...told, records: 0}};
  const intent = {command: "pond maintain"};
  const state = await commitRewrite(contents.store, base, {intent, effects, started: now, actions});
  if (state !== undefined)
    return {state, told: {partitions: rewrites.length, ...told, records: sum(({dropped}) => dropped)}};
  throw new PondError("CONFLICT", "Another pond maintain was faster; there is nothing left to do.");
}

/** The newest version that was there at an instant (ms since 1970), and what any snapshot from it on leads to. */
async function horizonAt(contents: Contents, state: LogState, since: number): Promise<Horizon | undefined> {
  const version = (await newestAt(contents.store, state, since))?.version ?? state.horizon;
  if (version <= 0) return undefined;
  const wanted = await nodesFrom(contents, state, version);
  return {version, isWanted: (nodeId) => wanted.has(nodeId)};
}

/** The ids of all nodes that a snapshot at a version or after it leads to. */
async function nodesFrom(contents: Contents, state: LogState, version: number): Promise<ReadonlySet<string>> {
  const wanted = new Set([rootId]);
  const queue = [{nodeId: rootId, partId: rootId}];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const {nodeId} = next;
    for (const directory of await listings(contents, state, next, version))
      for (const entry of decodeEntries(await contents.read(directory)).values()) {
        if (wanted.has(entry.nodeId)) continue;
        wanted.add(entry.nodeId);
        if (entry.kind === "directory" && entry.nodeId !== nodeId) queue.push(entry);
      }
  }
  return wanted;
}

/** A directory's versions that snapshots at a version or after it show. */
async function listings(
  contents: Contents,
  state: LogState,
  {nodeId, partId}: {readonly nodeId: string; readonly partId: string},
  version: number
): Promise<readonly OpRecord[]> {
  const records: OpRecord[] = [];
  for (const file of state.partition(partId))
    for (const record of await recordsOf(contents, file)) if (record.nodeId === nodeId) records.push(record);
  records.sort((a, b) => a.version - b.version);
  return records.filter((_, i) => (records[i + 1]?.transaction ?? Infinity) > version);
}

/** Deletes commits before the horizon, oldest first, and checkpoints before the one before the newest. */
async function cleanUp({store}: Contents, state: LogState): Promise<number> {
  const keys: string[] = [];
  for await (const {key} of store.list("oplog/_delta_log/")) keys.push(key);
  const [newest = 0, ...older] = keys.flatMap((key) => checkpointVersion(key) ?? []).reverse();
  for (const version of older.slice(1)) await store.delete(checkpointKey(version));
  const end = Math.min(state.horizon, newest, ...older.slice(0, 1));
  const commits = keys.filter((key) => /\/\d{20}\.json$/.test(key) && key < commitKey(end));
  for (const key of commits) await store.delete(key);
  return commits.length;
}
