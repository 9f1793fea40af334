import type {Action, CommitInfo} from "./delta.js";
import {commitKey, decodeActions, isSound} from "./delta.js";
import {isPondError, PondError} from "./error.js";
import {hash} from "./record.js";
import type {Commit, Store} from "./types.js";

/** The commits of a log, one by one: from any of them on, back from any of them, and at an instant. */

/** A commit file, read. */
export interface LogEntry {
  readonly version: number;
  readonly sha256: string; // of the file
  readonly info: CommitInfo;
  readonly isSound: boolean; // as it was written
  readonly actions: readonly Action[];
}

/** The commit of a version, or undefined when there is none yet. */
export async function readCommit(store: Store, version: number): Promise<LogEntry | undefined> {
  const bytes = await store.get(commitKey(version)).catch((error: unknown) => {
    if (isPondError(error, "NOT_FOUND")) return undefined;
    throw error;
  });
  return bytes && parse(bytes, version);
}

function parse(bytes: Uint8Array, version: number): LogEntry {
  try {
    const actions = decodeActions(bytes).map(withTags);
    const info = actions.find((action) => action.commitInfo)?.commitInfo;
    const sound = isSound(bytes, actions);
    return {version, sha256: hash(bytes), info: {...foreignInfo(version), ...info}, isSound: sound, actions};
  } catch (error) {
    const sentence = `${commitKey(version)} is not a commit: ${String(error)}; restore it from a copy of the pond.`;
    throw new PondError("CORRUPT", sentence, {version}, error);
  }
}

/** A foreign writer need not tag what it adds. */
function withTags(action: Action): Action {
  return action.add === undefined ? action : {...action, add: {...action.add, tags: {...action.add.tags}}};
}

/** What is known of a commit that says nothing of itself. */
export function foreignInfo(version: number): CommitInfo {
  const nothing = {operation: "UNKNOWN", operationParameters: {}, engineInfo: "", user: "", command: ""};
  return {...nothing, txnId: `unknown-${version}`, timestamp: 0, tookMs: 0, operations: 0, rows: 0};
}

/** A commit as `pond log` tells it. */
export function toCommit({version, info}: Pick<LogEntry, "version" | "info">): Commit {
  return {
    version,
    timestamp: info.timestamp * 1000,
    txnId: info.txnId,
    user: info.user || info.engineInfo,
    command: info.command || info.operation,
    ...(info.message === undefined ? {} : {message: info.message}),
    tookMs: info.tookMs,
    operations: info.operations,
    rows: info.rows,
    ...(info.previous === undefined ? {} : {previous: info.previous})
  };
}

/** The commits after a version, oldest first, one at a time. */
export async function* commitsAfter(store: Store, version: number): AsyncIterable<LogEntry> {
  for (let next = version + 1; ; next++) {
    const entry = await readCommit(store, next);
    if (entry === undefined) return;
    yield entry;
  }
}

/** The commits up to a version, newest first, one at a time; those that a cleanup took away are not told of. */
export async function* commitsUpTo(store: Store, version: number): AsyncIterable<LogEntry> {
  for (let next = version; next >= 0; next--) {
    const entry = await readCommit(store, next);
    if (entry === undefined) return;
    yield entry;
  }
}

/**
 * From when on a commit counts (ms since 1970): never before those that it follows. One of ours says so itself; the
 * clock of a foreign writer may have been behind, so commits before its own are asked, back to one of ours.
 */
export async function timeOf(store: Store, entry: LogEntry): Promise<number> {
  let time = entry.info.timestamp;
  if (isOurs(entry)) return time;
  for await (const before of commitsUpTo(store, entry.version - 1)) {
    time = Math.max(time, before.info.timestamp);
    if (isOurs(before)) break;
  }
  return time;
}

function isOurs({info}: LogEntry): boolean {
  return info.engineInfo.startsWith("duckpond/");
}

/**
 * The newest commit that counted at an instant (ms since 1970), of those that a state promises to keep; undefined when
 * none did. Their times rise, so that it is found by halving: of 100,000 commits 17 are read.
 */
export async function newestAt(
  store: Store,
  {horizon, version}: {readonly horizon: number; readonly version: number},
  time: number
): Promise<LogEntry | undefined> {
  let found: LogEntry | undefined;
  for (let [low, high] = [horizon, version]; low <= high;) {
    const middle = Math.floor((low + high) / 2);
    const entry = await readCommit(store, middle);
    if (entry === undefined)
      throw new PondError("CORRUPT", `${commitKey(middle)} is missing; run pond check.`, {version: middle});
    const isThen = (await timeOf(store, entry)) <= time;
    if (isThen) [found, low] = [entry, middle + 1];
    else high = middle - 1;
  }
  return found;
}

/** The version of the oldest commit that is still there; -1 when there is none. */
export async function oldestCommit(store: Store): Promise<number> {
  for await (const {key} of store.list("oplog/_delta_log/")) {
    const found = /(\d{20})\.json$/.exec(key);
    if (found !== null) return Number(found[1]);
  }
  return -1;
}
