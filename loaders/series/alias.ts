import type {Column, Newest, Piece, Range, Reader, Series} from "../../pond/types.js";
import {qualityIn} from "../readings/quality.js";
import type {Origin, Quality} from "../types.js";
import {wholly} from "./origin.js";

/** The series at a path, which remembers the path where a symbolic link on it leads to where the series stands. */
export async function seriesAt(path: string, fs: Reader): Promise<Series> {
  const series = await fs.series(path);
  return series.path === path ? series : new AliasedSeries(path, series);
}

/** By what path a series was found. */
export function calledIn(series: Series): string {
  return series instanceof AliasedSeries ? series.called : series.path;
}

/** A series that was found by another path than its own: what is said of either is said of it. */
class AliasedSeries implements Series {
  readonly path: string;
  readonly called: string;
  readonly newest?: (range: Range) => Promise<Newest | undefined>;
  readonly #series: Series;

  constructor(called: string, series: Series) {
    this.path = series.path;
    this.called = called;
    this.#series = series;
    if (series.newest) this.newest = (range) => series.newest!(range);
  }

  columns(): Promise<readonly Column[]> {
    return this.#series.columns();
  }

  pieces(range?: Range): Promise<readonly Piece[]> {
    return this.#series.pieces(range);
  }

  relation(range?: Range): Promise<string> {
    return this.#series.relation(range);
  }

  quality(range?: Range): Promise<ReadonlyMap<string, Quality>> {
    return qualityIn(this.#series, range);
  }

  async origins(): Promise<readonly Origin[]> {
    return [await wholly(this.#series)];
  }
}
