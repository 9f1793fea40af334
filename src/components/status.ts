import {html} from "npm:htl";
import type {
  CheckEntry,
  DatasetDetails,
  DatasetEntry,
  ResolutionEntry,
  ResourceEntry,
  TransactionEntry
} from "../../loaders/types.js";
import {catalogue} from "./catalogue.js";
import {details} from "./details.js";
import {formatAge, formatBytes, formatShare, formatTime} from "./data/format.js";
import {ageOf, buildAge} from "./parts/latest.js";
import {mark} from "./parts/mark.js";
import {table} from "./parts/table.js";
import type {Cell} from "./parts/table.js";

const count = (number: number | undefined) => number?.toLocaleString("en-US") ?? "–";
const time = (iso: string | undefined, otherwise = "–") => (iso ? formatTime(iso, catalogue.timeZone) : otherwise);

/** The status page: how each resource fared, how fresh and whole the data is, what is published, what the pond did. */
export function status(): Element {
  const {resources, transactions, check} = details;
  return html`<div>
    ${buildAge()} ${summary(resources)}
    <p class="muted">
      Built ${time(catalogue.now)} from transaction ${catalogue.version} of the pond. ${checked(check)}
    </p>
    <h2>Resources</h2>
    ${table({
      name: "Resources",
      headings: [
        "Resource",
        "State",
        "Last run",
        "Took",
        "Last news",
        "Read",
        "Stored",
        "Set aside",
        "Newest reading",
        "Coverage, 30 days"
      ],
      rows: resources.map(resourceRow),
      notes: resources.map(notesOf)
    })}
    <h2>Datasets</h2>
    ${table({
      name: "Datasets",
      headings: ["Dataset", "First reading", "Last reading", "Age at build", "Coverage", "30 days", "Gaps"],
      rows: catalogue.datasets.map((dataset, index) => datasetRow(dataset, details.datasets[index]!))
    })}
    <h2>Published</h2>
    ${published()}
    <h2>Transactions</h2>
    ${table({
      name: "Transactions",
      headings: ["Version", "Time", "Command", "By", "Took", "Operations", "Readings"],
      rows: transactions.map(transactionRow)
    })}
  </div>`;
}

// ---- Resources ----

function summary(resources: readonly ResourceEntry[]): Element {
  const troubled = resources.filter(({errors}) => errors.length > 0).map(({name}) => name);
  const stale = resources.filter(isStale).map(({name}) => name);
  if (troubled.length === 0 && stale.length === 0)
    return html`<p class="lead">${mark("well")} All resources ran without trouble.</p>`;
  const words = [
    ...(troubled.length > 0
      ? [`${troubled.join(", ")} had trouble in the last run; what could be read is shown.`]
      : []),
    ...(stale.length > 0 ? [`${stale.join(", ")} went on with the last good data.`] : [])
  ];
  return html`<p class="lead late">${mark("late")} ${words.join(" ")}</p>`;
}

function isStale({errors, stale}: ResourceEntry): boolean {
  return errors.length === 0 && stale.length > 0;
}

function resourceRow(resource: ResourceEntry): Cell[] {
  const {kind, name, lastRun, tookMs, lastNews, read, stored, aside, newest} = resource;
  return [
    html`<span>${name} <span class="muted">${kind}</span></span>`,
    stateOf(resource),
    time(lastRun, "does not run"),
    took(tookMs),
    time(lastNews),
    count(read),
    count(stored),
    count(aside),
    time(newest ?? newestOf(resource)),
    coverageOf(resource)
  ];
}

/** What there is to say of a resource in sentences, if anything. */
function notesOf({errors, stale, notes}: ResourceEntry): Element | undefined {
  if (errors.length + stale.length + notes.length === 0) return undefined;
  return html`<div class="said">
    ${errors.map((error) => html`<p class="late">${error}</p>`)}
    ${stale.length > 0 ? html`<p>Waits for ${stale.join(", ")}.</p>` : null}
    ${notes.map((note) => html`<p>${note}</p>`)}
  </div>`;
}

/** In words and a shape, never by colour alone. */
function stateOf(resource: ResourceEntry): Element {
  if (resource.errors.length > 0) return html`<span class="late">${mark("late")} trouble</span>`;
  if (isStale(resource)) return html`<span class="late">${mark("stale")} stale</span>`;
  return html`<span>${mark("well")} well</span>`;
}

