import type {SiteEntry} from "../../../loaders/types.js";

/**
 * Okabe and Ito's colours ("Color Universal Design", 2008), told apart with every common colour vision; as theme
 * variables (style.css), because on dark ground they are lighter. A site keeps its colour on every
 * page: its own, or one of these.
 */
const count = 7;

/** The colour of a site among all, by the dataset that it shows. */
export function colourAmong(sites: readonly SiteEntry[], dataset: string): string {
  const index = Math.max(
    0,
    sites.findIndex((site) => site.dataset === dataset)
  );
  return `var(--site-${(sites[index]?.colour ? index : index % count) + 1})`;
}

/** Lines of one colour are told apart by their dashes: as `stroke-dasharray`. */
const dashes = ["none", "5 3", "1.5 3", "8 3 1.5 3"];

/** The dashes of the nth line of one site in one chart. */
export function dashOf(index: number): string {
  return dashes[index % dashes.length]!;
}
