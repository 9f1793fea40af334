import {compile} from "../../pond/glob.js";
import type {Range} from "../../pond/types.js";
import {type AnnotationRow, annotationRows} from "../series/annotation.js";
import {intersect} from "../series/combined.js";
import type {DashboardSpec} from "../kinds/dashboard.js";
import {type Deployed, lineageOf} from "../series/lineage.js";
import type {ManualSpec} from "../kinds/manual.js";
import {isMeant} from "../readings/parameter.js";
import type {PublishedDataset} from "./edition.js";
import type {AnnotationEntry, Effects, Origin} from "../types.js";

/** What annotations are looked for in. */
interface Annotated extends Deployed {
  readonly datasets: readonly PublishedDataset[];
  readonly effects: Effects;
}

/**
 * The annotations of the Dashboard's tables (of every Manual's, unless it names some), told of the columns that pages
 * show: those that come from a series that the annotation names, while they do. In the order of their begin.
 */
export async function annotationsOf(annotated: Annotated): Promise<readonly AnnotationEntry[]> {
  const rows = (await Promise.all((await tablesOf(annotated)).map((path) => rowsOf(path, annotated)))).flat();
  if (rows.length === 0) return [];
  const lineages = await Promise.all(annotated.datasets.map(({path}) => lineageOf(path, annotated)));
  const shown = annotated.datasets.map((dataset, index) => ({dataset, origins: lineages[index]!}));
  return rows
    .flatMap((row) => entriesOf(row, shown))
    .sort((a, b) => a.begin.localeCompare(b.begin) || (a.text < b.text ? -1 : 1));
}

/** The tables that are there. */
async function tablesOf({resources, fs}: Annotated): Promise<readonly string[]> {
  const dashboard = resources.find(({kind}) => kind === "Dashboard")?.spec as DashboardSpec | undefined;
  const manual = resources.filter(({kind}) => kind === "Manual").map(({spec}) => spec as ManualSpec);
  const patterns = dashboard?.annotations ?? manual.flatMap(({annotations}) => annotations?.into ?? []);
  const found = await Promise.all(patterns.map((pattern) => fs.glob(pattern)));
  return [...new Set(found.flat().map(({path}) => path))];
}

async function rowsOf(path: string, {fs, effects}: Annotated): Promise<readonly AnnotationRow[]> {
  const rows = await annotationRows(path, fs);
  if (!rows) effects.reporter.warn(`The dashboard shows the annotations in ${path}, which is no table of annotations.`);
  return rows ?? [];
}

interface Shown {
  readonly dataset: PublishedDataset;
  readonly origins: readonly Origin[];
}

/** An annotation once for each period of what it concerns: that of an instrument is a site's while it was there. */
function entriesOf(row: AnnotationRow, shown: readonly Shown[]): AnnotationEntry[] {
  const pattern = compile(row.series);
  const found = new Map<string, {range: Range; series: string[]}>();
  for (const {dataset, origins} of shown)
    for (const {path, scope, period} of origins) {
      const range = pattern.match(path) && intersect(period, {begin: row.begin, end: row.end ?? undefined});
      if (!range) continue;
      const key = JSON.stringify(range);
      const entry = found.get(key) ?? {range, series: []};
      entry.series.push(...columnsOf(dataset, {scope, parameter: row.parameter ?? undefined}));
      found.set(key, entry);
    }
  return [...found.values()]
    .filter(({series}) => series.length > 0)
    .map(({range, series}) => ({
      kind: row.kind,
      begin: iso(range.begin!),
      ...(range.end === undefined ? {} : {end: iso(range.end)}),
      ...(row.flag === null ? {} : {flag: row.flag}),
      text: row.text,
      series: [...new Set(series)]
    }));
}

function columnsOf({name, columns}: PublishedDataset, wanted: {scope?: string; parameter?: string}): string[] {
  const concerned = columns.filter(
    (column) =>
      (wanted.scope === undefined || column.attributes.scope === wanted.scope) &&
      (wanted.parameter === undefined || isMeant(wanted.parameter, column, columns))
  );
  return concerned.map((column) => `${name}/${column.name}`);
}

/** From µs UTC. */
function iso(time: number): string {
  return new Date(time / 1000).toISOString();
}