/** Of the datasets that it is part of, the mean over their columns. */
function coverageOf({datasets}: ResourceEntry): string {
  const columns = details.datasets.filter(({name}) => datasets.includes(name)).flatMap((dataset) => dataset.columns);
  return meanOf(columns.map(({recent}) => recent));
}

/** Of what it computes, which has no readings of its own, the newest reading in what it is part of. */
function newestOf({datasets}: ResourceEntry): string | undefined {
  const ends = catalogue.datasets.filter(({name}) => datasets.includes(name)).flatMap(({end}) => end ?? []);
  return ends.sort().at(-1);
}

function meanOf(shares: readonly number[]): string {
  return shares.length > 0 ? formatShare(shares.reduce((sum, share) => sum + share, 0) / shares.length) : "–";
}

function took(millis: number | undefined): string {
  if (millis === undefined) return "–";
  return millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`;
}

// ---- Datasets ----

function datasetRow({label, begin, end}: DatasetEntry, {columns, gaps}: DatasetDetails): Cell[] {
  const age = end === undefined ? "–" : formatAge(ageOf(end));
  const missing = gaps.reduce((sum, {missingMs}) => sum + missingMs, 0);
  const counted = gaps.reduce((sum, gap) => sum + gap.count, 0);
  return [
    label,
    time(begin),
    time(end),
    age,
    meanOf(columns.map(({coverage}) => coverage)),
    meanOf(columns.map(({recent}) => recent)),
    counted === 0
      ? "none"
      : html`<span>${count(counted)} <span class="muted">${formatAge(missing)} in all</span></span>`
  ];
}

// ---- What a reader can fetch ----

/** Per dataset and resolution rows and bytes, and what everything comes to. */
function published(): Element {
  const {datasets, overlays = [], parameters} = catalogue;
  const across = overlays.map(({parameter, resolutions}) => {
    const label = parameters.find(({slug}) => slug === parameter)!.label;
    return {label: `${label}, all sites`, resolutions};
  });
  const kept = [...datasets, ...across];
  const names = [...new Set(datasets.flatMap(({resolutions}) => resolutions.map(({name}) => name)))];
  const resolutions = kept.flatMap((one) => one.resolutions);
  const files = resolutions.reduce((sum, {shards}) => sum + shards.length, 0);
  const bytes = sizeOf(resolutions);
  return html`<div>
    <p class="muted">
      ${count(files)} Parquet files, ${formatBytes(bytes)}, and a catalogue of ${formatBytes(details.catalogueBytes)}.
      Rows and bytes by resolution:
    </p>
    ${table({
      name: "Published",
      headings: ["Dataset", ...names, "Together"],
      rows: kept.map((one) => sizesRow(one, names))
    })}
  </div>`;
}

function sizesRow({label, resolutions}: Pick<DatasetEntry, "label" | "resolutions">, names: readonly string[]): Cell[] {
  const found = names.map((name) => resolutions.find((resolution) => resolution.name === name));
  const bytes = sizeOf(resolutions);
  return [label, ...found.map((resolution) => (resolution ? sizeCell(resolution) : "–")), formatBytes(bytes)];
}

function sizeOf(resolutions: readonly ResolutionEntry[]): number {
  return resolutions.reduce((sum, {bytes}) => sum + bytes, 0);
}

function sizeCell({rows, bytes}: ResolutionEntry): Element {
  return html`<span class="size">${count(rows)} <span class="muted">${formatBytes(bytes)}</span></span>`;
}

// ---- The pond ----

function checked(check: CheckEntry | undefined): string {
  if (!check) return "It has not been checked where these pages were built.";
  const {commits, records, hashed, problems} = check;
  const seen = `${count(commits)} transactions and ${count(records)} records${hashed > 0 ? `, ${count(hashed)} contents hashed` : ""}`;
  const found = problems === 0 ? "all was well" : `${count(problems)} problems were found`;
  return `It was last checked ${time(check.time)} (${seen}): ${found}.`;
}

function transactionRow(transaction: TransactionEntry): Cell[] {
  const {version, command, user, tookMs, operations, rows} = transaction;
  return [String(version), time(transaction.time), command, user, took(tookMs), count(operations), count(rows)];
}
