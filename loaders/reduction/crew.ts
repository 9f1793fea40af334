import {availableParallelism} from "node:os";
import {Worker} from "node:worker_threads";
import type {Addition, Rows} from "./addition.js";
import {Pool} from "./pool.js";

/**
 * Threads that add up, each with a DuckDB of its own: to add up the readings of ten years is work for all cores, and
 * this thread would be the only one that does it. What comes of it has the same bytes wherever it was done.
 */

/** An addition, and the files that the bins of its stretches become. */
export interface Task {
  readonly addition: Addition;
  readonly from: Rows | Finer;
  readonly files: readonly string[]; // host paths, by stretch
}

/** Files of finer bins, by stretch. */
interface Finer {
  readonly sources: readonly (readonly string[])[];
}

/** What a thread says of its task. Not done, and no error: what it was to read is not as it was written. */
export interface Answer {
  readonly isDone: boolean;
  readonly times?: readonly string[]; // of readings, when blocks have them
  readonly error?: Error;
}

/** Values that are added up while a thread starts; one that runs is soon told what to do. */
const [few, many] = [200_000, 10_000_000];

/** What tests set. */
interface CrewOptions {
  readonly least?: number; // values that a task is taken for
  readonly runs?: URL; // what threads run
}

export class Crew {
  readonly #members: Pool<Member>;
  readonly #few: number;
  readonly #many: number;
  #isStarted = false;

  constructor(size = availableParallelism(), {least, runs = program}: CrewOptions = {}) {
    this.#members = new Pool(size, () => new Member(runs));
    [this.#few, this.#many] = [least ?? few, least ?? many];
  }

  /** Whether it is worth its while to have a thread add up so many values. A single one would only do what this one can. */
  takes(values: number): boolean {
    return this.#members.size > 1 && values >= (this.#isStarted ? this.#few : this.#many);
  }

  /**
   * Performs a task once a thread is free; gives when blocks have readings, as `addReadings` does. Undefined where it
   * could not, since what it was to read is gone or broken.
   */
  perform(task: Task): Promise<readonly string[] | undefined> {
    this.#isStarted = true;
    return this.#members.use((member) => member.perform(task));
  }

  /** Ends threads that have nothing to do. One at work cannot be stopped: DuckDB would take the process with it. */
  async close(): Promise<void> {
    this.#isStarted = false;
    for (const member of this.#members.drain()) await member.end();
  }
}

/** A thread, which is started with its first task, and does not keep the process alive when it has none. */
class Member {
  readonly #runs: URL;
  #worker: Worker | undefined;

  constructor(runs: URL) {
    this.#runs = runs;
  }

  async perform(task: Task): Promise<readonly string[] | undefined> {
    const worker = (this.#worker ??= new Worker(this.#runs, {execArgv: []}));
    worker.ref();
    try {
      const {isDone, times = [], error} = await this.#answer(worker, task);
      if (error) throw error;
      return isDone ? times : undefined;
    } finally {
      worker.unref();
    }
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #answer(worker: Worker, task: Task): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const answered = (answer: Answer) => {
        worker.off("error", failed).off("exit", ended);
        resolve(answer);
      };
      const failed = (error: Error) => {
        worker.off("message", answered).off("exit", ended);
        this.#worker = undefined; // it has ended, or is about to
        reject(error);
      };
      const ended = (code: number) =>
        failed(new Error(`A thread that was adding up ended with code ${code}: run again.`));
      worker.once("message", answered).once("error", failed).once("exit", ended);
      worker.postMessage(task);
    });
  }
}

/** Beside what runs now: compiled where that is, or what brings in the sources. */
const program = new URL("./thread.js", import.meta.url);

/** The crew of this process. */
export const crew = new Crew();
