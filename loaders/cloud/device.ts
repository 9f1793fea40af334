import {PondError} from "../../pond/error.js";
import type {Duck} from "../../pond/duck.js";
import type {Transaction} from "../../pond/types.js";
import {add} from "./addition.js";
import type {Api, DataPage, FriendlyNames} from "./api.js";
import {asideOf, setClocks} from "../time/epoch.js";
import {ApiError, HttpError, PauseError} from "./http.js";
import {divided, measuresOf, pointsIn, rowsOf} from "./page.js";
import type {Rows} from "./page.js";
import {advanced, begunAt, stranded, sweepOf, writeProgress} from "./progress.js";
import type {Brought, Plan, Progress, Sweep} from "./progress.js";
import type {RunContext} from "../types.js";

/** An instrument of an account, and how far it is read. */
export interface Device {
  readonly id: string;
  readonly name: string; // of the instrument, as its readings say
  readonly path: string; // where its progress is kept
  readonly progress: Progress;
}

/** What reading devices takes. */
export interface Task {
  readonly api: Api;
  readonly names: FriendlyNames;
  readonly duck: Duck;
  readonly now: number; // ms since 1970
  readonly plan: Plan;
  readonly budget: {points: number}; // how many more may be read in this run, of all devices
  readonly transaction: RunContext["transaction"];
  readonly tell: (device: Device) => void; // that it has its turn
}

/** What came of a device. */
export interface Collected {
  read: number; // rows
  stored: number; // rows that were new or restated
  aside: number; // rows of a clock that was not set
  error?: string;
}

/**
 * Reads a device on from where it is known, a page at a time; each is kept, with how far that is, before the next is
 * asked for. Trouble with the API or its readings is in what comes of it; what was kept before stays.
 */
export class Collector {
  readonly collected: Collected = {read: 0, stored: 0, aside: 0};
  readonly #device: Device;
  readonly #task: Task;
  readonly #pages: AsyncGenerator<void>;
  #progress: Progress;
  #kept: Progress; // as the pond has it

  constructor(device: Device, task: Task) {
    this.#device = device;
    this.#task = task;
    this.#progress = this.#kept = device.progress;
    this.#pages = this.#read();
  }

  get id(): string {
    return this.#device.id;
  }

  /** Reads a page where a limit makes devices take turns, and all where none does; whether there is more to read. */
  async turn(): Promise<boolean> {
    this.#task.tell(this.#device);
    try {
      const {done} = await this.#pages.next();
      return !done;
    } catch (error) {
      this.collected.error = troubleOf(this.#device, error);
      return false;
    }
  }

  /** Keeps how far the device is read where its pages had no news, so that the next run goes on behind them. */
  async keepPlace(tx: Transaction): Promise<void> {
    if (this.#progress !== this.#kept) await writeProgress(tx, this.#device.path, this.#progress);
  }

  /** Reads all that there is to read; yields between two pages, so that others have their turn. */
  async *#read(): AsyncGenerator<void> {
    const {plan} = this.#task;
    const cutOff = this.#progress.sweep;
    if (cutOff?.next !== undefined) {
      yield* this.#resume(cutOff);
      if (cutOff.begin <= sweepOf(this.#progress, plan).begin && plan.now <= cutOff.end) return;
      if (this.#takesTurns) yield;
    }
    yield* this.#follow();
  }

  /** Goes on where a run was cut off; before that, as far as must be, where the server forgot the cursor. */
  async *#resume(cutOff: Sweep): AsyncGenerator<void> {
    const before = this.#progress;
    try {
      yield* this.#follow();
    } catch (error) {
      if (this.#progress !== before || !isForgotten(error)) throw error;
      this.#progress = stranded(before, cutOff, this.#task.plan);
      yield* this.#follow();
    }
  }

  async *#follow(): AsyncGenerator<void> {
    const {api, budget, plan} = this.#task;
    const sweep = sweepOf(this.#progress, plan);
    for await (const page of api.data(this.#device.id, {...sweep, cursor: sweep.next})) {
      await this.#keep(page, this.#progress.sweep ?? sweep);
      budget.points -= pointsIn(page.parameters);
      if (page.next !== undefined && this.#takesTurns) yield;
    }
  }

  get #takesTurns(): boolean {
    return this.#task.budget.points < Infinity;
  }

  /** Stores what a page brings together with how far the device is now read, in one transaction. */
  async #keep({parameters, next}: DataPage, sweep: Sweep): Promise<void> {
    const {names, now} = this.#task;
    const before = this.#progress;
    const measures = measuresOf(before.measures, parameters, names);
    const rows = rowsOf(parameters, measures);
    const {within, beyond} = divided(rows, setClocks(now));
    const brought = broughtBy(within, next, sweep);
    const after = advanced({...before, measures}, sweep, brought);
    const isOld = next !== undefined && (brought.newest ?? -Infinity) <= (before.newest ?? -Infinity);
    const {stored, aside, isKept} = await this.#task.transaction(async (tx) => {
      const stored = await this.#add(tx, before.series, within);
      const aside = await this.#add(tx, asideOf(before.series), beyond);
      const isKept = stored + aside > 0 || !isOld; // else it may be read again
      if (isKept) await writeProgress(tx, this.#device.path, after);
      return {stored, aside, isKept};
    });
    this.collected.read += rows.rows.size;
    this.collected.stored += stored;
    this.collected.aside += aside;
    this.#progress = after;
    if (isKept) this.#kept = after;
  }

  #add(tx: Transaction, path: string, rows: Rows): Promise<number> {
    return add(tx, this.#task.duck, {path, instrument: this.#device.name, rows});
  }
}

function troubleOf({name}: Device, error: unknown): string {
  if (error instanceof PauseError) return `${error.message}.`; // which is the account's
  if (error instanceof ApiError) return `${name} was not read to its end: ${error.message}.`;
  if (error instanceof PondError) return `${name} was not stored: ${error.message}`;
  throw error;
}

function isForgotten(error: unknown): boolean {
  return error instanceof HttpError && [400, 404, 410, 422].includes(error.status ?? 0);
}

function broughtBy({rows}: Rows, next: string | undefined, sweep: Sweep): Brought {
  const until = begunAt(sweep);
  let [oldest, newest] = [Infinity, -Infinity];
  for (const time of rows.keys()) {
    oldest = Math.min(oldest, time / 1e6);
    if (time / 1e6 <= until) newest = Math.max(newest, time / 1e6);
  }
  return {next, ...(oldest < Infinity ? {oldest} : {}), ...(newest > -Infinity ? {newest} : {})};
}
