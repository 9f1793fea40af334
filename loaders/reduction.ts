import {existsSync} from "node:fs";
import {join} from "node:path";
import {type Duck, identifier, literal} from "../pond/duck.js";
import type {Column, Piece, Range, Series} from "../pond/types.js";
import {type Engine, engine as shared} from "./engine.js";
import {
  binSql,
  foldSql,
  noPartialsSql,
  partialNames,
  type Resolution,
  type Statistic,
  statisticName,
  statisticSql
} from "./resolution.js";
import {coverOf, keyOf, overlaps, type Span, spansOver} from "./shard.js";

/** Part of every key: to be raised whenever the same input would give other bytes. */
const generation = 1;

/** One Parquet file of partials, named by the hash of what it is computed from. */
export interface Shard {
  readonly span: Span;
  readonly cover: Required<Range>; // the instants that its bins hold, µs UTC
  readonly key: string; // hex
  readonly file: string; // host path; there once `build` has resolved
}

/** A resolution and its shards by time, those without a reading's piece left out. */
export interface Level {
  readonly resolution: Resolution;
  readonly finer?: Level; // what it is folded from; none: raw readings
  readonly shards: readonly Shard[];
}

export interface ReductionOptions {
  readonly resolutions: readonly Resolution[]; // fine to coarse
  readonly cache: string; // host directory
  readonly engine?: Engine;
  readonly built?: (shard: Shard, level: Level) => void; // told of each shard that had to be computed
}

/**
 * Every resolution of one series, kept as shards by the hash of what each is computed from: the same key is the same
 * file, another key is that shard computed again. To know the keys takes no reading of data.
 */
export class Reduction {
  readonly #series: Series;
  readonly #options: ReductionOptions;
  readonly #engine: Engine;
  #levels?: Promise<readonly Level[]>;
  #columns?: Promise<readonly Column[]>;

  constructor(series: Series, options: ReductionOptions) {
    this.#series = series;
    this.#options = options;
    this.#engine = options.engine ?? shared;
  }

  get resolutions(): readonly Resolution[] {
    return this.#options.resolutions;
  }

  /** The series that is reduced. */
  get source(): Series {
    return this.#series;
  }

  /** The columns that hold numbers. */
  columns(): Promise<readonly Column[]> {
    return (this.#columns ??= this.#series.columns().then((columns) => columns.filter(isNumeric)));
  }

  /** Fine to coarse. */
  levels(): Promise<readonly Level[]> {
    return (this.#levels ??= this.#plan());
  }

  async level(name: string): Promise<Level> {
    const level = (await this.levels()).find(({resolution}) => resolution.name === name);
    if (!level) throw new Error(`${this.#series.path} is not reduced to ${name}.`);
    return level;
  }

  /** The shards of a level that the range meets, computed where they are missing. */
  async build(level: Level, range: Range = {}): Promise<readonly Shard[]> {
    const shards = level.shards.filter(({cover}) => overlaps(inclusive(cover), range));
    const missing = shards.filter(({file}) => !existsSync(file));
    await Promise.all(missing.map((shard) => once(shard.file, () => this.#compute(level, shard))));
    return shards;
  }

  /** A resolution as a series: `<column>.<statistic>` at the start of each bin. */
  seriesOf(name: string, statistics: readonly Statistic[], path: string): Series {
    return {
      path,
      columns: async () => (await this.columns()).flatMap((column) => statisticColumns(column, statistics)),
      pieces: async (range) => piecesOf((await this.level(name)).shards, range),
      relation: async (range) => this.#relation(await this.level(name), statistics, range)
    };
  }

  async #relation(level: Level, statistics: readonly Statistic[], range?: Range): Promise<string> {
    const names = (await this.columns()).map(({name}) => name);
    const shards = await this.build(level, range);
    const told = names.flatMap((name) => statistics.map((statistic) => statisticSql(name, statistic)));
    return `(SELECT ${["timestamp", ...told].join(", ")} FROM ${partialsSql(shards, names)})`;
  }

  async #plan(): Promise<readonly Level[]> {
    const levels: Level[] = [];
    for (const resolution of this.resolutions) {
      const finer = levels.findLast((level) => resolution.width % level.resolution.width === 0);
      const shards = finer ? this.#foldedShards(resolution, finer) : await this.#rawShards(resolution);
      levels.push({resolution, finer, shards});
    }
    return levels;
  }

  async #rawShards(resolution: Resolution): Promise<readonly Shard[]> {
    const found = await Promise.all(
      spansOf(resolution, await this.#series.pieces()).map(async (span) => {
        const pieces = await this.#series.pieces(coverOf(span, resolution.width));
        return this.#shard(resolution, span, pieces);
      })
    );
    return found.flat();
  }

  #foldedShards(resolution: Resolution, {shards}: Level): readonly Shard[] {
    const pieces = piecesOf(shards);
    return spansOf(resolution, pieces).flatMap((span) => {
      const cover = coverOf(span, resolution.width);
      return this.#shard(
        resolution,
        span,
        pieces.filter((piece) => overlaps(piece, cover))
      );
    });
  }

  #shard({width}: Resolution, span: Span, pieces: readonly Piece[]): readonly Shard[] {
    if (pieces.length === 0) return [];
    const cover = coverOf(span, width);
    const from = pieces.map((piece) => piece.key);
    const key = keyOf("reduce", generation, width, cover.begin, cover.end, from);
    return [{span, cover, key, file: join(this.#options.cache, "reduce", `${key}.parquet`)}];
  }

  async #compute(level: Level, shard: Shard): Promise<void> {
    const sql = level.finer ? await this.#foldSql(level.finer, level, shard) : await this.#binSql(level, shard);
    await this.#engine.use((duck) => writePartials(duck, sql, shard.file));
    this.#options.built?.(shard, level);
  }

  async #binSql({resolution}: Level, {cover}: Shard): Promise<Query> {
    const columns = await this.#sortedNames();
    const relation = await this.#series.relation(cover);
    return {columns, sql: binSql(relation, columns, {...cover, width: resolution.width})};
  }

  async #foldSql(finer: Level, {resolution}: Level, {cover}: Shard): Promise<Query> {
    const columns = await this.#sortedNames();
    const source = partialsSql(await this.build(finer, cover), columns);
    return {columns, sql: foldSql(source, columns, {...cover, width: resolution.width})};
  }

  /** In an order that does not depend on when a column first came. */
  async #sortedNames(): Promise<readonly string[]> {
    return (await this.columns()).map(({name}) => name).sort();
  }
}

