import {existsSync} from "node:fs";
import {stat} from "node:fs/promises";
import {join} from "node:path";
import {type Duck, identifier, literal} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {type Found, isPublished} from "./directory.js";
import {readText, replaceFile} from "../file.js";
import {engine} from "../reduction/engine.js";
import {marks} from "../reduction/partial.js";
import {keyOf} from "../reduction/shard.js";
import {draftOf, settle, Shelf, type Written} from "./shelf.js";
import {published} from "../reduction/statistic.js";
import {browsers} from "../reduction/told.js";
import type {DatasetEntry, OverlayEntry, ParameterEntry, ResolutionEntry, ShardEntry} from "../types.js";

/**
 * What several datasets have of one parameter, side by side in shards of its own: a chart across ten sites fetches as many
 * files as one of a single site, and nothing of other parameters. Made of published shards, value by value.
 */

/** Part of every key: to be raised whenever the same shard would be written otherwise. */
const generation = 2;

/** Where published files are, and what is known of them. */
interface Place {
  readonly directory: string; // host directory of what is published
  readonly cache: string; // host directory for what is derived
  readonly found: Found;
  readonly keys: ReadonlyMap<string, string>; // by dataset: equal keys, equal files
}

/** The overlay of each parameter that several datasets have. Writes what is not there yet. */
export async function publishOverlays(
  {parameters, datasets}: {parameters: readonly ParameterEntry[]; datasets: readonly DatasetEntry[]},
  place: Place
): Promise<readonly OverlayEntry[]> {
  const overlays: OverlayEntry[] = [];
  for (const parameter of parameters) {
    const parts = partsOf(parameter, datasets);
    if (parts.length > 1) overlays.push(await publishOverlay(parameter, parts, place));
  }
  return overlays;
}

/** A dataset, and its columns of the parameter. */
interface Part {
  readonly dataset: DatasetEntry;
  readonly columns: readonly string[];
}

/** Those that have a reading, the one that goes on for longest first. */
function partsOf({columns}: ParameterEntry, datasets: readonly DatasetEntry[]): readonly Part[] {
  const named = new Map<string, string[]>();
  for (const {dataset, column} of columns) named.set(dataset, [...(named.get(dataset) ?? []), column]);
  const parts = datasets.map((dataset) => ({dataset, columns: named.get(dataset.name) ?? []}));
  const there = parts.filter(({dataset: {end}, columns: own}) => end !== undefined && own.length > 0);
  return there.sort((a, b) => Date.parse(b.dataset.end!) - Date.parse(a.dataset.end!));
}

/** An overlay as it was published last, and the key of what it is made of. */
interface Kept {
  readonly key: string;
  readonly overlay: OverlayEntry;
}

/** As it was published from the same content, while its files are there; else shard by shard. */
async function publishOverlay(parameter: ParameterEntry, parts: readonly Part[], place: Place): Promise<OverlayEntry> {
  const name = `~${parameter.slug}`; // no dataset is called so
  const made = parts.map(({dataset, columns}) => [dataset.name, place.keys.get(dataset.name)!, columns]);
  const key = keyOf("overlay", generation, name, made);
  const shown = join(place.cache, "shown", `${keyOf("overlay", generation, name)}.json`);
  const kept = JSON.parse(readText(shown) ?? "null") as Kept | null;
  if (kept?.key === key && isPublished(kept.overlay, place.found)) return kept.overlay;
  const overlay = await writeOverlay(parameter, parts, place);
  await replaceFile(shown, JSON.stringify({key, overlay} satisfies Kept));
  return overlay;
}

async function writeOverlay({slug}: ParameterEntry, parts: readonly Part[], place: Place): Promise<OverlayEntry> {
  const name = `~${slug}`;
  const shelf = Shelf.of(name, place.cache);
  const resolutions: ResolutionEntry[] = [];
  for (const resolution of resolutionsOf(parts))
    resolutions.push(
      await publishResolution(resolution, {parts, folder: `${name}/${resolution.name}`, shelf, ...place})
    );
  await shelf.keep(resolutions.flatMap(({shards}) => shards.map(({file}) => file)));
  return {name, parameter: slug, datasets: parts.map(({dataset}) => dataset.name), resolutions};
}

/** Those that several of the datasets have, fine to coarse. */
function resolutionsOf(parts: readonly Part[]): readonly ResolutionEntry[] {
  const all = parts.flatMap(({dataset}) => dataset.resolutions);
  const found = new Map(all.map((one) => [one.name, one]));
  const shared = [...found.values()].filter(({name}) => all.filter((one) => one.name === name).length > 1);
  return shared.sort((a, b) => a.widthMs - b.widthMs);
}

interface Target extends Place {
  readonly parts: readonly Part[];
  readonly folder: string; // below the directory
  readonly shelf: Shelf;
}

async function publishResolution(resolution: ResolutionEntry, target: Target): Promise<ResolutionEntry> {
  const {name, widthMs, raw} = resolution;
  const cuts = target.parts.map(({dataset}) => cutOf(shardsOf(dataset, name)));
  const written = await engine.each(spansOf(cuts), (span) => publishShard(span, cuts, target));
  const kept = written.filter(({rows}) => rows > 0);
  return {
    name,
    widthMs,
    ...(raw ? {raw} : {}),
    rows: kept.reduce((sum, {rows}) => sum + rows, 0),
    bytes: kept.reduce((sum, {bytes}) => sum + bytes, 0),
    shards: kept.map(({entry}) => entry)
  };
}

