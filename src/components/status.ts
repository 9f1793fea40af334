import {html} from "npm:htl";
import type {DatasetEntry, ResolutionEntry, ResourceEntry, TransactionEntry} from "../../loaders/types.js";
import {catalogue} from "./catalogue.js";
import {formatBytes, formatTime} from "./format.js";
import {table} from "./table.js";
import type {Cell} from "./table.js";

const count = (number: number | undefined) => number?.toLocaleString("en-US") ?? "–";
const time = (iso: string | undefined, otherwise = "–") => (iso ? formatTime(iso, catalogue.timeZone) : otherwise);

/** The status page: how each resource fared, what is published, and the pond's last transactions. */
export function status(): Element {
  const {resources, transactions, version} = catalogue.status;
  return html`<div>
    ${summary(resources)}
    <p class="muted">Built ${time(catalogue.now)} from transaction ${version} of the pond.</p>
    <h2>Resources</h2>
    ${table({
      name: "Resources",
      headings: ["Kind", "Name", "Last run", "Took", "Last news", "Read", "Stored", "Set aside", "Notes"],
      rows: resources.map(resourceRow)
    })}
    <h2>Published</h2>
    ${published()}
    <h2>Transactions</h2>
    ${table({
      name: "Transactions",
      headings: ["Version", "Time", "Command", "By", "Took", "Operations", "Rows"],
      rows: transactions.map(transactionRow)
    })}
  </div>`;
}

function summary(resources: readonly ResourceEntry[]): Element {
  const troubled = resources.filter(({errors}) => errors.length > 0).map(({name}) => name);
  if (troubled.length === 0) return html`<p class="lead">All resources ran without trouble.</p>`;
  return html`<p class="lead late">
    ${troubled.join(", ")} had trouble in the last run; what could be read is shown.
  </p>`;
}

function resourceRow({kind, name, read, stored, aside, ...told}: ResourceEntry): Cell[] {
  const stale = told.stale.length > 0 ? [`Stale: it went on without what is new of ${told.stale.join(", ")}.`] : [];
  const said = html`<div class="said">
    ${[...told.errors, ...stale].map((error) => html`<p class="late">${error}</p>`)}
    ${told.notes.map((note) => html`<p>${note}</p>`)}
  </div>`;
  const runs = time(told.lastRun, "does not run");
  const counts = [count(read), count(stored), count(aside)];
  return [kind, name, runs, took(told.tookMs), time(told.lastNews), ...counts, said];
}

function took(millis: number | undefined): string {
  if (millis === undefined) return "–";
  return millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`;
}

/** What a reader can fetch: per dataset its span and, at each resolution, rows and bytes. */
function published(): Element {
  const {datasets} = catalogue;
  const names = [...new Set(datasets.flatMap(({resolutions}) => resolutions.map(({name}) => name)))];
  const shards = datasets.flatMap(({resolutions}) => resolutions).flatMap((resolution) => resolution.shards);
  return html`<div>
    <p class="muted">
      ${count(shards.length)} Parquet files, ${formatBytes(sizeOf(shards))}. Rows and bytes by resolution:
    </p>
    ${table({
      name: "Published",
      headings: ["Dataset", "First reading", "Last reading", ...names],
      rows: datasets.map((dataset) => datasetRow(dataset, names))
    })}
  </div>`;
}

function datasetRow({label, begin, end, resolutions}: DatasetEntry, names: readonly string[]): Cell[] {
  const found = names.map((name) => resolutions.find((resolution) => resolution.name === name));
  return [label, time(begin), time(end), ...found.map((resolution) => (resolution ? sizeCell(resolution) : "–"))];
}

function sizeCell({rows, shards}: ResolutionEntry): Element {
  return html`<span class="size">${count(rows)} <span class="muted">${formatBytes(sizeOf(shards))}</span></span>`;
}

function sizeOf(shards: ResolutionEntry["shards"]): number {
  return shards.reduce((sum, {bytes}) => sum + bytes, 0);
}

function transactionRow(transaction: TransactionEntry): Cell[] {
  const {version, command, user, tookMs, operations, rows} = transaction;
  return [String(version), time(transaction.time), command, user, took(tookMs), count(operations), count(rows)];
}
