import type {Contents} from "./contents.js";
import {identifier, literal} from "./duck.js";
import {hash} from "./record.js";
import type {Column, Newest, Piece, Range, Series} from "./types.js";
import type {Shown} from "./view.js";

/** A version of a series with readings in it, and what it is read by. */
type Stretch = Shown & {readonly minTime: number; readonly maxTime: number};

/** A stretch of a series: a host file that holds it, or the SELECT that merges it. */
export type Part = {readonly key: string} & ({readonly file: string} | {readonly sql: string});

/** The columns that a node's attributes tell of. */
export function columnsOf(attributes: Readonly<Record<string, unknown>>): readonly Column[] {
  return (attributes.columns ?? []) as readonly Column[];
}

/** Columns known before and columns that came; of two with one name the newer tells type and attributes. */
export function mergeColumns(before: readonly Column[], after: readonly Column[]): Column[] {
  const merged = new Map(before.map((column) => [column.name, column]));
  for (const column of after) {
    const attributes = {...merged.get(column.name)?.attributes, ...column.attributes};
    merged.set(column.name, {...column, attributes});
  }
  return [...merged.values()];
}

/** The readings that the versions of a node hold together. */
export class StoredSeries implements Series {
  readonly path: string;
  readonly #written: readonly Stretch[]; // oldest first
  readonly #versions: readonly Stretch[]; // those of them that tell what no other does
  readonly #columns: readonly Column[];
  readonly #contents: Contents;

  constructor(path: string, versions: readonly Shown[], contents: Contents) {
    this.path = path;
    this.#written = versions.filter((version): version is Stretch => version.minTime !== undefined);
    this.#versions = latestOfEach(this.#written);
    this.#columns = columnsOf(versions.at(-1)?.attributes ?? {});
    this.#contents = contents;
  }

  async columns(): Promise<readonly Column[]> {
    return this.#columns;
  }

  async pieces(range?: Range): Promise<readonly Piece[]> {
    return this.#within(range).map(({sha256, minTime, maxTime, rows}) => ({key: sha256, minTime, maxTime, rows}));
  }

