import {randomUUID} from "node:crypto";
import type {Action, AddAction, CommitInfo} from "./delta.js";
import {commitKey, encodeActions, unsealed} from "./delta.js";
import {commitsAfter} from "./log.js";
import type {LogEntry, LogState} from "./log.js";
import {encodeRecords, hash} from "./record.js";
import type {NewRecord} from "./record.js";
import type {Intent, PondEffects, Store} from "./types.js";

/** What a transaction wants to do to the log. */
export interface Proposal {
  readonly intent: Intent;
  readonly effects: PondEffects;
  readonly started: number; // ms since 1970
  readonly records: ReadonlyMap<string, readonly NewRecord[]>; // by partition
  readonly reads: ReadonlySet<string>; // partitions that it depends on
  readonly first?: readonly Action[]; // protocol and metadata, of the first commit alone
}

/** Commits, or gives undefined when another transaction changed what this one read: nothing was written then. */
export async function commit(store: Store, base: LogState, proposal: Proposal): Promise<LogState | undefined> {
  const adds = await putOpFiles(store, proposal);
  const touched = new Set([...proposal.reads, ...proposal.records.keys()]);
  const txnId = randomUUID();
  for (let state = base; ;) {
    const entry = draftEntry(state, adds, txnId, proposal);
    if (await store.putIfAbsent(commitKey(entry.version), entry.bytes)) return state.apply([entry]);
    const winners: LogEntry[] = [];
    for await (const winner of commitsAfter(store, state.version)) winners.push(winner);
    if (winners[0]?.info.txnId === txnId) return state.apply(winners.slice(0, 1)); // the answer was lost, not the race
    if (winners.some((winner) => isTouching(winner, touched))) {
      for (const add of adds) await store.delete(`oplog/${add.path}`);
      return undefined;
    }
    state = state.apply(winners);
  }
}

function isTouching({actions}: LogEntry, partitions: ReadonlySet<string>): boolean {
  return actions.some(
    ({add, metaData, protocol}) =>
      metaData !== undefined ||
      protocol !== undefined ||
      (add !== undefined && add.dataChange && partitions.has(add.partitionValues.part_id!))
  );
}

/** One op file per partition, durable before the commit names it. */
async function putOpFiles(store: Store, {records, effects}: Proposal): Promise<AddAction[]> {
  const puts = [...records].map(([partId, rows]) => putOpFile(store, partId, rows, effects.now()));
  await Promise.allSettled(puts); // when one fails, the others must not go on behind the caller's back
  return Promise.all(puts);
}

async function putOpFile(
  store: Store,
  partId: string,
  records: readonly NewRecord[],
  modificationTime: number
): Promise<AddAction> {
  const content = encodeRecords(records);
  const path = `part_id=${partId}/${randomUUID()}.parquet`;
  await store.putIfAbsent(`oplog/${path}`, content);
  return {
    path,
    partitionValues: {part_id: partId},
    size: content.length,
    modificationTime,
    dataChange: true,
    stats: JSON.stringify({numRecords: records.length}),
    tags: {sha256: hash(content)}
  };
}

function draftEntry(
  state: LogState,
  adds: readonly AddAction[],
  txnId: string,
  proposal: Proposal
): LogEntry & {readonly bytes: Uint8Array} {
  const version = state.version + 1;
  const info = infoOf(state, txnId, proposal);
  const tagged = adds.map((add) => ({add: {...add, tags: {...add.tags, transaction: String(version)}}}));
  const actions: Action[] = [{commitInfo: info}, ...(proposal.first ?? []), ...tagged];
  const bytes = encodeActions(actions);
  return {version, sha256: hash(bytes), info, isSound: true, actions, bytes};
}

function infoOf(state: LogState, txnId: string, {intent, effects, started, records}: Proposal): CommitInfo {
  const all = [...records.values()].flat();
  const now = effects.now();
  return {
    timestamp: Math.max(Math.floor(now), state.timestamp + 1),
    operation: "WRITE",
    operationParameters: {mode: "Append", partitionBy: '["part_id"]'},
    engineInfo: "duckpond/0.1.0",
    txnId,
    user: effects.user,
    command: intent.command,
    ...(intent.message === undefined ? {} : {message: intent.message}),
    tookMs: Math.max(0, Math.round(now - started)),
    operations: all.length,
    sha256: unsealed,
    rows: all.reduce((total, record) => total + (record.kind === "series" ? (record.rows ?? 0) : 0), 0),
    ...(state.version < 0 ? {} : {previous: state.sha256})
  };
}
