import {html} from "npm:htl";

export type Cell = string | Element;

export interface TableOptions {
  readonly name: string; // for those who cannot see what it stands under
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly notes?: readonly (Element | undefined)[]; // below each row, as wide as what is seen of the table
}

/** A table that scrolls by itself on a narrow screen. Columns of numbers are set to the right. */
export function table({name, headings, rows, notes = []}: TableOptions): Element {
  if (rows.length === 0) return html`<p class="muted">None yet.</p>`;
  const classes = headings.map((_, index) => (rows.every((row) => isNumber(row[index])) ? "number" : null));
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${name}>
    <table>
      <thead>
        <tr>
          ${headings.map((heading, index) => html`<th scope="col" class=${classes[index]}>${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.flatMap((row, place) => [
          html`<tr>
            ${row.map((value, index) => html`<td class=${classes[index]}>${value}</td>`)}
          </tr>`,
          ...noteRow(notes[place], headings.length)
        ])}
      </tbody>
    </table>
  </div>`;
}

function noteRow(note: Element | undefined, columns: number): Element[] {
  if (!note) return [];
  const row = html`<tr class="sentences">
    <td colspan=${columns}>${note}</td>
  </tr>`;
  return [row];
}

/** A dash stands for a number that there is not. */
function isNumber(value: Cell | undefined): boolean {
  return typeof value === "string" && /^(<?[\d,.]+( [a-zA-Z%]+)?|–)$/.test(value);
}
