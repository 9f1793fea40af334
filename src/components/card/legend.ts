import {html} from "npm:htl";
import type {ColumnEntry} from "../../../loaders/types.js";
import type {Source} from "./source.js";
import type {Mark} from "../chart/crosshair.js";
import {markText} from "../chart/crosshair.js";
import {formatReading, formatUnit} from "../data/format.js";
import type {Threshold} from "../chart/frame.js";
import {newest} from "../parts/latest.js";
import type {Choice} from "./units.js";
import type {View} from "../chart/view.js";

/** Which line is which: a button per series that leaves it out or takes it back, and its value. */
export interface Legend {
  readonly element: Element;
  /** Shows what each series has at the instant pointed at; without marks, its newest value. */
  tell(marks?: readonly Mark[]): void;
  /** Takes over from the view which series are left out, and in which unit values are told. */
  update(choice: Choice, thresholds: readonly Threshold[]): void;
}

export function legend(sources: readonly Source[], view: View): Legend {
  const items = sources.map((source) => itemOf(source, view));
  const rules = html`<li class="rules"></li>`;
  return {
    element: html`<ul class="legend">
      ${items.map(({element}) => element)}${rules}
    </ul>`,
    tell: (marks) => items.forEach((item) => item.tell(marks?.find(({line}) => line.key === item.key))),
    update: (choice, thresholds) => {
      items.forEach((item) => item.update(choice));
      rules.replaceChildren(...thresholds.map((threshold) => ruleOf(threshold, choice.unit)));
    }
  };
}

function itemOf(source: Source, view: View) {
  const {key, label, column} = source;
  const value = html`<span class="value"></span>`;
  const button = html`<button type="button">${swatch(source)} ${label}</button>`;
  button.addEventListener("click", () => view.toggle(key));
  let [unit, last]: [string, Element | null] = [column.unit, null];
  let chosen: Choice | undefined;
  let said: Element | string | undefined;
  const choose = (choice: Choice) => {
    chosen = choice;
    unit = choice.unit;
    last = source.season ? null : newest(toldIn(source, choice), source.dataset);
  };
  return {
    key,
    element: html`<li>${button} ${value}</li>`,
    tell: (mark: Mark | undefined) => {
      const told = mark ? markText(mark, formatUnit(unit, column.parameter)) : (last ?? "");
      if (told !== said) value.replaceChildren(told);
      said = told;
    },
    update: (choice: Choice) => {
      if (choice !== chosen) choose(choice);
      button.setAttribute("aria-pressed", String(!view.hides(key)));
    }
  };
}

/** The column with its newest value in the chosen unit. */
function toldIn(source: Source, choice: Choice): ColumnEntry {
  const {column, dataset} = source;
  const {latest} = column;
  if (choice.unit === column.unit || !latest) return column;
  const beside = choice.beside(source).map((name) => dataset.columns.find((one) => one.name === name)?.latest);
  const known = beside.every((one) => one?.time === latest.time);
  if (!known) return {...column, latest: undefined};
  const values = beside.map((one) => one!.value);
  const before = beside.flatMap((one) => one!.dayBefore ?? []);
  const dayBefore =
    latest.dayBefore !== undefined && before.length === beside.length
      ? {dayBefore: choice.tell(latest.dayBefore, before)}
      : {};
  return {
    ...column,
    unit: choice.unit,
    latest: {time: latest.time, value: choice.tell(latest.value, values), ...dayBefore}
  };
}

export function swatch({colour, dash}: Pick<Source, "colour" | "dash">): Element {
  return html`<svg width="24" height="8" aria-hidden="true">
    <line x1="1" x2="23" y1="4" y2="4" style=${`stroke: ${colour}`} stroke-width="2" stroke-dasharray=${dash} />
  </svg>`;
}

/** "Hypoxia below 2 mg/L", whether or not it is in view. */
function ruleOf({label, side, value}: Threshold, unit: string): Element {
  return html`<span class="rule">${label} ${side} ${formatReading(value)} ${formatUnit(unit)}</span>`;
}
