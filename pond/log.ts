import type {Action, AddAction, CommitInfo} from "./delta.js";
import {commitKey, decodeActions, isSound} from "./delta.js";
import {isPondError, PondError} from "./error.js";
import {hash} from "./record.js";
import type {OpFile} from "./record.js";
import type {Commit, Store} from "./types.js";

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

function foreignInfo(version: number): CommitInfo {
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

/** The state of the log at a version: which op files there are, by partition. Never changes. */
export class LogState {
  readonly version: number;
  readonly timestamp: number; // ms since 1970
  readonly sha256: string; // of the newest commit file
  readonly info: CommitInfo; // of the newest commit
  readonly damage: PondError | undefined; // where the chain breaks; nothing is read from such a log
  readonly #partitions: ReadonlyMap<string, readonly AddAction[]>;

  constructor(
    entry: Pick<LogEntry, "version" | "sha256" | "info">,
    partitions: ReadonlyMap<string, readonly AddAction[]>,
    damage?: PondError
  ) {
    this.version = entry.version;
    this.timestamp = entry.info.timestamp;
    this.sha256 = entry.sha256;
    this.info = entry.info;
    this.damage = damage;
    this.#partitions = partitions;
  }

  /** The state after more commits; those must follow this one without a gap. */
  apply(entries: readonly LogEntry[]): LogState {
    const newest = entries.at(-1);
    if (newest === undefined) return this;
    const partitions = new Map(this.#partitions);
    for (const {version, actions} of entries.filter((entry) => entry.isSound))
      for (const action of actions) applyAction(partitions, action, version);
    return new LogState(newest, partitions, this.damage ?? this.#breakIn(entries));
  }

  /** A commit that is not as it was written, or not what the next was written after; a foreign one says neither. */
  #breakIn(entries: readonly LogEntry[]): PondError | undefined {
    const before = [this, ...entries];
    const isBroken = ({info}: LogEntry, i: number): boolean =>
      info.previous !== undefined && info.previous !== before[i]!.sha256;
    const broken = entries.find((entry, i) => !entry.isSound || isBroken(entry, i));
    if (broken === undefined) return undefined;
    const version = broken.isSound ? broken.version - 1 : broken.version;
    const sentence = `${commitKey(version)} is not as it was written; run pond check, and restore what it names from a copy of the pond.`;
    return new PondError("CORRUPT", sentence, {version});
  }

  partition(id: string): readonly OpFile[] {
    return (this.#partitions.get(id) ?? []).map(toOpFile);
  }

  /** All op files. */
  *adds(): Iterable<AddAction> {
    for (const adds of this.#partitions.values()) yield* adds;
  }
}

export function toOpFile(add: AddAction): OpFile {
  const {transaction, sha256} = add.tags;
  return {path: add.path, partId: add.partitionValues.part_id!, transaction: Number(transaction), sha256};
}

function applyAction(partitions: Map<string, readonly AddAction[]>, action: Action, version: number): void {
  if (action.protocol) requireProtocol(action.protocol);
  if (action.add) {
    const add = {...action.add, tags: {transaction: String(version), ...action.add.tags}};
    const id = add.partitionValues.part_id!;
    partitions.set(id, [...(partitions.get(id) ?? []), add]);
  }
  if (action.remove) {
    const {path} = action.remove;
    const id = /^part_id=([^/]+)\//.exec(path)?.[1] ?? "";
    partitions.set(
      id,
      (partitions.get(id) ?? []).filter((add) => add.path !== path)
    );
  }
}

function requireProtocol({minReaderVersion, minWriterVersion}: NonNullable<Action["protocol"]>): void {
  if (minReaderVersion <= 1 && minWriterVersion <= 2) return;
  const sentence = `The pond asks for Delta protocol (${minReaderVersion},${minWriterVersion}) and this program knows (1,2); use the program that wrote it.`;
  throw new PondError("UNSUPPORTED", sentence, {minReaderVersion, minWriterVersion});
}

/** Before the first commit. */
export const emptyLog = new LogState(
  {version: -1, sha256: "", info: {...foreignInfo(-1), timestamp: 0}},
  new Map<string, readonly AddAction[]>()
);

/** The commits after a version, oldest first, one at a time. */
export async function* commitsAfter(store: Store, version: number): AsyncIterable<LogEntry> {
  for (let next = version + 1; ; next++) {
    const entry = await readCommit(store, next);
    if (entry === undefined) return;
    yield entry;
  }
}

/** The state with every commit that there is by now. */
export async function advance(store: Store, state: LogState): Promise<LogState> {
  const entries: LogEntry[] = [];
  for await (const entry of commitsAfter(store, state.version)) entries.push(entry);
  return state.apply(entries);
}
