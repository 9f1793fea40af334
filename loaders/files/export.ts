import {createWriteStream} from "node:fs";
import {join} from "node:path";
import {Transform} from "node:stream";
import type {TransformCallback} from "node:stream";
import {pipeline} from "node:stream/promises";
import {Parser} from "htmlparser2";
import type {Duck} from "../../pond/duck.js";
import {bytesOf} from "./content.js";
import {csvSource} from "./csv.js";
import type {Field} from "../time/field.js";
import type {How, Source} from "./source.js";

/**
 * The web export of HydroVu: HTML with a table of which a row marked `isi-data-table` is the header, and rows marked
 * `isi-data-row` are readings. The instant in `isi-hv-timestamp` (ms since 1970) of the row, or of its first cell, counts
 * before the text there, which is the time of some clock on a wall: the text is kept where there is none.
 */
export async function exportSource(duck: Duck, path: string, how: How): Promise<Source> {
  if (path.endsWith(".zst")) throw new Error("it is an export packed as .zst, which is read as it is or as .gz");
  const file = join(how.scratch, "export.csv");
  const table = new ExportTable();
  await pipeline(bytesOf(path), table, createWriteStream(file));
  const [, ...parameters] = table.header ?? [];
  if (!table.header) throw new Error("it holds no table of readings as exports of HydroVu do");
  if (parameters.length === 0) return {from: nothingFrom, fields: [timeField], decimal: ".", notes: []};
  const source = await csvSource(duck, file, {...how, time: "time", decimal: how.decimal ?? "."});
  const [instant, time, ...values] = source.fields as [Field, Field, ...Field[]];
  const fields = [
    {...time, instant: instant.sql},
    ...values.map((field, index) => ({...field, header: parameters[index]!}))
  ];
  const {settled: _, asText, ...rest} = source;
  return {...rest, fields, ...(asText ? {asText: {...asText, fields}} : {})};
}

const instantOf = "isi-hv-timestamp";
const timeField = {header: "time", type: "VARCHAR", sql: "c0"};
const nothingFrom = "(SELECT NULL::VARCHAR AS c0 WHERE false)";

/** From HTML to the rows of its table of readings as CSV. */
class ExportTable extends Transform {
  header?: readonly string[];
  #row?: {readonly isHeader: boolean; instant: string | undefined; readonly cells: string[]};
  #inCell = false;
  readonly #text = new TextDecoder();
  readonly #parser = new Parser({
    onopentag: (name, attributes) => this.#open(name, attributes),
    ontext: (text) => {
      if (this.#row && this.#inCell) this.#row.cells[this.#row.cells.length - 1] += text;
    },
    onclosetag: (name) => {
      if (name === "td" || name === "th") this.#inCell = false;
      if (name === "tr") this.#close();
    }
  });

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#parser.write(this.#text.decode(chunk, {stream: true}));
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#parser.end();
    done();
  }

  #open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === "tr") {
      const isHeader = "isi-data-table" in attributes;
      const instant = attributes[instantOf];
      const isRow = isHeader || "isi-data-row" in attributes;
      this.#row = isRow ? {isHeader, cells: [], instant} : undefined;
    } else if ((name === "td" || name === "th") && this.#row) {
      if (this.#row.cells.length === 0) this.#row.instant ||= attributes[instantOf];
      this.#row.cells.push("");
      this.#inCell = true;
    }
  }

  #close(): void {
    const row = this.#row;
    this.#row = undefined;
    if (!row) return;
    const [time = "", ...cells] = row.cells.map((cell) => cell.replace(/\s+/g, " ").trim());
    if (row.isHeader) {
      this.header ??= [time, ...cells];
      this.#write(["instant", "time", ...cells.map((_, index) => `p${index}`)]);
    } else if (this.header) {
      const values = this.header.slice(1).map((_, index) => cells[index] ?? "");
      this.#write([...(row.instant ? [isoOf(row.instant), ""] : ["", time]), ...values]);
    }
  }

  #write(cells: readonly string[]): void {
    this.push(`${cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`);
  }
}

function isoOf(instant: string): string {
  const time = new Date(Number(instant));
  if (Number.isNaN(time.getTime())) throw new Error(`its instant "${instant}" is no number of ms since 1970`);
  return time.toISOString();
}
