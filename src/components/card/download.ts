import type {CardOptions} from "./options.js";
import type {Source} from "./source.js";
import {catalogue} from "../catalogue.js";
import {citation, licence} from "../data/cite.js";
import {readStored, recordOf} from "../data/dataset.js";
import {formatTime} from "../data/format.js";
import type {Line} from "../chart/frame.js";
import type {Loaded} from "./load.js";
import {joined as joinedRanges} from "../time/range.js";
import type {TimeRange} from "../time/range.js";
import {resolutionWords} from "../data/resolution.js";
import {csvOf, isWhole, joined, sheetOf} from "./sheet.js";
import type {Sheet, SheetColumn, Told} from "./sheet.js";

export type Form = "csv" | "parquet";

/** Hands a file to the reader. */
export function save(name: string, content: BlobPart, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** What a card shows, as it shows it: its lines, range, resolution and unit. */
export async function saveShown({title, view}: CardOptions, {lines, failures}: Loaded, form: Form): Promise<void> {
  const its = recorded(lines);
  const sheet = sheetOf(its);
  const [first, last] = [sheet.times[0], sheet.times.at(-1)];
  const range = view.axis && first !== undefined ? {begin: first, end: last!} : view.range;
  const notes = {
    ...notesOf(title, {sheet, lines: its, range}),
    ...(failures.length > 0 ? {missing: failures.map(({reason}) => reason).join(" ")} : {})
  };
  await saveSheet({sheet, notes, name: fileName(title, range)}, form);
}

/** Years that are laid on each other, each where it is in the record that they are of. */
function recorded(lines: readonly Line[]): readonly Line[] {
  const records = new Map<string, Line[]>();
  for (const line of lines.map(({origin, ...its}) => origin ?? its))
    records.set(line.key, [...(records.get(line.key) ?? []), line]);
  return [...records.values()].map((origins) => {
    const joined = <T extends {readonly time: number}>(parts: readonly (readonly T[])[]) => {
      const all = new Map(parts.flat().map((one) => [one.time, one])); // a bin may reach into two years
      return [...all.values()].sort((a, b) => a.time - b.time);
    };
    return {
      ...origins[0]!,
      points: joined(origins.map(({points}) => points)),
      flagged: joined(origins.map(({flagged = []}) => flagged))
    };
  });
}

/** All that is published of a card's series, at the finest resolution. Rejects with a sentence when a part is missing. */
export async function saveWhole({title, sources: drawn}: CardOptions, form: Form): Promise<void> {
  const sources = [
    ...new Map(drawn.map((source) => [`${source.dataset.name}/${source.column.name}`, source])).values()
  ];
  const record = joinedRanges(sources.flatMap(({dataset}) => recordOf(dataset) ?? []));
  if (!record) throw new Error("There are no readings to download yet.");
  const several = new Set(sources.map(({dataset}) => dataset.name)).size > 1;
  const sheet = joined(await Promise.all(sources.map((source) => wholeOf(source, several))));
  const lines = sources.map((source) => ({label: labelOf(source), resolution: source.dataset.resolutions[0]!}));
  await saveSheet({sheet, notes: notesOf(title, {sheet, lines, range: record}), name: fileName(title, record)}, form);
}

/** Of one of several years, the series. */
function labelOf({season, label, dataset, column}: Source): string {
  return season ? `${dataset.label}, ${column.scope}` : label;
}

/** A series as it is stored: every reading, failed ones and all, or every bin where there is nothing finer. */
async function wholeOf({dataset, column: {name: column}}: Source, several: boolean): Promise<Sheet> {
  const {times, columns} = await readStored(dataset.resolutions[0]!, column);
  const told = [...columns].map(([name, values]): SheetColumn => {
    const statistic = name === column ? "value" : (name.slice(column.length + 1) as Told);
    return {
      name: several ? `${dataset.name}.${name}` : name,
      statistic,
      values: values.map((value) => value ?? undefined)
    };
  });
  const rows = times.flatMap((_, row) => (told.some((one) => tells(one, row)) ? [row] : []));
  const kept = told.map((one) => ({...one, values: rows.map((row) => one.values[row])}));
  return {times: rows.map((row) => times[row]!), columns: kept};
}

/** A shard has a row wherever any of its columns has a reading. */
function tells(column: SheetColumn, row: number): boolean {
  const value = column.values[row];
  return value !== undefined && !(isWhole(column) && value === 0);
}

interface Saved {
  readonly sheet: Sheet;
  readonly notes: Readonly<Record<string, string>>;
  readonly name: string;
}

async function saveSheet({sheet, notes, name}: Saved, form: Form): Promise<void> {
  if (form === "csv") return save(`${name}.csv`, csvOf(sheet, Object.entries(notes).map(toLine)), "text/csv");
  const {parquetOf} = await import("./parquet.js");
  save(`${name}.parquet`, (await parquetOf(sheet, notes)) as Uint8Array<ArrayBuffer>, "application/vnd.apache.parquet");
}

interface Described {
  readonly sheet: Sheet;
  readonly lines: readonly Pick<Loaded["lines"][number], "label" | "resolution">[];
  readonly range: TimeRange;
}

/** What a file says of itself: where it is from, what its numbers are, how it may be used. */
function notesOf(title: string, {sheet, lines, range: {begin, end}}: Described): Record<string, string> {
  const widths = [...new Set(lines.map(({resolution}) => resolutionWords(resolution)))].join(", ");
  const terms = licence();
  const has = (statistic: Told) => sheet.columns.some((column) => column.statistic === statistic);
  return {
    title: `${catalogue.title}: ${title}, ${lines.map(({label}) => label).join(", ")}`,
    range: `${formatTime(begin, "UTC")} to ${formatTime(end, "UTC")}`,
    values: `${widths}${has("avg") ? ": mean (avg), least (min), greatest (max) and number of readings (count) of each bin" : ""}; the unit is in the name of the column`,
    ...(has("flag") ? {flags: "QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing"} : {}),
    ...(has("suspect")
      ? {flags: "how many readings of the bin QARTOD's tests found suspect, and how many failed"}
      : {}),
    time: `${has("avg") ? "the begin of each bin" : "of the reading"}, UTC; the site's own time zone is ${catalogue.timeZone}`,
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
