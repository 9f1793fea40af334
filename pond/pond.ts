import {randomUUID} from "node:crypto";
import {existsSync, mkdirSync} from "node:fs";
import {userInfo} from "node:os";
import {join, resolve} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {commit} from "./commit.js";
import {Contents} from "./contents.js";
import {commitKey, creation} from "./delta.js";
import {diff} from "./diff.js";
import type {Change} from "./diff.js";
import {Duck} from "./duck.js";
import {PondError} from "./error.js";
import {FS} from "./fs.js";
import type {Ground} from "./fs.js";
import {LocalStore} from "./local.js";
import {commitsUpTo, newestAt, oldestCommit, readCommit, toCommit} from "./history.js";
import type {LogEntry} from "./history.js";
import {advance, emptyLog} from "./log.js";
import {maintain} from "./maintain.js";
import type {Maintained, MaintainOptions} from "./maintain.js";
import type {LogState} from "./log.js";
import {encodeEntries, hash, rootId} from "./record.js";
import type {NewRecord} from "./record.js";
import {Draft, Tx} from "./transaction.js";
import {stage} from "./selection.js";
import type {Commit, DynamicFactory, Intent, Moment, PondEffects, Selection, Staged, Store} from "./types.js";
import type {Transaction} from "./types.js";
import {Partitions, Snapshot} from "./view.js";
import {watch} from "./watch.js";
import type {Watched, WatchOptions} from "./watch.js";

/** Runs of a transaction's body before it gives up against others that keep changing what it read. */
const attempts = 200;

export interface PondOptions {
  readonly dynamic?: Readonly<Record<string, DynamicFactory>>; // by the name that nodes hold
  readonly effects?: Partial<PondEffects>;
  readonly create?: boolean; // make the pond when there is none
}

function effectsOf({effects = {}}: PondOptions): PondEffects {
  return {now: Date.now, user: userInfo().username, ...effects};
}

/** A pond: a filesystem whose every version is kept in an operation log. */
export class Pond {
  readonly duck: Duck;
  readonly store: Store;
  readonly cache: string; // host directory for derived data
  readonly #effects: PondEffects;
  readonly #ground: Ground;
  readonly #partitions: Partitions;
  #state: LogState;
  #current: Snapshot | undefined;
  #newest: FS | undefined;

  private constructor(store: Store, state: LogState, ground: Ground, effects: PondEffects) {
    this.store = store;
    this.#state = state;
    this.#ground = ground;
    this.#effects = effects;
    this.duck = ground.duck;
    this.cache = ground.contents.cache;
    this.#partitions = new Partitions(ground.contents);
  }

  /** Makes a pond in a host directory that has none; EXISTS when it has one. */
  static async init(dir: string, options: PondOptions = {}): Promise<Pond> {
    const store = new LocalStore(resolve(dir));
    if (!(await begin(store, effectsOf(options))))
      throw new PondError("EXISTS", `${dir} is a pond already; open it, or choose another directory.`, {dir});
    return Pond.open(dir, options);
  }

  /** Opens the pond in a host directory; NOT_A_POND when there is none. */
  static async open(dir: string, options: PondOptions = {}): Promise<Pond> {
    const root = resolve(dir);
    const store = new LocalStore(root);
    if (!existsSync(join(root, commitKey(0))) && (await oldestCommit(store)) < 0) {
      if (!options.create) throw new PondError("NOT_A_POND", `${dir} is not a pond; make one with pond init.`, {dir});
      await begin(store, effectsOf(options));
    }
    return Pond.over(store, join(root, "cache"), options);
  }

  /** Opens the pond in a store, with a host directory for derived data. */
  static async over(store: Store, cache: string, options: PondOptions = {}): Promise<Pond> {
    if (options.create && (await oldestCommit(store)) < 0) await begin(store, effectsOf(options));
    const state = await advance(store, emptyLog);
    if (state.version < 0) throw new PondError("NOT_A_POND", "The store holds no pond; make one with pond init.");
    mkdirSync(cache, {recursive: true});
    const duck = new Duck({spill: join(cache, "spill")});
    const contents = new Contents(store, cache);
    return new Pond(store, state, {contents, duck, dynamic: options.dynamic ?? {}}, effectsOf(options));
  }

