import {existsSync} from "node:fs";
import {rm} from "node:fs/promises";
import {join} from "node:path";
import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {addBins, addHeld, type Addition, addReadings, placeBins, type Put, readBins, type Rows} from "./addition.js";
import {type Bins, binsWithin, joinBins, keepAlike, replaceBins, sealBins} from "./bins.js";
import {type Crew, crew as sharedCrew, type Task} from "./crew.js";
import {exactUpTo} from "./digest.js";
import {type Engine, engine as shared} from "./engine.js";
import {placeFile} from "../file.js";
import {flagsAmong, isFlag} from "../readings/flag.js";
import {isOf, namesOf} from "../readings/parameter.js";
import {type Level, levelsOf, type Page, readingsOf, type Shard} from "./level.js";
import {newestOf} from "./newest.js";
import {type Extras, readingsSql, type Reduced} from "./partial.js";
import type {Resolution} from "../time/resolution.js";
import {recent} from "./recent.js";
import {conversionBetween, kindOf} from "../readings/unit.js";
import {Scratch, withScratch, withScratches} from "../scratch.js";
import {extrasFor, type Statistic} from "./statistic.js";
import {timesOf} from "./times.js";
import {
  type Block,
  blocksOf,
  hadTimes,
  keepBlocks,
  type Kept,
  keptOf,
  partsOf,
  type Taken,
  takenOver,
  type TimesByKey
} from "./trace.js";

/** Part of every key where there are directions: to be raised whenever others would be taken for one, or would turn otherwise. */
const turning = 1;

/** Which levels there are. */
export interface Ladder {
  readonly resolutions: readonly Resolution[]; // fine to coarse
  readonly raw?: number; // µs, the usual step: the readings themselves are a level too
}

export interface ReductionOptions {
  readonly ladder: () => Promise<Ladder>;
  readonly cache: string; // host directory
  readonly statistics?: readonly Statistic[]; // what will be asked for beside avg, min, max and count
  readonly directions?: readonly string[]; // parameters that turn: 359° is beside 0°
  readonly interval?: number; // µs from one reading to the next, which coverage is told against
  readonly suspect?: "keep" | "drop"; // whether readings that are flagged as suspect are left out, as failed ones are
  readonly engine?: Engine;
  readonly crew?: Crew;
  readonly built?: (page: Page, level: Level) => void; // told of each page that had to be computed
}

/** A column of readings, and the one with their flags, where they have flags. */
export interface Measured extends Column {
  readonly flags?: string;
}

/**
 * Every resolution of one series, kept as pages by the hash of what each is computed from: the same key is the same
 * file, another key is that page computed again, as far as its stretches changed. To know the keys takes no reading of data.
 */
export class Reduction {
  readonly #series: Series;
  readonly #options: ReductionOptions;
  readonly #engine: Engine;
  readonly #crew: Crew;
  readonly #extras: Extras;
  readonly #directions: ReadonlySet<string>;
  #ladder?: Promise<Ladder>;
  #levels?: Promise<readonly Level[]>;
  #columns?: Promise<readonly Measured[]>;

