import {rm} from "node:fs/promises";
import {basename, join, posix} from "node:path";
import {annotationsOf} from "./annotated.js";
import {bounded} from "../bound.js";
import {catalogueOf} from "./catalogue.js";
import type {DashboardSpec} from "../kinds/dashboard.js";
import {placed} from "../series/dataset.js";
import {detailsOf} from "./details.js";
import {filesOf, foundIn, isPublished, removeOthers} from "./directory.js";
import {type Publication, publishOrKeep, type Source} from "./edition.js";
import {writeChanged} from "../file.js";
import {kinds} from "../kinds.js";
import {publishLogo} from "./logo.js";
import {isOf} from "../readings/parameter.js";
import {publishOverlays} from "./overlay.js";
import {pack} from "./pack.js";
import {reductionOf, type ReduceSpec} from "../kinds/reduce.js";
import type {Reduction} from "../reduction/reduction.js";
import {keyOf} from "../reduction/shard.js";
import {sweep} from "../sweep.js";
import type {Catalogue, Resource} from "../types.js";

/** Datasets at one time: while one waits for the disk, another is computed. */
const width = 3;

/**
 * Writes the shards of every dataset that the Dashboard shows (without one, of every Reduce), `catalogue.json` and `details.json`.
 * Files are named by what is in them: one that exists is not written again, one that nothing names is removed, and the
 * catalogue is rewritten only when its bytes change.
 */
export async function publish(publication: Publication): Promise<Catalogue> {
  const {fs, commits, resources, effects, directory} = publication;
  const dashboard = resources.find(({kind}) => kind === "Dashboard")?.spec as DashboardSpec | undefined;
  const {reductions, troubles} = await reductionsOf(publication);
  const found = foundIn(directory);
  const sources = sourcesOf({reductions, troubles}, publication, dashboard);
  const atOnce = bounded(width);
  const datasets = await Promise.all(
    sources.map((source) => atOnce(() => publishOrKeep(source, {...publication, found})))
  );
  const annotations = await annotationsOf({datasets, resources, fs, effects, onTrouble: publication.onTrouble});
  const {reporter} = effects;
  const logo = await publishLogo(publication);
  const listed = catalogueOf({
    datasets,
    dashboard,
    annotations,
    logo,
    version: fs.version,
    reporter,
    now: effects.now()
  });
  const keys = new Map(datasets.map(({name, key}) => [name, key]));
  const overlays = await publishOverlays(listed, {...publication, found, keys});
  const catalogue = overlays.length > 0 ? {...listed, overlays} : listed;
  const text = `${JSON.stringify(pack(catalogue))}\n`;
  const catalogueBytes = Buffer.byteLength(text);
  const details = await detailsOf({
    datasets,
    ...{resources, kinds, fs},
    commits,
    cache: publication.cache,
    catalogueBytes,
    now: effects.now()
  });
  await writeChanged(join(directory, "catalogue.json"), text);
  await writeChanged(join(directory, "details.json"), `${JSON.stringify(details)}\n`);
  const shown = [...datasets, ...overlays];
  const removed = removeOthers(directory, found, new Set(shown.flatMap(filesOf)));
  const isAsBefore = removed === 0 && shown.every((one) => isPublished(one, found));
  if (!isAsBefore) await sweepCache(publication.cache, [...reductions.values()]);
  return catalogue;
}

// ---- Which datasets ----

interface Asked {
  readonly reductions: ReadonlyMap<string, Reduction>; // by path in the pond
  readonly troubles: ReadonlyMap<string, Error>; // why there is none, likewise
}

/** Every reduction that the resources ask for. */
async function reductionsOf({fs, cache, resources, effects}: Publication): Promise<Asked> {
  const reductions = new Map<string, Reduction>();
  const troubles = new Map<string, Error>();
  for (const {spec} of resources.filter(({kind}) => kind === "Reduce") as Resource<ReduceSpec>[]) {
    const {datasets, twins} = await placed(spec, fs);
    for (const dataset of datasets) reductions.set(dataset.path, await reductionOf(spec, dataset, {fs, cache}));
    for (const [path, trouble] of twins) troubles.set(path, trouble);
    const made = datasets.map(({path}) => reductions.get(path)!);
    for (const name of await undirected(spec, made))
      effects.reporter.warn(`Nothing that ${spec.input} matches has ${name}, which directions names.`);
  }
  return {reductions, troubles};
}

/** Directions that no column is of are most often misspelt, and their means then those of numbers. */
async function undirected({directions}: ReduceSpec, reductions: readonly Reduction[]): Promise<readonly string[]> {
  if (directions.length === 0 || reductions.length === 0) return [];
  const all = await Promise.allSettled(reductions.map((reduction) => reduction.columns())); // what failed is said
  const columns = all.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  return directions.filter((name) => !columns.some((column) => isOf(name, column)));
}

function sourcesOf({reductions, troubles}: Asked, {effects}: Publication, dashboard?: DashboardSpec): Source[] {
  const shown = dashboard?.sites.map(({dataset}) => posix.normalize(dataset)) ?? [
    ...reductions.keys(),
    ...troubles.keys()
  ];
  const isThere = (path: string) => reductions.has(path) || troubles.has(path);
  for (const path of shown)
    if (!isThere(path))
      effects.reporter.warn(`The dashboard shows ${path}, which no Reduce makes yet: it has no charts.`);
  return named([...new Set(shown)]).map(([path, name]) => {
    const [reduction, trouble] = [reductions.get(path), troubles.get(path)];
    return {path, name, ...(reduction ? {reduction} : trouble ? {trouble} : {})};
  });
}

/** Each path with a directory name of its own, fit for a file and an address. */
function named(paths: readonly string[]): [path: string, name: string][] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const own = safeName(posix.basename(path));
    const name = taken.has(own) ? safeName(path.slice(1)) : own;
    taken.add(name);
    return [path, name];
  });
}

/** Letters, digits, dots, dashes and underscores; what else there was is told by a hash. */
function safeName(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9._-]+/g, "-");
  return safe === text ? safe : `${safe}-${keyOf(text).slice(0, 4)}`;
}

/** Old results go once nothing is computed from them. Where the same is published as before, nothing has grown old. */
async function sweepCache(cache: string, reductions: readonly Reduction[]): Promise<void> {
  const found = await Promise.allSettled(reductions.map((reduction) => reduction.levels())); // what failed was said
  const levels = found.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const pages = (await Promise.all(levels.map((level) => level.pages()))).flat();
  await sweep(join(cache, "reduce"), new Set(pages.flatMap(({file, trace}) => [basename(file), basename(trace)])));
  await sweep(join(cache, "told"), new Set());
  await sweep(join(cache, "sampling"), new Set());
  await rm(join(cache, "publish"), {recursive: true, force: true}); // in ponds from before
}
