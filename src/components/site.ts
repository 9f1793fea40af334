import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry} from "../../loaders/types.js";
import {card} from "./card.js";
import type {Source} from "./card.js";
import {catalogue, datasetNamed} from "./catalogue.js";
import {colourOf, dashOf} from "./colour.js";
import {recordOf} from "./dataset.js";
import {freshness, latest} from "./latest.js";
import {toolbar} from "./toolbar.js";
import {View} from "./view.js";

/** The page of one site: its newest values, then a chart per parameter, all over one visible range. */
export function site(slug: string): Element {
  const entry = catalogue.sites.find((one) => one.slug === slug);
  if (!entry) throw new Error(`There is no site “${slug}” in the catalogue: was the resource that names it removed?`);
  const dataset = datasetNamed(entry.dataset);
  return html`<div>
    <p class="lead">${entry.description}</p>
    ${freshness(dataset)} ${latest(dataset)} ${charts(dataset)}
  </div>`;
}

function charts(dataset: DatasetEntry): Element {
  const record = recordOf(dataset);
  if (!record) return html`<p class="empty muted">Charts appear with the first reading.</p>`;
  const view = new View(record);
  const cards = parametersOf(dataset).map((columns) => parameterCard(dataset, columns, view));
  return html`<div>${toolbar(view, catalogue.timeZone)}${cards}</div>`;
}

/** The columns of a dataset, those of one parameter and unit together, in the catalogue's order of parameters. */
function parametersOf({columns}: DatasetEntry): ColumnEntry[][] {
  const groups = new Map<string, ColumnEntry[]>();
  for (const column of columns) {
    const key = `${column.parameter} ${column.unit}`;
    groups.set(key, [...(groups.get(key) ?? []), column]);
  }
  const place = ([first]: ColumnEntry[]) => catalogue.parameters.findIndex(({name}) => name === first!.parameter);
  return [...groups.values()].sort((a, b) => place(a) - place(b));
}

function parameterCard(dataset: DatasetEntry, columns: readonly ColumnEntry[], view: View): Element {
  const sources = columns.map((column, index): Source => ({
    dataset,
    column: column.name,
    label: column.scope,
    colour: colourOf(dataset.name),
    dash: dashOf(index)
  }));
  return card({title: columns[0]!.label, unit: columns[0]!.unit, sources, view});
}