  /** The newest snapshot; the same object while nothing was committed. */
  async fs(): Promise<FS> {
    const snapshot = await this.#snapshot();
    if (this.#newest?.version !== snapshot.version) this.#newest = new FS(snapshot, this.#ground);
    return this.#newest;
  }

  /**
   * Runs `body` and commits what it wrote, all or nothing. Runs it again, on a newer snapshot, when another
   * transaction changed a directory that it read; so it should have no other effects. Writes nothing if it wrote
   * nothing. CONFLICT when others win time and again.
   */
  async transaction<T>(
    intent: Intent,
    body: (tx: Transaction) => Promise<T>
  ): Promise<{readonly result: T; readonly commit?: Commit}> {
    const started = this.#effects.now();
    for (let attempt = 0; attempt < attempts; attempt++) {
      const base = await this.#snapshot();
      const draft = new Draft(base, Math.max(Math.floor(this.#effects.now()), base.timestamp + 1));
      const result = await body(new Tx(draft, this.#ground));
      const records = await draft.records();
      if (records.size === 0) return {result};
      const proposal = {intent, effects: this.#effects, started, records, reads: draft.reads};
      const state = await commit(this.store, base.state, proposal);
      if (state !== undefined) return {result, commit: this.#acknowledge(state, records)};
      await sleep(Math.random() * Math.min(100, 2 ** attempt));
    }
    const sentence = `Other transactions changed what "${intent.command}" reads ${attempts} times in a row; run it again.`;
    throw new PondError("CONFLICT", sentence, {command: intent.command});
  }

  /**
   * Puts what a selection gives into the store, for a transaction to append it to a series: so that one which stores much
   * need not last. Vacuum takes away what no transaction appended. `duck` selects; `path` is for sentences.
   */
  stage(path: string, selection: Selection, duck: Duck = this.duck): Promise<Staged> {
    return stage(duck, this.#ground.contents, selection, path);
  }

  /** The pond as it was after a transaction, or at an instant. NOT_FOUND for what is not there yet, or not any more. */
  async at(moment: Moment): Promise<FS> {
    const {state} = await this.#snapshot();
    const {version, info} = "version" in moment ? await this.#entry(moment.version) : await this.#byTime(moment.time);
    return new FS(new Snapshot(state, this.#partitions, version, info.timestamp), this.#ground);
  }

  /** What is different at a moment, or in a snapshot, from an earlier one: sorted by path; see `Change`. */
  async diff(before: FS | Moment, after: FS | Moment): Promise<readonly Change[]> {
    return diff(await this.#then(before), await this.#then(after));
  }

  /** Tells what changes from now on, whoever changes it, until the signal says stop. */
  watch(options: WatchOptions = {}): AsyncIterable<Watched> {
    return watch(this, options);
  }

  /** Transactions, the newest first, each read when it is asked for; not those that maintenance was told to let go. */
  async *commits(): AsyncIterable<Commit> {
    const {version} = await this.#snapshot();
    for await (const entry of commitsUpTo(this.store, version)) yield toCommit(entry);
  }

  /** The newest transactions, all of them without a limit, oldest first; reads no more than it tells. */
  async log({limit = Infinity}: {readonly limit?: number} = {}): Promise<Commit[]> {
    const commits: Commit[] = [];
    if (limit > 0)
      for await (const commit of this.commits()) {
        commits.push(commit);
        if (commits.length >= limit) break;
      }
    return commits.reverse();
  }

  /** One transaction, and what its commit calls the operation; NOT_FOUND when the pond has none of that number. */
  async commit(version: number): Promise<{readonly commit: Commit; readonly operation: string}> {
    await this.#snapshot();
    const {info} = await this.#entry(version);
    return {commit: toCommit({version, info}), operation: info.operation};
  }

  /** Compaction, checkpoint, log cleanup and vacuum; see `maintain`. */
  async maintain(options: MaintainOptions = {}): Promise<Maintained> {
    const {state} = await this.#snapshot();
    return maintain(this.#ground.contents, state, this.#effects, options);
  }

  async close(): Promise<void> {
    await this.duck.close();
  }

  async #snapshot(): Promise<Snapshot> {
    const state = await advance(this.store, this.#state);
    if (state.version >= this.#state.version) this.#state = state;
    if (this.#current?.version !== this.#state.version) this.#current = new Snapshot(this.#state, this.#partitions);
    return this.#current;
  }

  /** Asks nothing of the disk: what is durable is not refused any more. */
  #acknowledge(state: LogState, records: ReadonlyMap<string, readonly NewRecord[]>): Commit {
    this.#partitions.add(state, records);
    if (state.version > this.#state.version) this.#state = state;
    return toCommit(state);
  }

  async #then(moment: FS | Moment): Promise<FS> {
    return moment instanceof FS ? moment : this.at(moment);
  }

  async #entry(version: number): Promise<LogEntry> {
    if (version >= 0 && version < this.#state.horizon) throw tooOld(this.#state.horizon);
    const entry = Number.isSafeInteger(version) && version >= 0 ? await readCommit(this.store, version) : undefined;
    if (entry !== undefined) return entry;
    const sentence = `The pond has no transaction ${version}; its newest is ${this.#state.version}.`;
    throw new PondError("NOT_FOUND", sentence, {version});
  }

  async #byTime(time: number): Promise<LogEntry> {
    const found = await newestAt(this.store, this.#state, time / 1000);
    if (found !== undefined) return found;
    if (this.#state.horizon > 0) throw tooOld(this.#state.horizon);
    const sentence = `The pond began after ${new Date(time / 1000).toISOString()}.`;
    throw new PondError("NOT_FOUND", sentence, {time});
  }
}

function tooOld(horizon: number): PondError {
  const sentence = `The pond keeps its past from transaction ${horizon} on; what was before it was let go by pond maintain --keep.`;
  return new PondError("NOT_FOUND", sentence, {horizon});
}

/** Writes the first commit: the table and an empty root. False when there is one. */
async function begin(store: Store, effects: PondEffects): Promise<boolean> {
  const content = encodeEntries([]);
  const now = effects.now();
  const root: NewRecord = {
    ...{nodeId: rootId, partId: rootId, kind: "directory", version: 1, timestamp: Math.floor(now) * 1000},
    ...{content, inline: true, sha256: hash(content), size: content.length, attributes: {}}
  };
  const proposal = {
    ...{intent: {command: "pond init"}, effects, started: now, reads: new Set([rootId])},
    ...{records: new Map([[rootId, [root]]]), first: creation(randomUUID(), Math.floor(now))}
  };
  return (await commit(store, emptyLog, proposal)) !== undefined;
}
