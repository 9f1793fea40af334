import {setTimeout as sleep} from "node:timers/promises";
import {diff} from "./diff.js";
import type {Change} from "./diff.js";
import type {FS} from "./fs.js";

/** What a transaction, or several since the last look, changed. */
export interface Watched {
  readonly version: number; // the newest transaction seen
  readonly changes: readonly Change[];
}

export interface WatchOptions {
  readonly from?: FS; // the snapshot that is known already; the newest unless given
  readonly interval?: number; // ms between looks at the log
  readonly signal?: AbortSignal; // ends the watch
}

/** What gives the newest snapshot: a pond. */
interface Snapshots {
  fs(): Promise<FS>;
}

/** Tells what changes from now on, whoever changes it, until the signal says stop. Looks at the log, not at the host. */
export async function* watch(
  pond: Snapshots,
  {from, interval = 500, signal}: WatchOptions = {}
): AsyncGenerator<Watched> {
  let before = from ?? (await pond.fs());
  while (!signal?.aborted) {
    const after = await pond.fs();
    if (after.version > before.version) {
      const changes = await diff(before, after);
      before = after;
      yield {version: after.version, changes};
    } else await sleep(interval, undefined, {signal}).catch(ignoreAbort);
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
