import {FileAttachment} from "observablehq:stdlib";
import type {ColumnEntry, DatasetEntry, PackedCatalogue} from "../../loaders/types.js";
import {readyFormats} from "./data/format.js";
import {unpack} from "./data/shards.js";
import {turn} from "./data/turn.js";

const file = FileAttachment("../data/catalogue.json");

const [packed] = await Promise.all([file.json() as Promise<PackedCatalogue>, turn().then(readyFormats)]);

/** All that is known of the data: sites, parameters, datasets and their shards, and how the last run went. */
export const catalogue = unpack(packed);

/** Framework's preview serves data files elsewhere than the built site does. */
const preview = new URL(file.href, location.href).searchParams.has("sha");

/** The address of a shard, wherever the site is served. */
export function shardUrl(name: string): string {
  const root = new URL(preview ? "../../_file/data/" : "../../data/", import.meta.url);
  return new URL(name.split("/").map(encodeURIComponent).join("/"), root).href;
}

/** The address of a page of the site, e.g. `pageUrl("sites/mouth")`. */
export function pageUrl(path: string): string {
  return new URL(`../../${path}`, import.meta.url).pathname;
}

/** A dataset by its name. Throws a sentence that names those there are. */
export function datasetNamed(name: string): DatasetEntry {
  const found = catalogue.datasets.find((dataset) => dataset.name === name);
  if (found) return found;
  const names = catalogue.datasets.map((dataset) => dataset.name).join(", ");
  throw new Error(`There is no dataset “${name}”; there are: ${names || "none"}.`);
}

/** The columns of a dataset, those of one parameter and unit together, in the catalogue's order of parameters. */
export function columnGroups({columns}: DatasetEntry): ColumnEntry[][] {
  const groups = new Map<string, ColumnEntry[]>();
  for (const column of columns) {
    const key = `${column.parameter} ${column.unit}`;
    groups.set(key, [...(groups.get(key) ?? []), column]);
  }
  const place = ([first]: ColumnEntry[]) => catalogue.parameters.findIndex(({name}) => name === first!.parameter);
  return [...groups.values()].sort((a, b) => place(a) - place(b));
}

/** A column of a dataset by its name. Throws a sentence that names those there are. */
export function columnNamed(dataset: DatasetEntry, name: string): ColumnEntry {
  const found = dataset.columns.find((column) => column.name === name);
  if (found) return found;
  const names = dataset.columns.map((column) => column.name).join(", ");
  throw new Error(`The dataset “${dataset.name}” has no column “${name}”; it has: ${names}.`);
}
