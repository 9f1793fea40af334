import {compile} from "../../pond/glob.js";
import type {Range, Reader} from "../../pond/types.js";
import {type AnnotationRow, annotationRows} from "../series/annotation.js";
import {intersect} from "../series/combined.js";
import type {DashboardSpec} from "../kinds/dashboard.js";
import {threadsOf, withOwn} from "../series/lineage.js";
import type {ManualSpec} from "../kinds/manual.js";
import type {PublishedDataset} from "./edition.js";
import type {AnnotationEntry, Effects, Resource, Thread} from "../types.js";

/** What annotations are looked for in. */
interface Annotated {
  readonly resources: readonly Resource[];
  readonly fs: Reader;
  readonly datasets: readonly PublishedDataset[];
  readonly effects: Effects;
  readonly onTrouble?: ((path: string) => void) | undefined; // told of each table that cannot be read
}

/**
 * The annotations of the Dashboard's tables (of every Manual's, unless it names some), told of the columns that pages
 * show: those that come from a series that the annotation names, while they do. In the order of their begin.
 */
export async function annotationsOf(annotated: Annotated): Promise<readonly AnnotationEntry[]> {
  const rows = (await Promise.all((await tablesOf(annotated)).map((path) => rowsOf(path, annotated)))).flat();
  if (rows.length === 0) return [];
  return rows
    .flatMap((row) => entriesOf(row, annotated.datasets))
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

/** Of a table that cannot be read none, which is told: the others are shown. */
async function rowsOf(path: string, {fs, effects, onTrouble}: Annotated): Promise<readonly AnnotationRow[]> {
  const {reporter} = effects;
  try {
    const rows = await annotationRows(path, fs);
    if (!rows) reporter.warn(`The dashboard shows the annotations in ${path}, which is no table of annotations.`);
    return rows ?? [];
  } catch (error) {
    reporter.warn(`The annotations in ${path} are not shown: ${(error as Error).message}`);
    onTrouble?.(path);
    return [];
  }
}

/** An annotation once for each period of what it concerns: that of an instrument is a site's while it was there. */
function entriesOf(row: AnnotationRow, datasets: readonly PublishedDataset[]): AnnotationEntry[] {
  const pattern = compile(row.series);
  const found = new Map<string, {range: Range; series: string[]}>();
  for (const dataset of datasets)
    for (const ancestor of withOwn(dataset.path, dataset.lineage)) {
      const time = {begin: row.begin, end: row.end ?? undefined};
      const range = pattern.match(ancestor.path) && intersect(ancestor.period, time);
      if (!range) continue;
      const key = JSON.stringify(range);
      const entry = found.get(key) ?? {range, series: []};
      entry.series.push(...columnsOf(dataset, threadsOf(ancestor, row.parameter, dataset.columns)));
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

/** Those to which the threads lead. */
function columnsOf({name, columns}: PublishedDataset, threads: readonly Thread[]): string[] {
  const concerned = columns.filter((column) => threads.some(({to}) => to === column.name));
  return concerned.map((column) => `${name}/${column.name}`);
}

/** From µs UTC. */
function iso(time: number): string {
  return new Date(time / 1000).toISOString();
}
