import type {SiteEntry} from "../../../loaders/types.js";
import {datasetNamed} from "../catalogue.js";
import {isLate} from "./latest.js";

/** How a site fares: the name of its mark, and words. */
export interface State {
  readonly name: "fresh" | "late" | "silent";
  readonly words: string;
}

const fresh: State = {name: "fresh", words: "readings are fresh"};
const late: State = {name: "late", words: "readings are older than they should be"};
const silent: State = {name: "silent", words: "no readings yet"};

export const states: readonly State[] = [fresh, late, silent];

/** How a site fared when the pages were built. */
export function stateOf({dataset: name}: SiteEntry): State {
  const dataset = datasetNamed(name);
  if (!dataset.end) return silent;
  return isLate(dataset.end, dataset) ? late : fresh;
}
