import {Field, Float64, Int32, Schema, TimestampMicrosecond, Utf8} from "apache-arrow";
import type {DataType, Table} from "apache-arrow";
import {dsvFormat} from "d3-dsv";
import * as z from "zod";
import {tableOf, vectorOf} from "../../pond/arrow.js";
import {literal} from "../../pond/duck.js";
import type {Reader} from "../../pond/types.js";
import {former} from "../resources/former.js";
import {allowed, meantAmong, resolved} from "../resources/wording.js";
import {path} from "../path.js";
import {instantOf, wallTime} from "../time/wall.js";

/** What people know of readings; a flag is QARTOD's, for the readings of that time. */
export const annotation = z
  .strictObject({
    kind: z
      .enum(["deployment", "calibration", "outage", "remark"])
      .describe("deployment, calibration, outage or remark"),
    series: path("write a path of the pond, such as /instruments/*").describe("whom it concerns: a path or a pattern"),
    parameter: z.string().optional().describe("which of its parameters; all unless given"),
    from: wallTime.describe("from when on, inclusive"),
    to: wallTime.optional().describe("until when, exclusive; open unless given"),
    flag: z
      .union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(9)])
      .optional()
      .describe("1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing: given to the readings of that time"),
    offset: z
      .number()
      .optional()
      .describe(
        "of a calibration: what its readings lacked just before it, negative where they were too high; see Correct"
      ),
    unit: z.string().min(1).optional().describe("what the offset is in; the column's own unless given"),
    text: z.string().min(1).describe("what happened, for people")
  })
  .refine(({offset, kind}) => offset === undefined || kind === "calibration", {
    path: ["offset"],
    error: "only a calibration tells how far readings were off"
  })
  .refine(({offset, parameter}) => offset === undefined || parameter !== undefined, {
    path: ["offset"],
    error: "say of which parameter"
  })
  .refine(({offset, unit}) => offset !== undefined || unit === undefined, {
    path: ["unit"],
    error: "it is the unit of an offset, and there is none"
  });

export type Annotation = z.infer<typeof annotation>;

const names = ["kind", "series", "parameter", "from", "to", "flag", "offset", "unit", "text"] as const;
const numbers: readonly string[] = ["flag", "offset"];

/** What stands between columns; spreadsheets write semicolons where numbers have decimal commas. */
function delimiterIn(text: string): string {
  const [header] = text.split("\n", 1) as [string];
  const times = (mark: string) => header.split(mark).length;
  return [",", ";", "\t"].reduce((best, mark) => (times(mark) > times(best) ? mark : best));
}

function wordsOf(issue: z.core.$ZodIssue, fields: Readonly<Record<string, unknown>>): string {
  const name = issue.path.join(".");
  const found = fields[name];
  if (name === "") return `its columns: ${allowed(issue)}`;
  if (found === undefined) return `${name}, which is missing: ${allowed(issue)}`;
  return `${name}, which is ${JSON.stringify(found)}: ${allowed(issue, found)}${meantAmong(issue, found)}`;
}

/** The annotations in a CSV with a header. Throws what is wrong with it, in words that follow the file's name. */
export function annotationsIn(text: string): readonly Annotation[] {
  const mark = delimiterIn(text);
  const rows = dsvFormat(mark).parse(text.replace(/^\uFEFF/, ""));
  const numberOf = (value: string) => Number(mark === ";" ? value.replace(",", ".") : value);
  const strange = rows.columns.find((name) => !names.includes(name.trim() as (typeof names)[number]));
  if (strange !== undefined)
    throw new Error(`its column "${strange}" is ${now(strange) ?? `none of ${names.join(", ")}`}`);
  return rows.map((row, index) => {
    const filled = Object.entries(row).flatMap(([name, value]) =>
      (value ?? "").trim() === "" ? [] : [[name.trim(), value.trim()] as const]
    );
    const fields = Object.fromEntries(
      filled.map(([name, value]) => [name, numbers.includes(name) ? numberOf(value) : value])
    );
    const parsed = annotation.safeParse(fields);
    if (parsed.success) return parsed.data;
    throw new Error(
      `its row ${index + 1} is wrong at ${wordsOf(resolved(parsed.error.issues)[0]!, Object.fromEntries(filled))}`
    );
  });
}

