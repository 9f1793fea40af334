/** What a reader compares, as the page's link keeps it. */
export interface Comparison {
  readonly series: readonly string[]; // "<dataset>/<column>", as everywhere on the pages
  readonly mode: Mode;
  readonly years: number; // how many of the last ones, when years are laid on each other; Infinity: all
  readonly usual: boolean; // whether what is usual for the season is shown
}

/** Series on the page: more than that nobody tells apart. */
export const mostCompared = 8;

/** Along time, or year over year. */
export type Mode = "time" | "years";

/** How many years a reader can choose to see on each other. */
export const yearCounts: readonly number[] = [2, 3, 5, Infinity];

/** What a link asks for, and where it says nothing, what there is to begin with. */
export function fromLink(query: URLSearchParams, otherwise: Comparison): Comparison {
  const [mode, years] = [query.get("mode"), Number(query.get("years") === "all" ? Infinity : query.get("years"))];
  return {
    series: query.has("series") ? [...new Set(query.getAll("series").filter((key) => key !== ""))] : otherwise.series,
    mode: mode === "time" || mode === "years" ? mode : otherwise.mode,
    years: yearCounts.includes(years) ? years : otherwise.years,
    usual: query.has("usual") ? query.get("usual") !== "off" : otherwise.usual
  };
}

/** A link that asks for it; what else stands in the link stays, but for what was chosen of an axis that is no more. */
export function toLink(link: URL, {series, mode, years, usual}: Comparison, before?: Mode): URL {
  const made = new URL(link);
  for (const name of [
    "series",
    "mode",
    "years",
    "usual",
    ...(before !== undefined && before !== mode ? axisWords : [])
  ])
    made.searchParams.delete(name);
  for (const key of series.length > 0 ? series : [""]) made.searchParams.append("series", key);
  made.searchParams.set("mode", mode);
  if (mode === "years") made.searchParams.set("years", years === Infinity ? "all" : String(years));
  made.searchParams.set("usual", usual ? "on" : "off");
  return made;
}

const axisWords = ["range", "from", "to", "y", "hide"];
