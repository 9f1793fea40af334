import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry} from "../../loaders/types.js";
import {card} from "./card/card.js";
import type {Source} from "./card/source.js";
import {catalogue, columnGroups, datasetNamed} from "./catalogue.js";
import {colourOf, dashOf} from "./data/colour.js";
import {recordOf} from "./data/dataset.js";
import {buildAge, freshness} from "./parts/latest.js";
import {stack} from "./card/stack.js";
import {help, toolbar} from "./card/toolbar.js";
import {View} from "./chart/view.js";

/** The page of one site: a chart per parameter with its newest values, all over one visible range. */
export function site(slug: string): Element {
  const entry = catalogue.sites.find((one) => one.slug === slug);
  if (!entry) throw new Error(`There is no site “${slug}” in the catalogue: was the resource that names it removed?`);
  const dataset = datasetNamed(entry.dataset);
  return html`<div>
    <p class="lead">${entry.description}</p>
    ${buildAge()} ${freshness(dataset)} ${charts(dataset)}
  </div>`;
}

function charts(dataset: DatasetEntry): Element {
  const record = recordOf(dataset);
  if (!record) return html`<p class="empty muted">Charts appear with the first reading.</p>`;
  const view = new View(record, catalogue);
  const cards = columnGroups(dataset).map((columns) => () => parameterCard(dataset, columns, view));
  return html`<div>${toolbar(view, [dataset])}${stack(cards, help())}</div>`;
}

function parameterCard(dataset: DatasetEntry, columns: readonly ColumnEntry[], view: View): Element {
  const sources = columns.map((column, index): Source => ({
    key: `${dataset.name}/${column.name}`,
    dataset,
    column,
    label: column.scope,
    colour: colourOf(dataset.name),
    dash: dashOf(index)
  }));
  return card({title: columns[0]!.label, unit: columns[0]!.unit, sources, view});
}
