import {createHash} from "node:crypto";
import {join} from "node:path";
import * as z from "zod";
import {nameOf, parentOf} from "../../pond/path.js";
import type {Transaction} from "../../pond/types.js";
import {Api} from "../cloud/api.js";
import type {Location, Locations} from "../cloud/api.js";
import {Client} from "../cloud/client.js";
import {Collector} from "../cloud/device.js";
import type {Collected, Device} from "../cloud/device.js";
import {duration, parseDuration} from "../time/duration.js";
import {formatCount} from "../format.js";
import {instrumentsIn, writeInstruments} from "../cloud/instrument.js";
import type {Instrument} from "../cloud/instrument.js";
import {Limiter} from "../cloud/limiter.js";
import {ownPath} from "../path.js";
import {progressPath, readProgress} from "../cloud/progress.js";
import type {Progress} from "../cloud/progress.js";
import {readTurn, ringFrom, takeTurns, writeTurn} from "../cloud/turn.js";
import {appliedIn} from "../resources/applied.js";
import {secret} from "../resources/secret.js";
import type {Kind, Report, Resource, RunContext} from "../types.js";

const device = z.strictObject({
  id: z
    .union([z.int(), z.string().min(1)])
    .transform(String)
    .describe("HydroVu's number of the location"),
  name: z
    .string()
    .regex(/^(?!\.\.?$)[^/\0]+$/, "write a name without /, and none of dots alone")
    .optional()
    .describe("of its series; as HydroVu calls it unless given")
});

const schema = z.strictObject({
  url: z
    .url({protocol: /^https?$/})
    .refine(isSafe, "write https://…, without a user, a query or a fragment; http is for this machine alone")
    .transform((url) => url.replace(/\/+$/, ""))
    .default("https://www.hydrovu.com/public-api")
    .describe("of the API"),
  clientId: secret().describe("of the API credentials that HydroVu's account page gives"),
  clientSecret: secret().describe("of the same"),
  into: ownPath("write a path of the pond, such as /hydrovu")
    .default("/hydrovu")
    .describe("the directory of the instruments' series"),
  devices: z
    .array(device)
    .min(1)
    .refine((devices) => isDistinct(devices.map(({id}) => id)), "two devices have one id")
    .refine((devices) => isDistinct(devices.flatMap(({name}) => name ?? [])), "two devices have one name")
    .optional()
    .describe("which instruments are read; all of the account unless given"),
  overlap: duration.default("3d").describe("how long before its newest reading an instrument is read again"),
  maxPointsPerRun: z
    .int()
    .positive()
    .optional()
    .describe("how many values are read before a run stops, for the next to go on; all unless given"),
  rateLimit: z
    .strictObject({
      requests: z.int().positive().default(60).describe("how many"),
      per: duration
        .refine((text) => text !== "0s", "write more than 0s")
        .default("1m")
        .describe("in what time")
    })
    .prefault({})
    .describe("the requests that the account grants"),
  parallel: z.int().min(1).max(64).default(4).describe("how many instruments are read side by side")
});

function isDistinct(words: readonly string[]): boolean {
  return new Set(words).size === words.length;
}

export type HydroVuSpec = z.infer<typeof schema>;

/** Credentials go to the API alone, where nobody on the way can read them. What is no URL is refused as that. */
function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const {protocol, hostname, username, password, search, hash} = new URL(text);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return (protocol === "https:" || isLocal) && [username, password, search, hash].every((part) => part === "");
}

/**
 * The instrument cloud of In-Situ. Each instrument's readings are a series; how far it is read is kept page by page, so
 * that a run that is cut off loses no more than one.
 */
export const hydrovu: Kind<HydroVuSpec> = {
  name: "HydroVu",
  summary: "The instruments of an account of HydroVu, In-Situ's cloud.",
  schema,
  writes: ({into}) => [into],
  async run(resource: Resource<HydroVuSpec>, context: RunContext): Promise<Report> {
    const {url, clientId, clientSecret, rateLimit} = resource.spec;
    const limiter = Limiter.of(join(context.cache, "hydrovu", `${accountOf(url, clientId)}.json`));
    const limit = {requests: rateLimit.requests, per: parseDuration(rateLimit.per) / 1000};
    const scopes = ["read:locations", "read:data"];
    const api = new Api(new Client({url, clientId, clientSecret, scopes}, limiter));
    return limiter.under(limit, () => collect(api, resource, context));
  }
};

