import {html} from "npm:htl";
import type {Line} from "./chart.js";
import {formatReading, formatTime} from "./format.js";
import {sheetOf} from "./sheet.js";
import type {Sheet} from "./sheet.js";

export interface TwinOptions {
  readonly title: string;
  readonly timeZone: string; // IANA name
}

const page = 100; // rows at a time: a table of thousands is slow to lay out and nobody's to read

/** The numbers of a chart as a table, newest first, a hundred rows at a time. */
export function twin(lines: readonly Line[], {title, timeZone}: TwinOptions): Element {
  const sheet = sheetOf(lines);
  const body = html`<tbody></tbody>`;
  const more = html`<button type="button">Show older rows</button>` as HTMLButtonElement;
  let shown = 0;
  const grow = () => {
    const last = sheet.times.length - shown;
    const rows = Array.from({length: Math.min(page, last)}, (_, index) => rowOf(sheet, last - 1 - index, timeZone));
    body.append(...rows);
    shown += rows.length;
    more.hidden = shown === sheet.times.length;
  };
  more.addEventListener("click", grow);
  grow();
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${`${title}, table`}>
    <table>
      <caption class="unseen">
        ${title}, newest first
      </caption>
      <thead>
        <tr>
          <th scope="col" rowspan="2">Time</th>
          ${lines.map(({label}) => html`<th scope="colgroup" colspan="4">${label}</th>`)}
        </tr>
        <tr>
          ${lines.flatMap(() =>
            ["Mean", "Least", "Greatest", "Readings"].map((name) => html`<th scope="col" class="number">${name}</th>`)
          )}
        </tr>
      </thead>
      ${body}
    </table>
    ${more}
  </div>`;
}

function rowOf({times, columns}: Sheet, index: number, timeZone: string): Element {
  const cells = columns.map(({name, values}) => {
    const value = values[index];
    if (value === undefined) return "–";
    return name.endsWith(".count") ? value.toLocaleString("en-US") : formatReading(value);
  });
  return html`<tr>
    <th scope="row">${formatTime(times[index]!, timeZone)}</th>
    ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
  </tr>`;
}
