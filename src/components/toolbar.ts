import {html} from "npm:htl";
import {formatTime} from "./format.js";
import {lastOf, panned, presetOf, presets, zoomed} from "./range.js";
import type {Preset, TimeRange} from "./range.js";
import type {View} from "./view.js";

/** Buttons for the visible range of a page: lengths that end at the last reading, back, forth, closer, wider. */
export function toolbar(view: View, timeZone: string): Element {
  const names = Object.keys(presets) as Preset[];
  const buttons = names.map((name) => button(name, () => view.show(lastOf(view.record, name))));
  const span = html`<span class="muted span"></span>`;
  const move = (label: string, title: string, change: (range: TimeRange) => TimeRange) =>
    button(label, () => view.show(change(view.range)), title);
  const update = () => {
    const current = presetOf(view.record, view.range);
    buttons.forEach((element, index) => element.setAttribute("aria-pressed", String(names[index] === current)));
    span.textContent = `${formatTime(view.range.begin, timeZone)} – ${formatTime(view.range.end, timeZone)}`;
  };
  view.follow(update);
  update();
  return html`<div class="toolbar" role="group" aria-label="Visible range">
    <span class="buttons">${buttons}</span>
    <span class="buttons"
      >${[
        move("‹", "earlier", (range) => panned(view.record, range, -0.5)),
        move("›", "later", (range) => panned(view.record, range, 0.5)),
        move("+", "closer", (range) => zoomed(view.record, range, 0.5)),
        move("−", "wider", (range) => zoomed(view.record, range, 2))
      ]}</span
    >
    ${span}
    <span class="muted hint">Drag across a chart to zoom, double-click to see all.</span>
  </div>`;
}

function button(label: string, act: () => void, title?: string): Element {
  const element = html`<button type="button" title=${title} aria-label=${title}>${label}</button>`;
  element.addEventListener("click", act);
  return element;
}
