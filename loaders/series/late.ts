import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {qualityIn} from "../readings/quality.js";
import type {Quality} from "../types.js";

/**
 * A series that is made when it is first asked for something. One that cannot be made says so then, and its directory
 * lists it with the others.
 */
export class LateSeries implements Series {
  readonly path: string;
  readonly #make: () => Promise<Series>;
  #made?: Promise<Series> | undefined;

  constructor(path: string, make: () => Promise<Series>) {
    this.path = path;
    this.#make = make;
  }

  async columns(): Promise<readonly Column[]> {
    return (await this.#series()).columns();
  }

  async pieces(range?: Range): Promise<readonly Piece[]> {
    return (await this.#series()).pieces(range);
  }

  async relation(range?: Range): Promise<string> {
    return (await this.#series()).relation(range);
  }

  async quality(range?: Range): Promise<ReadonlyMap<string, Quality>> {
    return qualityIn(await this.#series(), range);
  }

  /** Once, unless that fails. */
  #series(): Promise<Series> {
    this.#made ??= this.#make();
    this.#made.catch(() => (this.#made = undefined));
    return this.#made;
  }
}
