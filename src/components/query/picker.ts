import {html} from "npm:htl";
import {columnsIn, selectOf} from "./question.js";
import type {Source} from "./question.js";
import {resolutionWords} from "../data/resolution.js";

/** Chooses a table and its columns, and writes the query for them. */
export function picker(sources: readonly Source[], write: (sql: string) => void): Element {
  const table = html`<select id="table">
    ${sources.map(({name, dataset, resolution}) => {
      return html`<option value=${name}>${name}: ${dataset.label}, ${resolutionWords(resolution)}</option>`;
    })}
  </select>` as HTMLSelectElement;
  const columns = html`<fieldset class="columns"></fieldset>`;
  const source = () => sources.find(({name}) => name === table.value)!;
  const fill = () => {
    const boxes = columnsIn(source()).map((name, index) => {
      const box = html`<input type="checkbox" value=${name} checked=${index === 0} />`;
      return html`<label>${box} <code>${name}</code></label>`;
    });
    columns.replaceChildren(html`<legend>Columns beside timestamp</legend>`, ...boxes);
  };
  table.addEventListener("change", fill);
  table.value = coarsestOf(sources).name;
  fill();
  const button = html`<button type="button">Write the query</button>`;
  button.addEventListener("click", () => {
    const chosen = [...columns.querySelectorAll<HTMLInputElement>("input:checked")].map(({value}) => value);
    write(selectOf(source(), chosen));
  });
  return html`<details class="picker">
    <summary>Tables and columns</summary>
    <div class="controls"><label for="table">Table</label> ${table} ${button}</div>
    ${columns}
  </details>`;
}

/** Of the first dataset, what is quickest to fetch. */
function coarsestOf(sources: readonly Source[]): Source {
  return sources.findLast(({dataset}) => dataset === sources[0]!.dataset)!;
}
