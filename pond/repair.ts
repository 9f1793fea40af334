import {check} from "./check.js";
import type {Checked, Place} from "./check.js";
import {checkpointVersion, hintKey, putCheckpoint} from "./checkpoint.js";
import {commitKey, decodeActions, isSound} from "./delta.js";
import {isPondError, PondError} from "./error.js";
import {LocalStore} from "./local.js";
import {advance, emptyLog} from "./log.js";
import {hash} from "./record.js";
import type {Problem, Store} from "./types.js";

/** The parts of a pond that can be repaired, each on its own. */
export const repairable = ["log", "checkpoint", "blobs"] as const;

/** One change to the store, told before it is made. */
interface Step {
  readonly sentence: string;
  readonly take: () => Promise<void>;
}

/** What can be done about what is wrong. */
export interface Repair {
  readonly steps: readonly Step[]; // in order; each may be cut off anywhere, and the whole be run again
  readonly left: readonly Problem[]; // that no step helps
}

export interface RepairOptions {
  readonly from?: string; // host directory of a copy of the pond
  readonly now?: () => number; // ms since 1970
}

/**
 * Plans the repair of one part of a pond; nothing is changed before the steps are taken. A damaged file is never
 * deleted, but set aside under `lost/`. What has a hash, and is in the copy with that hash, is restored from there.
 *
 * Without anything to restore: damaged checkpoints are set aside and made anew from the commits; of a log whose chain breaks, the
 * commits from the break on are set aside, so that the pond is what it was before them.
 */
export async function planRepair(
  place: Place,
  part: (typeof repairable)[number],
  {from, now = Date.now}: RepairOptions = {}
): Promise<Repair> {
  const checked = await check(place, {data: part === "blobs"});
  const lost = `lost/${new Date(now()).toISOString().replace(/\W/g, "-")}`;
  const bench = new Bench(place.store, from === undefined ? undefined : new LocalStore(from), lost);
  if (part === "blobs") return bench.blobs(checked);
  return part === "log" ? bench.log(checked) : bench.checkpoint(checked);
}

class Bench {
  readonly #store: Store;
  readonly #copy: Store | undefined;
  readonly #lost: string; // prefix of what is set aside
  readonly #steps: Step[] = [];

  constructor(store: Store, copy: Store | undefined, lost: string) {
    this.#store = store;
    this.#copy = copy;
    this.#lost = lost;
  }

  async blobs({problems}: Checked): Promise<Repair> {
    const left: Problem[] = [];
    for (const problem of byFile(problems).filter(({fault}) => fault === "blob"))
      if (!(await this.#restore(problem, (bytes) => hash(bytes) === problem.sha256))) left.push(problem);
    return {steps: this.#steps, left};
  }

  async log({problems}: Checked): Promise<Repair> {
    const left: Problem[] = [];
    const broken: Problem[] = [];
    for (const problem of byFile(problems)) {
      if (problem.fault === "commit" && !(await this.#restoreCommit(problem))) broken.push(problem);
      const isOurs = (bytes: Uint8Array): boolean => hash(bytes) === problem.sha256;
      if (problem.fault === "op file" && !(await this.#restore(problem, isOurs))) left.push(problem);
    }
    if (this.#steps.length > 0) return {steps: this.#steps, left}; // what is restored may mend what follows it
    const known = await this.#newestCheckpoint(problems);
    const lost = broken.filter(({version}) => version! > known);
    if (lost.length > 0) await this.#cut(Math.min(...lost.map(({version}) => version!)));
    return {steps: this.#steps, left: [...left, ...broken.filter(({version}) => version! <= known)]};
  }

  async checkpoint({problems}: Checked): Promise<Repair> {
    const damaged = problems.filter(({fault}) => fault === "checkpoint");
    if (damaged.length === 0) return {steps: [], left: []};
    for (const key of new Set([hintKey, ...damaged.map(({file}) => file)])) await this.#setAside(key);
    this.#step("make a checkpoint of the newest version from the commits", async () => {
      const state = await advance(this.#store, emptyLog);
      if (state.damage !== undefined) throw state.damage;
      if (state.version < 0) throw new PondError("CORRUPT", unbegun);
      await putCheckpoint(this.#store, state.version, [...state.actions(0)]);
    });
    return {steps: this.#steps, left: []};
  }

  /** The version of the newest sound checkpoint: nothing before it is needed to know what the pond holds. */
  async #newestCheckpoint(problems: readonly Problem[]): Promise<number> {
    let newest = -1;
    for await (const {key} of this.#store.list("oplog/_delta_log/"))
      if (!problems.some(({file}) => file === key)) newest = Math.max(newest, checkpointVersion(key) ?? -1);
    return newest;
  }

  /** A commit is restored when the copy's is as it was written, and what the next one was written after. */
  async #restoreCommit(problem: Problem): Promise<boolean> {
    const next = await read(this.#store, commitKey(problem.version! + 1));
    const info = next && decodeActions(next).find(({commitInfo}) => commitInfo)?.commitInfo;
    const isIt = (bytes: Uint8Array): boolean =>
      info?.previous === undefined ? isSound(bytes, decodeActions(bytes)) : hash(bytes) === info.previous;
    return this.#restore(problem, isIt);
  }

  /** Commits from a version on are set aside, the newest first, so that there never is a gap. */
  async #cut(from: number): Promise<void> {
    const checkpoints: string[] = [];
    const commits: string[] = [];
    for await (const {key} of this.#store.list("oplog/_delta_log/")) {
      if ((checkpointVersion(key) ?? -1) >= from) checkpoints.push(key);
      if (/\d{20}\.json$/.test(key) && key >= commitKey(from)) commits.push(key);
    }
    for (const key of [hintKey, ...checkpoints, ...commits.reverse()]) await this.#setAside(key);
  }

  async #setAside(key: string): Promise<void> {
    if ((await read(this.#store, key)) === undefined) return;
    this.#step(`set ${key} aside as ${this.#lost}/${key}`, () => this.#move(key));
  }

  async #move(key: string): Promise<void> {
    const bytes = await read(this.#store, key);
    if (bytes === undefined) return;
    await this.#store.putIfAbsent(`${this.#lost}/${key}`, bytes);
    await this.#store.delete(key);
  }

  /** Plans to take an object from the copy, when what is there is what it should be. */
  async #restore({file}: Problem, isIt: (bytes: Uint8Array) => boolean): Promise<boolean> {
    const bytes = this.#copy && (await read(this.#copy, file));
    if (bytes === undefined || !isIt(bytes)) return false;
    if (hash((await read(this.#store, file)) ?? "") === hash(bytes)) return false; // nothing is wrong with it
    this.#step(`restore ${file} from the copy`, async () => {
      await this.#move(file);
      await this.#store.putIfAbsent(file, bytes);
    });
    return true;
  }

  #step(sentence: string, take: () => Promise<void>): void {
    this.#steps.push({sentence, take});
  }
}

/** One problem of each file. */
function byFile(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.file, problem])).values()];
}

const unbegun = `The log has no ${commitKey(0)} and no checkpoint that can be read; restore one of them from a copy of the pond.`;

async function read(store: Store, key: string): Promise<Uint8Array | undefined> {
  return store.get(key).catch((error: unknown) => {
    if (isPondError(error, "NOT_FOUND")) return undefined;
    throw error;
  });
}
