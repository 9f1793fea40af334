import {existsSync} from "node:fs";
import {rm} from "node:fs/promises";
import {join} from "node:path";
import type {Duck} from "../../pond/duck.js";
import type {Column, Range, Series} from "../../pond/types.js";
import {type Bins, binsWithin, decodeBins, encodeBins, joinBins, replaceBins, sealBins} from "./bins.js";
import {type Engine, engine as shared} from "./engine.js";
import {placeFile, readInto} from "../file.js";
import {flagsAmong, isFlag} from "../readings/flag.js";
import {type Level, levelsOf, readingsOf, type Shard} from "./level.js";
import {type Extras, readingsSql, type Reduced} from "./partial.js";
import type {Resolution} from "../time/resolution.js";
import {recent} from "./recent.js";
import {Scratch, withScratch} from "../scratch.js";
import {overlaps} from "./shard.js";
import {extrasFor, type Statistic} from "./statistic.js";
import {Tally, type Tallying, Unsorted} from "./tally.js";
import {type Block, blocksOf, keepBlocks, partsOf, type Taken, takenOver} from "./trace.js";

/** Which levels there are. */
export interface Ladder {
  readonly resolutions: readonly Resolution[]; // fine to coarse
  readonly raw?: number; // µs, the usual step: the readings themselves are a level too
}

export interface ReductionOptions {
  readonly ladder: () => Promise<Ladder>;
  readonly cache: string; // host directory
  readonly statistics?: readonly Statistic[]; // what will be asked for beside avg, min, max and count
  readonly directions?: readonly string[]; // parameters in degrees that turn: 359 is beside 0
  readonly interval?: number; // µs from one reading to the next, which coverage is told against
  readonly suspect?: "keep" | "drop"; // whether readings that are flagged as suspect are left out, as failed ones are
  readonly engine?: Engine;
  readonly built?: (shard: Shard, level: Level) => void; // told of each shard that had to be computed
}

/** A column of readings, and the one with their flags, where they have flags. */
export interface Measured extends Column {
  readonly flags?: string;
}

/**
 * Every resolution of one series, kept as shards by the hash of what each is computed from: the same key is the same
 * file, another key is that shard computed again, as far as its stretches changed. To know the keys takes no reading of data.
 */
export class Reduction {
  readonly #series: Series;
  readonly #options: ReductionOptions;
  readonly #engine: Engine;
  readonly #extras: Extras;
  readonly #directions: ReadonlySet<string>;
  #ladder?: Promise<Ladder>;
  #levels?: Promise<readonly Level[]>;
  #columns?: Promise<readonly Measured[]>;

  constructor(series: Series, options: ReductionOptions) {
    const {engine = shared, statistics = [], directions = []} = options;
    this.#series = series;
    this.#options = options;
    this.#engine = engine;
    this.#extras = extrasFor(statistics);
    this.#directions = new Set(directions);
  }

  /** µs from one reading to the next, as the resource says. */
  get interval(): number | undefined {
    return this.#options.interval;
  }

  /** The series that is reduced. */
  get source(): Series {
    return this.#series;
  }