/** The partials in shards as a parenthesised SELECT with all the columns named, whatever each shard lacks. */
export function partialsSql(shards: readonly Shard[], columns: readonly string[]): string {
  if (shards.length === 0) return `(${noPartialsSql(columns)})`;
  const files = shards.map(({file}) => literal(file)).join(", ");
  return `(SELECT * FROM read_parquet([${files}], union_by_name = true) UNION ALL BY NAME ${noPartialsSql(columns)})`;
}

interface Query {
  readonly sql: string;
  readonly columns: readonly string[];
}

/** Leaves out the columns without a reading, so that a shard's bytes do not depend on columns that came later. */
function writePartials(duck: Duck, {sql, columns}: Query, file: string): Promise<void> {
  return duck.session(async (session) => {
    await session.run(`CREATE TEMP TABLE bins AS ${sql}`);
    const counts = columns.map((name, index) => `sum(${identifier(`${name}.count`)}) > 0 AS c${index}`);
    const [seen] = await session.rows(`SELECT ${counts.join(", ")} FROM bins`);
    const kept = columns.filter((_, index) => seen![`c${index}`] === true);
    await session.copy(
      `SELECT ${["timestamp", ...kept.map(partialNames)].join(", ")} FROM bins ORDER BY timestamp`,
      file
    );
  });
}

function spansOf({width}: Resolution, pieces: readonly Piece[]): readonly Span[] {
  if (pieces.length === 0) return [];
  const first = pieces.reduce((time, {minTime}) => Math.min(time, minTime), Infinity);
  const last = pieces.reduce((time, {maxTime}) => Math.max(time, maxTime), -Infinity);
  return spansOver(width, first, last);
}

function piecesOf(shards: readonly Shard[], range: Range = {}): readonly Piece[] {
  return shards.map(({key, cover}) => ({key, ...inclusive(cover)})).filter((piece) => overlaps(piece, range));
}

function inclusive({begin, end}: Required<Range>): {minTime: number; maxTime: number} {
  return {minTime: begin, maxTime: end - 1};
}

function statisticColumns(column: Column, statistics: readonly Statistic[]): readonly Column[] {
  return statistics.map((statistic) => ({
    name: statisticName(column.name, statistic),
    type: statistic === "count" ? "INTEGER" : "DOUBLE",
    attributes: column.attributes
  }));
}

function isNumeric({type}: Column): boolean {
  return /^(DOUBLE|FLOAT|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)\b/.test(type);
}

/** Work under way in this process, by the file that it makes: two readers of one shard compute it once. */
const underway = new Map<string, Promise<void>>();

function once(file: string, work: () => Promise<void>): Promise<void> {
  const running = underway.get(file) ?? work().finally(() => underway.delete(file));
  underway.set(file, running);
  return running;
}
