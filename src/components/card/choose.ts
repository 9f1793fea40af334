import type {ColumnEntry, DatasetEntry, ParameterEntry, SiteEntry} from "../../../loaders/types.js";
import type {Source} from "./source.js";
import {catalogue, datasetNamed} from "../catalogue.js";
import {colourOf, dashOf} from "../data/colour.js";

/** Which series an author means. */
export interface Selection {
  readonly parameter: string; // its name, or what readers see: "DO", "Dissolved oxygen"
  readonly sites?: string | readonly string[]; // their names, or what readers see; every site unless given
  readonly scope?: string; // "Surface"; every one unless given
}

/** The site that an author means. Throws a sentence that names those there are. */
export function siteNamed(name: string): SiteEntry {
  const found = catalogue.sites.find((site) => meansOne(name, [site.slug, site.name, site.label, site.dataset]));
  if (found) return found;
  throw new Error(
    `There is no site “${name}”; there are: ${catalogue.sites.map(({slug}) => slug).join(", ") || "none"}.`
  );
}

/** The parameter that an author means. Throws a sentence that names those there are. */
export function parameterNamed(name: string): ParameterEntry {
  const found = catalogue.parameters.find((entry) => meansOne(name, [entry.name, entry.slug, entry.label]));
  if (found) return found;
  const names = catalogue.parameters.map((entry) => entry.name).join(", ");
  throw new Error(`There is no parameter “${name}”; there are: ${names || "none"}.`);
}

function meansOne(name: string, words: readonly string[]): boolean {
  return words.some((word) => word.toLowerCase() === name.toLowerCase());
}

/** The sites that an author means, each once. */
function sitesOf({sites}: Pick<Selection, "sites">): readonly SiteEntry[] {
  if (sites === undefined) return catalogue.sites;
  return [...new Set((typeof sites === "string" ? [sites] : sites).map(siteNamed))];
}

/** The lines for what an author means; a site in its colour, its places told apart by dashes. Throws when there are none. */
export function sourcesOf(selection: Selection): readonly Source[] {
  const parameter = parameterNamed(selection.parameter);
  const sites = sitesOf(selection);
  const found = sites.flatMap((site) => {
    const dataset = datasetNamed(site.dataset);
    return columnsOf(dataset, {parameter, scope: selection.scope}).map((column, index) => ({
      site,
      dataset,
      column,
      index
    }));
  });
  if (found.length === 0) {
    const place = selection.scope === undefined ? "" : ` in ${selection.scope}`;
    throw new Error(`${sites.map(({label}) => label).join(", ")} does not have ${parameter.label}${place}.`);
  }
  const scopes = new Set(found.map(({column}) => column.scope));
  return found.map(({site, dataset, column, index}) => ({
    key: `${dataset.name}/${column.name}`,
    dataset,
    column,
    label: scopes.size > 1 ? `${site.label}, ${column.scope}` : site.label,
    colour: colourOf(dataset.name),
    dash: dashOf(index)
  }));
}

function columnsOf(
  {columns}: DatasetEntry,
  {parameter, scope}: {parameter: ParameterEntry; scope?: string}
): readonly ColumnEntry[] {
  const own = columns.filter((column) => column.parameter === parameter.name && column.unit === parameter.unit);
  return scope === undefined ? own : own.filter((column) => column.scope.toLowerCase() === scope.toLowerCase());
}
