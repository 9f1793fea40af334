import {randomUUID} from "node:crypto";
import {setImmediate} from "node:timers/promises";
import {checkpointAfter} from "./checkpoint.js";
import type {Action, AddAction, CommitInfo} from "./delta.js";
import {commitKey, encodeActions, unsealed} from "./delta.js";
import {commitsAfter} from "./history.js";
import type {LogEntry} from "./history.js";
import type {LogState} from "./log.js";
import {encodeRecords, hash, lint, weightOf} from "./record.js";
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
  const all = [...proposal.records.values()].flat();
  const counts = {
    operations: all.length,
    rows: all.reduce((total, {kind, rows}) => total + (kind === "series" ? (rows ?? 0) : 0), 0)
  };
  return race(store, base, {
    ...proposal,
    actions: [...(proposal.first ?? []), ...adds.map((add) => ({add}))],
    told: {operation: "WRITE", operationParameters: {mode: "Append", partitionBy: '["part_id"]'}, ...counts},
    isLost: (winner) => isTouching(winner, touched)
  });
}

/** Commits op files in the place of others that hold the same, or undefined when another did so first. */
export async function commitRewrite(
  store: Store,
  base: LogState,
  proposal: Pick<Proposal, "intent" | "effects" | "started"> & {readonly actions: readonly Action[]}
): Promise<LogState | undefined> {
  return race(store, base, {
    ...proposal,
    told: {operation: "OPTIMIZE", operationParameters: {}, operations: 0, rows: 0},
    isLost: ({actions}) => actions.some(({remove}) => remove !== undefined)
  });
}

/** Actions on their way into the log. */
interface Entrant extends Pick<Proposal, "intent" | "effects" | "started"> {
  readonly actions: readonly Action[];
  readonly told: Pick<CommitInfo, "operation" | "operationParameters" | "operations" | "rows">;
  readonly isLost: (winner: LogEntry) => boolean; // whether what another committed makes this one void
}

/** Puts the actions as the next version, and the next, until nobody was faster; undefined, and no trace, when void. */
async function race(store: Store, base: LogState, entrant: Entrant): Promise<LogState | undefined> {
  const txnId = randomUUID();
  for (let state = base; ;) {
    const entry = draftEntry(state, txnId, entrant);
    // Of a log that was cleaned up further on than this state, the next version looks free and is not.
    const isBehind = (await checkpointAfter(store, state.version, false)) !== undefined;
    if (!isBehind && (await store.putIfAbsent(commitKey(entry.version), entry.bytes))) return state.apply([entry]);
    const winners: LogEntry[] = [];
    for await (const winner of commitsAfter(store, state.version)) winners.push(winner);
    if (winners[0]?.info.txnId === txnId) return state.apply(winners.slice(0, 1)); // the answer was lost, not the race
    if (isBehind && winners.length === 0) return withdraw(store, entrant);
    if (winners.some(entrant.isLost)) return withdraw(store, entrant);
    state = state.apply(winners);
  }
}

/** Takes back what was put for a commit that does not come. */
async function withdraw(store: Store, {actions}: Entrant): Promise<undefined> {
  for (const {add} of actions) if (add) await store.delete(`oplog/${add.path}`);
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

async function putOpFile(store: Store, partId: string, records: readonly NewRecord[], now: number): Promise<AddAction> {
  const add = await putRecords(store, partId, records);
  return {...add, modificationTime: now, dataChange: true};
}

/**
 * Puts an op file under a name of its own, and looks at what it wrote while the disk does. A file that is found wrong is
 * in no commit, so it means nothing.
 */
export async function putRecords(
  store: Store,
  partId: string,
  records: readonly NewRecord[],
  transactions?: readonly number[]
): Promise<Omit<AddAction, "modificationTime" | "dataChange">> {
  const content = encodeRecords(records, transactions);
  const path = `part_id=${partId}/${randomUUID()}.parquet`;
  const put = store.putIfAbsent(`oplog/${path}`, content);
  const look = setImmediate().then(() => lint(content, records.length)); // by then the disk is at work
  await Promise.allSettled([put, look]); // neither goes on behind the caller's back
  await Promise.all([put, look]);
  const stats = JSON.stringify({numRecords: records.length});
  const tags = {sha256: hash(content), bytes: String(weightOf(records))};
  return {path, partitionValues: {part_id: partId}, size: content.length, stats, tags};
}

function draftEntry(
  state: LogState,
  txnId: string,
  {actions, ...entrant}: Entrant
): LogEntry & {readonly bytes: Uint8Array} {
  const version = state.version + 1;
  const info = infoOf(state, txnId, entrant);
  const tagged = actions.map((action) => (action.add?.dataChange ? {add: addedBy(action.add, version)} : action));
  const all: Action[] = [{commitInfo: info}, ...tagged];
  const bytes = encodeActions(all);
  return {version, sha256: hash(bytes), info, isSound: true, actions: all, bytes};
}

function addedBy(add: AddAction, version: number): AddAction {
  return {...add, tags: {...add.tags, transaction: String(version)}};
}

function infoOf(
  state: LogState,
  txnId: string,
  {intent, effects, started, told}: Omit<Entrant, "actions">
): CommitInfo {
  const now = effects.now();
  return {
    timestamp: Math.max(Math.floor(now), state.timestamp + 1),
    ...{operation: told.operation, operationParameters: told.operationParameters},
    engineInfo: "duckpond/0.1.0",
    txnId,
    user: effects.user,
    command: intent.command,
    ...(intent.message === undefined ? {} : {message: intent.message}),
    tookMs: Math.max(0, Math.round(now - started)),
    operations: told.operations,
    sha256: unsealed,
    rows: told.rows,
    ...(state.version < 0 ? {} : {previous: state.sha256})
  };
}
