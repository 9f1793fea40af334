import {join} from "node:path";
import type {Piece, Range, Series} from "../../pond/types.js";
import {cutOf, nests, type Resolution} from "../time/resolution.js";
import {
  coverOf,
  type Extent,
  keyOf,
  overlaps,
  pagesOver,
  type Rank,
  type Span,
  spansBetween,
  spansOver
} from "./shard.js";

/** Part of every key: to be raised whenever the same input would give other bytes. */
const generation = 5;

/** A stretch of time, and the hash of what its bins are computed from. */
interface Keyed {
  readonly span: Span;
  readonly cover: Required<Range>; // the instants that its bins hold, µs UTC
  readonly key: string; // hex
}

/** Bins as readers fetch them: what is told of them is one file. */
export type Shard = Keyed;

/** Bins as they are kept, in a file that is named by the key. */
export interface Page extends Keyed {
  readonly file: string; // host path; there once it is built
  readonly trace: string; // host path, of what its stretches are computed from; several pages share it
}

/** A resolution, its pages and its shards by time, those without a reading's piece left out. */
export interface Level {
  readonly resolution: Resolution;
  readonly finer?: Level; // what it is folded from; none: readings
  readonly recipe: string; // how bins come of readings, as a key
  readonly shards: readonly Shard[];
  pages(range?: Range): Promise<readonly Page[]>; // that a range meets: of most nobody asks, and those cost nothing
}

/** What levels are made of. */
export interface Plan {
  readonly series: Series;
  readonly kept: unknown; // what else decides what is kept of a bin
  readonly directory: string; // of the pages
}

/** The levels, fine to coarse, each folded from the coarsest one whose bins make up its own. Reads no readings. */
export async function levelsOf(plan: Plan & {readonly resolutions: readonly Resolution[]}): Promise<readonly Level[]> {
  const levels: Level[] = [];
  const range = rangeOf(await plan.series.pieces());
  for (const resolution of plan.resolutions) {
    const fits = (level: Level) => range.begin < range.end && nests(level.resolution, resolution, range);
    const finer = levels.findLast(fits);
    const coarsest = resolution === plan.resolutions.at(-1);
    const extent = {first: range.begin, last: range.end - 1, coarsest};
    const recipe = keyOf("recipe", generation, plan.kept, finer?.recipe ?? null, cutOf(resolution));
    const cut = {resolution, recipe};
    if (range.begin >= range.end) {
      levels.push({...cut, finer, shards: [], pages: async () => []});
      continue;
    }
    const pages = new Pages(plan, cut, {extent, rank: finer ? "coarser" : "finest"});
    const shards = await keyedIn(plan.series, cut, spansOver(resolution, extent));
    levels.push({...cut, finer, shards, pages: (asked = {}) => pages.meeting(asked)});
  }
  return levels;
}

/** A resolution, and how its bins come of readings. */
interface Cut {
  readonly resolution: Resolution;
  readonly recipe: string;
}

/** The readings themselves as a level. They have no pages: they stand in the series. */
export async function readingsOf({series}: Plan, width: number): Promise<Level> {
  const raw = "raw";
  const resolution: Resolution = {name: raw, width, raw: true};
  const {begin, end} = rangeOf(await series.pieces());
  const spans = begin < end ? spansOver(resolution, {first: begin, last: end - 1}) : [];
  const shards = await keyedIn(series, {resolution, recipe: raw}, spans);
  return {resolution, recipe: raw, shards, pages: async () => []};
}

/** From the first reading to just after the last. */
function rangeOf(pieces: readonly Piece[]): Required<Range> {
  return {
    begin: pieces.reduce((time, {minTime}) => Math.min(time, minTime), Infinity),
    end: pieces.reduce((time, {maxTime}) => Math.max(time, maxTime + 1), -Infinity)
  };
}

/** The pages of a level, each told apart once. */
class Pages {
  readonly #plan: Plan;
  readonly #cut: Cut;
  readonly #layout: Layout;
  readonly #known = new Map<number, Promise<Page | undefined>>(); // by where their spans begin

  constructor(plan: Plan, cut: Cut, layout: Layout) {
    this.#plan = plan;
    this.#cut = cut;
    this.#layout = layout;
  }

  async meeting({begin = -Infinity, end = Infinity}: Range): Promise<readonly Page[]> {
    const {extent, rank} = this.#layout;
    const [first, last] = [Math.max(begin, extent.first), Math.min(end - 1, extent.last)];
    if (first > last) return [];
    const found = pagesOver(this.#cut.resolution, {first, last}, rank).map((span) => this.#at(span));
    return (await Promise.all(found)).filter((page) => page !== undefined);
  }

  #at(span: Span): Promise<Page | undefined> {
    const page = this.#known.get(span.begin) ?? this.#named(span);
    this.#known.set(span.begin, page);
    return page;
  }

  async #named(span: Span): Promise<Page | undefined> {
    const {series, directory} = this.#plan;
    const keyed = await keyedAt(series, this.#cut, span);
    return keyed && new NamedPage(keyed, {...this.#cut, directory, series: series.path});
  }
}

/** Where the pages of a level lie. */
interface Layout {
  readonly extent: Extent;
  readonly rank: Rank;
}

/** Traces are cut as shards of so many times wider bins: to write one for each page would take longer than it saves. */
const wider = 3;

/** What names the files of a page, beside its key and its time. */
interface Naming extends Cut {
  readonly directory: string;
  readonly series: string; // its path
}

/** A page whose trace gets its name when it is asked for: of most pages nobody asks. */
class NamedPage implements Page {
  readonly span: Span;
  readonly cover: Required<Range>;
  readonly key: string;
  readonly #naming: Naming;

  constructor({span, cover, key}: Keyed, naming: Naming) {
    this.span = span;
    this.cover = cover;
    this.key = key;
    this.#naming = naming;
  }

  get file(): string {
    return join(this.#naming.directory, `${this.key}.bins`);
  }

  get trace(): string {
    const {directory, series, resolution, recipe} = this.#naming;
    const [around] = spansBetween(wider * resolution.width, this.cover.begin, this.cover.begin);
    return join(directory, `${keyOf("trace", series, recipe, around!.begin)}.trace`);
  }
}

/** The spans that hold readings. */
async function keyedIn(series: Series, cut: Cut, spans: readonly Span[]): Promise<readonly Keyed[]> {
  const found = await Promise.all(spans.map((span) => keyedAt(series, cut, span)));
  return found.filter((keyed) => keyed !== undefined);
}

/**
 * Whatever it is folded from, its key is made of the pieces that it meets: finer pages lie across its borders. Undefined
 * where there are none.
 */
async function keyedAt(series: Series, {resolution, recipe}: Cut, span: Span): Promise<Keyed | undefined> {
  const cover = coverOf(span, resolution);
  const pieces = await series.pieces(cover); // a piece's key may depend on the range
  if (pieces.length === 0) return undefined;
  const from = pieces.map((piece) => piece.key);
  return {span, cover, key: keyOf("reduce", generation, recipe, cover.begin, cover.end, from)};
}

/** Those that a range meets. */
export function meeting<T extends Keyed>(some: readonly T[], range: Range): readonly T[] {
  return some.filter(({cover}) => overlaps({minTime: cover.begin, maxTime: cover.end - 1}, range));
}

/** Shards as what something is computed from: those that meet a range. */
export function piecesOf(shards: readonly Shard[], range: Range = {}): readonly Piece[] {
  return meeting(shards, range).map(({key, cover}) => ({key, minTime: cover.begin, maxTime: cover.end - 1}));
}
