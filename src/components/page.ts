import {html} from "npm:htl";
import {card} from "./card/card.js";
import {catalogue, datasetNamed} from "./catalogue.js";
import {parameterNamed, siteNamed, sourcesOf} from "./card/choose.js";
import type {Selection} from "./card/choose.js";
import {readPoints, recordOf} from "./data/dataset.js";
import {formatReading, formatTime, formatUnit} from "./data/format.js";
import {latest as latestOf} from "./parts/latest.js";
import {joined} from "./time/range.js";
import type {Preset, TimeRange} from "./time/range.js";
import {pickResolution} from "./data/resolution.js";
import {table as tableOf} from "./parts/table.js";
import {toolbar} from "./card/toolbar.js";
import {View} from "./chart/view.js";

/** What authors' pages need: PAGES.md shows how. Each takes the words that readers see, and says what there is instead. */

/** The charts of a page share one view: range, crosshair, zone, and what the link keeps. */
let shared: View | undefined;

function viewOf(range?: Preset): View | undefined {
  const record = joined(catalogue.datasets.flatMap((dataset) => recordOf(dataset) ?? []));
  return record && (shared ??= new View(record, {...catalogue, range}));
}

export interface ChartChoice extends Selection {
  readonly title?: string; // the parameter's label unless given
  readonly range?: Preset; // "24h", "7d", "30d" (unless given), "90d", "1y", "5y", "all"; of the page's first chart
  readonly buttons?: boolean; // false: without the buttons for the range, as below another chart
}

/** A chart of one parameter with everything that the charts of the site have: range buttons, crosshair, downloads. */
export function chart({title, range, buttons = true, ...selection}: ChartChoice): Element {
  const {label, unit} = parameterNamed(selection.parameter);
  const sources = sourcesOf(selection);
  const view = viewOf(range);
  if (!view) return html`<p class="empty muted">A chart appears with the first reading.</p>`;
  const datasets = [...new Set(sources.map(({dataset}) => dataset))];
  return html`<div>
    ${buttons ? toolbar(view, datasets) : null}${card({title: title ?? label, unit, sources, view})}
  </div>`;
}

/** The newest values of a site, with unit, change over a day and a sparkline. */
export function latest(site: string): Element {
  return latestOf(datasetNamed(siteNamed(site).dataset));
}

/** One bin of one series. */
export interface Row {
  readonly timestamp: Date; // its begin
  readonly site: string;
  readonly scope: string;
  readonly parameter: string;
  readonly unit: string;
  readonly value: number; // the mean
  readonly min: number;
  readonly max: number;
  readonly count: number; // of readings
}

/** Which stretch of the record, and in what steps. */
export interface Stretch {
  readonly from?: Date | string | number; // inclusive; from `days` before the last reading unless given
  readonly to?: Date | string | number; // inclusive; to the last reading unless given
  readonly days?: number; // 30 unless given
  readonly by?: string; // a resolution's name, such as "1h"; one that gives about 1000 rows a series unless given
}

/** The readings that an author means, a row per series and bin: for Plot, Inputs.table and arithmetic. */
export async function dataset(selection: Selection & Stretch): Promise<Row[]> {
  const sources = sourcesOf(selection);
  const parts = await Promise.all(
    sources.map(async ({dataset: its, column}) => {
      const record = recordOf(its);
      if (!record) return [];
      const range = rangeOf(record, selection);
      const wanted = its.resolutions.find(({name}) => name === selection.by);
      if (selection.by !== undefined && !wanted)
        throw new Error(
          `${its.label} has no resolution “${selection.by}”; it has: ${its.resolutions.map(({name}) => name).join(", ")}.`
        );
      const resolution = wanted ?? pickResolution(its.resolutions, range.end - range.begin, usualRows);
      const {points, failures} = await readPoints(
        {resolution, column: column.name, drops: column.quality?.suspect === "drop"},
        range
      );
      if (failures.length > 0) throw new Error(failures[0]!.reason);
      const {scope, label: parameter, unit} = column;
      return points.map(({time, avg: value, min, max, count}): Row => ({
        timestamp: new Date(time),
        site: its.label,
        scope,
        parameter,
        unit,
        value,
        min,
        max,
        count
      }));
    })
  );
  return parts.flat();
}

const usualRows = 1250; // pixels that a chart would have for a thousand bins

function rangeOf(record: TimeRange, {from, to, days = 30}: Stretch): TimeRange {
  const end = to === undefined ? record.end : timeOf(to);
  return {begin: from === undefined ? end - days * 86_400_000 : timeOf(from), end};
}

function timeOf(time: Date | string | number): number {
  const found = time instanceof Date ? time.getTime() : typeof time === "string" ? Date.parse(time) : time;
  if (Number.isNaN(found)) throw new Error(`“${time.toString()}” is no time: write one such as 2026-03-01T12:00Z.`);
  return found;
}

type Values = Readonly<Record<string, unknown>>;

/** Rows as a table: those of `dataset`, of SQL, of anything that is a list of objects. Times are in the site's zone. */
export function table(rows: Iterable<Values>, {name = "Table"}: {readonly name?: string} = {}): Element {
  const all = Array.from(rows, (row): Values => ({...row}));
  const headings = [...new Set(all.flatMap((row) => Object.keys(row)))];
  return tableOf({name, headings, rows: all.map((row) => headings.map((heading) => cellOf(row[heading])))});
}

function cellOf(value: unknown): string | Element {
  if (value instanceof Date) return formatTime(value.getTime(), catalogue.timeZone);
  if (value instanceof Element || typeof value === "string") return value;
  if (typeof value === "number") return numberOf(value);
  if (typeof value === "bigint" || typeof value === "boolean") return `${value}`;
  return value === null || value === undefined ? "–" : JSON.stringify(value);
}

function numberOf(value: number): string {
  if (Number.isNaN(value)) return "–";
  return Number.isInteger(value) ? `${value}` : formatReading(value);
}

/** Buttons that hand out the whole record of what an author means, as CSV and as Parquet, with units, terms and citation. */
export function download(selection: Selection): Element {
  const {label: title, unit} = parameterNamed(selection.parameter);
  const sources = sourcesOf(selection);
  const view = viewOf();
  if (!view) return html`<p class="empty muted">There is something to download with the first reading.</p>`;
  const said = html`<span class="said" role="status"></span>`;
  const button = (label: string, form: "csv" | "parquet") => {
    const element = html`<button type="button">${label}</button>`;
    element.addEventListener("click", () => {
      said.textContent = "Preparing the file …";
      void import("./card/download.js")
        .then(({saveWhole}) => saveWhole({title, unit, sources, view}, form))
        .then(() => (said.textContent = "Downloaded."))
        .catch((error: unknown) => (said.textContent = error instanceof Error ? error.message : String(error)));
    });
    return element;
  };
  return html`<div class="actions" role="group" aria-label=${`Download ${title}`}>
    ${button(`${title} ${formatUnit(unit, title)}, CSV`, "csv")} ${button("Parquet", "parquet")} ${said}
  </div>`;
}
