import {PondError} from "../../pond/error.js";
import type {Duck} from "../../pond/duck.js";
import type {Transaction} from "../../pond/types.js";
import {add} from "./addition.js";
import type {Api, DataPage, FriendlyNames} from "./api.js";
import {asideOf, setClocks} from "../time/epoch.js";
import {ApiError, HttpError} from "./http.js";
import {divided, measuresOf, pointsIn, rowsOf} from "./page.js";
import type {Rows} from "./page.js";
import {advanced, stranded, sweepOf, writeProgress} from "./progress.js";
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
}

/** What came of a device. */
export interface Collected {
  read: number; // rows
  stored: number; // rows that were new or restated
  aside: number; // rows of a clock that was not set
  isCut: boolean; // whether the budget ended before the readings
  error?: string;
}

/**
 * Reads a device on from where it is known, a page at a time; each is kept, with how far that is, before the next is
 * asked for. Trouble with the API or its readings is in what comes of it; what was kept before stays.
 */
export async function collect(device: Device, task: Task): Promise<Collected> {
  const collector = new Collector(device, task);
  try {
    await collector.run();
    return collector.collected;
  } catch (error) {
    if (error instanceof ApiError)
      return {...collector.collected, error: `${device.name} was not read to its end: ${error.message}.`};
    if (error instanceof PondError)
      return {...collector.collected, error: `${device.name} was not stored: ${error.message}`};
    throw error;
  }
}

class Collector {
  readonly collected: Collected = {read: 0, stored: 0, aside: 0, isCut: false};
  readonly #device: Device;
  readonly #task: Task;
  #progress: Progress;

  constructor(device: Device, task: Task) {
    this.#device = device;
    this.#task = task;
    this.#progress = device.progress;
  }

  async run(): Promise<void> {
    const cutOff = this.#progress.sweep;
    if (cutOff?.next === undefined) return this.#follow();
    await this.#resume(cutOff);
    if (this.#progress.sweep === undefined && cutOff.end < this.#task.plan.now) await this.#follow();
  }

  /** Goes on where a run was cut off; before that, as far as must be, where the server forgot the cursor. */
  async #resume(cutOff: Sweep): Promise<void> {
    const before = this.#progress;
    try {
      await this.#follow();
    } catch (error) {
      if (this.#progress !== before || !isForgotten(error)) throw error;
      this.#progress = stranded(before, cutOff, this.#task.plan);
      await this.#follow();
    }
  }

  async #follow(): Promise<void> {
    const {api, budget, plan} = this.#task;
    const sweep = sweepOf(this.#progress, plan);
    this.collected.isCut = budget.points <= 0;
    if (this.collected.isCut) return;
    for await (const page of api.data(this.#device.id, {...sweep, cursor: sweep.next})) {
      await this.#keep(page, this.#progress.sweep ?? sweep);
      budget.points -= pointsIn(page.parameters);
      this.collected.isCut = this.#progress.sweep !== undefined && budget.points <= 0;
      if (this.collected.isCut) return;
    }
  }

  /** Stores what a page brings together with how far the device is now read, in one transaction. */
  async #keep({parameters, next}: DataPage, sweep: Sweep): Promise<void> {
    const {names, now, plan} = this.#task;
    const before = this.#progress;
    const measures = measuresOf(before.measures, parameters, names);
    const rows = rowsOf(parameters, measures);
    const {within, beyond} = divided(rows, setClocks(now));
    const brought = broughtBy(within, next, plan.now);
    const after = advanced({...before, measures}, sweep, brought);
    const isOld = next !== undefined && (brought.newest ?? -Infinity) <= (before.newest ?? -Infinity);
    const {stored, aside} = await this.#task.transaction(async (tx) => {
      const stored = await this.#add(tx, before.series, within);
      const aside = await this.#add(tx, asideOf(before.series), beyond);
      if (stored + aside > 0 || !isOld) await writeProgress(tx, this.#device.path, after); // else it may be read again
      return {stored, aside};
    });
    this.collected.read += rows.rows.size;
    this.collected.stored += stored;
    this.collected.aside += aside;
    this.#progress = after;
  }

  #add(tx: Transaction, path: string, rows: Rows): Promise<number> {
    return add(tx, this.#task.duck, {path, instrument: this.#device.name, rows});
  }
}

function isForgotten(error: unknown): boolean {
  return error instanceof HttpError && [400, 404, 410, 422].includes(error.status ?? 0);
}

/** What a clock says that is ahead of ours does not tell how far an instrument is read. */
function broughtBy({rows}: Rows, next: string | undefined, now: number): Brought {
  let [oldest, newest] = [Infinity, -Infinity];
  for (const time of rows.keys()) [oldest, newest] = [Math.min(oldest, time), Math.max(newest, time)];
  return rows.size === 0 ? {next} : {oldest: oldest / 1e6, newest: Math.min(newest / 1e6, now), next};
}
