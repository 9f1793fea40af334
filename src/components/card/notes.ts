import {html} from "npm:htl";
import type {AnnotationEntry} from "../../../loaders/types.js";
import type {Source} from "./source.js";
import {catalogue} from "../catalogue.js";
import {formatTime} from "../data/format.js";
import type {Note} from "../chart/frame.js";
import type {TimeRange} from "../time/range.js";

/** An annotation that a chart shows, and the number that it has there. */
export interface Noted extends Note {
  readonly entry: AnnotationEntry;
}

const most = 20; // more than that are not read but counted

/** What is known of series in a range, numbered by when it began; of deployments only their begin and end. */
export function notesOn(sources: readonly Source[], range: TimeRange): readonly Noted[] {
  const keys = new Set(sources.map(({key}) => key));
  return catalogue.annotations
    .filter(({series}) => series.some((key) => keys.has(key)))
    .map((entry) => ({entry, ...spanOf(entry)}))
    .filter((noted) => isIn(noted, range))
    .slice(0, most)
    .map((noted, index) => ({...noted, number: index + 1}));
}

function spanOf({begin, end}: AnnotationEntry): Pick<Note, "begin" | "end"> {
  return {begin: Date.parse(begin), ...(end === undefined ? {} : {end: Date.parse(end)})};
}

function isIn({entry, begin, end = Infinity}: Omit<Noted, "number">, range: TimeRange): boolean {
  if (begin > range.end || end < range.begin) return false;
  return entry.kind !== "deployment" || begin >= range.begin || end <= range.end;
}

/** The words of what is numbered in a chart, as a list under it; nothing where there is none. */
export function noteList(notes: readonly Noted[], timeZone: string): Element | null {
  if (notes.length === 0) return null;
  const span = ({entry: {begin, end}}: Noted) =>
    [begin, ...(end ? [end] : [])].map((time) => formatTime(time, timeZone)).join(" – ");
  return html`<ol class="notes">
    ${notes.map((note) => html`<li value=${note.number}><span class="muted">${span(note)}</span> ${note.entry.text}</li>`)}
  </ol>`;
}
