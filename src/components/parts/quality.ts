import {html} from "npm:htl";
import type {ColumnEntry, DatasetEntry} from "../../../loaders/types.js";
import {catalogue} from "../catalogue.js";
import {formatShare, formatUnit} from "../data/format.js";
import {table} from "./table.js";
import type {Cell} from "./table.js";

type Quality = NonNullable<ColumnEntry["quality"]>;

const count = (number: number) => number.toLocaleString("en-US");

/** How readings are tested (QARTOD), and what came of it, dataset by dataset; nothing where none are. */
export function quality(): Element | null {
  const tested = catalogue.datasets.filter(({columns}) => columns.some((column) => column.quality));
  if (tested.length === 0) return null;
  return html`<div>
    <h2>Quality tests</h2>
    <p>
      Each reading has a flag, the worst that a test says: good, suspect or fail (QARTOD of U.S. IOOS). Failed readings
      stay in the record and out of the averages.
    </p>
    ${table({name: "Quality", headings: summaryHeadings, rows: tested.flatMap(summaryRows)})}
    ${tested.map(
      (dataset) =>
        html`<details>
          <summary>Tests and thresholds, ${dataset.label}</summary>
          ${table({name: `Tests, ${dataset.label}`, headings: testHeadings, rows: testRows(dataset)})}
        </details>`
    )}
  </div>`;
}

const summaryHeadings = ["Site", "Place", "Parameter", "Good", "Suspect", "Fail", "Not evaluated", "Good, share"];

function summaryRows({label, columns}: DatasetEntry): Cell[][] {
  return columns.flatMap((column) => (column.quality ? [summaryRow(label, column, column.quality)] : []));
}

function summaryRow(label: string, {scope, label: parameter}: ColumnEntry, {flags, suspect}: Quality): Cell[] {
  const {good, notEvaluated} = flags;
  const all = good + notEvaluated + flags.suspect + flags.fail;
  const dropped = suspect === "drop" ? " (left out of averages)" : "";
  return [
    label,
    scope || "–",
    parameter,
    count(good),
    `${count(flags.suspect)}${flags.suspect > 0 ? dropped : ""}`,
    count(flags.fail),
    count(notEvaluated),
    all > 0 ? formatShare(good / all) : "–"
  ];
}

const testHeadings = ["Place", "Parameter", "Test", "What is compared", "Suspect when", "Fail when", "Suspect", "Fail"];

function testRows({columns}: DatasetEntry): Cell[][] {
  return columns.flatMap(({scope, label, unit, quality: tested}) =>
    (tested?.tests ?? []).map((test): Cell[] => [
      scope || "–",
      `${label} ${formatUnit(unit, label)}`.trim(),
      test.label,
      html`<div class="said"><p>${test.rule}</p></div>`,
      test.suspect ?? "–",
      test.fail ?? "–",
      count(test.flags.suspect),
      count(test.flags.fail)
    ])
  );
}
