import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry, ThresholdEntry} from "../../../loaders/types.js";
import {catalogue} from "../catalogue.js";
import {isLate} from "./latest.js";
import {mark} from "./mark.js";

/** Newest values that are beyond a threshold of warning or alarm, in words; nothing where none is, or they are old. */
export function alerts(dataset: DatasetEntry): Element | null {
  const found = dataset.columns.flatMap((column) =>
    catalogue.thresholds
      .filter((threshold) => threshold.kind !== "note" && isBeyond(column, threshold, dataset))
      .map(({label, kind}) => ({label, kind, column}))
  );
  if (found.length === 0) return null;
  return html`<ul class="alerts">
    ${found.map(
      ({label, kind, column}) =>
        html`<li class=${kind}>
          ${mark(kind === "alarm" ? "alarm" : "stale")} ${label}: ${column.label}, ${column.scope}
        </li>`
    )}
  </ul>`;
}

function isBeyond(column: ColumnEntry, threshold: ThresholdEntry, dataset: DatasetEntry): boolean {
  const {parameter, unit, value, side, datasets} = threshold;
  const isIts = parameter === column.parameter && unit === column.unit && (datasets?.includes(dataset.name) ?? true);
  const {latest} = column;
  if (!isIts || !latest || isLate(latest.time, dataset)) return false;
  return side === "above" ? latest.value > value : latest.value < value;
}
