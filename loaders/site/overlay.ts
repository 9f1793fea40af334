import {join} from "node:path";
import {type Duck, identifier, literal} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {aligned} from "./alignment.js";
import {type Found, isPublished} from "./directory.js";
import {readText, replaceFile} from "../file.js";
import {engine} from "../reduction/engine.js";
import {groupBy} from "../group.js";
import {marks} from "../reduction/partial.js";
import {firstFrom} from "../reduction/search.js";
import {keyOf} from "../reduction/shard.js";
import {Shelf, type Written} from "./shelf.js";
import {published} from "../reduction/statistic.js";
import {type Table, type Typed, writeTable} from "../reduction/told.js";
import type {DatasetEntry, OverlayEntry, ParameterEntry, ResolutionEntry, ShardEntry} from "../types.js";

/**
 * What several datasets have of one parameter, side by side in shards of its own: a chart across ten sites fetches as many
 * files as one of a single site, and nothing of other parameters. Made of published shards, value by value.
 */

/** Part of every key: to be raised whenever the same shard would be written otherwise. */
const generation = 3;

/** Where published files are, and what is known of them. */
interface Place {
  readonly directory: string; // host directory of what is published
  readonly cache: string; // host directory for what is derived
  readonly found: Found;
  readonly keys: ReadonlyMap<string, string>; // by dataset: equal keys, equal files
}

/** What overlays are made from, beside that. */
type Origin = Place & {readonly schemas: Schemas};

/** The overlay of each parameter that several datasets have. Writes what is not there yet. */
export async function publishOverlays(
  {parameters, datasets}: {parameters: readonly ParameterEntry[]; datasets: readonly DatasetEntry[]},
  place: Place
): Promise<readonly OverlayEntry[]> {
  const overlays: OverlayEntry[] = [];
  const schemas = new Schemas(place.directory);
  for (const parameter of parameters) {
    const parts = partsOf(parameter, datasets);
    if (parts.length > 1) overlays.push(await publishOverlay(parameter, parts, {...place, schemas}));
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
async function publishOverlay(parameter: ParameterEntry, parts: readonly Part[], place: Origin): Promise<OverlayEntry> {
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

async function writeOverlay({slug}: ParameterEntry, parts: readonly Part[], place: Origin): Promise<OverlayEntry> {
  const name = `~${slug}`;
  const shelf = new Shelf(name, place);
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

interface Target extends Origin {
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

/** What a shard is made of: published shards of one dataset, and the columns to take of them. */
interface Ingredient extends Part {
  readonly files: readonly string[];
  readonly fields: readonly Field[]; // of the first; what others lack is missing
}

async function publishShard(
  span: Required<Range>,
  cuts: readonly (readonly Cut[])[],
  target: Target
): Promise<Written> {
  const {directory, folder, parts, shelf} = target;
  const made = parts.map((part, index) => ({...part, files: filesIn(cuts[index]!, span)}));
  const parted = made.filter(({files}) => files.length > 0);
  const from = parted.map(({dataset: {name}, columns, files}) => [name, columns, files]);
  const key = keyOf("overlay", generation, folder, span.begin, span.end, from);
  const known = shelf.find(key);
  if (known) return known;
  const draft = {folder, key};
  const rows = await engine.use(async (duck) => {
    const schemas = await target.schemas.of(
      duck,
      parted.map(({files}) => files[0]!)
    );
    const ingredients = parted.map((one, index): Ingredient => {
      const fields = schemas[index]!.filter(({name}) => one.columns.some((own) => tells(name, own)));
      return {...one, fields};
    });
    const table = aligned(await tablesOf(duck, ingredients, {directory, span}));
    return writeTable(duck, table, {time: milliseconds, file: shelf.place(draft)});
  });
  return shelf.take(draft, {...span, rows});
}

/** The only unit that the charts take for time. */
const milliseconds = "make_timestamp_ms(timestamp::BIGINT)::TIMESTAMP_MS";

/** What ingredients have of a span; each column under `<dataset>/<its own name>`. What has the same columns is read at once. */
async function tablesOf(duck: Duck, ingredients: readonly Ingredient[], cut: Cutting): Promise<readonly Table[]> {
  const tables = new Map<Ingredient, Table>();
  for (const alike of groupBy(ingredients, ({fields}) => JSON.stringify(fields)).values())
    for (const [index, table] of (await readTables(duck, alike, cut)).entries()) tables.set(alike[index]!, table);
  return ingredients.map((one) => tables.get(one)!);
}

/** What is to be read of shards. */
interface Cutting {
  readonly directory: string;
  readonly span: Required<Range>;
}

/** Of ingredients that have the same columns. */
async function readTables(
  duck: Duck,
  ingredients: readonly Ingredient[],
  {directory, span}: Cutting
): Promise<readonly Table[]> {
  const {fields} = ingredients[0]!;
  const paths = ingredients.flatMap(({files}) => files.map((file) => literal(join(directory, file))));
  const values = fields.map(({name}) => `${identifier(name)}::DOUBLE`);
  const time = "epoch_ms(timestamp)";
  const [from, times, ...columns] = await duck.numbers(`
    SELECT ${["file_index::DOUBLE", `${time}::DOUBLE`, ...values].join(", ")}
    FROM read_parquet([${paths.join(", ")}], union_by_name = true)
    WHERE ${time} >= ${span.begin} AND ${time} < ${span.end}`); // one thread: file by file, as they are listed
  let file = 0;
  return ingredients.map(({dataset, files}) => {
    const [begin, end] = [firstFrom(from!, file), firstFrom(from!, (file += files.length))];
    return {
      times: times!.subarray(begin, end),
      columns: fields.map(({name, type}, index): Typed => {
        const own = columns[index]!.subarray(begin, end);
        return {name: `${dataset.name}/${name}`, type, values: own, isFull: !own.some(Number.isNaN)};
      })
    };
  });
}

/** A column of a shard. */
type Field = Pick<Typed, "name" | "type">;

/** The columns of published shards: overlays of several parameters are made of the same ones. */
class Schemas {
  readonly #directory: string;
  readonly #known = new Map<string, readonly Field[]>(); // by file

  constructor(directory: string) {
    this.#directory = directory;
  }

  async of(duck: Duck, files: readonly string[]): Promise<readonly (readonly Field[])[]> {
    const paths = files.filter((file) => !this.#known.has(file)).map((file) => join(this.#directory, file));
    const rows = paths.length > 0 ? await duck.rows(schemaSql(paths)) : [];
    const found = groupBy(rows as unknown as readonly (Field & {file: string})[], ({file}) => file);
    for (const path of paths)
      this.#known.set(
        path.slice(this.#directory.length + 1),
        found.get(path)!.map(({name, type}) => ({name, type}))
      );
    return files.map((file) => this.#known.get(file)!);
  }
}

/** The first row tells of the file as a whole, and has no type. */
function schemaSql(paths: readonly string[]): string {
  return `SELECT file_name AS file, name, CASE type WHEN 'INT32' THEN 'INTEGER' ELSE type END AS type
    FROM parquet_schema([${paths.map(literal).join(", ")}]) WHERE type IS NOT NULL`;
}

const statistics = new Set([...published, ...marks, "flag"].map((statistic) => `.${statistic}`));

/** Whether a column of a shard tells something of a column of a dataset. */
function tells(name: string, column: string): boolean {
  return name === column || (name.startsWith(column) && statistics.has(name.slice(column.length)));
}

function filesIn(cut: readonly Cut[], {begin, end}: Required<Range>): string[] {
  return cut.filter((shard) => shard.begin < end && shard.end > begin).map(({file}) => file);
}