  constructor(series: Series, options: ReductionOptions) {
    const {engine = shared, crew = sharedCrew, statistics = [], directions = []} = options;
    this.#series = series;
    this.#options = options;
    this.#engine = engine;
    this.#crew = crew;
    this.#extras = extrasFor(statistics);
    this.#directions = new Set(directions.flatMap(namesOf)); // all names, so that keys tell what they are matched by
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

  /** How columns are reduced, in the order in which they are given. Throws a sentence for a direction that is no angle. */
  reduced(columns: readonly Measured[]): readonly Reduced[] {
    return columns.map(({flags, ...column}) => ({
      name: column.name,
      ...(this.#isDirection(column) ? {turn: turnOf(this.#series.path, column)} : {}),
      ...(flags === undefined ? {} : {flags: {column: flags, suspect: this.suspect}})
    }));
  }

  #isDirection(column: Column): boolean {
    return [...this.#directions].some((name) => isOf(name, column));
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
    const more = [...(this.suspect === "drop" ? ["no suspects"] : []), ...(this.isRanked ? [exactUpTo] : [])];
    const directions = this.#directions.size === 0 ? [] : [turning, ...[...this.#directions].sort()];
    const kept = [this.#extras, directions, ...more];
    return {series: this.#series, kept, directory: join(this.#options.cache, "reduce")};
  }

  async level(name: string): Promise<Level> {
    const level = (await this.levels()).find(({resolution}) => resolution.name === name);
    if (!level) throw new Error(`${this.#series.path} is not reduced to ${name}.`);
    return level;
  }

  /** The pages of a level that a range meets, computed where they are missing. */
  async build(level: Level, range: Range = {}): Promise<readonly Page[]> {
    const pages = await level.pages(range);
    const missing = pages.filter(({file}) => !existsSync(file) && !underway.has(file));
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
    await Promise.all(pages.flatMap(({file}) => underway.get(file) ?? []));
    return pages;
  }

  /** The bins of a page, computed where they are missing or their file is not as it was written; in scratch, if given. */
  async bins(level: Level, page: Page, scratch = new Scratch()): Promise<Bins> {
    for (let tries = 0; tries < 2; tries++) {
      await this.build(level, page.cover);
      const bins = recent.find(page.file) ?? (await readBins(page.file, scratch))?.bins;
      if (bins) return bins;
      await rm(page.file, {force: true}); // another process may have swept it
    }
    throw new Error(`The disk does not give back ${page.file} as it was written: see to the disk.`);
  }

  /** Lends work the bins of a shard, computed where they are missing. They are good until it ends. */
  async use<T>(level: Level, {cover}: Shard, work: (bins: Bins) => Promise<T>): Promise<T> {
    const pages = await this.build(level, cover);
    const names = (await this.#sorted()).map(({name}) => name);
    const read = async (page: Page, scratch: Scratch) => binsWithin(await this.bins(level, page, scratch), cover);
    return withScratches(pages, read, (parts) => withScratch((scratch) => work(joinBins(parts, names, scratch))));
  }

  /** What is computed in one go: long stretches, so that a file that holds years is not read once a page. */
  #batches({resolution}: Level, missing: readonly Page[]): readonly (readonly Page[])[] {
    const bins = missing.reduce((sum, {cover}) => sum + (cover.end - cover.begin) / resolution.width, 0);
    const rounds = Math.ceil(bins / this.#engine.size / binsAtOnce);
    const most = Math.ceil(missing.length / this.#engine.size / rounds); // all engines are to end together
    const batches: Page[][] = [];
    for (const page of missing) {
      const batch = batches.at(-1);
      if (batch && batch.length < most && batch.at(-1)!.cover.end === page.cover.begin) batch.push(page);
      else batches.push([page]);
    }
    return batches;
  }

  async #compute(level: Level, batch: readonly Page[]): Promise<void> {
    const blocks = new Map<Page, readonly Block[]>();
    const told: TimesByKey = new Map();
    const whole: Page[][] = [[]]; // that follow each other
    for (const page of batch) {
      const own = await blocksOf(this.#series, level, page.cover);
      blocks.set(page, own);
      if (await this.#splice(level, page, {blocks: own, told})) whole.push([]);
      else whole.at(-1)!.push(page);
    }
    for (const pages of whole)
      await this.#place(level, pages, {blocks: pages.flatMap((page) => blocks.get(page)!), told});
    await keepBlocks(blocks, told);
    for (const page of batch) this.#options.built?.(page, level);
  }

  /** Makes a page of what others have, and computes what changed since; false where the whole is to be computed. */
  async #splice(level: Level, page: Page, {blocks, told}: Telling): Promise<boolean> {
    const kept = keptOf(page);
    const parts = partsOf(page, blocks, kept);
    const changed = parts.filter(({from}) => from === undefined);
    if (changed.length === parts.length || changed.length > mostStretches) return false;
    const [taken, made] = await Promise.all([takenOver(parts), this.#make(level, changed, {blocks, told, kept})]);
    if (!taken) return false;
    const bytes = patched(taken, made);
    if (bytes) {
      await placeFile(page.file, bytes);
      recent.keep(page.file, taken.file!.bins, bytes.length);
      return true;
    }
    const all = taken.parts.map((one) => one ?? made.shift()!);
    if (!keepAlike(all)) return false;
    const bins = joinBins(
      all,
      (await this.#sorted()).map(({name}) => name)
    );
    recent.keep(page.file, bins, await placeBins(page.file, bins));
    return true;
  }

  async #make(
    level: Level,
    stretches: readonly Required<Range>[],
    {blocks: all, told, kept}: Telling & {readonly kept: Kept}
  ): Promise<Bins[]> {
    const made: Bins[] = [];
    for (const stretch of stretches) {
      const blocks = all.filter(({begin, end}) => begin >= stretch.begin && end <= stretch.end);
      const bins = level.finer ? undefined : await this.#addNewest(level, stretch, {blocks, told, kept});
      if (bins) made.push(bins);
      else await this.#add(level, [stretch], {blocks, told}, async (bins) => void made.push(bins));
    }
    return made;
  }

  /** The bins of a stretch that the newest version tells alone; undefined where it does not. */
  async #addNewest(
    {resolution}: Level,
    range: Required<Range>,
    {blocks, told, kept}: Telling & {readonly kept: Kept}
  ): Promise<Bins | undefined> {
    const columns = await this.#sorted();
    const knows = (piece: string, times: Float64Array) => hadTimes(blocks, kept, piece, times);
    const readings = await newestOf(this.#series, {range, columns, engine: this.#engine, knows});
    if (!readings) return undefined;
    tellTimes(told, blocks, timesOf(blocks, readings[0]!));
    return addHeld(readings, {columns, resolution, extras: this.#extras, range});
  }

  /** Computes whole pages that follow each other, on another thread where there is much to add up. */
  async #place(level: Level, pages: readonly Page[], telling: Telling): Promise<void> {
    const stretches = pages.map(({cover}) => cover);
    const [files, values] = [pages.map(({file}) => file), await this.#valuesIn(level, stretches)];
    if (this.#crew.takes(values) && (await this.#delegate(level, {stretches, files}, telling))) return;
    await this.#add(level, stretches, telling, async (bins, index) => void (await placeBins(files[index]!, bins)));
  }

  /** False where it could not be done. */
  async #delegate(
    level: Level,
    {stretches, files}: {readonly stretches: readonly Required<Range>[]; readonly files: readonly string[]},
    {blocks, told}: Telling
  ): Promise<boolean> {
    const addition = await this.#addition(level, stretches, blocks);
    const times = await this.#crew.perform({addition, from: await this.#from(level, stretches), files});
    if (times) tellTimes(told, blocks, times);
    return times !== undefined;
  }

  async #from(level: Level, stretches: readonly Required<Range>[]): Promise<Task["from"]> {
    const {finer} = level;
    if (!finer) return this.#rows(level, stretches);
    const sources = stretches.map(async (stretch) => (await this.build(finer, stretch)).map(({file}) => file));
    return {sources: await Promise.all(sources)};
  }

  /** About how many values stretches are made of, if readings and bins come evenly. */
  async #valuesIn({finer, resolution}: Level, stretches: readonly Required<Range>[]): Promise<number> {
    const range = around(stretches);
    if (!range) return 0;
    const columns = await this.columns();
    if (finer) return (columns.length * (range.end - range.begin)) / finer.resolution.width;
    const rows = (await this.#series.pieces(range)).map((piece) => rowsIn(piece, range, resolution.width));
    return columns.length * rows.reduce((sum, count) => sum + count, 0);
  }

  /** Computes the bins of stretches that follow each other; each is put away as soon as its last reading has come. */
  async #add(level: Level, stretches: readonly Required<Range>[], {blocks, told}: Telling, put: Put): Promise<void> {
    const {finer} = level;
    if (stretches.length === 0) return;
    const addition = await this.#addition(level, stretches, blocks);
    if (!finer) {
      const rows = await this.#rows(level, stretches);
      return tellTimes(told, blocks, await this.#engine.use((duck) => addReadings(duck, rows, addition, put)));
    }
    for (const [index, range] of stretches.entries()) {
      const pages = await this.build(finer, range);
      const sources = pages.map((page) => (scratch: Scratch) => this.bins(finer, page, scratch));
      await put(await addBins(sources, {...addition.tallying, range}), index);
    }
  }

  async #addition(
    {resolution, finer}: Level,
    stretches: readonly Required<Range>[],
    all: readonly Block[]
  ): Promise<Addition> {
    const blocks = finer ? [] : all.map(({begin, end}) => ({begin, end}));
    return {stretches, blocks, tallying: {columns: await this.#sorted(), resolution, extras: this.#extras}};
  }

  async #rows(level: Level, stretches: readonly Required<Range>[]): Promise<Rows> {
    const range = around(stretches)!;
    const isFew = (await this.#valuesIn(level, stretches)) <= fewValues;
    const sql = readingsSql(await this.#series.relation(range), await this.#sorted(), range);
    return {sql, isMerged: await this.#overlap(range), isFew};
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

/** The blocks of what is computed, by time, and what is told of them on the way. */
interface Telling {
  readonly blocks: readonly Block[];
  readonly told: TimesByKey;
}

function tellTimes(told: TimesByKey, blocks: readonly Block[], times: readonly string[]): void {
  for (const [index, hash] of times.entries()) told.set(blocks[index]!.key, hash);
}

/** Bins that are computed in one go: some two years of them, where they are of ten minutes. */
const binsAtOnce = 100_000;

/** Readings that are asked for as a whole: some megabytes of them. */
const fewValues = 500_000;

/** A page with more stretches that changed is computed as a whole. */
const mostStretches = 4;

/** From the first of stretches that follow each other to the last. */
function around(stretches: readonly Required<Range>[]): Required<Range> | undefined {
  const [first, last] = [stretches[0], stretches.at(-1)];
  return first && last && {begin: first.begin, end: last.end};
}

/** About how many readings of a piece are in a range; one in each `width` where their number is not known. */
function rowsIn({rows, minTime, maxTime}: Piece, {begin, end}: Required<Range>, width: number): number {
  const span = maxTime + 1 - minTime;
  const share = Math.max(0, Math.min(end, maxTime + 1) - Math.max(begin, minTime)) / span;
  return share * (rows ?? span / width);
}

/** The file that a page was, with what changed in its place; undefined where the two differ in more than values. */
function patched({parts, file}: Taken, made: readonly Bins[]): Buffer | undefined {
  const count = (some: readonly (Bins | undefined)[]) => some.reduce((sum, one) => sum + (one?.starts.length ?? 0), 0);
  if (!file || count(parts) + count(made) !== file.bins.starts.length) return undefined; // bins went, or came
  return replaceBins(file.bins, made) ? sealBins(file.bytes) : undefined;
}

function measuredIn(columns: readonly Column[]): readonly Measured[] {
  const flags = flagsAmong(columns);
  const readings = columns.filter((column) => isNumeric(column) && !isFlag(column));
  return readings.map((column) => ({...column, ...(flags.has(column.name) ? {flags: flags.get(column.name)!} : {})}));
}

/** A full turn in the unit of a direction, which is degrees where it has none, or one that we do not know. */
function turnOf(path: string, {name, attributes: {unit = "°"}}: Column): number {
  const conversion = conversionBetween("°", unit);
  if (!conversion && kindOf(unit) !== undefined)
    throw new Error(`The column ${name} of ${path} is named among directions, and ${unit} is no angle: take it out.`);
  return 360 * (conversion?.factor ?? 1);
}

/** Whether a column holds numbers. */
export function isNumeric({type}: Column): boolean {
  return /^(DOUBLE|FLOAT|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)\b/.test(type);
}

/** Work under way in this process, by the files that it makes: two readers of one page compute it once. */
const underway = new Map<string, Promise<void>>();
