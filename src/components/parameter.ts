import {html} from "npm:htl";
import {card} from "./card/card.js";
import type {Source} from "./card/source.js";
import {catalogue, columnNamed, datasetNamed} from "./catalogue.js";
import {colourOf, dashOf} from "./data/colour.js";
import {recordOf} from "./data/dataset.js";
import {buildAge} from "./parts/latest.js";
import {joined} from "./time/range.js";
import {stack} from "./card/stack.js";
import {help, toolbar} from "./card/toolbar.js";
import {View} from "./chart/view.js";

/** The page of one parameter: all sites in one chart, each in its colour, and one chart per scope where there are several. */
export function parameter(slug: string): Element {
  const entry = catalogue.parameters.find((one) => one.slug === slug);
  if (!entry)
    throw new Error(`There is no parameter “${slug}” in the catalogue: was the resource that brought it removed?`);
  const columns = entry.columns.map((place) => {
    const dataset = datasetNamed(place.dataset);
    return {dataset, column: columnNamed(dataset, place.column)};
  });
  const record = joined(columns.flatMap(({dataset}) => recordOf(dataset) ?? []));
  if (!record) return html`<p class="empty muted">A chart appears with the first reading.</p>`;
  const view = new View(record, catalogue);
  const scopes = [...new Set(columns.map(({column}) => column.scope))];
  const cards = scopes.map((scope) => () => {
    const sources = columns.filter(({column}) => column.scope === scope).map(toSource);
    return card({title: scopes.length > 1 ? scope : entry.label, unit: entry.unit, sources, view});
  });
  return html`<div>
    ${buildAge()}
    ${toolbar(
      view,
      columns.map(({dataset}) => dataset)
    )}${stack(cards, help())}
  </div>`;
}

function toSource({dataset, column}: Pick<Source, "dataset" | "column">, index: number): Source {
  return {
    key: `${dataset.name}/${column.name}`,
    dataset,
    column,
    label: dataset.label,
    colour: colourOf(dataset.name),
    dash: dashOf(index)
  };
}
