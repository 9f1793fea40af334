import type {Table} from "npm:apache-arrow";
import {csvFormatRows} from "npm:d3-dsv";
import {html} from "npm:htl";
import {catalogue} from "../catalogue.js";
import {citation, licence} from "../data/cite.js";
import {save} from "../card/download.js";
import {drawingOf, figure} from "./figure.js";
import type {Drawing} from "./figure.js";
import {resultOf, resultTable, textOf} from "./result.js";
import type {Result} from "./result.js";

/** What a query gave: a chart where there is something to draw, a table, and files to take away. */
export function output(table: Table, sql: string): Element {
  const result = resultOf(table);
  const drawing = drawingOf(result);
  return html`<section class="card" aria-label="Result">
    ${drawing && result.rows.length > 1 ? drawn(result, drawing) : null} ${resultTable(result)}
    ${downloads(table, result, sql)}
  </section>`;
}

// ---- The chart ----

/** The chart as the link says, else as the result asks for; what is chosen stands in the link. */
function drawn(result: Result, otherwise: Drawing): Element {
  let drawing = fromLink(result, otherwise);
  const place = html`<div class="drawn"></div>` as HTMLElement;
  let width = 0;
  const draw = () => width > 0 && place.replaceChildren(figure(result, drawing, width));
  new ResizeObserver(() => {
    const now = Math.round(place.clientWidth);
    if (now === width) return;
    width = now;
    draw();
  }).observe(place);
  const change = (changed: Partial<Drawing>) => {
    drawing = {...drawing, ...changed};
    toLink(drawing, otherwise);
    draw();
  };
  const x = choice("Along", result.names, drawing.x, (name) => change({x: name}));
  const mark = choice("Drawn as", marks, drawing.mark, (name) => change({mark: name as Drawing["mark"]}));
  return html`<div>
    <div class="controls">${x} ${mark}</div>
    ${place}
  </div>`;
}

function choice(label: string, names: readonly string[], chosen: string, take: (name: string) => void): Element {
  const select = html`<select>
    ${names.map((name) => html`<option value=${name}>${name}</option>`)}
  </select>` as HTMLSelectElement;
  select.value = chosen;
  select.addEventListener("change", () => take(select.value));
  return html`<label>${label} ${select}</label>`;
}

const marks: readonly string[] = ["line", "dot", "bar"] satisfies readonly Drawing["mark"][];

function fromLink({names}: Result, otherwise: Drawing): Drawing {
  const query = new URLSearchParams(location.search);
  const [x, mark] = [query.get("x"), query.get("mark")];
  return {
    x: x !== null && names.includes(x) ? x : otherwise.x,
    mark: mark !== null && marks.includes(mark) ? (mark as Drawing["mark"]) : otherwise.mark
  };
}

function toLink(drawing: Drawing, otherwise: Drawing): void {
  const link = new URL(location.href);
  for (const name of ["x", "mark"] as const)
    if (drawing[name] === otherwise[name]) link.searchParams.delete(name);
    else link.searchParams.set(name, drawing[name]);
  history.replaceState(history.state, "", link);
}

// ---- Files ----

function downloads(table: Table, result: Result, sql: string): Element {
  const said = html`<span class="said" role="status"></span>`;
  const item = (label: string, act: () => void | Promise<void>) => {
    const button = html`<button type="button">${label}</button>`;
    button.addEventListener("click", () => {
      said.textContent = "Preparing the file …";
      void Promise.resolve()
        .then(act)
        .then(() => (said.textContent = "Downloaded."))
        .catch((error: unknown) => (said.textContent = error instanceof Error ? error.message : String(error)));
    });
    return button;
  };
  const notes = notesOf(sql);
  return html`<div class="actions" role="group" aria-label="Download the result">
    ${item("CSV", () => save("result.csv", csvOf(result, notes), "text/csv"))}
    ${item("JSON", () => save("result.json", jsonOf(result, notes), "application/json"))}
    ${item("Parquet", async () => {
      const {packed} = await import("../card/parquet.js");
      const bytes = (await packed(table, notes)) as Uint8Array<ArrayBuffer>;
      save("result.parquet", bytes, "application/vnd.apache.parquet");
    })}
    ${said}
  </div>`;
}

type Notes = Readonly<Record<string, string>>;

/** What a file says of itself: where it is from, what was asked, how it may be used. */
function notesOf(sql: string): Notes {
  const terms = licence();
  return {
    title: catalogue.title,
    query: sql,
    time: "UTC, but for what the query made local",
    source: location.href,
    ...(terms ? {licence: terms} : {}),
    citation: citation()
  };
}

function csvOf({names, rows}: Result, notes: Notes): string {
  const lines = Object.entries(notes).map(([name, text]) => `# ${name}: ${text.replace(/\s+/g, " ")}\n`);
  return `${lines.join("")}${csvFormatRows([[...names], ...rows.map((row) => names.map((name) => textOf(row[name])))])}\n`;
}

function jsonOf({rows}: Result, notes: Notes): string {
  return `${JSON.stringify({...notes, rows}, null, 1)}\n`;
}
