import {join} from "node:path";
import {identifier} from "../../pond/duck.js";
import type {Commit, Reader} from "../../pond/types.js";
import {isFull} from "../reduction/bins.js";
import {type Completeness, completenessOf} from "../reduction/completeness.js";
import type {DashboardSpec} from "../kinds/dashboard.js";
import {type Found, isPublished} from "./directory.js";
import {engine} from "../reduction/engine.js";
import {readText, replaceFile} from "../file.js";
import type {Level, Shard} from "../reduction/level.js";
import {type Ancestor, lineageOf} from "../series/lineage.js";
import {nameFor} from "../readings/parameter.js";
import {marks, type Reduced, within} from "../reduction/partial.js";
import {qualityIn} from "../readings/quality.js";
import type {Measured, Reduction} from "../reduction/reduction.js";
import {keyOf} from "../reduction/shard.js";
import {Shelf, type Written} from "./shelf.js";
import {published} from "../reduction/statistic.js";
import {type Summary, summarise} from "../reduction/summary.js";
import {browsers, type Told, writeTold} from "../reduction/told.js";
import type {Effects, QualityEntry, ResolutionEntry, Resource} from "../types.js";

/** Part of the key of every shard: to be raised whenever the same shard would be written otherwise. */
const generation = 4;

/** Part of the name under which what is told of a dataset is kept: to be raised whenever more or other is told of it. */
const telling = 8;

/** What is published, and where to. */
export interface Publication {
  readonly fs: Reader; // the snapshot
  readonly commits: readonly Commit[]; // oldest first
  readonly resources: readonly Resource[];
  readonly effects: Effects;
  readonly cache: string; // host directory for what is derived
  readonly directory: string; // host directory for what is published
  readonly onTrouble?: (path: string) => void; // told of each dataset that cannot be made
}

/** A publication under way. */
type Begun = Publication & {readonly found: Found};

/** The publication of one dataset, and what was kept of the one before. */
type Renewal = Begun & {readonly shown: string; readonly kept?: PublishedDataset};

/** A dataset as it stands in the published directory. */
export interface PublishedDataset {
  readonly name: string; // its directory
  readonly path: string; // in the pond
  readonly key: string; // of what it is made of: equal keys, equal files
  readonly since: number; // ms since 1970: what is told of it holds from then on, until it changes
  readonly columns: readonly Measured[];
  readonly lineage: readonly Ancestor[]; // of the series that is reduced
  readonly resolutions: readonly ResolutionEntry[];
  readonly summary: Summary;
  readonly completeness: Completeness;
  readonly quality: readonly (QualityEntry | null)[]; // of the columns, in their order; null: not tested
}

/** A dataset that is to be published. */
export interface Source {
  readonly name: string;
  readonly path: string;
  readonly reduction?: Reduction; // none: the dashboard shows what is not there yet
  readonly trouble?: Error; // why there is none, where that is not so
}

const none = {
  ...{key: "", since: 0, columns: [], lineage: [], resolutions: [], quality: []},
  ...{summary: {columns: []}, completeness: {unit: 3600e6, columns: [], gaps: []}}
};

/** A dataset that cannot be made is shown as it was made last, or empty, and that is told: the others go on. */
export async function publishOrKeep(source: Source, publication: Begun): Promise<PublishedDataset> {
  const {cache, found, effects, onTrouble} = publication;
  const {name, path} = source;
  const shown = join(cache, "shown", `${keyOf(generation, telling, path, name)}.json`);
  const kept = keptIn(shown, found);
  try {
    return await publishDataset(source, {...publication, shown, ...(kept ? {kept} : {})});
  } catch (error) {
    effects.reporter.warn(`${path} is shown ${kept ? "as it was" : "empty"}: ${(error as Error).message}`);
    onTrouble?.(path);
    return kept ?? {name, path, ...none};
  }
}

