import type {CardOptions, Loaded, Source} from "./card.js";
import {catalogue} from "./catalogue.js";
import {citation, licence} from "./cite.js";
import {readPoints, recordOf} from "./dataset.js";
import {formatTime} from "./format.js";
import {joined} from "./range.js";
import type {TimeRange} from "./range.js";
import {resolutionWords} from "./resolution.js";
import {csvOf, sheetOf} from "./sheet.js";

/** Hands a file to the reader. */
export function save(name: string, content: BlobPart, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** What a card shows, as it shows it: its lines, range and resolution. */
export function saveShown({title, view}: CardOptions, {lines, failures}: Loaded): void {
  const notes = {
    ...notesOf(title, lines, view.range),
    ...(failures.length > 0 ? {missing: failures.map(({reason}) => reason).join(" ")} : {})
  };
  save(`${fileName(title, view.range)}.csv`, csvOf(sheetOf(lines), Object.entries(notes).map(toLine)), "text/csv");
}

/** All that is published of a card's series, at the finest resolution. Rejects with a sentence when a part is missing. */
export async function saveWhole({title, sources}: CardOptions, form: "csv" | "parquet"): Promise<void> {
  const record = joined(sources.flatMap(({dataset}) => recordOf(dataset) ?? []));
  if (!record) throw new Error("There are no readings to download yet.");
  const lines = await Promise.all(sources.map((source) => wholeOf(source, record)));
  const [notes, sheet, name] = [notesOf(title, lines, record), sheetOf(lines), fileName(title, record)];
  if (form === "csv") return save(`${name}.csv`, csvOf(sheet, Object.entries(notes).map(toLine)), "text/csv");
  const {parquetOf} = await import("./parquet.js");
  save(`${name}.parquet`, (await parquetOf(sheet, notes)) as Uint8Array<ArrayBuffer>, "application/vnd.apache.parquet");
}

async function wholeOf({dataset, column: {name: column}, ...source}: Source, record: TimeRange) {
  const resolution = dataset.resolutions[0]!;
  const {points, failures} = await readPoints({resolution, column}, record);
  if (failures.length > 0) throw new Error(failures[0]!.reason);
  return {...source, column, resolution, points};
}

type Described = Pick<Loaded["lines"][number], "label" | "resolution">;

/** What a file says of itself: where it is from, what its numbers are, how it may be used. */
function notesOf(title: string, lines: readonly Described[], {begin, end}: TimeRange): Record<string, string> {
  const widths = [...new Set(lines.map(({resolution}) => resolutionWords(resolution)))].join(", ");
  const terms = licence();
  return {
    title: `${catalogue.title}: ${title}, ${lines.map(({label}) => label).join(", ")}`,
    range: `${formatTime(begin, "UTC")} to ${formatTime(end, "UTC")}`,
    values: `${widths}: mean (avg), least (min), greatest (max) and number of readings (count) of each bin; the unit is in the name of the column`,
    time: `the begin of each bin, UTC; the site's own time zone is ${catalogue.timeZone}`,
    source: location.href,
    ...(terms ? {licence: terms} : {}),
    citation: citation()
  };
}

function toLine([name, text]: [string, string]): string {
  return `${name}: ${text.replace(/\s+/g, " ")}`;
}

function fileName(title: string, {begin, end}: TimeRange): string {
  const days = [begin, end].map((time) => new Date(time).toISOString().slice(0, 10));
  return `${title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-")}-${days.join("-to-")}`;
}
