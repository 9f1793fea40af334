import {checkpointKey, checkpointVersion, hintKey, readCheckpoint, readHint} from "./checkpoint.js";
import type {Action} from "./delta.js";
import {commitKey} from "./delta.js";
import {isPondError} from "./error.js";
import {readCommit} from "./history.js";
import type {LogEntry} from "./history.js";
import {emptyLog, LogState} from "./log.js";
import type {Problem, Store} from "./types.js";

/** The files of a log, one by one, and what they say together. */
export interface Inspection {
  readonly commits: number;
  readonly checkpoints: number;
  readonly problems: readonly Problem[];
  readonly state: LogState; // the newest that can be told
}

const repairLog = "Run pond repair log.";
const repairCheckpoint = "Run pond repair checkpoint.";
const fromWriter =
  "Ask who wrote it; if it is meant, leave it: it is read like any other, and the next commit vouches for it.";

/** Reads the whole log: every commit, the chain that they make, and every checkpoint beside what the commits say. */
export async function inspectLog(store: Store): Promise<Inspection> {
  const chain = new Chain(store);
  const [commits, checkpoints] = await versionsIn(store);
  for (const version of commits) await chain.commit(version, checkpoints.has(version));
  for (const version of checkpoints) if (!commits.has(version)) await chain.checkpoint(version, undefined);
  await chain.end(checkpoints);
  return {commits: commits.size, checkpoints: checkpoints.size, problems: chain.problems, state: chain.state};
}

async function versionsIn(store: Store): Promise<readonly [commits: Set<number>, checkpoints: Set<number>]> {
  const [commits, checkpoints] = [new Set<number>(), new Set<number>()];
  for await (const {key} of store.list("oplog/_delta_log/")) {
    const commit = /(\d{20})\.json$/.exec(key);
    const checkpoint = checkpointVersion(key);
    if (commit !== null) commits.add(Number(commit[1]));
    if (checkpoint !== undefined) checkpoints.add(checkpoint);
  }
  return [commits, checkpoints];
}

class Chain {
  readonly problems: Problem[] = [];
  state: LogState = emptyLog;
  readonly #store: Store;
  #before: LogEntry | undefined; // undefined at the beginning, and after a commit that cannot be read
  #first: number | undefined; // the oldest version
  #next: number | undefined; // the version that has to come
  #latest = -Infinity; // time told so far, ms since 1970
  #isWhole = true; // whether `state` is that of the last commit

  constructor(store: Store) {
    this.#store = store;
  }

  async commit(version: number, hasCheckpoint: boolean): Promise<void> {
    const entry = await this.#read(version);
    if (version > (this.#next ?? version)) this.#gap(this.#next!, version - 1);
    if (this.#next === undefined) this.#isWhole = version === 0;
    this.#first ??= version;
    if (entry !== undefined) this.#link(entry);
    if (this.#isWhole && entry?.isSound) this.state = this.state.apply([entry]);
    else this.#isWhole = false;
    if (hasCheckpoint) await this.checkpoint(version, entry);
    this.#before = entry;
    this.#next = version + 1;
  }

  /** A checkpoint says what the commits before it say, and is what is known where those are gone. */
  async checkpoint(version: number, entry: LogEntry | undefined): Promise<void> {
    const wrong = (sentence: string): unknown =>
      this.problems.push({
        fault: "checkpoint",
        file: checkpointKey(version),
        version,
        sentence,
        remedy: repairCheckpoint
      });
    const actions = await readCheckpoint(this.#store, version).catch((error: unknown) => {
      if (!isPondError(error, "CORRUPT")) throw error;
      return undefined;
    });
    if (actions === undefined) return void wrong("The checkpoint is not as it was written.");
    if (entry === undefined) return void wrong("The checkpoint has no commit beside it that can be read.");
    if (!entry.isSound) return;
    const told = LogState.of(entry, actions);
    if (this.#isWhole && contentOf(told) !== contentOf(this.state))
      return void wrong("The checkpoint says something else than the commits before it.");
    if (!this.#isWhole) this.state = told;
    this.#isWhole = true;
  }

  async end(checkpoints: ReadonlySet<number>): Promise<void> {
    if (this.state === emptyLog && this.#before !== undefined && this.problems.length === 0)
      this.#wrong(this.#before.version, "The log does not begin at version 0, and no checkpoint says what was before.");
    // A cleanup takes what is before the horizon, and no more.
    if (this.#isWhole && this.state !== emptyLog && this.#first! > this.state.horizon)
      this.#gap(this.state.horizon, this.#first! - 1);
    const hinted = await readHint(this.#store);
    if (hinted === undefined || checkpoints.has(hinted)) return;
    const sentence = `It names a checkpoint of version ${hinted} and there is none.`;
    this.problems.push({fault: "checkpoint", file: hintKey, version: hinted, sentence, remedy: repairCheckpoint});
  }

  async #read(version: number): Promise<LogEntry | undefined> {
    try {
      return await readCommit(this.#store, version);
    } catch (error) {
      if (!isPondError(error, "CORRUPT")) throw error;
      this.#wrong(version, "The commit cannot be read.");
      return undefined;
    }
  }

  #link({version, info, isSound}: LogEntry): void {
    if (!isSound) this.#wrong(version, "The commit is not as it was written.");
    const [before, latest] = [this.#before, this.#latest];
    this.#latest = Math.max(latest, info.timestamp);
    if (before?.version !== version - 1) return;
    if (info.previous === undefined && !info.engineInfo.startsWith("duckpond/"))
      return void this.problems.push({
        ...{fault: "foreign", file: commitKey(version), version, remedy: fromWriter},
        sentence: `${info.engineInfo || "A foreign writer"} wrote this commit without the hash of the one before.`
      });
    if (info.previous !== before.sha256)
      this.#wrong(
        version,
        `The chain breaks: it follows ${info.previous ?? "nothing"}, but ${commitKey(before.version)} has ${before.sha256}.`
      );
    if (info.timestamp <= latest)
      this.#wrong(version, `Its time ${info.timestamp} is not after ${latest}, told before.`);
  }

  #gap(first: number, last: number): void {
    const which = first === last ? `Version ${first} is` : `Versions ${first} to ${last} are`;
    this.#wrong(first, `${which} missing, and later ones are there.`);
    this.#isWhole = false;
    this.#before = undefined;
  }

  #wrong(version: number, sentence: string): void {
    this.problems.push({fault: "commit", file: commitKey(version), version, sentence, remedy: repairLog});
  }
}

/** What readers of a state see, as text; op files that are gone are no part of it. */
function contentOf(state: LogState): string {
  const lines = [...state.actions(Infinity)].map(({add, ...rest}: Action) =>
    add ? opFileOf(add) : JSON.stringify(rest)
  );
  return lines.sort().join("\n");
}

function opFileOf({path, size, stats, tags}: NonNullable<Action["add"]>): string {
  return JSON.stringify({path, size, stats, transaction: tags.transaction, tier: tags.tier, sha256: tags.sha256});
}
