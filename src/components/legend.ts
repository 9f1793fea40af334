import {html} from "npm:htl";
import type {Source} from "./card.js";
import {formatUnit} from "./format.js";
import type {Mark} from "./crosshair.js";
import {markText} from "./crosshair.js";
import {newest} from "./latest.js";
import type {View} from "./view.js";

/** Which line is which: a button per series that leaves it out or takes it back, and its value. */
export interface Legend {
  readonly element: Element;
  /** Shows what each series has at the instant pointed at; without marks, its newest value. */
  tell(marks?: readonly Mark[]): void;
  /** Takes over from the view which series are left out. */
  update(): void;
}

export function legend(sources: readonly Source[], view: View): Legend {
  const items = sources.map((source) => itemOf(source, view));
  return {
    element: html`<ul class="legend">
      ${items.map(({element}) => element)}
    </ul>`,
    tell: (marks) => items.forEach((item) => item.tell(marks?.find(({line}) => line.key === item.key))),
    update: () => items.forEach((item) => item.update())
  };
}

function itemOf(source: Source, view: View) {
  const {key, label, column, dataset} = source;
  const unit = formatUnit(column.unit, column.parameter);
  const last = newest(column, dataset) ?? "";
  const value = html`<span class="value">${last}</span>`;
  const button = html`<button type="button">${swatch(source)} ${label}</button>`;
  button.addEventListener("click", () => view.toggle(key));
  return {
    key,
    element: html`<li>${button} ${value}</li>`,
    tell: (mark: Mark | undefined) => value.replaceChildren(mark ? markText(mark, unit) : last),
    update: () => button.setAttribute("aria-pressed", String(!view.hides(key)))
  };
}

function swatch({colour, dash}: Source): Element {
  return html`<svg width="24" height="8" aria-hidden="true">
    <line x1="1" x2="23" y1="4" y2="4" style=${`stroke: ${colour}`} stroke-width="2" stroke-dasharray=${dash} />
  </svg>`;
}
