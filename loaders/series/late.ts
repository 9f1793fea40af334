import {Asked} from "../../pond/asked.js";
import type {Column, Piece, Range, Reader, Series} from "../../pond/types.js";
import {qualityIn} from "../readings/quality.js";
import type {Origin, Quality} from "../types.js";
import {originsIn} from "./origin.js";

/**
 * A series that is made when it is first asked for something. One that cannot be made says so then, and its directory
 * lists it with the others; so does one that is made of itself.
 */
export class LateSeries implements Series {
  readonly path: string;
  readonly #make: () => Promise<Series>;
  readonly #asked: Asked;
  readonly #asker: Asked | undefined;
  #made?: Promise<Series> | undefined;

  /** What it is made of is asked in the name of `asked`, and itself in that of `asker`. */
  constructor(path: string, make: () => Promise<Series>, asked: Asked, asker?: Asked) {
    this.path = path;
    this.#make = make;
    this.#asked = asked;
    this.#asker = asker;
  }

  askedBy(asker: Asked): LateSeries {
    return new LateSeries(this.path, () => this.#series(), this.#asked, asker);
  }

  async columns(): Promise<readonly Column[]> {
    return this.#answer((series) => series.columns());
  }

  async pieces(range?: Range): Promise<readonly Piece[]> {
    return this.#answer((series) => series.pieces(range));
  }

  async relation(range?: Range): Promise<string> {
    return this.#answer((series) => series.relation(range));
  }

  async quality(range?: Range): Promise<ReadonlyMap<string, Quality>> {
    return this.#answer((series) => qualityIn(series, range));
  }

  async origins(): Promise<readonly Origin[]> {
    return this.#answer(originsIn);
  }

  #answer<T>(ask: (series: Series) => Promise<T>): Promise<T> {
    return this.#asked.answer(this.#asker, async () => ask(await this.#series()));
  }

  /** Once, unless that fails. */
  #series(): Promise<Series> {
    this.#made ??= this.#make();
    this.#made.catch(() => (this.#made = undefined));
    return this.#made;
  }
}

/** A late series that is made in a snapshot, in its own name. */
export function late<Ground extends {readonly fs: Reader}>(
  path: string,
  ground: Ground,
  make: (ground: Ground) => Promise<Series>
): LateSeries {
  const asked = new Asked(path);
  return new LateSeries(path, () => make({...ground, fs: ground.fs.askedBy(asked)}), asked);
}
