import {html} from "npm:htl";
import type {DatasetEntry, ResourceEntry, TransactionEntry} from "../../loaders/types.js";
import {catalogue} from "./catalogue.js";
import {formatBytes, formatTime} from "./format.js";

const count = (number: number | undefined) => number?.toLocaleString("en-US") ?? "–";
const time = (iso: string | undefined) => (iso ? formatTime(iso, catalogue.timeZone) : "has nothing to run");

/** The status page: how each resource fared, what is published, and the pond's last transactions. */
export function status(): Element {
  const {resources, transactions, version} = catalogue.status;
  const troubled = resources.filter(({errors}) => errors.length > 0);
  return html`<div>
    <p class=${troubled.length > 0 ? "late" : "lead"}>
      ${
        troubled.length > 0
          ? `${troubled.map(({name}) => name).join(", ")} had trouble in the last run; what could be read is shown.`
          : "All resources ran without trouble."
      }
      Built ${time(catalogue.now)} from transaction ${version}.
    </p>
    <h2>Resources</h2>
    ${table(["Resource", "Last run with news", "Took", "Read", "Stored", "Set aside", "Said"], resources.map(resourceRow))}
    <h2>Published</h2>
    ${table(["Dataset", "Resolution", "Rows", "Files", "Size"], catalogue.datasets.flatMap(datasetRows))}
    <h2>Transactions</h2>
    ${table(["Version", "Time", "Command", "By", "Took", "Operations", "Readings"], transactions.map(transactionRow))}
  </div>`;
}

type Cell = string | Element;

/** A table that scrolls by itself on a narrow screen. Cells that begin with a digit are set to the right. */
function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): Element {
  if (rows.length === 0) return html`<p class="muted">None yet.</p>`;
  const cell = (value: Cell) => html`<td class=${isNumber(value) ? "number" : null}>${value}</td>`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${headings[0]}>
    <table>
      <thead>
        <tr>
          ${headings.map((heading) => html`<th scope="col">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map(cell)}
            </tr>`
        )}
      </tbody>
    </table>
  </div>`;
}

function isNumber(value: Cell): boolean {
  return typeof value === "string" && /^[\d,.]+( [a-zA-Z]+)?$/.test(value);
}

function resourceRow({kind, name, lastRun, tookMs, read, stored, aside, notes, errors}: ResourceEntry): Cell[] {
  const said = html`<span>
    ${errors.map((error) => html`<span class="late">${error}</span> `)} ${notes.join(" ")}
  </span>`;
  return [`${kind} ${name}`, time(lastRun), took(tookMs), count(read), count(stored), count(aside), said];
}

function took(millis: number | undefined): string {
  return millis === undefined ? "–" : millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`;
}

function datasetRows({label, resolutions}: DatasetEntry): Cell[][] {
  return resolutions.map(({name, rows, shards}) => {
    const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    return [label, name, count(rows), count(shards.length), formatBytes(bytes)];
  });
}

function transactionRow(transaction: TransactionEntry): Cell[] {
  const {version, command, user, tookMs, operations, rows} = transaction;
  return [String(version), time(transaction.time), command, user, took(tookMs), count(operations), count(rows)];
}
