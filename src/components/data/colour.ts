import {catalogue} from "../catalogue.js";
import {colourAmong} from "./palette.js";

export {dashOf} from "./palette.js";

/** The colour of a site, by the dataset that it shows. */
export function colourOf(dataset: string): string {
  return colourAmong(catalogue.sites, dataset);
}