async function publishDataset({name, path, reduction, trouble}: Source, renewal: Renewal): Promise<PublishedDataset> {
  if (trouble) throw trouble;
  if (!reduction) return {name, path, ...none};
  const {effects, kept, shown} = renewal;
  const {columns, levels} = await shownOf(reduction, renewal);
  const keys = levels.flatMap(({shards}) => shards.map(({key}) => key));
  const widths = levels.map(({resolution}) => resolution);
  const lineage = (await lineageOf(reduction.source)).map(inOutline);
  const key = keyOf("dataset", generation, telling, path, name, columns, lineage, widths, keys);
  const since = effects.now();
  if (kept?.key === key && kept.since <= since) return kept;
  effects.reporter.step(`Publishing ${name}`);
  const told = await writeDataset({name, path, reduction, columns, levels}, renewal, since);
  const made = {...told, lineage, key, since};
  await replaceFile(shown, JSON.stringify(made));
  return made;
}

/** What pages need of it: they show what is said of a time, and not of each reading. */
function inOutline({threads, ...ancestor}: Ancestor): Ancestor {
  return {...ancestor, threads: threads.map(({from, to}) => ({from, to, turns: []}))};
}

/** The dataset as it was published last, while its files are there. */
function keptIn(shown: string, found: Found): PublishedDataset | undefined {
  const text = readText(shown);
  const kept = text === undefined ? undefined : (JSON.parse(text) as PublishedDataset);
  return kept && isPublished(kept, found) ? kept : undefined;
}

interface Shown {
  readonly columns: readonly Measured[];
  readonly levels: readonly Level[];
}

/** All but the columns of hidden parameters. */
async function shownOf(reduction: Reduction, {resources}: Publication): Promise<Shown> {
  const dashboard = resources.find(({kind}) => kind === "Dashboard")?.spec as DashboardSpec | undefined;
  const named = dashboard?.parameters ?? [];
  const all = await reduction.columns();
  const nameOf = (column: Measured) =>
    nameFor(
      column,
      all,
      named.map(({name}) => name)
    );
  const columns = all.filter((column) => !named.find(({name}) => name === nameOf(column))?.hidden);
  const readings = await reduction.readings();
  return {columns, levels: [...(readings ? [readings] : []), ...(await reduction.levels())]};
}

async function writeDataset(
  {name, path, reduction, columns, levels}: Shown & {name: string; path: string; reduction: Reduction},
  {cache, directory}: Publication,
  since: number
): Promise<Omit<PublishedDataset, "lineage" | "key" | "since">> {
  const resolutions: ResolutionEntry[] = [];
  const full = new Set<string>(); // resolutions that coarser ones have exact percentiles from
  const shelf = new Shelf(path, {directory, cache});
  for (const level of levels) {
    const target = {folder: `${name}/${level.resolution.name}`, reduction, columns, shelf};
    const known = new Map(level.shards.map((shard) => [shard, knownOf(shard, level, target)]));
    const due = level.shards.filter((shard) => !known.get(shard));
    if (due.length > 0) await reduction.build(level, {begin: due[0]!.cover.begin, end: due.at(-1)!.cover.end});
    const written = await engine.each(
      level.shards,
      async (shard) => known.get(shard) ?? publishShard(level, shard, target)
    );
    const isExact = !level.finer || full.has(level.finer.resolution.name);
    if (written.every(({isFull}) => isFull)) full.add(level.resolution.name);
    const isRanked = reduction.isRanked && !level.resolution.raw;
    resolutions.push({
      ...entryOf(level, written),
      ...(isRanked ? {percentiles: isExact ? "exact" : "estimated"} : {})
    });
  }
  await shelf.keep(resolutions.flatMap(({shards}) => shards.map(({file}) => file)));
  const now = since * 1000;
  const summary = await summarise(reduction, {columns, now});
  const interval = summary.interval ?? 0;
  const completeness = await completenessOf(reduction, {columns, now, interval, cache});
  return {name, path, columns, resolutions, summary, completeness, quality: await qualityOf(reduction, columns)};
}

