import {onTestFinished} from "vitest";
import {serveCloud} from "../../loaders/cloud/cloud.js";
import type {CloudLocation, CloudOptions, CloudRow, CloudSource, Exchange} from "../../loaders/cloud/offer.js";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {hydrovu} from "../../loaders/kinds/hydrovu.js";
import type {Report, RunContext} from "../../loaders/types.js";
import {Pond} from "../../pond/pond.js";
import {rowsOf, temporaryDirectory} from "./memory.js";

/** Instruments whose readings a test holds in its hand. */
export class Bench implements CloudSource {
  readonly names = {
    parameters: {"1": "Temperature", "2": "DO", "3": "% Saturation O₂", "9": "Temperature"} as Record<string, string>,
    units: {"1": "C", "7": "mg/L", "8": "% sat", "0": ""} as Record<string, string>
  };
  locations: CloudLocation[] = [];
  readonly #columns = new Map<number, {parameterId: string; unitId: string}[]>();
  readonly #rows = new Map<number, Map<number, number[]>>();

  place(location: CloudLocation, ...columns: string[]): void {
    this.locations = [...this.locations.filter(({id}) => id !== location.id), location];
    this.#columns.set(
      location.id,
      columns.map((column) => ({parameterId: column.split("/")[0]!, unitId: column.split("/")[1]!}))
    );
  }

  /** Readings of a location, by s since 1970. */
  put(id: number, rows: Readonly<Record<number, number[]>>): void {
    const known = this.#rows.get(id) ?? new Map<number, number[]>();
    this.#rows.set(id, known);
    for (const [time, values] of Object.entries(rows)) known.set(Number(time), values);
  }

  columns(id: number) {
    return this.#columns.get(id)!;
  }

  rows(id: number, {begin, end}: {begin: number; end: number}, limit: number): CloudRow[] {
    return [...(this.#rows.get(id) ?? [])]
      .filter(([time]) => time >= begin && time <= end)
      .sort(([a], [b]) => a - b)
      .slice(0, limit)
      .map(([time, values]) => ({time, values: this.columns(id).map((_, index) => values[index] ?? NaN)}));
  }
}

/** Hours since the begin of 2026, in s since 1970. */
export function hour(count: number): number {
  return Date.UTC(2026, 0) / 1000 + count * 3600;
}

/** A cloud over a source, a pond, and a resource that collects from the one into the other. */
export async function collector(source: CloudSource, options: Partial<CloudOptions> = {}) {
  const root = await temporaryDirectory();
  const pond = await Pond.open(root, {create: true, dynamic: dynamicFactories()});
  onTestFinished(() => pond.close());
  const cloud = await serveCloud({source, page: 10, retryAfter: 0, ...options});
  onTestFinished(() => cloud.close());
  const state = {commits: 0, diesAfter: Infinity, clock: hour(240) * 1000, said: ""};
  const note = (text: string) => void (state.said += `${text}\n`);

  async function run(spec: object = {}): Promise<Report> {
    const written = {url: cloud.url, clientId: "harbour-id", clientSecret: "harbour-secret", rateLimit: fast, ...spec};
    const place = {file: "a.yaml", line: 1, column: 1};
    const resource = {
      ...{kind: "HydroVu", name: "noyo", description: "", place, source: written},
      spec: hydrovu.schema.parse(written)
    };
    state.commits = 0;
    const context: RunContext = {
      fs: () => pond.fs(),
      async transaction(body) {
        if (state.commits >= state.diesAfter) throw new Error("killed");
        const {result, commit} = await pond.transaction({command: "test"}, body);
        if (commit) state.commits++;
        return result;
      },
      stage: (path, selection, duck) => pond.stage(path, selection, duck),
      duck: pond.duck,
      effects: {now: () => state.clock, env: {}, reporter: {step: note, line: note, warn: note}},
      kinds,
      base: root,
      cache: pond.cache
    };
    return hydrovu.run!(resource, context);
  }

  return {
    root,
    pond,
    state,
    run,
    cloud,
    /** Gives what was asked of readings since. */
    asked: (): (() => readonly Exchange[]) => {
      const before = cloud.exchanges.length;
      return () => cloud.exchanges.slice(before).filter(({location}) => location !== undefined);
    },
    rows: async (path: string) => rowsOf(pond.duck, await (await pond.fs()).series(path))
  };
}

const fast = {requests: 1000, per: "1s"};
