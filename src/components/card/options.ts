import type {Backing} from "./backing.js";
import type {Source} from "./source.js";
import type {View} from "../chart/view.js";

/** What a card shows. */
export interface CardOptions {
  readonly title: string; // the parameter, for the reader
  readonly unit: string; // of the published values
  readonly sources: readonly Source[];
  readonly view: View;
  readonly backing?: Backing; // what is usual, behind the lines
}
