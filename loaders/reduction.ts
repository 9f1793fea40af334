import {existsSync} from "node:fs";
import {join} from "node:path";
import {type Duck, identifier, literal} from "../pond/duck.js";
import type {Column, Piece, Range, Series} from "../pond/types.js";
import {type Engine, engine as shared} from "./engine.js";
import {
  type Binning,
  binSql,
  coverageSql,
  type Extras,
  foldSql,
  noPartialsSql,
  partialNames,
  type Reduced,
  type Statistic,
  statisticName,
  statisticSql,
  strangeSql,
  within
} from "./partial.js";
import {cutOf, nests, type Resolution} from "./resolution.js";
import {coverOf, keyOf, overlaps, type Span, spansOver} from "./shard.js";

/** Part of every key: to be raised whenever the same input would give other bytes. */
const generation = 2;

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
  readonly statistics?: readonly Statistic[]; // what will be asked for beside avg, min, max and count
  readonly directions?: readonly string[]; // parameters in degrees that turn: 359 is beside 0
  readonly interval?: number; // µs from one reading to the next, which coverage is told against
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
  readonly #extras: Extras;
  readonly #directions: ReadonlySet<string>;
  #levels?: Promise<readonly Level[]>;
  #columns?: Promise<readonly Column[]>;

  constructor(series: Series, options: ReductionOptions) {
    this.#series = series;
    this.#options = options;
    this.#engine = options.engine ?? shared;
    const {statistics = [], directions = []} = options;
    this.#extras = {
      ends: statistics.includes("first") || statistics.includes("last"),
      spread: statistics.includes("stddev")
    };
    this.#directions = new Set(directions);
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

  /** How columns are reduced, in the order in which they are given. */
  reduced(columns: readonly Column[]): readonly Reduced[] {
    return columns.map(({name, attributes}) => ({name, turns: this.#directions.has(attributes.parameter ?? name)}));
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
    const missing = shards.filter(({file}) => !existsSync(file) && !underway.has(file));
    for (const batch of await this.#batches(level, missing)) {
      const work = this.#compute(level, batch).finally(() => batch.forEach(({file}) => underway.delete(file)));
      batch.forEach(({file}) => underway.set(file, work));
    }
    await Promise.all(shards.flatMap(({file}) => underway.get(file) ?? []));
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
    const columns = this.reduced(await this.columns());
    const shards = await this.build(level, range);
    const told = columns.flatMap((column) => statistics.map((statistic) => this.#told(column, statistic, level)));
    return `(SELECT ${["timestamp", ...told].join(", ")} FROM ${this.partialsSql(shards, columns)})`;
  }

  #told(column: Reduced, statistic: Statistic, {resolution, shards}: Level): string {
    if (statistic !== "coverage") return statisticSql(column, statistic);
    const range = {begin: shards[0]?.cover.begin ?? 0, end: shards.at(-1)?.cover.end ?? 0};
    return coverageSql(column, {...range, resolution, extras: this.#extras}, this.#options.interval!);
  }

  /** The partials in shards as a parenthesised SELECT with all the columns named, whatever each shard lacks. */
  partialsSql(shards: readonly Shard[], columns: readonly Reduced[]): string {
    const nothing = noPartialsSql(columns, this.#extras);
    if (shards.length === 0) return `(${nothing})`;
    const files = shards.map(({file}) => literal(file)).join(", ");
    return `(SELECT * FROM read_parquet([${files}], union_by_name = true) UNION ALL BY NAME ${nothing})`;
  }

  async #plan(): Promise<readonly Level[]> {
    const levels: Level[] = [];
    const spans = (await this.#series.pieces()).map(({minTime, maxTime}) => ({begin: minTime, end: maxTime + 1}));
    const range = {
      begin: spans.reduce((time, {begin}) => Math.min(time, begin), Infinity),
      end: spans.reduce((time, {end}) => Math.max(time, end), -Infinity)
    };
    for (const resolution of this.resolutions) {
      const fits = (level: Level) => range.begin < range.end && nests(level.resolution, resolution, range);
      const finer = levels.findLast(fits);
      const cut = {resolution, range, coarsest: resolution === this.resolutions.at(-1)};
      const shards = finer ? this.#foldedShards(cut, finer) : await this.#rawShards(cut);
      levels.push({resolution, finer, shards});
    }
    return levels;
  }

  async #rawShards(cut: Cut): Promise<readonly Shard[]> {
    const found = await Promise.all(
      spansOf(cut).map(async (span) => {
        const pieces = await this.#series.pieces(coverOf(span, cut.resolution));
        return this.#shard(cut.resolution, span, pieces);
      })
    );
    return found.flat();
  }

  #foldedShards(cut: Cut, {shards}: Level): readonly Shard[] {
    const pieces = piecesOf(shards);
    return spansOf(cut).flatMap((span) => {
      const cover = coverOf(span, cut.resolution);
      return this.#shard(
        cut.resolution,
        span,
        pieces.filter((piece) => overlaps(piece, cover))
      );
    });
  }

  #shard(resolution: Resolution, span: Span, pieces: readonly Piece[]): readonly Shard[] {
    if (pieces.length === 0) return [];
    const cover = coverOf(span, resolution);
    const from = pieces.map((piece) => piece.key);
    const kept = [this.#extras, [...this.#directions].sort()];
    const key = keyOf("reduce", generation, cutOf(resolution), kept, cover.begin, cover.end, from);
    return [{span, cover, key, file: join(this.#options.cache, "reduce", `${key}.parquet`)}];
  }

  /**
   * Shards that follow each other, to be computed in one go: a file that holds years is then not read once a month.
   * Where pieces overlap each shard is computed alone, as readings that are merged come in an order that depends on
   * what is merged with them, and sums on that order.
   */
  async #batches(level: Level, missing: readonly Shard[]): Promise<readonly (readonly Shard[])[]> {
    const rounds = Math.ceil(missing.length / this.#engine.size / longest);
    const most = Math.ceil(missing.length / this.#engine.size / rounds); // so that all engines end together
    const batches: Shard[][] = [];
    for (const shard of missing) {
      const batch = batches.at(-1);
      const follows = batch && batch.length < most && batch.at(-1)!.cover.end === shard.cover.begin;
      if (follows && (level.finer || !(await this.#overlap(batch[0]!.cover.begin, shard.cover.end)))) batch.push(shard);
      else batches.push([shard]);
    }
    return batches;
  }

  async #overlap(begin: number, end: number): Promise<boolean> {
    const pieces = [...(await this.#series.pieces({begin, end}))].sort((a, b) => a.minTime - b.minTime);
    return pieces.some(({minTime}, index) => index > 0 && minTime <= pieces[index - 1]!.maxTime);
  }

  async #compute(level: Level, batch: readonly Shard[]): Promise<void> {
    const columns = await this.#sorted();
    const cover = {begin: batch[0]!.cover.begin, end: batch.at(-1)!.cover.end};
    const binning = {...cover, resolution: level.resolution, extras: this.#extras};
    const sql = level.finer
      ? [foldSql(this.partialsSql(await this.build(level.finer, cover), columns), columns, binning)]
      : await this.#binSql(columns, binning);
    await this.#engine.use((duck) => writePartials(duck, {sql, columns, extras: this.#extras}, batch));
    for (const shard of batch) this.#options.built?.(shard, level);
  }

  /** What is quick, and what is right wherever readings are no numbers. */
  async #binSql(columns: readonly Reduced[], binning: Binning): Promise<readonly string[]> {
    const relation = await this.#series.relation(binning);
    return [true, false].map((trusting) => binSql(relation, columns, binning, {trusting}));
  }

  /** In an order that does not depend on when a column first came. */
  async #sorted(): Promise<readonly Reduced[]> {
    return this.reduced([...(await this.columns())].sort((a, b) => (a.name < b.name ? -1 : 1)));
  }
}

/** Shards in one go: few enough that their bins fit in memory. */
const longest = 24;

/** Not zstd: to write is most of the work where shards are small, and they are read from the same disk. */
const format = {FORMAT: "parquet", COMPRESSION: "snappy"};

interface Query {
  readonly sql: readonly string[]; // each stands for the one before it, should that give what is no number
  readonly columns: readonly Reduced[];
  readonly extras: Extras;
}

/** Leaves out the columns without a reading, so that a shard's bytes do not depend on columns that came later. */
function writePartials(duck: Duck, {sql, columns, extras}: Query, batch: readonly Shard[]): Promise<void> {
  return duck.session(async (session) => {
    for (const query of sql) {
      await session.run(`CREATE OR REPLACE TEMP TABLE bins AS ${query}`);
      const [found] = await session.rows(strangeSql("bins", columns));
      if (found!.strange === false) break;
    }
    const present = await presence(session, columns, batch);
    for (const [index, {cover, file}] of batch.entries()) {
      const names = present(index).flatMap((column) => partialNames(column, extras));
      await session.copy(`SELECT ${["timestamp", ...names].join(", ")} FROM bins WHERE ${within(cover)}`, file, format);
    }
  });
}

/** Which columns have a reading in which shard of the batch. */
async function presence(session: Duck, columns: readonly Reduced[], batch: readonly Shard[]) {
  const index = batch.map(({cover}) => `(epoch_us(timestamp) >= ${cover.end})::INTEGER`).join(" + ");
  const counts = columns.map(({name}, c) => `sum(${identifier(`${name}.count`)}) > 0 AS c${c}`);
  const rows = await session.rows(`SELECT ${[`${index} AS shard`, ...counts].join(", ")} FROM bins GROUP BY shard`);
  const seen = new Map(rows.map((row) => [row.shard, row]));
  return (shard: number) => columns.filter((_, c) => seen.get(shard)?.[`c${c}`] === true);
}

/** A resolution, what it is of, and its place among those of the reduction: they say how it is cut into shards. */
interface Cut {
  readonly resolution: Resolution;
  readonly range: Required<Range>; // from the first reading to just after the last
  readonly coarsest: boolean;
}

function spansOf({resolution, range: {begin, end}, coarsest}: Cut): readonly Span[] {
  return begin < end ? spansOver(resolution, {first: begin, last: end - 1, coarsest}) : [];
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

/** Work under way in this process, by the files that it makes: two readers of one shard compute it once. */
const underway = new Map<string, Promise<void>>();
