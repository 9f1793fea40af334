import {readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Column, Commit, Reader} from "../../pond/types.js";
import {columnDetails} from "../reduction/completeness.js";
import {lastRuns} from "../runs/history.js";
import {kindNamed} from "../kind.js";
import type {Ancestor} from "../series/lineage.js";
import {isWithin, normalize} from "../../pond/path.js";
import type {PublishedDataset} from "./edition.js";
import type {
  CheckEntry,
  DatasetDetails,
  DeploymentEntry,
  Details,
  Fared,
  Kind,
  Resource,
  ResourceEntry,
  TransactionEntry
} from "../types.js";

/** What is known of a deployment in a snapshot. */
interface Deployed {
  readonly kinds: readonly Kind[]; // those of the resources
  readonly fs: Reader;
}

interface DetailsParts extends Deployed {
  readonly resources: readonly Resource[];
  readonly datasets: readonly PublishedDataset[];
  readonly commits: readonly Commit[]; // oldest first
  readonly cache: string; // host directory
  readonly catalogueBytes: number;
  readonly now: number; // ms since 1970
}

/** So many transactions are published. */
export const transactionsShown = 50;

/** How the resources fared, what the pond did, and how complete and whose the published readings are. */
export async function detailsOf({
  datasets,
  resources: applied,
  commits,
  cache,
  catalogueBytes,
  now,
  ...deployed
}: DetailsParts): Promise<Details> {
  const runs = await lastRuns(deployed.fs, cache);
  const resources = applied.map((resource) => resourceEntry(resource, {runs, datasets, ...deployed}));
  return {
    resources: await Promise.all(resources),
    transactions: commits.slice(-transactionsShown).reverse().map(transactionEntry),
    check: await lastCheck(cache),
    datasets: datasets.map((dataset) => datasetDetails(dataset, now)),
    catalogueBytes
  };
}

function datasetDetails({name, completeness, lineage}: PublishedDataset, now: number): DatasetDetails {
  const columns = columnDetails(completeness, now * 1000);
  const [own] = lineage;
  const deployments = lineage.filter(({isSource}) => isSource).flatMap((one) => deploymentEntries(one, own!.columns));
  return {name, columns, gaps: completeness.gaps, deployments};
}

/** One for each scope that has columns which come from it. */
function deploymentEntries(source: Ancestor, columns: readonly Column[]): DeploymentEntry[] {
  const {path: series, threads, period} = source;
  const {begin, end} = period;
  const fed = columns.filter(({name}) => threads.some(({to}) => to === name));
  return [...new Set(fed.map(({attributes}) => attributes.scope))].map((scope) => ({
    series,
    ...(scope === undefined ? {} : {scope}),
    ...(begin === undefined ? {} : {begin: iso(begin / 1000)}),
    ...(end === undefined ? {} : {end: iso(end / 1000)})
  }));
}

interface Known extends Deployed {
  readonly runs: readonly Fared[];
  readonly datasets: readonly PublishedDataset[];
}

async function resourceEntry(resource: Resource, known: Known): Promise<ResourceEntry> {
  const {kind, name, description, spec} = resource;
  const own = kindNamed(kind, known.kinds);
  const places = own.writes?.(spec) ?? [];
  const newest = own.dynamic ? undefined : await newestIn(places, known);
  const mine = known.datasets.filter((dataset) =>
    [dataset, ...dataset.lineage].some(({path}) => places.some((place) => isWithin(path, normalize(place))))
  );
  const run = known.runs.find((row) => row.kind === kind && row.name === name);
  return {
    kind,
    name,
    description,
    ...(run ? ran(run) : {read: 0, stored: 0, aside: 0, notes: [], errors: [], stale: []}),
    ...(newest === undefined ? {} : {newest: iso(newest / 1000)}),
    datasets: mine.map(({name}) => name)
  };
}

function ran({started, last, read, stored, aside, notes, errors, stale}: Fared) {
  const times = {lastRun: iso(last.started), tookMs: last.tookMs, lastNews: iso(started)};
  return {...times, read, stored, aside, notes, errors, stale};
}

/** The newest reading stored there, µs UTC. What is computed on access has none of its own, and is not looked at. */
async function newestIn(places: readonly string[], {fs}: Deployed): Promise<number | undefined> {
  const patterns = places.flatMap((place) => [place, `${place}/**`]);
  const found = (await Promise.all(patterns.map((pattern) => fs.glob(pattern)))).flat();
  const times = found.flatMap(({stat}) => stat.maxTime ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}

function transactionEntry({version, timestamp, command, user, tookMs, operations, rows}: Commit): TransactionEntry {
  return {version, time: iso(timestamp / 1000), command, user, tookMs, operations, rows};
}

const checkedFile = "checked.json"; // in the cache

/** Where the last check of a pond is told. */
export function checkedIn(cache: string): string {
  return join(cache, checkedFile);
}

async function lastCheck(cache: string): Promise<CheckEntry | undefined> {
  const text = await readFile(checkedIn(cache), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined; // never checked, or the cache was deleted
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as CheckEntry);
}

/** From milliseconds since 1970. */
function iso(time: number): string {
  return new Date(time).toISOString();
}
