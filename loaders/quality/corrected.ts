import {identifier} from "../../pond/duck.js";
import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {intersect} from "../series/combined.js";
import {type Adjustment, adjustedSql, meet} from "./correction.js";
import {within} from "../reduction/partial.js";
import {qualityIn} from "../readings/quality.js";
import {keyOf} from "../reduction/shard.js";
import {toldSql} from "../series/claim.js";
import {wholly} from "../series/origin.js";
import type {Origin, Quality} from "../types.js";

/** Part of every key: to be raised whenever the same adjustment would make other readings. */
const generation = 2;

/**
 * A series with some readings made right, each adjustment on what those before it made; the series itself stays as it
 * is. A piece that nothing adjusts is the same piece.
 */
export class CorrectedSeries implements Series {
  readonly path: string;
  readonly #source: Series;
  readonly #adjustments: readonly Adjustment[];
  readonly #isMended: boolean;

  /** `isMended` tells whether the adjustments are what calibrations found, or those among them. */
  constructor(path: string, source: Series, adjustments: readonly Adjustment[], {isMended = false} = {}) {
    this.path = path;
    this.#source = source;
    this.#adjustments = adjustments;
    this.#isMended = isMended;
  }

  columns(): Promise<readonly Column[]> {
    return this.#source.columns();
  }

  async pieces(range: Range = {}): Promise<readonly Piece[]> {
    const pieces = await this.#source.pieces(range);
    return pieces.map((piece) => {
      const end = Math.min(piece.maxTime + 1, range.end ?? Infinity);
      const told = this.#told({begin: Math.max(piece.minTime, range.begin ?? -Infinity), end});
      return told.length === 0 ? piece : {...piece, key: keyOf("correct", generation, piece.key, told)};
    });
  }

  async relation(range: Range = {}): Promise<string> {
    const layers = layersOf(this.#adjustments.filter((one) => intersect(one, range)));
    let relation = `(SELECT * FROM ${await this.#source.relation(range)} WHERE ${within(range)})`;
    for (const layer of layers) relation = `(SELECT * REPLACE (${await layerSql(layer, range)}) FROM ${relation})`;
    return relation;
  }

  quality(range?: Range): Promise<ReadonlyMap<string, Quality>> {
    return qualityIn(this.#source, range);
  }

  async origins(): Promise<readonly Origin[]> {
    return [{...(await wholly(this.#source)), isMended: this.#isMended}];
  }

  /**
   * What is done in a span, once however many columns it is done to, and as often as it is done to one; where one begins
   * or ends counts if it does within.
   */
  #told(span: Required<Range>): readonly string[] {
    const times = new Map<string, number>();
    const told = this.#adjustments.flatMap(({begin = -Infinity, end = Infinity, recipe, column}) => {
      if (!intersect({begin, end}, span)) return [];
      const done = [recipe, begin > span.begin ? begin : null, end < span.end ? end : null];
      const one = JSON.stringify([column, ...done]);
      const before = times.get(one) ?? 0;
      times.set(one, before + 1);
      return JSON.stringify(before === 0 ? done : [...done, before]);
    });
    return [...new Set(told)];
  }
}

/** Adjustments that do not meet within a layer; each is in a later one than those before it that it meets. */
function layersOf(adjustments: readonly Adjustment[]): readonly (readonly Adjustment[])[] {
  const layers: Adjustment[][] = [];
  for (const adjustment of adjustments) {
    const last = layers.findLastIndex((layer) => layer.some((other) => meet(adjustment, other)));
    if (last + 1 === layers.length) layers.push([]);
    layers[last + 1]!.push(adjustment);
  }
  return layers;
}

/** SQL of the columns that a layer changes. */
async function layerSql(layer: readonly Adjustment[], range: Range): Promise<string> {
  const names = [...new Set(layer.map(({column}) => column))].map((name) => [name, identifier(name)] as const);
  const told = names.map(async ([name, sql]) => {
    const own = layer.filter(({column}) => column === name);
    const cases = own.map(async (one) => `WHEN ${await concernedSql(one, range)} THEN ${adjustedSql(sql, one)}`);
    return `CASE ${(await Promise.all(cases)).join(" ")} ELSE ${sql} END AS ${sql}`;
  });
  return (await Promise.all(told)).join(", ");
}

/** SQL: whether it is done to the reading of a time in the range. */
async function concernedSql(one: Adjustment, range: Range): Promise<string> {
  const both = intersect(one, range)!;
  return `${within(one)} AND ${await toldSql(one.turns ?? [], both)}`;
}
