import {identifier} from "../../pond/duck.js";
import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {flagsOfRenamed, isFlag} from "../readings/flag.js";
import {qualityIn, renamedQuality} from "../readings/quality.js";
import {keyOf} from "../reduction/shard.js";
import type {Quality} from "../types.js";
import {convertedSql, type Conversion} from "../readings/unit.js";

/** A column of a series under another name. */
export interface Renaming {
  readonly from: string;
  readonly column: Column;
  readonly conversion?: Conversion;
}

/** Some columns of a series, under other names and in other units. */
export class RenamedSeries implements Series {
  readonly path: string;
  readonly #source: Series;
  readonly #renamings: readonly Renaming[];

  constructor(path: string, source: Series, renamings: readonly Renaming[]) {
    this.path = path;
    this.#source = source;
    this.#renamings = renamings;
  }

  async columns(): Promise<readonly Column[]> {
    return this.#renamings.map(({column}) => column);
  }

  /** The key holds the whole recipe: a piece that is told otherwise is another piece. */
  async pieces(range?: Range): Promise<readonly Piece[]> {
    const recipe = this.#renamings.map(({from, column, conversion}) => [from, column.name, conversion ?? null]);
    return (await this.#source.pieces(range)).map((piece) => ({...piece, key: keyOf("rename", recipe, piece.key)}));
  }

  async quality(range?: Range): Promise<ReadonlyMap<string, Quality>> {
    return renamedQuality(await qualityIn(this.#source, range), this.#renamings);
  }

  async relation(range?: Range): Promise<string> {
    const named = this.#renamings.map(
      ({from, column, conversion}) =>
        `${convertedSql(identifier(from), conversion)}::${isFlag(column) ? column.type : "DOUBLE"} AS ${identifier(column.name)}`
    );
    return `(SELECT ${["timestamp", ...named].join(", ")} FROM ${await this.#source.relation(range)})`;
  }
}

/** Flags go with the readings that they are for. */
export function flagRenamings(columns: readonly Column[], renamed: readonly Renaming[]): readonly Renaming[] {
  return columns.filter(isFlag).flatMap((column) => {
    const whose = renamed.find(({from}) => from === column.attributes.flags);
    return whose ? [{from: column.name, column: flagsOfRenamed(column, whose.column)}] : [];
  });
}
