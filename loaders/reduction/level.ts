import {join} from "node:path";
import type {Piece, Range, Series} from "../../pond/types.js";
import {cutOf, nests, type Resolution} from "../time/resolution.js";
import {coverOf, keyOf, overlaps, type Span, spansBetween, spansOver} from "./shard.js";

/** Part of every key: to be raised whenever the same input would give other bytes. */
const generation = 5;

/** One file of bins, named by the hash of what it is computed from. */
export interface Shard {
  readonly span: Span;
  readonly cover: Required<Range>; // the instants that its bins hold, µs UTC
  readonly key: string; // hex
  readonly file: string; // host path; there once it is built
  readonly trace: string; // host path, of what its stretches are computed from; several shards share it
}

/** A resolution and its shards by time, those without a reading's piece left out. */
export interface Level {
  readonly resolution: Resolution;
  readonly finer?: Level; // what it is folded from; none: readings
  readonly recipe: string; // how bins come of readings, as a key
  readonly shards: readonly Shard[];
}

/** What levels are made of. */
export interface Plan {
  readonly series: Series;
  readonly kept: unknown; // what else decides what is kept of a bin
  readonly directory: string; // of the shards
}

/** The levels, fine to coarse, each folded from the coarsest one whose bins make up its own. Reads no readings. */
export async function levelsOf(plan: Plan & {readonly resolutions: readonly Resolution[]}): Promise<readonly Level[]> {
  const levels: Level[] = [];
  const range = rangeOf(await plan.series.pieces());
  for (const resolution of plan.resolutions) {
    const fits = (level: Level) => range.begin < range.end && nests(level.resolution, resolution, range);
    const finer = levels.findLast(fits);
    const coarsest = resolution === plan.resolutions.at(-1);
    const spans =
      range.begin < range.end ? spansOver(resolution, {first: range.begin, last: range.end - 1, coarsest}) : [];
    const recipe = keyOf("recipe", generation, plan.kept, finer?.recipe ?? null, cutOf(resolution));
    levels.push({resolution, finer, recipe, shards: await shardsOf(plan, {resolution, recipe, spans})});
  }
  return levels;
}

/** A resolution, and how it is cut. */
interface Cut {
  readonly resolution: Resolution;
  readonly recipe: string;
  readonly spans: readonly Span[];
}

/** The readings themselves as a level. Their shards have no files: they stand in the series. */
export async function readingsOf(plan: Plan, width: number): Promise<Level> {
  const raw = "raw";
  const resolution: Resolution = {name: raw, width, raw: true};
  const {begin, end} = rangeOf(await plan.series.pieces());
  const spans = begin < end ? spansOver(resolution, {first: begin, last: end - 1}) : [];
  return {resolution, recipe: raw, shards: await shardsOf(plan, {resolution, recipe: raw, spans})};
}

/** From the first reading to just after the last. */
function rangeOf(pieces: readonly Piece[]): Required<Range> {
  return {
    begin: pieces.reduce((time, {minTime}) => Math.min(time, minTime), Infinity),
    end: pieces.reduce((time, {maxTime}) => Math.max(time, maxTime + 1), -Infinity)
  };
}

/** Whatever they are folded from, their keys are made of the pieces that they meet: finer shards lie across their borders. */
async function shardsOf({series, directory}: Plan, {resolution, recipe, spans}: Cut): Promise<readonly Shard[]> {
  const found = spans.map(async (span): Promise<Shard[]> => {
    const cover = coverOf(span, resolution);
    const pieces = await series.pieces(cover); // a piece's key may depend on the range
    if (pieces.length === 0) return [];
    const from = pieces.map((piece) => piece.key);
    const key = keyOf("reduce", generation, recipe, cover.begin, cover.end, from);
    return [new NamedShard({span, cover, key}, {directory, series: series.path, resolution, recipe})];
  });
  return (await Promise.all(found)).flat();
}

/** What names the files of a shard, beside its key and its time. */
interface Naming {
  readonly directory: string;
  readonly series: string; // its path
  readonly resolution: Resolution;
  readonly recipe: string;
}

/** A shard whose files get their names when they are asked for: where nothing changed nobody asks. */
class NamedShard implements Shard {
  readonly span: Span;
  readonly cover: Required<Range>;
  readonly key: string;
  readonly #naming: Naming;

  constructor({span, cover, key}: Pick<Shard, "span" | "cover" | "key">, naming: Naming) {
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
    const [page] = spansBetween(resolution.width, this.cover.begin, this.cover.begin);
    return join(directory, `${keyOf("trace", series, recipe, page!.begin)}.trace`);
  }
}

/** Shards as what something is computed from: those that meet a range. */
export function piecesOf(shards: readonly Shard[], range: Range = {}): readonly Piece[] {
  return shards
    .map(({key, cover}) => ({key, minTime: cover.begin, maxTime: cover.end - 1}))
    .filter((piece) => overlaps(piece, range));
}
