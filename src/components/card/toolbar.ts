import {html} from "npm:htl";
import type {DatasetEntry} from "../../../loaders/types.js";
import {dates} from "./dates.js";
import {formatTime} from "../data/format.js";
import {lastOf, panned, presetOf, presetsOf, zoomed} from "../time/range.js";
import type {TimeRange} from "../time/range.js";
import {resolutionWords} from "../data/resolution.js";
import type {View} from "../chart/view.js";

/**
 * Buttons for what a page shows: lengths that end at the last reading, back, forth, closer, wider; dates; resolution;
 * zone; and, where readings are tested, whether flags are marked.
 */
export function toolbar(view: View, datasets: readonly DatasetEntry[]): Element {
  const span = html`<span class="muted span"></span>`;
  const update = () => {
    const {range, timeZone} = view;
    span.textContent = `${formatTime(range.begin, timeZone)} – ${formatTime(range.end, timeZone)}`;
  };
  view.follow(update);
  update();
  return html`<div class="toolbar" role="group" aria-label="Visible range">
    ${lengths(view)} ${moves(view)} ${dates(view)} ${resolutions(view, datasets)} ${zone(view)} ${flags(view, datasets)}
    ${span}
  </div>`;
}

/** How a chart is handled, in words. */
export function help(): Element {
  return html`<p class="muted help">
    Drag across a chart to zoom into a stretch of time, up or down into a stretch of values, with Shift to move it; Ctrl
    and the wheel zoom (beside the numbers, the values), Shift and the wheel move; on a touch screen one finger moves,
    two zoom. A double click shows everything, a click on a name leaves its line out. A chart that has the focus is
    moved by the arrow keys and zoomed by plus and minus.
  </p>`;
}

function lengths(view: View): Element {
  const names = presetsOf(view.record);
  const buttons = names.map((name) => button(name, () => view.show(lastOf(view.record, name))));
  const update = () => {
    const current = presetOf(view.record, view.range);
    buttons.forEach((element, index) => element.setAttribute("aria-pressed", String(names[index] === current)));
  };
  view.follow(update);
  update();
  return html`<span class="buttons">${buttons}</span>`;
}

/** Back, forth, closer, wider. */
export function moves(view: View): Element {
  const move = (label: string, title: string, change: (range: TimeRange) => TimeRange) =>
    button(label, () => view.show(change(view.range)), title);
  return html`<span class="buttons"
    >${[
      move("‹", "earlier", (range) => panned(view.record, range, -0.5)),
      move("›", "later", (range) => panned(view.record, range, 0.5)),
      move("+", "closer", (range) => zoomed(view.record, range, 0.5)),
      move("−", "wider", (range) => zoomed(view.record, range, 2))
    ]}</span
  >`;
}

/** What the pixels choose, or a resolution that the reader insists on, down to the finest. */
function resolutions(view: View, datasets: readonly DatasetEntry[]): Element {
  const found = new Map(datasets.flatMap((dataset) => dataset.resolutions.map((one) => [one.name, one] as const)));
  const sorted = [...found.values()].sort((a, b) => a.widthMs - b.widthMs);
  const options = sorted.map((one) => html`<option value=${one.name}>${resolutionWords(one)}</option>`);
  const select = html`<select aria-label="Resolution">
    <option value="">resolution by width</option>
    ${options}
  </select>` as HTMLSelectElement;
  const update = () => (select.value = view.resolution ?? "");
  select.addEventListener("change", () => view.insist(select.value || undefined));
  view.follow(update);
  update();
  return select;
}

function zone(view: View): Element {
  return toggle(
    button("UTC", () => view.toggleZone(), "times in UTC"),
    view,
    () => view.timeZone === "UTC"
  );
}

function flags(view: View, datasets: readonly DatasetEntry[]): Element | null {
  const tested = datasets.some(({columns}) => columns.some(({quality}) => quality !== undefined));
  if (!tested) return null;
  return toggle(
    button("Flags", () => view.toggleFlags(), "mark suspect and failed readings"),
    view,
    () => view.flags
  );
}

function toggle(element: Element, view: View, isOn: () => boolean): Element {
  const update = () => element.setAttribute("aria-pressed", String(isOn()));
  view.follow(update);
  update();
  return element;
}

export function button(label: string, act: () => void, title?: string): HTMLElement {
  const element = html`<button type="button" title=${title} aria-label=${title}>${label}</button>` as HTMLElement;
  element.addEventListener("click", act);
  return element;
}