/** An account by a name that tells nothing of it. */
function accountOf(url: string, clientId: string): string {
  return createHash("sha256")
    .update(JSON.stringify([url, clientId]))
    .digest("hex")
    .slice(0, 16);
}

async function collect(api: Api, resource: Resource<HydroVuSpec>, context: RunContext): Promise<Report> {
  const {spec, name} = resource;
  const {effects} = context;
  effects.reporter.step(`Asking HydroVu for the instruments of ${name}`);
  const [names, locations] = [await api.names(), await api.locations()];
  const {devices, turn, errors} = await context.transaction((tx) => devicesIn(tx, resource, locations));
  const budget = {points: spec.maxPointsPerRun ?? Infinity};
  const task = {
    ...{api, names, budget, duck: context.duck, now: effects.now()},
    plan: {now: effects.now() / 1000, overlap: parseDuration(spec.overlap) / 1e6},
    transaction: context.transaction,
    tell: (device: Device) => effects.reporter.step(`Reading ${device.name} of ${name}`)
  };
  const collectors = devices.map((one) => new Collector(one, task));
  const goesOn = () => budget.points > 0;
  const waiting = await takeTurns(ringFrom(turn, collectors), {width: spec.parallel, goesOn});
  if (waiting.length > 0) await context.transaction((tx) => keepPlaces(tx, resource, {collectors, waiting}));
  const used = (spec.maxPointsPerRun ?? Infinity) - budget.points;
  return reportOf(collectors, {errors, stoppedAfter: waiting.length > 0 ? used : undefined});
}

interface Stopped {
  readonly collectors: readonly Collector[];
  readonly waiting: readonly Collector[]; // the one that waits longest first
}

/**
 * Keeps where a limit stopped a run: whose turn it is, and how far each is read. That is in the pond, though it may be
 * no news, since the cache may be deleted at any time: collecting would then begin with the same pages every night.
 */
async function keepPlaces(tx: Transaction, resource: Resource, {collectors, waiting}: Stopped): Promise<void> {
  await writeTurn(tx, resource, waiting[0]!.id);
  for (const collector of collectors) await collector.keepPlace(tx);
}

// ---- Which instruments ----

interface Found {
  readonly devices: readonly Device[];
  readonly turn: string | undefined; // the device to begin with
  readonly errors: readonly string[]; // of those that cannot be read
}

/** A location that is to be read, and what is known of it. */
interface Candidate {
  readonly location: Location;
  readonly path: string; // of its progress
  readonly before: Progress | undefined;
  readonly given: string | undefined; // the name that the resource gives it
}

/** The instruments to read, how far each is read and whose turn it is; keeps what HydroVu tells of them. */
async function devicesIn(
  tx: Transaction,
  resource: Resource<HydroVuSpec>,
  {found, errors: odd}: Locations
): Promise<Found> {
  const known = new Map(found.map((location) => [location.id, location]));
  const wanted = resource.spec.devices ?? found.map(({id}) => ({id, name: undefined}));
  const missing = wanted.filter(({id}) => !known.has(id));
  const candidates = await Promise.all(
    wanted.flatMap(({id, name: given}) => {
      const location = known.get(id);
      const path = progressPath(resource, id);
      return location ? readProgress(tx, path).then((before) => ({location, path, before, given})) : [];
    })
  );
  const isTaken = await takenBesides(resource, tx, candidates);
  const series = seriesOf(candidates, {into: resource.spec.into, isTaken});
  const isAnyWanted = !resource.spec.devices || missing.length > 0; // of those that are odd
  const errors = [
    ...(isAnyWanted ? odd : []),
    ...missing.map(({id}) => `The account has no location ${id}: take it out of devices.`)
  ];
  const devices: Device[] = [];
  for (const [candidate, path] of series) {
    const hasTwin = [...series].some(([other, taken]) => other !== candidate && taken === path);
    if (hasTwin || isTaken(candidate, path))
      errors.push(`${path} would hold two instruments: name location ${candidate.location.id} in devices.`);
    else devices.push(deviceOf(candidate, path));
  }
  await writeInstruments(
    tx,
    resource,
    [...series].map(([{location}, path]) => instrumentOf(location, path))
  );
  return {devices, turn: await readTurn(tx, resource), errors};
}