/** A shard, and its time as numbers: milliseconds since 1970, `[begin, end)`. */
interface Cut extends Required<Range> {
  readonly file: string;
}

function cutOf(shards: readonly ShardEntry[]): readonly Cut[] {
  return shards.map(({file, begin, end}) => ({file, begin: Date.parse(begin), end: Date.parse(end)}));
}

function shardsOf({resolutions}: DatasetEntry, name: string): readonly ShardEntry[] {
  return resolutions.find((resolution) => resolution.name === name)?.shards ?? [];
}

/**
 * How time is cut: as the first dataset is, and where that has no shard, as the others are. Milliseconds since 1970, by
 * time, `[begin, end)`; none meets another.
 */
export function spansOf(cuts: readonly (readonly Required<Range>[])[]): Required<Range>[] {
  let spans: Required<Range>[] = [];
  for (const shards of cuts) {
    const more = shards.flatMap((span) => without(span, spans));
    if (more.length > 0) spans = [...spans, ...more].sort((a, b) => a.begin - b.begin);
  }
  return spans;
}

/** What of a span no other one, of some that stand in order, covers. */
function without({begin, end}: Required<Range>, others: readonly Required<Range>[]): Required<Range>[] {
  const left: Required<Range>[] = [];
  let from = begin;
  for (const other of others.filter((one) => one.begin < end && one.end > begin)) {
    if (other.begin > from) left.push({begin: from, end: other.begin});
    from = Math.max(from, other.end);
  }
  return from < end ? [...left, {begin: from, end}] : left;
}

/** What a shard is made of: published shards of one dataset, and the columns to take. */
interface Ingredient extends Part {
  readonly files: readonly string[];
}

async function publishShard(
  span: Required<Range>,
  cuts: readonly (readonly Cut[])[],
  target: Target
): Promise<Written> {
  const {directory, folder, parts, shelf} = target;
  const made = parts.map((part, index): Ingredient => ({...part, files: filesIn(cuts[index]!, span)}));
  const ingredients = made.filter(({files}) => files.length > 0);
  const from = ingredients.map(({dataset: {name}, columns, files}) => [name, columns, files]);
  const key = keyOf("overlay", generation, folder, span.begin, span.end, from);
  const known = shelf.find(key);
  if (known && existsSync(join(directory, known.entry.file))) return known;
  const draft = {directory, folder, key};
  const path = draftOf(draft);
  const rows = await engine.use((duck) =>
    duck.session(async (session) => {
      const tables = await Promise.all(ingredients.map((one) => tableSql(session, one, {span, directory})));
      const time = "timestamp::TIMESTAMP_MS AS timestamp"; // the only unit that the charts take for time
      const from = await joined(session, tables);
      return session.copy(`SELECT ${time}, * EXCLUDE (timestamp) FROM ${from} ORDER BY timestamp`, path, browsers);
    })
  );
  const entry = await settle(draft, span);
  return shelf.add({key, entry, rows, bytes: (await stat(join(directory, entry.file))).size});
}

/** So many tables are joined at once, for each join holds memory of its own: a hundred sites would take a gigabyte. */
const fewTables = 8;

/** Tables side by side, by time, in FROM position; what is joined on the way stands in temporary tables of the session. */
async function joined(session: Duck, tables: readonly string[]): Promise<string> {
  const sql = (some: readonly string[]) =>
    some.map((table, index) => (index > 0 ? `${table} USING (timestamp)` : table)).join(" FULL JOIN ");
  if (tables.length <= fewTables) return sql(tables);
  const [some, others] = [tables.slice(0, fewTables), tables.slice(fewTables)];
  const name = `joined_${others.length}`;
  await session.run(`CREATE TEMP TABLE ${name} AS SELECT * FROM ${sql(some)}`);
  return joined(session, [...others, name]);
}

/** What an ingredient has of a span, as something to join; each column under `<dataset>/<its own name>`. */
async function tableSql(
  duck: Duck,
  {dataset, columns, files}: Ingredient,
  {span, directory}: {span: Required<Range>; directory: string}
): Promise<string> {
  const paths = files.map((file) => literal(join(directory, file)));
  const schema = await duck.rows(`SELECT name FROM parquet_schema(${paths[0]!})`);
  const wanted = schema.map(({name}) => name as string).filter((name) => columns.some((own) => tells(name, own)));
  const told = wanted.map((name) => `${identifier(name)} AS ${identifier(`${dataset.name}/${name}`)}`);
  return `(SELECT timestamp, ${told.join(", ")} FROM read_parquet([${paths.join(", ")}])
    WHERE epoch_ms(timestamp) >= ${span.begin} AND epoch_ms(timestamp) < ${span.end})`;
}

const statistics = new Set([...published, ...marks, "flag"].map((statistic) => `.${statistic}`));

/** Whether a column of a shard tells something of a column of a dataset. */
function tells(name: string, column: string): boolean {
  return name === column || (name.startsWith(column) && statistics.has(name.slice(column.length)));
}

function filesIn(cut: readonly Cut[], {begin, end}: Required<Range>): string[] {
  return cut.filter((shard) => shard.begin < end && shard.end > begin).map(({file}) => file);
}
