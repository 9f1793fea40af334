import {html} from "npm:htl";
import type {AnnotationEntry, ColumnEntry, DatasetDetails, DatasetEntry, ParameterEntry} from "../../loaders/types.js";
import {catalogue, pageUrl, shardUrl} from "./catalogue.js";
import {citation} from "./data/cite.js";
import {details} from "./details.js";
import {formatAge, formatReading, formatShare, formatTime, formatUnit} from "./data/format.js";
import {quality} from "./parts/quality.js";
import {table} from "./parts/table.js";
import type {Cell} from "./parts/table.js";

const {timeZone} = catalogue;
const count = (number: number) => number.toLocaleString("en-US");

/** Everything that a reader should know before using the readings, from the resources and the pond. */
export function about(): Element {
  return html`<div>
    ${terms()}
    <h2>How to download</h2>
    ${downloading()}
    <h2>Parameters</h2>
    ${table({
      name: "Parameters",
      headings: ["Parameter", "Unit", "Also shown in", "Sites", "Thresholds"],
      rows: catalogue.parameters.map(parameterRow)
    })}
    <h2>Sensors</h2>
    <p>Which instrument measured where, and from when until when. Of two at one place and time the later counts.</p>
    ${table({
      name: "Sensors",
      headings: ["Site", "Place", "Instrument", "From", "Until", "Parameters"],
      rows: catalogue.datasets.flatMap((dataset, index) => sensorRows(dataset, details.datasets[index]!))
    })}
    <h2>How complete the record is</h2>
    <p>
      Coverage is the share of hours with a reading, from a series’ first to its last, and of the thirty days before
      these pages were built.
    </p>
    ${table({
      name: "Coverage and gaps",
      headings: ["Site", "Place", "Readings", "Coverage", "30 days", "Gaps", "Missing in all", "The longest"],
      rows: catalogue.datasets.flatMap((dataset, index) => placeRows(dataset, details.datasets[index]!))
    })}
    ${catalogue.datasets.map((dataset, index) => coverage(dataset, details.datasets[index]!))} ${quality()}
    ${annotations()}
  </div>`;
}

// ---- Terms ----

function terms(): Element {
  const {publisher, licence, description, version, now} = catalogue;
  const name =
    licence?.url === undefined ? licence?.name : html`<a href=${licence.url} rel="license">${licence.name}</a>`;
  const status = html`<a href=${pageUrl("status")}>status</a>`;
  const told: [string, unknown][] = [
    ...(publisher === undefined ? [] : [["Publisher", publisher] as [string, unknown]]),
    ["Licence", name ?? "None is stated: ask the publisher before you use the readings."],
    ["How to cite", citation()],
    ["Times", `Shown in ${timeZone}, or in UTC where you choose so; in every file in UTC.`],
    [
      "State",
      html`<span>As of ${formatTime(now, timeZone)}, transaction ${version} (${status}). Every version is kept.</span>`
    ]
  ];
  return html`<div>
    <p class="lead">${description}</p>
    <dl class="terms">${told.flatMap(([term, words]) => [html`<dt>${term}</dt>`, html`<dd>${words}</dd>`])}</dl>
  </div>`;
}

// ---- Downloads ----

function downloading(): Element {
  const [dataset] = catalogue.datasets.filter(({resolutions}) => resolutions.length > 0);
  return html`<div>
    <ul>
      <li>Below each chart: what it shows, or the whole record, as CSV or Parquet with units, licence and citation.</li>
      <li>On <a href=${pageUrl("explore")}>Explore</a>: what SQL makes of any of it, as CSV, JSON or Parquet.</li>
      <li>
        For programs: <a href=${shardUrl("catalogue.json")}>catalogue.json</a> lists every site, column and Parquet
        file.
      </li>
    </ul>
    ${dataset ? sample(dataset) : null}
  </div>`;
}

/** What a program would do, with names that are there. */
function sample(dataset: DatasetEntry): Element {
  const coarsest = dataset.resolutions.at(-1)!;
  const files = coarsest.shards.slice(-2).map(({file}) => `  '${shardUrl(file)}'`);
  const sql = `SELECT * FROM read_parquet([\n${files.join(",\n")}\n]);`;
  return html`<details>
    <summary>The newest of ${dataset.label} in DuckDB; Python and R read the same files</summary>
    <pre tabindex="0">${sql}</pre>
  </details>`;
}

// ---- Parameters ----

