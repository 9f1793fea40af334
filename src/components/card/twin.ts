import {html} from "npm:htl";
import {formatCount, formatReading} from "../data/format.js";
import type {Line} from "../chart/frame.js";
import {rows} from "../data/rows.js";
import {isWhole, sheetOf} from "./sheet.js";
import type {Sheet, Told} from "./sheet.js";

export interface TwinOptions {
  readonly title: string;
  readonly tell: (time: number) => string; // a time in words
}

const words: Readonly<Record<Told, string>> = {
  avg: "Mean",
  min: "Least",
  max: "Greatest",
  count: "Readings",
  suspect: "Suspect",
  fail: "Failed",
  value: "Reading",
  flag: "Flag"
};

/** The numbers of a chart as a table, newest first, a hundred rows at a time. */
export function twin(lines: readonly Line[], {title, tell}: TwinOptions): Element {
  const sheet = sheetOf(lines);
  const {length} = sheet.times;
  const row = (index: number) => rowOf(sheet, length - 1 - index, tell);
  const {body, more} = rows({count: length, row, label: "Show older rows"});
  const columns = lines.map((line) => ({label: line.label, own: sheetOf([line]).columns}));
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${`${title}, table`}>
    <table>
      <caption class="unseen">
        ${title}, newest first
      </caption>
      <thead>
        <tr>
          <th scope="col" rowspan="2">Time</th>
          ${columns.map(({label, own}) => html`<th scope="colgroup" colspan=${own.length}>${label}</th>`)}
        </tr>
        <tr>
          ${columns.flatMap(({own}) =>
            own.map(({statistic}) => html`<th scope="col" class="number">${words[statistic]}</th>`)
          )}
        </tr>
      </thead>
      ${body}
    </table>
    ${more}
  </div>`;
}

function rowOf({times, columns}: Sheet, index: number, tell: TwinOptions["tell"]): Element {
  const cells = columns.map((column) => {
    const value = column.values[index];
    if (value === undefined) return "–";
    return isWhole(column) ? formatCount(value) : formatReading(value);
  });
  return html`<tr>
    <th scope="row">${tell(times[index]!)}</th>
    ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
  </tr>`;
}