  /** Whether percentiles are kept of bins. */
  get isRanked(): boolean {
    return (this.#extras.percentiles ?? []).length > 0;
  }

  /** Whether suspect readings are in the statistics. */
  get suspect(): "keep" | "drop" {
    return this.#options.suspect ?? "keep";
  }

  /** The columns that hold readings. */
  columns(): Promise<readonly Measured[]> {
    return (this.#columns ??= this.#series.columns().then(measuredIn));
  }

  /** How columns are reduced, in the order in which they are given. */
  reduced(columns: readonly Measured[]): readonly Reduced[] {
    return columns.map(({name, attributes, flags}) => ({
      name,
      turns: this.#directions.has(attributes.parameter ?? name),
      ...(flags === undefined ? {} : {flags: {column: flags, suspect: this.suspect}})
    }));
  }

  /** Fine to coarse. */
  levels(): Promise<readonly Level[]> {
    return (this.#levels ??= this.#climbed().then(({resolutions}) => levelsOf({...this.#plan, resolutions})));
  }

  /** The readings themselves; undefined: they are no level. */
  async readings(): Promise<Level | undefined> {
    const {raw} = await this.#climbed();
    return raw === undefined ? undefined : readingsOf(this.#plan, raw);
  }

  /** The names of all levels, fine to coarse. */
  async names(): Promise<readonly string[]> {
    const {raw, resolutions} = await this.#climbed();
    return [...(raw === undefined ? [] : ["raw"]), ...resolutions.map(({name}) => name)];
  }

  #climbed(): Promise<Ladder> {
    return (this.#ladder ??= this.#options.ladder());
  }

  get #plan() {
    const kept = [this.#extras, [...this.#directions].sort(), ...(this.suspect === "drop" ? ["no suspects"] : [])];
    return {series: this.#series, kept, directory: join(this.#options.cache, "reduce")};
  }

  async level(name: string): Promise<Level> {
    const level = (await this.levels()).find(({resolution}) => resolution.name === name);
    if (!level) throw new Error(`${this.#series.path} is not reduced to ${name}.`);
    return level;
  }

  /** The shards of a level that a range meets, computed where they are missing. */
  async build(level: Level, range: Range = {}): Promise<readonly Shard[]> {
    const shards = level.shards.filter(({cover}) => overlaps({minTime: cover.begin, maxTime: cover.end - 1}, range));
    const missing = shards.filter(({file}) => !existsSync(file) && !underway.has(file));
    const works: Promise<void>[] = [];
    for (const batch of this.#batches(level, missing)) {
      const turn = works.at(-this.#engine.size); // as many at once as have an engine, or hold files of bins
      const work = (turn ?? Promise.resolve())
        .catch(() => undefined) // told to whoever waits for it
        .then(() => this.#compute(level, batch))
        .finally(() => batch.forEach(({file}) => underway.delete(file)));
      batch.forEach(({file}) => underway.set(file, work));
      works.push(work);
    }
    await Promise.all(shards.flatMap(({file}) => underway.get(file) ?? []));
    return shards;
  }

  /** The bins of a shard, computed where they are missing or their file is not as it was written; in scratch, if given. */
  async bins(level: Level, shard: Shard, scratch = new Scratch()): Promise<Bins> {
    for (let tries = 0; tries < 2; tries++) {
      await this.build(level, shard.cover);
      const bins = recent.find(shard.file) ?? decodeBins(await readInto(scratch, shard.file));
      if (bins) return bins;
      await rm(shard.file);
    }
    throw new Error(`The disk does not give back ${shard.file} as it was written: see to the disk.`);
  }

  /** What is computed in one go. Of readings long stretches, so that a file that holds years is not read once a month. */
  #batches({finer}: Level, missing: readonly Shard[]): readonly (readonly Shard[])[] {
    const rounds = Math.ceil(missing.length / this.#engine.size / longest);
    const most = finer ? 1 : Math.ceil(missing.length / this.#engine.size / rounds); // all engines are to end together
    const batches: Shard[][] = [];
    for (const shard of missing) {
      const batch = batches.at(-1);
      if (batch && batch.length < most && batch.at(-1)!.cover.end === shard.cover.begin) batch.push(shard);
      else batches.push([shard]);
    }
    return batches;
  }

  async #compute(level: Level, batch: readonly Shard[]): Promise<void> {
    const blocks = new Map<Shard, readonly Block[]>();
    const whole: Shard[][] = [[]]; // that follow each other
    for (const shard of batch) {
      blocks.set(shard, await blocksOf(this.#series, level, shard.cover));
      if (await this.#splice(level, shard, blocks.get(shard)!)) whole.push([]);
      else whole.at(-1)!.push(shard);
    }
    for (const shards of whole)
      await this.#add(
        level,
        shards.map(({cover}) => cover),
        async (bins, index) => void (await placeBins(shards[index]!.file, bins))
      );
    for (const shard of batch) {
      await keepBlocks(shard, blocks.get(shard)!);
      this.#options.built?.(shard, level);
    }
  }

  /** Makes a shard of what others have, and computes what changed since; false where the whole is to be computed. */
  async #splice(level: Level, shard: Shard, blocks: readonly Block[]): Promise<boolean> {
    const parts = partsOf(shard, blocks);
    const changed = parts.filter(({from}) => from === undefined);
    if (changed.length === parts.length || changed.length > mostStretches) return false;
    const [taken, made] = await Promise.all([takenOver(parts), this.#make(level, changed)]);
    if (!taken) return false;
    const bytes = patched(taken, made);
    if (bytes) {
      await placeFile(shard.file, bytes);
      recent.keep(shard.file, taken.file!.bins, bytes.length);
      return true;
    }
    const names = (await this.#sorted()).map(({name}) => name);
    const bins = joinBins(
      taken.parts.map((one) => one ?? made.shift()!),
      names
    );
    if (bins) recent.keep(shard.file, bins, await placeBins(shard.file, bins));
    return bins !== undefined;
  }

  async #make(level: Level, stretches: readonly Required<Range>[]): Promise<Bins[]> {
    const made: Bins[] = [];
    for (const stretch of stretches) await this.#add(level, [stretch], async (bins) => void made.push(bins));
    return made;
  }

  /** Computes the bins of stretches that follow each other; each is put away as soon as its last reading has come. */
  async #add(level: Level, stretches: readonly Required<Range>[], put: Put): Promise<void> {
    const [first, last] = [stretches[0], stretches.at(-1)];
    if (!first || !last) return;
    const range = {begin: first.begin, end: last.end};
    const tallying = {columns: await this.#sorted(), resolution: level.resolution, extras: this.#extras, range};
    if (!level.finer) return this.#read(stretches, tallying, put);
    for (const [index, stretch] of stretches.entries()) {
      const tally = new Tally({...tallying, range: stretch});
      for (const source of await this.build(level.finer, stretch))
        await withScratch(async (scratch) =>
          tally.bins(binsWithin(await this.bins(level.finer!, source, scratch), stretch))
        );
      await put(tally.take(), index);
    }
  }

  /** Adds up readings. They are sorted first where several pieces tell of one time, and wherever they turn out not to be. */
  async #read(stretches: readonly Required<Range>[], tallying: Tallying, put: Put): Promise<void> {
    const range = tallying.range!;
    const rows = readingsSql(await this.#series.relation(range), tallying.columns, range);
    const sorted = `${rows} ORDER BY timestamp`;
    const isMerged = await this.#overlap(range);
    await this.#engine.use((duck) =>
      addAll(duck, isMerged ? sorted : rows, {stretches, tallying, put}).catch((error: unknown) => {
        if (isMerged || !(error instanceof Unsorted)) throw error;
        return addAll(duck, sorted, {stretches, tallying, put});
      })
    );
  }

  async #overlap(range: Range): Promise<boolean> {
    const pieces = [...(await this.#series.pieces(range))].sort((a, b) => a.minTime - b.minTime);
    return pieces.some(({minTime}, index) => index > 0 && minTime <= pieces[index - 1]!.maxTime);
  }

  /** In an order that does not depend on when a column first came. */
  async #sorted(): Promise<readonly Reduced[]> {
    return this.reduced([...(await this.columns())].sort((a, b) => (a.name < b.name ? -1 : 1)));
  }
}

/** Shards in one go. */
const longest = 24;

/** A shard with more stretches that changed is computed as a whole. */
const mostStretches = 4;

/** Takes the bins of a stretch, by its place among those asked for. They are good until it is first waited for. */
type Put = (bins: Bins, index: number) => Promise<void>;

interface Adding {
  readonly stretches: readonly Required<Range>[];
  readonly tallying: Tallying;
  readonly put: Put;
}

/** One stretch is put away while DuckDB reads the next, and no more than one. */
async function addAll(duck: Duck, rows: string, {stretches, tallying, put}: Adding): Promise<void> {
  const tally = new Tally(tallying);
  let next = 0;
  let putting: Promise<void> = Promise.resolve();
  const putNext = async () => {
    await putting;
    putting = put(tally.take(stretches[next]!.end), next);
    putting.catch(() => undefined); // told when it is waited for
  };
  try {
    for await (const chunk of duck.chunks(rows)) {
      tally.readings(chunk);
      for (; next < stretches.length && tally.last >= stretches[next]!.end; next++) await putNext();
    }
    for (; next < stretches.length; next++) await putNext();
  } finally {
    await putting;
  }
}

/** The file that a shard was, with what changed in its place; undefined where the two differ in more than values. */
function patched({parts, file}: Taken, made: readonly Bins[]): Buffer | undefined {
  const count = (some: readonly (Bins | undefined)[]) => some.reduce((sum, one) => sum + (one?.starts.length ?? 0), 0);
  if (!file || count(parts) + count(made) !== file.bins.starts.length) return undefined; // bins went, or came
  return replaceBins(file.bins, made) ? sealBins(file.bytes) : undefined;
}

/** Bins as a file; how many bytes they are. What they stand in may change as soon as this is waited for. */
function placeBins(file: string, bins: Bins): Promise<number> {
  return withScratch(async (scratch) => {
    const bytes = encodeBins(bins, scratch);
    await placeFile(file, bytes);
    return bytes.length;
  });
}

function measuredIn(columns: readonly Column[]): readonly Measured[] {
  const flags = flagsAmong(columns);
  const readings = columns.filter((column) => isNumeric(column) && !isFlag(column));
  return readings.map((column) => ({...column, ...(flags.has(column.name) ? {flags: flags.get(column.name)!} : {})}));
}

/** Whether a column holds numbers. */
export function isNumeric({type}: Column): boolean {
  return /^(DOUBLE|FLOAT|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)\b/.test(type);
}

/** Work under way in this process, by the files that it makes: two readers of one shard compute it once. */
const underway = new Map<string, Promise<void>>();
