import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry, UnitEntry} from "../../../loaders/types.js";
import {catalogue, columnGroups, pageUrl} from "../catalogue.js";
import {colourOf} from "../data/colour.js";
import {formatAge, formatChange, formatReading, formatTime, formatUnit} from "../data/format.js";
import {spark} from "./spark.js";

/** Readings this many sampling intervals old are late. */
const lateAfter = 8;

/** The age of a reading when the site was built, in milliseconds. */
export function ageOf(time: string): number {
  return Date.parse(catalogue.now) - Date.parse(time);
}

/** Whether a reading was older than it should be when the site was built. */
export function isLate(time: string, {intervalMs}: DatasetEntry): boolean {
  return ageOf(time) > lateAfter * intervalMs;
}

const builtLate = 2 * 86_400_000; // a nightly build that did not come

/** A plain warning when the pages themselves are old by the reader's clock: the job that builds them may have died. */
export function buildAge(now = Date.now()): Element | null {
  const age = now - Date.parse(catalogue.now);
  if (age <= builtLate) return null;
  return html`<p class="late">These pages were built ${formatAge(age)} ago: newer readings are not here yet.</p>`;
}

/** When the last reading was, and a plain warning when it is older than it should be. */
export function freshness(dataset: DatasetEntry): Element {
  if (!dataset.end) return html`<p class="late">No readings yet.</p>`;
  const late = isLate(dataset.end, dataset);
  const age = ageOf(dataset.end);
  return html`<p class=${late ? "freshness late" : "freshness muted"}>
    ${late ? "No new readings: the last one was" : "Last reading"} ${formatTime(dataset.end, catalogue.timeZone)},
    ${age < 60_000 ? "just" : formatAge(age)} before this page was built.
  </p>`;
}

/** A table of the newest value of each column: a sparkline of thirty days, value, unit, change over a day. */
export function latest(dataset: DatasetEntry): Element {
  return html`<table class="latest">
    <thead>
      <tr>
        <th scope="col"><span class="unseen">Instrument</span></th>
        <th scope="col">30 days</th>
        <th scope="col">now</th>
        <th scope="col">24 h</th>
      </tr>
    </thead>
    ${columnGroups(dataset).map(
      (columns) =>
        html`<tbody>
          <tr>
            <th scope="rowgroup" colspan="4">${parameterLink(columns[0]!)}</th>
          </tr>
          ${columns.map((column) => row(column, dataset))}
        </tbody>`
    )}
  </table>`;
}

function row(column: ColumnEntry, dataset: DatasetEntry): Element {
  const {scope, spark: days, latest: newest} = column;
  const unit = firstUnit(column);
  return html`<tr>
    <th scope="row">${scope}</th>
    <td>${spark(days, colourOf(dataset.name))}</td>
    <td class="number">${newest ? valueOf(column, newest, unit) : "–"}</td>
    <td class="number">${newest ? changeOf(newest, dataset, unit) : null}</td>
  </tr>`;
}

function parameterLink({parameter, label}: ColumnEntry): Element | string {
  const entry = catalogue.parameters.find(({name}) => name === parameter);
  return entry ? html`<a href=${pageUrl(`parameters/${entry.slug}`)}>${label}</a>` : label;
}

/** The unit in which readers see a column first. */
function firstUnit({parameter, unit}: ColumnEntry): UnitEntry {
  const entry = catalogue.parameters.find((one) => one.name === parameter && one.unit === unit);
  return entry?.units[0] ?? {unit, factor: 1, offset: 0};
}

type Newest = NonNullable<ColumnEntry["latest"]>;

function valueOf({parameter}: ColumnEntry, {value}: Newest, {unit, factor, offset}: UnitEntry): Element {
  const shown = formatReading(value * factor + offset);
  return html`<span><strong>${shown}</strong> <small>${formatUnit(unit, parameter)}</small></span>`;
}

/** The change over a day, or how old the value is when that matters more. */
function changeOf({time, value, dayBefore}: Newest, dataset: DatasetEntry, {factor}: UnitEntry): Element | null {
  if (isLate(time, dataset)) return html`<span class="late">${formatAge(ageOf(time))} old</span>`;
  if (dayBefore === undefined) return null;
  return html`<span class="muted" title="change over 24 hours">${formatChange((value - dayBefore) * factor)}</span>`;
}

/** The newest value of one column in a line: "11.9 °C −0.32". */
export function newest(column: ColumnEntry, dataset: DatasetEntry, unit = firstUnit(column)): Element | null {
  const {latest} = column;
  if (!latest) return null;
  return html`<span class="newest">${valueOf(column, latest, unit)} ${changeOf(latest, dataset, unit)}</span>`;
}