type IsTaken = (candidate: Candidate, series: string) => boolean;

/**
 * Whether a series has another instrument's readings, that another resource collects. One that goes on with what a
 * resource of another name began has the same instrument.
 */
async function takenBesides(resource: Resource, tx: Transaction, candidates: readonly Candidate[]): Promise<IsTaken> {
  const others = (await appliedIn(tx)).filter(({kind, name}) => kind === resource.kind && name !== resource.name);
  const taken: {readonly candidate: Candidate; readonly paths: ReadonlySet<string>}[] = [];
  for (const other of others) {
    const paths = (await instrumentsIn(tx, other)).map(({series}) => series);
    for (const candidate of paths.length > 0 ? candidates : []) {
      const own = await readProgress(tx, progressPath(other, candidate.location.id));
      const foreign = paths.filter((path) => path !== own?.series && path !== candidate.before?.series);
      taken.push({candidate, paths: new Set(foreign)});
    }
  }
  return (candidate, series) => taken.some((one) => one.candidate === candidate && one.paths.has(series));
}

/**
 * Where the readings of each go: as the resource names it, else where they went before, whatever HydroVu calls it now,
 * else as HydroVu calls it, with its id where another has that name.
 */
function seriesOf(
  candidates: readonly Candidate[],
  {into, isTaken}: {readonly into: string; readonly isTaken: IsTaken}
): ReadonlyMap<Candidate, string> {
  const settled = ({given, before}: Candidate) => {
    if (given !== undefined) return `${into}/${given}`;
    return before && parentOf(before.series) === into ? before.series : undefined;
  };
  const taken = candidates.map((one) => settled(one) ?? `${into}/${segment(one.location.name)}`);
  return new Map(
    candidates.map((one, index) => {
      const path = taken[index]!;
      const isAlone = taken.indexOf(path) === taken.lastIndexOf(path) && !isTaken(one, path);
      return [one, isAlone || settled(one) !== undefined ? path : `${path}-${one.location.id}`];
    })
  );
}

function deviceOf({location, path, before}: Candidate, series: string): Device {
  const progress = before?.series === series ? before : {series, measures: {}};
  return {id: location.id, name: nameOf(series), path, progress};
}

/** A name as a part of a path: what means something in paths and patterns is a dash. */
function segment(name: string): string {
  return name.trim().replace(/[/\\*?[\]{}\p{Cc}]+|^\.+$/gu, "-");
}

function instrumentOf({name, description, gps}: Location, series: string): Instrument {
  return {
    series,
    name,
    description: description ?? "",
    ...(gps ? {position: [gps.longitude, gps.latitude] as const} : {})
  };
}

// ---- What came of it ----

interface Told {
  readonly errors: readonly string[];
  readonly stoppedAfter: number | undefined; // points
}

function reportOf(collectors: readonly Collector[], {errors, stoppedAfter}: Told): Report {
  const collected = collectors.map((one) => one.collected);
  const sum = (of: (one: Collected) => number) => collected.reduce((total, one) => total + of(one), 0);
  const end = (points: number) =>
    `Stopped after ${formatCount(points)} points, as maxPointsPerRun says; the next run goes on.`;
  return {
    read: sum(({read}) => read),
    stored: sum(({stored}) => stored),
    aside: sum(({aside}) => aside),
    notes: stoppedAfter === undefined ? [] : [end(stoppedAfter)],
    errors: [...new Set([...errors, ...collected.flatMap(({error}) => error ?? [])])]
  };
}
