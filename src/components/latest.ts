import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry} from "../../loaders/types.js";
import {catalogue} from "./catalogue.js";
import {colourOf} from "./colour.js";
import {formatAge, formatChange, formatTime, formatUnit, formatValue} from "./format.js";
import {spark} from "./spark.js";

/** Readings this many sampling intervals old are late. */
const lateAfter = 8;

/** The age of a reading when the site was built, in milliseconds. */
function ageOf(time: string): number {
  return Date.parse(catalogue.now) - Date.parse(time);
}

/** When the last reading was, and a plain warning when it is older than it should be. */
export function freshness(dataset: DatasetEntry): Element {
  if (!dataset.end) return html`<p class="late">No readings yet.</p>`;
  const age = ageOf(dataset.end);
  const late = age > lateAfter * dataset.intervalMs;
  return html`<p class=${late ? "late" : "muted"}>
    ${late ? "No new readings: the last one was" : "Last reading"} ${formatTime(dataset.end, catalogue.timeZone)},
    ${age < 60_000 ? "just" : formatAge(age)} before this page was built.
  </p>`;
}

/** Tiles with the newest value of each column: unit, change over a day, a sparkline of thirty days. */
export function latest(dataset: DatasetEntry): Element {
  return html`<dl class="latest">${byParameter(dataset.columns).map((column) => tile(column, dataset))}</dl>`;
}

/** Columns in the catalogue's order of parameters. */
function byParameter(columns: readonly ColumnEntry[]): ColumnEntry[] {
  const place = ({parameter}: ColumnEntry) => catalogue.parameters.findIndex(({name}) => name === parameter);
  return [...columns].sort((a, b) => place(a) - place(b));
}

function tile(column: ColumnEntry, dataset: DatasetEntry): Element {
  const {label, parameter, unit, scope, latest: newest} = column;
  const late =
    newest && dataset.end && Date.parse(dataset.end) - Date.parse(newest.time) > lateAfter * dataset.intervalMs;
  return html`<div>
    <dt>${label} <span class="muted scope">${scope}</span></dt>
    <dd>
      ${
        newest
          ? html`<span class="big">${formatValue(newest.value)}</span> ${formatUnit(unit, parameter)} ${change(newest)}`
          : html`<span class="big">–</span>`
      }
      ${late ? html`<span class="late">${formatAge(ageOf(newest.time))} old</span>` : null}
      ${spark(column.spark, colourOf(dataset.name))}
    </dd>
  </div>`;
}

function change({value, dayBefore}: NonNullable<ColumnEntry["latest"]>): Element | null {
  if (dayBefore === undefined) return null;
  return html`<span class="muted" title="change over 24 hours"
    >${formatChange(value - dayBefore)} <small>24h</small></span
  >`;
}
