import {rm} from "node:fs/promises";
import {hostname} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {readCache, writeCache} from "../cache.js";
import {isRunning} from "./lock.js";
import {quiet} from "../resources/report.js";
import type {Effects, RunRow} from "../types.js";

type Begun = Pick<RunRow, "kind" | "name" | "started">;

/** What a run has come to: of which process, which resources are at work, and how those fared that are done. */
interface Kept {
  readonly pid: number;
  readonly host: string;
  readonly at: number; // ms since 1970: when this was written
  readonly begun: readonly Begun[];
  readonly rows: readonly RunRow[];
}

/**
 * What a run under way has come to. It stands in the cache as long as the run goes on: one that is cut off leaves it
 * there, for the next to tell.
 */
export class Journal {
  readonly #file: string;
  readonly #now: Effects["now"];
  readonly #begun = new Map<string, Begun>();
  readonly #rows: RunRow[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor(cache: string, now: Effects["now"]) {
    this.#file = fileIn(cache);
    this.#now = now;
  }

  async begin(begun: Begun): Promise<void> {
    this.#begun.set(nameOf(begun), begun);
    await this.#write();
  }

  async end(row: RunRow): Promise<void> {
    if (!this.#begun.delete(nameOf(row))) return; // it had nothing to do
    this.#rows.push(row);
    await this.#write();
  }

  /** Once what it tells stands elsewhere. */
  async close(): Promise<void> {
    await this.#written;
    await rm(this.#file, {force: true});
  }

  #write(): Promise<void> {
    const kept: Kept = {
      ...{pid: process.pid, host: hostname(), at: this.#now()},
      ...{begun: [...this.#begun.values()], rows: [...this.#rows]}
    };
    this.#written = this.#written.then(() => writeCache(this.#file, kept));
    return this.#written;
  }
}

/** How resources fared in a run that was cut off, if the last one was: those at work then are in trouble. */
export function cutOff(cache: string): readonly RunRow[] {
  const kept = readCache<Kept>(fileIn(cache));
  if (!kept) return [];
  const {pid, host, at, begun, rows} = kept;
  if (host === hostname() && pid !== process.pid && isRunning(pid)) return []; // it goes on
  const errors = [
    "The run was cut off before this was done; what it had stored stays, and the next goes on from there."
  ];
  return [...rows, ...begun.map((one) => ({...quiet, ...one, tookMs: at - one.started, errors, stale: []}))];
}

function fileIn(cache: string): string {
  return join(cache, "run.json");
}

function nameOf({kind, name}: Pick<RunRow, "kind" | "name">): string {
  return `${kind}/${name}`;
}
