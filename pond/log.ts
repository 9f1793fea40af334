import {checkpointAfter, readCheckpoint} from "./checkpoint.js";
import type {Action, AddAction, CommitInfo, RemoveAction} from "./delta.js";
import {commitKey} from "./delta.js";
import {PondError} from "./error.js";
import {commitsAfter, foreignInfo, readCommit, timeOf} from "./history.js";
import type {LogEntry} from "./history.js";
import type {OpFile} from "./record.js";
import type {Store} from "./types.js";

/** The application under which maintenance says from which version on the past is kept. */
export const horizonId = "duckpond.horizon";

/** What a log holds. */
interface Holding {
  readonly single: ReadonlyMap<string, Action>; // protocol, metaData, and the txn of each application
  readonly partitions: ReadonlyMap<string, readonly AddAction[]>;
  readonly removes: ReadonlyMap<string, RemoveAction>; // by path: op files that a state before had
}

const nothing: Holding = {single: new Map(), partitions: new Map(), removes: new Map()};

/** The state of the log at a version: which op files there are, by partition. Never changes. */
export class LogState {
  readonly version: number;
  readonly timestamp: number; // ms since 1970, of the latest commit: a foreign one may tell an earlier time than those before it
  readonly sha256: string; // of the newest commit file
  readonly info: CommitInfo; // of the newest commit
  readonly damage: PondError | undefined; // where the chain breaks; nothing is read from such a log
  readonly #holding: Holding;

  constructor(
    entry: Pick<LogEntry, "version" | "sha256" | "info"> & {readonly timestamp?: number},
    holding = nothing,
    damage?: PondError
  ) {
    this.version = entry.version;
    this.timestamp = entry.timestamp ?? entry.info.timestamp;
    this.sha256 = entry.sha256;
    this.info = entry.info;
    this.damage = damage;
    this.#holding = holding;
  }

  /** The state that a checkpoint holds, the commit that it was made after, and from when on that counts. */
  static of(entry: LogEntry, actions: readonly Action[], timestamp = entry.info.timestamp): LogState {
    const held = new Held(nothing);
    for (const action of actions) held.apply(action, entry.version);
    return new LogState({...entry, timestamp}, held.told(), entry.isSound ? undefined : damageAt(entry.version));
  }

