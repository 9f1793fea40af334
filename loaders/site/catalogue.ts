import type {Column} from "../../pond/types.js";
import type {DashboardSpec} from "../kinds/dashboard.js";
import type {PublishedDataset} from "./edition.js";
import {shadesOf} from "./colour.js";
import {thresholdsOf} from "./threshold.js";
import {sparkOf} from "../reduction/summary.js";
import {isMeant, meaningOf, nameFor, parameterOf} from "../readings/parameter.js";
import {choicesOf, conversionBetween} from "../readings/unit.js";
import type {
  AnnotationEntry,
  Catalogue,
  ColumnEntry,
  DatasetEntry,
  ParameterEntry,
  Reporter,
  SiteEntry
} from "../types.js";

interface CatalogueParts {
  readonly datasets: readonly PublishedDataset[];
  readonly dashboard?: DashboardSpec;
  readonly annotations: readonly AnnotationEntry[];
  readonly logo?: string; // a published file
  readonly version: number; // newest transaction
  readonly reporter: Reporter;
  readonly now: number; // ms since 1970
}

/** All that the pages know of the data. Without a dashboard every dataset is a site, under its own name. */
export function catalogueOf(parts: CatalogueParts): Catalogue {
  const {datasets, dashboard, annotations, logo, version, now} = parts;
  const sites = sitesOf(datasets, dashboard);
  const words = new Words(dashboard);
  const labels = new Map(sites.map((site) => [site.dataset, site.label]));
  const entries = datasets.map((dataset) => datasetEntry(dataset, {labels, words, now}));
  const parameters = parametersOf(entries, dashboard?.parameters ?? [], parts.reporter);
  return {
    title: dashboard?.title ?? "Duckpond",
    description: dashboard?.description ?? "",
    timeZone: dashboard?.timeZone ?? "UTC",
    publisher: dashboard?.publisher,
    licence: dashboard?.licence,
    ...(logo === undefined ? {} : {logo}),
    ...(dashboard?.accent === undefined ? {} : {accent: shadesOf(dashboard.accent)}),
    ...(dashboard?.pages === undefined ? {} : {pages: dashboard.pages}),
    now: iso(now),
    sites,
    parameters,
    thresholds: thresholdsOf({parameters, sites, ...parts}),
    annotations,
    datasets: entries,
    version
  };
}

function sitesOf(datasets: readonly PublishedDataset[], dashboard?: DashboardSpec): SiteEntry[] {
  const slugs = new Slugs();
  if (!dashboard)
    return datasets.map(({name}) => ({name, slug: slugs.of(name), label: name, description: "", dataset: name}));
  const byPath = new Map(datasets.map(({path, name}) => [path, name]));
  return dashboard.sites.map(({name, label, description, dataset, position, colour}) => ({
    name,
    slug: slugs.of(name),
    label: label ?? name,
    description,
    dataset: byPath.get(dataset.replace(/\/+$/, ""))!,
    ...(position ? {position} : {}),
    ...(colour === undefined ? {} : {colour: shadesOf(colour)})
  }));
}

/** What pages call parameters: one that has several names as the dashboard does, or as the first dataset that has it. */
class Words {
  readonly #labels: ReadonlyMap<string, string>;
  readonly #first = new Map<string, string>(); // by what it means

  constructor(dashboard?: DashboardSpec) {
    this.#labels = new Map(dashboard?.parameters.map(({name, label}) => [name, label]));
  }

