import {catalogue, pageUrl} from "../catalogue.js";
import {formatDay} from "./format.js";

/** How to cite what the site publishes, in one sentence: who, when, what, which state of the data, where. */
export function citation(): string {
  const {title, publisher, now, timeZone, version} = catalogue;
  const home = new URL(pageUrl(""), location.href).href;
  const year = now.slice(0, 4);
  const state = `Data as of ${formatDay(now, timeZone)}, transaction ${version}`;
  return `${publisher ?? title} (${year}). ${publisher ? `${title}. ` : ""}${state}. ${home}`;
}

/** The licence in words, with its address where it has one. */
export function licence(): string | undefined {
  const {licence: given} = catalogue;
  return given && (given.url ? `${given.name}, ${given.url}` : given.name);
}
