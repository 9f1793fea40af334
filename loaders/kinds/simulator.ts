import type {RecordBatch} from "apache-arrow";
import * as z from "zod";
import type {Stat, Transaction} from "../../pond/types.js";
import type {CloudRow, CloudSource} from "../cloud/offer.js";
import {measured, readingsAt} from "../cloud/harbour.js";
import type {Mooring} from "../cloud/harbour.js";
import {ownPath} from "../path.js";
import {readingsTable} from "../readings/readings.js";
import type {Effects, Kind, Report, Resource} from "../types.js";

const share = z.number().min(0).max(1);

const site = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]+$/, "write small letters, digits and dashes")
    .describe("begins the names of the site's two instruments"),
  depth: z.number().min(2).meta({unit: "m"}).describe("of the water at mean tide"),
  river: share.describe("how much the river is felt: 0 in the open sea, 1 in its mouth"),
  shelter: share.describe("how little water is exchanged: 0 in the open sea, 1 in an enclosed basin")
});

const schema = z.strictObject({
  seed: z.int().default(1).describe("another number, another harbour; the same number, the same readings"),
  into: ownPath("write a path of the pond, such as /instruments")
    .default("/instruments")
    .describe("the directory of the instruments' series"),
  from: z.iso
    .datetime({offset: true, error: "write an instant such as 2024-03-01T00:00:00Z"})
    .optional()
    .describe("the first reading; two years before the first run unless given"),
  sites: z
    .array(site)
    .min(1)
    .refine((sites) => new Set(sites.map(({name}) => name)).size === sites.length, "two sites have one name")
    .default([
      {name: "basin", depth: 4.5, river: 0.15, shelter: 0.8},
      {name: "mouth", depth: 9, river: 0.1, shelter: 0.1},
      {name: "river", depth: 5.5, river: 0.85, shelter: 0.4}
    ])
    .describe("where instruments hang: one near the surface and one at the bottom of each")
});

export type SimulatorSpec = z.infer<typeof schema>;

const interval = 15 * 60_000;
const twoYears = 2 * 365 * 86_400_000;

/**
 * A harbour that does not exist: the embedded default, so that a fresh clone has data up to now. Six readings each
 * quarter of an hour and instrument, each a pure function of seed, instrument and time: a run adds what is newer than
 * the newest that the series holds, and two runs make what one would have made.
 */
export const simulator: Kind<SimulatorSpec> = {
  name: "Simulator",
  summary: "A harbour that does not exist: tide, temperature, salinity, oxygen, pH and battery, with gaps and faults.",
  schema,
  writes: ({into}) => [into],
  async run({spec, name}: Resource<SimulatorSpec>, {transaction, effects}): Promise<Report> {
    const stored = await transaction(async (tx) => {
      let rows = 0;
      for (const mooring of mooringsOf(spec)) {
        const path = `${spec.into}/${nameOf(mooring)}`;
        effects.reporter.step(`Simulating ${name}: ${nameOf(mooring)}`);
        rows += await addNew(tx, {spec, mooring, path, effects});
      }
      return rows;
    });
    return {read: stored, stored, aside: 0, notes: [], errors: []};
  }
};

/** The instruments of a harbour: near the surface and at the bottom of each site. */
export function mooringsOf({sites}: SimulatorSpec): Mooring[] {
  return sites.flatMap(({name, depth, river, shelter}) => [
    {site: name, level: "surface" as const, depth: 1, river, shelter},
    {site: name, level: "bottom" as const, depth: depth - 0.5, river, shelter}
  ]);
}

function nameOf({site: name, level}: Mooring): string {
  return `${name}-${level}`;
}

interface Addition {
  readonly spec: SimulatorSpec;
  readonly mooring: Mooring;
  readonly path: string;
  readonly effects: Effects;
}

async function addNew(tx: Transaction, {spec, mooring, path, effects}: Addition): Promise<number> {
  const newest = (await tx.exists(path)) ? newestOf(await tx.stat(path)) : undefined;
  const begin = newest === undefined ? firstReading(spec, effects.now()) : newest + interval;
  const readings = stretches(spec.seed, mooring, {begin, end: effects.now()});
  return (await tx.append(path, readings, {parents: true, attributes: {instrument: nameOf(mooring)}})).rows;
}

const stretch = 100 * 86_400_000;

/** The same a stretch of time at a time, so that the first span, however long it is, need not be made at once. */
async function* stretches(seed: number, mooring: Mooring, {begin, end}: Span): AsyncIterable<RecordBatch> {
  for (let from = begin; from <= end; from += stretch)
    yield* simulate(seed, mooring, {begin: from, end: Math.min(from + stretch - 1, end)}).batches;
}

function newestOf({maxTime = -Infinity}: Stat): number | undefined {
  return maxTime > -Infinity ? maxTime / 1000 : undefined;
}

function firstReading({from}: SimulatorSpec, now: number): number {
  const day = 86_400_000;
  return from === undefined ? Math.floor((now - twoYears) / day) * day : Date.parse(from);
}

interface Span {
  readonly begin: number; // ms since 1970, inclusive
  readonly end: number; // ms since 1970, inclusive
}

/** An instrument's readings on whole quarters of an hour in `[begin, end]`, milliseconds since 1970. */
export function simulate(seed: number, mooring: Mooring, {begin, end}: Span) {
  const times: number[] = [];
  const rows: number[][] = [];
  for (let time = Math.ceil(begin / interval) * interval; time <= end; time += interval) {
    const row = readingsAt(seed, mooring, time);
    if (!row) continue;
    times.push(time * 1000);
    rows.push(row);
  }
  const columns = measured.map(({parameter, unit}, index) => ({
    name: `${parameter}.${unit}`,
    attributes: {instrument: nameOf(mooring), parameter, unit},
    values: Float64Array.from(rows, (row) => row[index]!)
  }));
  return readingsTable(times, columns);
}

// ---- As a cloud ----

/** What a simulated cloud serves: the instruments of a harbour, up to a moment that moves. */
interface Harbour {
  readonly spec: SimulatorSpec;
  readonly interval?: number; // ms from one reading to the next
  readonly now: () => number; // ms since 1970
}

const place = {latitude: 39.4257, longitude: -123.8051};

/** The harbour's readings as HydroVu's cloud would tell them; the same that the kind stores, where the interval is the same. */
export function cloudOf({spec, interval: step = interval, now}: Harbour): CloudSource {
  const moorings = mooringsOf(spec);
  const begin = firstReading(spec, now());
  const ids = measured.map((_, index) => ({parameterId: String(index + 1), unitId: String(index + 1)}));
  const named = (name: "parameter" | "unit") =>
    Object.fromEntries(measured.map((one, i) => [String(i + 1), one[name]]));
  return {
    names: {parameters: named("parameter"), units: named("unit")},
    locations: moorings.map((mooring, index) => ({
      id: 1000 + index,
      name: nameOf(mooring),
      description: `${mooring.depth} m below the surface`,
      gps: {latitude: place.latitude + index / 1000, longitude: place.longitude}
    })),
    columns: () => ids,
    rows(id, span, limit) {
      const rows: CloudRow[] = [];
      const [from, end] = [Math.max(span.begin * 1000, begin), Math.min(span.end * 1000, now())];
      for (let time = Math.ceil(from / step) * step; time <= end && rows.length < limit; time += step) {
        const values = readingsAt(spec.seed, moorings[id - 1000]!, time);
        if (values) rows.push({time: time / 1000, values});
      }
      return rows;
    }
  };
}
