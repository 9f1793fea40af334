import {join} from "node:path";
import type {Piece, Range, Series} from "../../pond/types.js";
import {cutOf, nests, type Resolution} from "../time/resolution.js";
import {coverOf, keyOf, overlaps, pagesOver, type Span, spansBetween, spansOver} from "./shard.js";

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
  pages(): Promise<readonly Page[]>; // told apart when they are asked for: where nothing changed nobody asks
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
    const isEmpty = range.begin >= range.end;
    const recipe = keyOf("recipe", generation, plan.kept, finer?.recipe ?? null, cutOf(resolution));
    const cut = {resolution, recipe, spans: isEmpty ? [] : spansOver(resolution, extent)};
    const pages = () => (isEmpty ? [] : pagesOver(resolution, extent, finer ? "coarser" : "finest"));
    let known: Promise<readonly Page[]> | undefined;
    levels.push({
      ...{resolution, finer, recipe, shards: await keyedIn(plan.series, cut)},
      pages: () => (known ??= pagesIn(plan, {...cut, spans: pages()}))
    });
  }
  return levels;
}

/** A resolution, and how it is cut. */
interface Cut {
  readonly resolution: Resolution;
  readonly recipe: string;
  readonly spans: readonly Span[];
}

/** The readings themselves as a level. They have no pages: they stand in the series. */
export async function readingsOf({series}: Plan, width: number): Promise<Level> {
  const raw = "raw";
  const resolution: Resolution = {name: raw, width, raw: true};
  const {begin, end} = rangeOf(await series.pieces());
  const spans = begin < end ? spansOver(resolution, {first: begin, last: end - 1}) : [];
  const shards = await keyedIn(series, {resolution, recipe: raw, spans});
  return {resolution, recipe: raw, shards, pages: async () => []};
}

/** From the first reading to just after the last. */
function rangeOf(pieces: readonly Piece[]): Required<Range> {
  return {
    begin: pieces.reduce((time, {minTime}) => Math.min(time, minTime), Infinity),
    end: pieces.reduce((time, {maxTime}) => Math.max(time, maxTime + 1), -Infinity)
  };
}

async function pagesIn({series, directory}: Plan, cut: Cut): Promise<readonly Page[]> {
  const naming = {...cut, directory, series: series.path};
  return (await keyedIn(series, cut)).map((keyed) => new NamedPage(keyed, naming));
}

/** Traces are cut as shards of so many times wider bins: to write one for each page would take longer than it saves. */
const wider = 12;

/** What names the files of a page, beside its key and its time. */
interface Naming extends Pick<Cut, "resolution" | "recipe"> {
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

/** Whatever they are folded from, their keys are made of the pieces that they meet: finer pages lie across their borders. */
async function keyedIn(series: Series, {resolution, recipe, spans}: Cut): Promise<readonly Keyed[]> {
  const found = spans.map(async (span): Promise<Keyed[]> => {
    const cover = coverOf(span, resolution);
    const pieces = await series.pieces(cover); // a piece's key may depend on the range
    if (pieces.length === 0) return [];
    const from = pieces.map((piece) => piece.key);
    return [{span, cover, key: keyOf("reduce", generation, recipe, cover.begin, cover.end, from)}];
  });
  return (await Promise.all(found)).flat();
}

/** Those that a range meets. */
export function meeting<T extends Keyed>(some: readonly T[], range: Range): readonly T[] {
  return some.filter(({cover}) => overlaps({minTime: cover.begin, maxTime: cover.end - 1}, range));
}

/** Shards as what something is computed from: those that meet a range. */
export function piecesOf(shards: readonly Shard[], range: Range = {}): readonly Piece[] {
  return meeting(shards, range).map(({key, cover}) => ({key, minTime: cover.begin, maxTime: cover.end - 1}));
}