  nameOf(column: Column, among: readonly Column[]): string {
    return nameFor(column, among, [...this.#labels.keys()]) ?? this.#common(column, among);
  }

  label(parameter: string): string {
    return this.#labels.get(parameter) ?? parameter;
  }

  #common(column: Column, among: readonly Column[]): string {
    const [own, meaning] = [parameterOf(column), meaningOf(column)];
    const first = this.#first.get(meaning) ?? own;
    this.#first.set(meaning, first);
    return isMeant(first, column, among) ? first : own;
  }
}

interface Telling {
  readonly now: number; // ms since 1970
  readonly labels: ReadonlyMap<string, string>; // of datasets
  readonly words: Words;
}

function datasetEntry(
  {name, columns, resolutions, summary, quality}: PublishedDataset,
  {labels, words, now}: Telling
): DatasetEntry {
  const {begin, end, interval} = summary;
  return {
    name,
    label: labels.get(name) ?? name,
    ...(begin === undefined ? {} : {begin: iso(begin / 1000)}),
    ...(end === undefined ? {} : {end: iso(end / 1000)}),
    intervalMs: interval === undefined ? (resolutions[0]?.widthMs ?? 0) : interval / 1000,
    columns: columns.map((column, index) => ({
      ...columnEntry(column, columns, words),
      latest: summary.columns[index]!.latest,
      spark: sparkOf(summary.columns[index]!, now * 1000),
      ...(quality[index] ? {quality: quality[index]} : {})
    })),
    resolutions
  };
}

function columnEntry(column: Column, among: readonly Column[], words: Words): Omit<ColumnEntry, "spark"> {
  const {scope = "", unit = "", statistic} = column.attributes;
  const parameter = words.nameOf(column, among);
  const told = statistic === undefined ? {} : {statistic};
  return {name: column.name, scope, parameter, unit, ...told, label: words.label(parameter)};
}

type ParameterSpec = DashboardSpec["parameters"][number];

/** Each parameter across datasets; one that comes in two units is two, which no chart can draw on one axis. */
function parametersOf(
  datasets: readonly DatasetEntry[],
  wanted: readonly ParameterSpec[],
  reporter: Reporter
): ParameterEntry[] {
  const found = new Map<string, ParameterEntry & {columns: {dataset: string; column: string}[]}>();
  const slugs = new Slugs();
  for (const {name: dataset, columns} of datasets)
    for (const {name: column, parameter: name, unit, statistic, label} of columns) {
      const key = `${name}\n${unit}`;
      const spec = wanted.find((parameter) => parameter.name === name);
      const entry = found.get(key) ?? {
        name,
        slug: slugs.of(name, unit),
        label,
        unit,
        ...(statistic === undefined ? {} : {statistic}),
        units: unitsOf({unit, statistic}, {name, unit: spec?.unit}, reporter),
        columns: []
      };
      entry.columns.push({dataset, column});
      found.set(key, entry);
    }
  const order = wanted.map(({name}) => name);
  const place = ({name}: ParameterEntry) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...found.values()].sort((a, b) => place(a) - place(b));
}

/** Those that readers may choose, the wanted one first; where readings cannot be told in it, that is said. */
function unitsOf(
  {unit: own, statistic}: Pick<ColumnEntry, "unit" | "statistic">,
  wanted: {readonly name: string; readonly unit?: string},
  reporter: Reporter
) {
  const {name, unit: first = own} = wanted;
  if (!conversionBetween(own, first, statistic))
    reporter.warn(
      `Readers would see ${name} in ${first}, which its readings in ${own} cannot be told in: it stays in ${own}.`
    );
  return [...new Set([first, ...choicesOf(own)])].flatMap((unit) => {
    const conversion = conversionBetween(own, unit, statistic);
    return conversion ? [{unit, ...conversion}] : [];
  });
}

/** Words fit for an address, none given twice. */
class Slugs {
  readonly #taken = new Set<string>();

  of(...words: readonly string[]): string {
    const slugged = words.map((word) => slugOf(word)).filter((word) => word !== "");
    let slug = slugged[0] ?? "x";
    if (this.#taken.has(slug)) slug = slugged.join("-");
    for (let count = 2; this.#taken.has(slug); count++) slug = `${slugged.join("-")}-${count}`;
    this.#taken.add(slug);
    return slug;
  }
}

function slugOf(word: string): string {
  const plain = word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
}

/** From milliseconds since 1970. */
function iso(time: number): string {
  return new Date(time).toISOString();
}