/** How the readings of each column were tested. */
async function qualityOf(reduction: Reduction, columns: readonly Measured[]): Promise<PublishedDataset["quality"]> {
  const found = await qualityIn(reduction.source);
  return columns.map(({name}) => (found.has(name) ? {suspect: reduction.suspect, ...found.get(name)!} : null));
}

function entryOf({resolution}: Level, written: readonly Written[]): ResolutionEntry {
  const kept = written.filter(({rows}) => rows > 0);
  return {
    name: resolution.name,
    widthMs: resolution.width / 1000,
    ...(resolution.raw ? {raw: true} : {}),
    rows: kept.reduce((sum, {rows}) => sum + rows, 0),
    bytes: kept.reduce((sum, {bytes}) => sum + bytes, 0),
    shards: kept.map(({entry}) => entry)
  };
}

interface Target {
  readonly folder: string; // below the published directory
  readonly reduction: Reduction;
  readonly columns: readonly Measured[];
  readonly shelf: Shelf;
}

async function publishShard(level: Level, shard: Shard, target: Target): Promise<Written> {
  const {shelf} = target;
  const draft = {folder: target.folder, key: keyFor(shard, target)};
  const write = level.resolution.raw ? writeReadings : writeBins;
  const written = await write(shelf.place(draft), {level, shard}, target);
  return shelf.take(draft, {begin: shard.cover.begin / 1000, end: shard.cover.end / 1000, ...written});
}

/** A shard as it was written before, where all is known of it. */
function knownOf(shard: Shard, {resolution}: Level, target: Target): Written | undefined {
  const known = target.shelf.find(keyFor(shard, target));
  const isRanked = target.reduction.isRanked && !resolution.raw;
  return known?.isFull !== undefined || !isRanked ? known : undefined;
}

function keyFor(shard: Shard, {folder, columns}: Target): string {
  const names = columns.map(({name}) => name);
  return keyOf("publish", generation, folder, shard.key, names);
}

/** Milliseconds, for that is the only unit that the charts take for time; and every column, whatever the shard lacks. */
const milliseconds = "make_timestamp_ms(timestamp::BIGINT // 1000)::TIMESTAMP_MS";

interface Cut {
  readonly level: Level;
  readonly shard: Shard;
}

type Rows = Pick<Written, "rows" | "isFull">;

async function writeBins(file: string, {level, shard}: Cut, {reduction, columns}: Target): Promise<Rows> {
  const told = reduction.reduced(columns).flatMap(toldOf);
  const telling = {told, resolution: level.resolution, time: milliseconds};
  return reduction.use(level, shard, async (bins) => {
    const rows = await engine.use((duck) => writeTold(duck, bins, {telling, file}));
    return {rows, ...(reduction.isRanked ? {isFull: isFull(bins)} : {})};
  });
}

/** Readings as they are, those that failed too; what is no number is none. */
async function writeReadings(file: string, {shard: {cover}}: Cut, {reduction, columns}: Target): Promise<Rows> {
  const reduced = reduction.reduced(columns);
  const finite = (name: string) => `isfinite(${identifier(name)}::DOUBLE)`;
  const told = reduced.flatMap(({name, flags}) => [
    `CASE WHEN ${finite(name)} THEN ${identifier(name)}::DOUBLE END AS ${identifier(name)}`,
    ...(flags ? [`${identifier(flags.column)}::INTEGER AS ${identifier(`${name}.flag`)}`] : [])
  ]);
  const said = reduced.map(({name}) => `coalesce(${finite(name)}, false)`).join(" OR ") || "false";
  const time = "make_timestamp_ms(epoch_ms(timestamp))::TIMESTAMP_MS AS timestamp";
  const from = `${await reduction.source.relation(cover)} WHERE ${within(cover)} AND (${said})`;
  const sql = `SELECT ${[time, ...told].join(", ")} FROM ${from} ORDER BY timestamp`;
  return {rows: await engine.use((duck) => duck.write(sql, file, browsers))};
}

function toldOf(column: Reduced): readonly Told[] {
  return [...published, ...(column.flags ? marks : [])].map((statistic) => ({column, statistic}));
}