function parameterRow({label, slug, name, unit, units, columns}: ParameterEntry): Cell[] {
  const others = units.filter((one) => one.unit !== unit).map((one) => formatUnit(one.unit));
  const sites = new Set(columns.map(({dataset}) => dataset));
  const own = catalogue.thresholds.filter((threshold) => threshold.parameter === name && threshold.unit === unit);
  const words = own.map(
    (threshold) =>
      `${threshold.label}: ${threshold.side} ${formatReading(threshold.value)} ${formatUnit(unit, name)}`.trim() +
      (threshold.datasets ? ` (${threshold.datasets.map(labelOf).join(", ")})` : "")
  );
  return [
    html`<a href=${pageUrl(`parameters/${slug}`)}>${label}</a>`,
    formatUnit(unit, name) || "none",
    others.join(", ") || "–",
    String(sites.size),
    words.length > 0 ? html`<div class="said">${words.map((text) => html`<p>${text}</p>`)}</div>` : "–"
  ];
}

function labelOf(dataset: string): string {
  return catalogue.datasets.find(({name}) => name === dataset)?.label ?? dataset;
}

// ---- Sensors ----

function sensorRows(dataset: DatasetEntry, {deployments}: DatasetDetails): Cell[][] {
  return deployments.map(({scope, series, begin, end}) => [
    dataset.label,
    scope ?? "–",
    html`<code>${series}</code>`,
    begin === undefined ? "its first reading" : formatTime(begin, timeZone),
    end === undefined ? "now" : formatTime(end, timeZone),
    parametersIn(dataset, scope)
  ]);
}

function parametersIn({columns}: DatasetEntry, scope: string | undefined): Element {
  const own = columns.filter((column) => scope === undefined || column.scope === scope);
  return html`<div class="said"><p>${[...new Set(own.map(({label}) => label))].join(", ")}</p></div>`;
}

// ---- Completeness ----

const listed = 3; // of the longest gaps

/** A row for each place of a site: all its parameters together, and when none of them was there. */
function placeRows({label, columns}: DatasetEntry, {columns: told, gaps}: DatasetDetails): Cell[][] {
  return gaps.map(({scope, count: number, missingMs, longest}) => {
    const own = told.filter((_, index) => columns[index]!.scope === scope);
    const mean = (shares: readonly number[]) =>
      formatShare(shares.reduce((sum, share) => sum + share, 0) / shares.length);
    return [
      label,
      scope || "–",
      count(own.reduce((sum, {readings}) => sum + readings, 0)),
      mean(own.map((column) => column.coverage)),
      mean(own.map(({recent}) => recent)),
      count(number),
      number === 0 ? "–" : formatAge(missingMs),
      html`<div class="said">${longest.slice(0, listed).map(gapWords)}</div>`
    ];
  });
}

function gapWords({begin, end}: {readonly begin: string; readonly end: string}): Element {
  return html`<p>${formatAge(Date.parse(end) - Date.parse(begin))} from ${formatTime(begin, timeZone)}</p>`;
}

function coverage(dataset: DatasetEntry, {columns: told}: DatasetDetails): Element {
  const rows = dataset.columns.map(({scope, label, unit}: ColumnEntry, index): Cell[] => {
    const {readings, coverage: whole, recent} = told[index]!;
    const name = `${label} ${formatUnit(unit, label)}`.trim();
    return [scope || "–", name, count(readings), formatShare(whole), formatShare(recent)];
  });
  return html`<details>
    <summary>By parameter, ${dataset.label}</summary>
    ${table({name: `Coverage, ${dataset.label}`, headings: ["Place", "Parameter", "Readings", "Coverage", "30 days"], rows})}
  </details>`;
}

// ---- Annotations ----

function annotations(): Element | null {
  if (catalogue.annotations.length === 0) return null;
  return html`<div>
    <h2>Annotations</h2>
    <p>What people noted of the readings.</p>
    ${table({
      name: "Annotations",
      headings: ["From", "Until", "Kind", "What", "Concerns"],
      rows: [...catalogue.annotations].reverse().map(annotationRow)
    })}
  </div>`;
}

function annotationRow({begin, end, kind, text, series}: AnnotationEntry): Cell[] {
  return [
    formatTime(begin, timeZone),
    end === undefined ? "open" : formatTime(end, timeZone),
    kind,
    html`<div class="said"><p>${text}</p></div>`,
    html`<div class="said"><p>${series.map(concerned).join(", ")}</p></div>`
  ];
}

/** "<dataset>/<column>" in words. */
function concerned(key: string): string {
  const cut = key.indexOf("/");
  const dataset = catalogue.datasets.find(({name}) => name === key.slice(0, cut));
  const column = dataset?.columns.find(({name}) => name === key.slice(cut + 1));
  return dataset && column ? `${dataset.label} ${column.scope} ${column.label}` : key;
}