  async relation(range: Range = {}): Promise<string> {
    const layers = clustersOf(this.#within(range)).flatMap((cluster) => layersOf(cluster, range));
    const plain = layers.filter(({versions, isWhole}) => versions.length === 1 && isWhole);
    const selects = [this.#nothing()];
    if (plain.length > 0)
      selects.push(`SELECT * FROM ${await this.#scan(plain.flatMap(({versions}) => versions))}${where(range)}`);
    for (const {versions, isWhole, ...span} of layers) {
      if (versions.length > 1) selects.push(await this.#newest(versions, span));
      else if (!isWhole) selects.push(`SELECT * FROM ${await this.#scan(versions)}${where(span)}`);
    }
    return `(${selects.join(" UNION ALL BY NAME ")})`;
  }

  async newest(range: Range): Promise<Newest | undefined> {
    const versions = this.#within(range);
    const [newest, older] = [versions.at(-1), versions.slice(0, -1)];
    const tells = (version: Stretch) => rowsIn({...range, versions: [version]});
    if (!newest || older.length === 0 || tells(newest) < likely * Math.max(...older.map(tells))) return undefined;
    return {
      key: newest.sha256,
      relation: `(${this.#nothing()} UNION ALL BY NAME SELECT * FROM ${await this.#scan([newest])}${where(range)})`,
      older: `(SELECT timestamp FROM ${await this.#scan(older)}${where(range)})`
    };
  }

  /**
   * A parenthesised SELECT: how many `readings` were restated, which are those of a time and a column that an older
   * version told already.
   */
  async restated(): Promise<string> {
    const layers = clustersOf(this.#written).flatMap((cluster) => layersOf(cluster, {}));
    const more = this.#columns.map(({name}) => `greatest(count(${identifier(name)}) - 1, 0)`).join(" + ") || "0";
    const selects = ["SELECT 0 AS more"];
    for (const {versions, ...span} of layers)
      if (versions.length > 1) {
        const told = `${this.#nothing()} UNION ALL BY NAME SELECT * FROM ${await this.#scan(versions)}${where(span)}`;
        selects.push(`SELECT ${more} AS more FROM (${told}) GROUP BY timestamp`);
      }
    return `(SELECT sum(more)::DOUBLE AS readings FROM (${selects.join(" UNION ALL ")}))`;
  }

  /** The series in parts that do not overlap in time, by time: versions as they are, and what is merged of several. */
  async parts(): Promise<readonly Part[]> {
    return Promise.all(
      clustersOf(this.#versions).map(async (cluster): Promise<Part> => {
        const [first, ...others] = cluster;
        const key = hash(JSON.stringify([this.#columns.map(({name}) => name), cluster.map(({sha256}) => sha256)]));
        if (others.length > 0) return {key, sql: await this.#newest(cluster)};
        return {key: first!.sha256, file: await this.#contents.locate(first!)};
      })
    );
  }

  #within(range: Range = {}): readonly Stretch[] {
    const {begin = -Infinity, end = Infinity} = range;
    return this.#versions.filter((version) => version.maxTime >= begin && version.minTime < end);
  }

  /** No rows, but every column, so that a range without readings has the same shape. */
  #nothing(): string {
    const columns = this.#columns.map(({name, type}) => `NULL::${type} AS ${identifier(name)}`);
    return `SELECT ${["NULL::TIMESTAMPTZ AS timestamp", ...columns].join(", ")} WHERE false`;
  }

  async #scan(versions: readonly Stretch[], filename = false): Promise<string> {
    const files = await Promise.all(versions.map((version) => this.#contents.locate(version)));
    const list = files.map(literal).join(", ");
    return `read_parquet([${list}], union_by_name = true${filename ? ", filename = 'pond file'" : ""})`;
  }

  /** The same of two, which DuckDB plans and merges in less time: each has a time once. */
  async #newer(older: Stretch, newer: Stretch, range?: Range): Promise<string> {
    const scan = async (version: Stretch) =>
      `(${this.#nothing()} UNION ALL BY NAME SELECT * FROM ${await this.#scan([version])}${where(range)})`;
    const columns = this.#columns
      .map(({name}) => identifier(name))
      .map((name) => `coalesce(b.${name}, a.${name}) AS ${name}`);
    return `SELECT ${["timestamp", ...columns].join(", ")} FROM ${await scan(older)} AS a FULL JOIN ${await scan(newer)} AS b USING (timestamp)`;
  }

  /** Versions that overlap: per timestamp and column the newest that says something (arg_max skips NULL). */
  async #newest(cluster: readonly Stretch[], range?: Range): Promise<string> {
    if (cluster.length === 2) return this.#newer(cluster[0]!, cluster[1]!, range);
    const files = await Promise.all(cluster.map((version) => this.#contents.locate(version)));
    const order = files.map((file, i) => `(${literal(file)}, ${i})`).join(", ");
    const columns = this.#columns.map(({name}) => `arg_max(${identifier(name)}, "pond order") AS ${identifier(name)}`);
    const scan = `(${this.#nothing()} UNION ALL BY NAME SELECT * FROM ${await this.#scan(cluster, true)})`;
    const ordered = `${scan} JOIN (VALUES ${order}) AS o("pond file", "pond order") USING ("pond file")`;
    return `SELECT ${["timestamp", ...columns].join(", ")} FROM ${ordered}${where(range)} GROUP BY timestamp`;
  }
}

/** Of versions with the same content only the newest: it says all that the older one said. */
function latestOfEach(versions: readonly Stretch[]): Stretch[] {
  const latest = new Map(versions.map((version) => [version.sha256, version]));
  return versions.filter((version) => latest.get(version.sha256) === version);
}

/** Groups of versions whose spans of time touch, each in order of version. */
function clustersOf(versions: readonly Stretch[]): Stretch[][] {
  const clusters: Stretch[][] = [];
  let reach = -Infinity;
  for (const version of [...versions].sort((a, b) => a.minTime - b.minTime)) {
    if (version.minTime <= reach) clusters.at(-1)!.push(version);
    else clusters.push([version]);
    reach = Math.max(reach, version.maxTime);
  }
  return clusters.map((cluster) => cluster.sort((a, b) => a.version - b.version));
}

/** A span of time, and the versions that tell of it, in order. */
interface Layer extends Range {
  readonly versions: readonly Stretch[];
  readonly isWhole: boolean; // all that they tell is in it, or in the range that is asked for
}

/** So many layers at most: a query of more takes longer to plan than it saves. */
const mostLayers = 64;

/** A cluster cut where versions begin and end, so that readings are merged only where several versions tell of one time. */
function layersOf(versions: readonly Stretch[], range: Range): readonly Layer[] {
  const {begin = -Infinity, end = Infinity} = range;
  const whole = [{...range, versions, isWhole: true}];
  if (versions.length === 1) return whole;
  const edges = [...new Set(versions.flatMap(({minTime, maxTime}) => [minTime, maxTime + 1]))]
    .map((edge) => Math.min(Math.max(edge, begin), end))
    .sort((a, b) => a - b);
  const areExact = edges.every((edge) => Math.abs(edge) <= Number.MAX_SAFE_INTEGER); // else one µs is no step
  if (edges.length > mostLayers || !areExact) return whole;
  const layers = edges.slice(1).flatMap((to, index): Layer[] => {
    const from = edges[index]!;
    const telling = from < to ? versions.filter(({minTime, maxTime}) => minTime < to && maxTime >= from) : [];
    return telling.length > 0 ? [{begin: from, end: to, versions: telling, isWhole: false}] : [];
  });
  return layers.reduce<Layer[]>((joined, layer) => {
    const both = joinLayers(joined.at(-1), layer);
    return both ? [...joined.slice(0, -1), both] : [...joined, layer];
  }, []);
}

/** To read a file once more takes longer than to merge so few readings. */
const fewRows = 1000;

/** Two layers as one, where that is cheaper: one tells little, and nothing that the other's versions do not tell. */
function joinLayers(before: Layer | undefined, after: Layer): Layer | undefined {
  if (!before || before.end !== after.begin) return undefined;
  const [less, more] = before.versions.length < after.versions.length ? [before, after] : [after, before];
  if (rowsIn(less) > fewRows || !less.versions.every((version) => more.versions.includes(version))) return undefined;
  return {begin: before.begin, end: after.end, versions: more.versions, isWhole: false};
}

/** A version that has clearly fewer readings than one before it does not tell all that it does. */
const likely = 0.9;

/** About how many readings the versions of a layer tell in it, if they come evenly. */
function rowsIn({begin = -Infinity, end = Infinity, versions}: Omit<Layer, "isWhole">): number {
  const shares = versions.map(({rows = 0, minTime, maxTime}) => {
    const overlap = Math.min(end, maxTime + 1) - Math.max(begin, minTime);
    return (rows * Math.max(0, overlap)) / (maxTime + 1 - minTime);
  });
  return shares.reduce((sum, share) => sum + share, 0);
}

/** The clause that takes the rows in a half-open range; empty where that is everything. */
export function where({begin, end}: Range = {}): string {
  const conditions = [
    ...(begin === undefined ? [] : [`timestamp >= make_timestamptz(${begin})`]),
    ...(end === undefined ? [] : [`timestamp < make_timestamptz(${end})`])
  ];
  return conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
}

/** What a series holds, as one key: equal keys, equal readings. */
export async function seriesKey(series: Series): Promise<string> {
  const [columns, pieces] = await Promise.all([series.columns(), series.pieces()]);
  return hash(JSON.stringify([columns.map(({name}) => name), pieces.map(({key}) => key)]));
}