  /** The state after more commits; those must follow this one without a gap. */
  apply(entries: readonly LogEntry[]): LogState {
    const newest = entries.at(-1);
    if (newest === undefined) return this;
    const held = new Held(this.#holding);
    for (const {version, actions} of entries.filter((entry) => entry.isSound))
      for (const action of actions) held.apply(action, version);
    const timestamp = entries.reduce((latest, {info}) => Math.max(latest, info.timestamp), this.timestamp);
    return new LogState({...newest, timestamp}, held.told(), this.damage ?? this.#breakIn(entries));
  }

  /** A commit that is not as it was written, or not what the next was written after; a foreign one says neither. */
  #breakIn(entries: readonly LogEntry[]): PondError | undefined {
    const before = [this, ...entries];
    const isBroken = ({info}: LogEntry, i: number): boolean =>
      info.previous !== undefined && info.previous !== before[i]!.sha256;
    const broken = entries.find((entry, i) => !entry.isSound || isBroken(entry, i));
    return broken && damageAt(broken.isSound ? broken.version - 1 : broken.version);
  }

  /** The first version that time travel reaches. */
  get horizon(): number {
    return this.#holding.single.get(horizonId)?.txn?.version ?? 0;
  }

  partition(id: string): readonly OpFile[] {
    return (this.#holding.partitions.get(id) ?? []).map(toOpFile);
  }

  /** The ids of all partitions. */
  partitions(): readonly string[] {
    return [...this.#holding.partitions.keys()];
  }

  /** All op files. */
  *adds(): Iterable<AddAction> {
    for (const adds of this.#holding.partitions.values()) yield* adds;
  }

  /** Op files that were replaced, and when. */
  removes(): Iterable<RemoveAction> {
    return this.#holding.removes.values();
  }

  /** The actions that make this state; op files removed before an instant (ms since 1970) are not told of any more. */
  *actions(before: number): Iterable<Action> {
    yield* this.#holding.single.values();
    for (const add of this.adds()) yield {add};
    for (const remove of this.removes()) if (remove.deletionTimestamp >= before) yield {remove};
  }
}

/** A holding that changes. */
class Held {
  readonly #single: Map<string, Action>;
  readonly #partitions: Map<string, readonly AddAction[]>;
  readonly #removes: Map<string, RemoveAction>;
  readonly #own = new Map<string, AddAction[]>(); // the partitions that are copies already

  constructor({single, partitions, removes}: Holding) {
    this.#single = new Map(single);
    this.#partitions = new Map(partitions);
    this.#removes = new Map(removes);
  }

  apply(action: Action, version: number): void {
    const {protocol, metaData, txn, add, remove} = action;
    if (protocol) requireProtocol(protocol);
    if (protocol) this.#single.set("protocol", {protocol});
    if (metaData) this.#single.set("metaData", {metaData});
    if (txn) this.#single.set(txn.appId, {txn});
    if (remove) this.#remove(remove);
    if (add) this.#add({...add, tags: {transaction: String(version), ...add.tags}});
  }

  told(): Holding {
    return {single: this.#single, partitions: this.#partitions, removes: this.#removes};
  }

  #add(add: AddAction): void {
    this.#removes.delete(add.path);
    this.#partition(add.partitionValues.part_id!).push(add);
  }

  #remove(remove: RemoveAction): void {
    const id = /^part_id=([^/]+)\//.exec(remove.path)?.[1] ?? "";
    const adds = this.#partition(id);
    const at = adds.findIndex(({path}) => path === remove.path);
    if (at >= 0) adds.splice(at, 1);
    this.#removes.set(remove.path, remove);
  }

  #partition(id: string): AddAction[] {
    const known = this.#own.get(id);
    if (known !== undefined) return known;
    const copy = [...(this.#partitions.get(id) ?? [])];
    this.#own.set(id, copy);
    this.#partitions.set(id, copy);
    return copy;
  }
}

function damageAt(version: number): PondError {
  const sentence = `${commitKey(version)} is not as it was written; run pond check, and restore what it names from a copy of the pond.`;
  return new PondError("CORRUPT", sentence, {version});
}

/** The tag by which an op file says that all its records are superseded. */
export const past = {tier: "past"};

/** The tag by which an op file says that compaction made it, of what was newest then. */
export const compacted = {tier: "newest"};

const opFiles = new WeakMap<AddAction, OpFile>(); // each is asked for at every look at its partition

export function toOpFile(add: AddAction): OpFile {
  const known = opFiles.get(add) ?? parseAdd(add);
  opFiles.set(add, known);
  return known;
}

function parseAdd({path, partitionValues, size, tags}: AddAction): OpFile {
  const tier = {isPast: tags.tier === past.tier, isCompacted: tags.tier === compacted.tier};
  const told = {transaction: Number(tags.transaction), sha256: tags.sha256, ...tier};
  return {path, partId: partitionValues.part_id!, ...told, bytes: Number(tags.bytes ?? size)};
}

function requireProtocol({minReaderVersion, minWriterVersion}: NonNullable<Action["protocol"]>): void {
  if (minReaderVersion <= 1 && minWriterVersion <= 2) return;
  const sentence = `The pond asks for Delta protocol (${minReaderVersion},${minWriterVersion}) and this program knows (1,2); use the program that wrote it.`;
  throw new PondError("UNSUPPORTED", sentence, {minReaderVersion, minWriterVersion});
}

/** Before the first commit. */
export const emptyLog = new LogState({version: -1, sha256: "", info: {...foreignInfo(-1), timestamp: 0}});

/**
 * The state with every commit that there is by now. Commits that a cleanup took away are in a checkpoint: so where
 * there is no next commit, the hint is asked whether there is one further on.
 */
export async function advance(store: Store, state: LogState): Promise<LogState> {
  const from = state.version < 0 ? await leap(store, state, (await readCommit(store, 0)) === undefined) : state;
  const entries: LogEntry[] = [];
  for await (const entry of commitsAfter(store, from.version)) entries.push(entry);
  if (entries.length > 0) return from.apply(entries);
  const ahead = await leap(store, from, false);
  return ahead === from ? from : advance(store, ahead);
}

/** The state of the newest checkpoint when that is newer than a state. */
async function leap(store: Store, state: LogState, look: boolean): Promise<LogState> {
  const version = await checkpointAfter(store, state.version, look);
  if (version === undefined) return state;
  const entry = await readCommit(store, version);
  if (entry !== undefined) return LogState.of(entry, await readCheckpoint(store, version), await timeOf(store, entry));
  throw new PondError("CORRUPT", `${commitKey(version)} is missing; run pond repair log.`, {version});
}
