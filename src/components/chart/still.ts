import type {Catalogue, ColumnEntry, DatasetEntry} from "../../../loaders/types.js";
import {svgOf} from "./chart.js";
import {formatDay, formatReading, formatTime, formatUnit} from "../data/format.js";
import {frameOf} from "./frame.js";
import type {ChartOptions, Line} from "./frame.js";
import {escaped} from "./marks.js";
import {colourAmong, dashOf} from "../data/palette.js";

/** Pictures for readers whose browser runs no scripts: the daily means of the last thirty days, made with the pages. */

type Known = Pick<Catalogue, "now" | "timeZone" | "sites" | "parameters"> & {
  readonly datasets: readonly Pick<DatasetEntry, "name" | "label" | "columns">[];
};

const day = 86_400_000;
const size = {width: 480, height: 200}; // CSS pixels, so that its letters can be read on a phone

/** The pictures of each site and parameter, as HTML by the paths of their pages: "sites/mouth". */
export function stillsOf(catalogue: Known): ReadonlyMap<string, string> {
  const all = catalogue.sites.flatMap(({dataset: name}) => {
    const dataset = catalogue.datasets.find((one) => one.name === name);
    return (dataset?.columns ?? []).map((column) => ({dataset: dataset!, column}));
  });
  const page = (series: readonly Series[], label: (one: Series) => string) =>
    catalogue.parameters
      .map(({name, unit, ...parameter}) => ({
        title: parameter.label,
        series: series.filter(({column}) => column.parameter === name && column.unit === unit)
      }))
      .filter(({series: own}) => own.length > 0)
      .map(({title, series: own}) =>
        stillOf(
          title,
          own.map((one) => ({...one, label: label(one)})),
          catalogue
        )
      );
  return new Map([
    ...catalogue.sites.map(({slug, dataset}): [string, string] => [
      `sites/${slug}`,
      page(
        all.filter((one) => one.dataset.name === dataset),
        ({column}) => column.scope
      ).join("")
    ]),
    ...catalogue.parameters.map(({slug, name, unit}): [string, string] => [
      `parameters/${slug}`,
      page(
        all.filter(({column}) => column.parameter === name && column.unit === unit),
        ({dataset, column}) => `${dataset.label}, ${column.scope}`
      ).join("")
    ])
  ]);
}

interface Series {
  readonly dataset: Known["datasets"][number];
  readonly column: ColumnEntry;
}

type Named = Series & {readonly label: string};

function stillOf(title: string, series: readonly Named[], catalogue: Known): string {
  const {unit} = series[0]!.column;
  const lines = series.map((one, index) => lineOf(one, dashAmong(series, index), catalogue));
  const end = endOf(catalogue);
  const options: ChartOptions = {
    ...size,
    lines,
    failures: [],
    range: {begin: end - series[0]!.column.spark.length * day, end},
    parameter: title,
    unit,
    timeZone: catalogue.timeZone
  };
  const items = series.map((one, index) => itemOf(one, lines[index]!, catalogue));
  return [
    `<figure class="still"><h2>${escaped(title)} ${escaped(formatUnit(unit, title))}</h2>`,
    `<ul>${items.join("")}</ul>`,
    svgOf(frameOf(options)).replace('role="img"', `role="img" aria-label="${escaped(wordsOf(options))}"`),
    "<figcaption>Daily means of the thirty days before the pages were built.</figcaption></figure>"
  ].join("");
}

/** The picture in words; how many readings made it is not known here. */
function wordsOf({parameter, unit, range, lines}: ChartOptions): string {
  const [first, last] = [range.begin, range.end - 1].map((time) => formatDay(time, "UTC"));
  const sentences = lines.map(({label, points}) => {
    if (points.length === 0) return `${label}: no readings.`;
    const means = points.map(({avg}) => avg);
    const [low, high, newest] = [Math.min(...means), Math.max(...means), means.at(-1)!].map((mean) =>
      formatReading(mean)
    );
    return `${label}: between ${low} and ${high} ${formatUnit(unit, parameter)}`.trim() + `, at last ${newest}.`;
  });
  return [`${parameter}, daily means from ${first} to ${last}.`, ...sentences].join(" ");
}

/** As everywhere: the lines of one site by their dashes. */
function dashAmong(series: readonly Series[], index: number): string {
  const {dataset} = series[index]!;
  return dashOf(series.slice(0, index).filter((one) => one.dataset === dataset).length);
}

/** Sparks end with the day of the build, a day of UTC. */
function endOf({now}: Known): number {
  return (Math.floor(Date.parse(now) / day) + 1) * day;
}

function lineOf({dataset, column, label}: Named, dash: string, catalogue: Known): Line {
  const begin = endOf(catalogue) - column.spark.length * day;
  const points = column.spark.flatMap((avg, index) =>
    avg === null ? [] : [{time: begin + index * day, avg, min: avg, max: avg, count: 1}]
  );
  return {
    key: `${dataset.name}/${column.name}`,
    label,
    colour: colourAmong(catalogue.sites, dataset.name),
    dash,
    column: column.name,
    resolution: {name: "1d", widthMs: day, rows: points.length, bytes: 0, shards: []},
    points,
    plain: true
  };
}

/** "Surface: 11.3 °C on 28 Feb 2026, 16:00 PST", after a piece of its line. */
function itemOf({column: {latest, unit, parameter}, label}: Named, {colour, dash}: Line, {timeZone}: Known): string {
  const newest = latest
    ? `${formatReading(latest.value)} ${formatUnit(unit, parameter)}`.trim() +
      ` on ${formatTime(latest.time, timeZone)}`
    : "no readings yet";
  return `<li><svg width="24" height="8" aria-hidden="true"><line x1="1" x2="23" y1="4" y2="4" style="stroke: ${colour}" stroke-width="2" stroke-dasharray="${dash}"/></svg> ${escaped(label)}: ${escaped(newest)}</li>`;
}
