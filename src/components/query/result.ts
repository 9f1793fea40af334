import {DataType} from "npm:apache-arrow";
import type {Table} from "npm:apache-arrow";
import {html} from "npm:htl";
import {formatReading} from "../data/format.js";
import {rows} from "../data/rows.js";

/** What a query gave, as a page shows it: columns of plain values, times as Date. */
export interface Result {
  readonly names: readonly string[];
  readonly kinds: readonly Kind[];
  readonly rows: readonly Row[];
}

export type Kind = "time" | "number" | "other";
export type Row = Readonly<Record<string, unknown>>;

/** The rows of an Arrow table; of two columns with one name the later gets a number behind it. */
export function resultOf(table: Table): Result {
  const fields = table.schema.fields;
  const names = distinct(fields.map(({name}) => name));
  const kinds = fields.map(({type}): Kind => {
    if (DataType.isTimestamp(type) || DataType.isDate(type)) return "time";
    return DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type) ? "number" : "other";
  });
  const vectors = names.map((_, index) => table.getChildAt(index)!);
  const rows = Array.from({length: table.numRows}, (_, row) =>
    Object.fromEntries(names.map((name, index) => [name, plain(vectors[index]!.get(row), kinds[index]!)]))
  );
  return {names, kinds, rows};
}

function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let count = 2; taken.has(own); count++) own = `${name}_${count}`;
    taken.add(own);
    return own;
  });
}

function plain(value: unknown, kind: Kind): unknown {
  if (value === null || value === undefined) return null;
  if (kind === "time") return new Date(Number(value));
  if (kind === "number") return Number(value);
  return typeof value === "string" || typeof value === "boolean" ? value : JSON.stringify(value, bigToNumber);
}

function bigToNumber(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

/** A value as text: times in UTC as ISO 8601. */
export function textOf(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? `${value}` : "";
}

/** The rows as a table, a hundred at a time. */
export function resultTable({names, kinds, rows: all}: Result): Element {
  const numeric = kinds.map((kind) => (kind === "number" ? "number" : null));
  const row = (index: number) => {
    const cells = names.map((name, column) => html`<td class=${numeric[column]}>${shortOf(all[index]![name])}</td>`);
    return html`<tr>
      ${cells}
    </tr>`;
  };
  const {body, more} = rows({count: all.length, row, label: "Show more rows"});
  return html`<div class="scroll result" tabindex="0" role="group" aria-label="Result, table">
    <table>
      <thead>
        <tr>
          ${names.map((name, index) => html`<th scope="col" class=${numeric[index]}>${name}</th>`)}
        </tr>
      </thead>
      ${body}
    </table>
    ${more}
  </div>`;
}

function shortOf(value: unknown): string {
  if (value instanceof Date)
    return textOf(value)
      .replace("T", " ")
      .replace(/(:00)?\.000Z$/, "");
  if (typeof value === "number")
    return Number.isInteger(value) ? value.toLocaleString("en-US") : formatReading(value, 3);
  return value === null ? "–" : textOf(value);
}