function now(name: string): string | undefined {
  const called = former[name.trim()];
  return called === undefined ? undefined : `called ${called} now`;
}

const micros = new TimestampMicrosecond("UTC");
const words = new Utf8();

/**
 * Annotations as a table: `timestamp` (from when on) and `end` (µs, UTC), `kind`, `series`, `parameter`, `flag`, `offset`,
 * `unit`, `text`, by their begin. Throws, in words that follow the file's name, for a time that clocks of the zone never or twice showed.
 */
export function annotationsTable(annotations: readonly Annotation[], zone: string): Table {
  const rows = annotations
    .map((one) => ({
      ...one,
      begin: instantOf(one.from, zone),
      end: one.to === undefined ? null : instantOf(one.to, zone)
    }))
    .sort((a, b) => a.begin - b.begin);
  const empty = rows.find(({begin, end}) => end !== null && end <= begin);
  if (empty) throw new Error(`its ${empty.kind} from ${empty.from} to ${empty.to!} ends before it begins`);
  const columns: readonly (readonly [string, DataType, readonly unknown[]])[] = [
    ["timestamp", micros, rows.map(({begin}) => BigInt(begin))],
    ["end", micros, rows.map(({end}) => (end === null ? null : BigInt(end)))],
    ["kind", words, rows.map(({kind}) => kind)],
    ["series", words, rows.map(({series}) => series)],
    ["parameter", words, rows.map(({parameter}) => parameter ?? null)],
    ["flag", new Int32(), rows.map(({flag}) => flag ?? null)],
    ["offset", new Float64(), rows.map(({offset}) => offset ?? null)],
    ["unit", words, rows.map(({unit}) => unit ?? null)],
    ["text", words, rows.map(({text}) => text)]
  ];
  const schema = new Schema(columns.map(([name, type]) => new Field(name, type, true)));
  return tableOf(
    schema,
    columns.map(([, type, values]) => vectorOf(values, type))
  );
}

/** An annotation as its table has it; times in µs UTC. */
export interface AnnotationRow {
  readonly kind: Annotation["kind"];
  readonly series: string;
  readonly parameter: string | null;
  readonly begin: number; // inclusive
  readonly end: number | null; // exclusive
  readonly flag: NonNullable<Annotation["flag"]> | null;
  readonly offset: number | null; // what readings lacked just before a calibration
  readonly unit: string | null; // of the offset; the column's own
  readonly text: string;
}

const fields = ["end", "kind", "series", "parameter", "flag", "text"];

/** The annotations of a table, by their begin; undefined when the path is no table of annotations, as a link to nothing. */
export async function annotationRows(path: string, fs: Reader): Promise<readonly AnnotationRow[] | undefined> {
  const kind = (await fs.exists(path)) ? (await fs.stat(path)).kind : undefined;
  const columns = kind === "table" ? (await (await fs.series(path)).columns()).map(({name}) => name) : [];
  if (!fields.every((field) => columns.includes(field))) return undefined;
  const offset = columns.includes("offset") ? `"offset", unit` : `NULL::DOUBLE AS "offset", NULL::VARCHAR AS unit`; // none in ponds from before
  const table = await fs.query(
    `SELECT epoch_us(timestamp)::DOUBLE AS begin, epoch_us("end")::DOUBLE AS "end", kind, series, parameter, flag, ${offset}, text FROM ${literal(path)} ORDER BY 1`
  );
  return table.toArray().map((row) => ({...(row as AnnotationRow)}));
}

/** The tables of annotations that patterns match; without rows what is no such table. */
export async function tablesIn(patterns: readonly string[], fs: Reader) {
  const paths = (await Promise.all(patterns.map((pattern) => fs.glob(pattern)))).flat().map(({path}) => path);
  return Promise.all([...new Set(paths)].map(async (path) => ({path, rows: await annotationRows(path, fs)})));
}
