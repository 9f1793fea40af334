import {stat} from "node:fs/promises";
import type {Duck} from "../../pond/duck.js";
import {csvSource, severalWays, uneven} from "./csv.js";
import {literal} from "../../pond/duck.js";
import {numbersAmong} from "./decimal.js";
import {isText, isTime, isTimeName} from "../time/field.js";
import type {Field} from "../time/field.js";
import {longForm} from "./long.js";
import {jsonSource} from "./lines.js";
import {described} from "./source.js";
import type {How, Source} from "./source.js";
import {refuseCut} from "./packed.js";
import {parquet} from "./timed.js";
import {withScope} from "./unpivoted.js";

/** What a file is by its name, without what packs it. */
type Form = "csv" | "parquet" | "json" | "html";

const forms: Readonly<Record<string, Form>> = {
  csv: "csv",
  tsv: "csv",
  txt: "csv",
  dat: "csv",
  parquet: "parquet",
  json: "json",
  jsonl: "json",
  ndjson: "json",
  htm: "html",
  html: "html"
};

/** What a file is, by its name; undefined for one that nothing here reads. */
function formNamed(path: string): Form | undefined {
  const name = endingOf(path);
  return name === undefined ? undefined : forms[name];
}

/** Whether a file is CSV by its name. */
export function isCsv(path: string): boolean {
  return formNamed(path) === "csv";
}

/**
 * The ending of a name that tells what a file is, without what packs it and without the number or date that it has when
 * it was rotated: `csv` of `pier.csv`, `pier.csv.1` and `pier.csv-20260301.gz`.
 */
export function endingOf(path: string): string | undefined {
  return /\.([a-z]+)(?:[.-]\d[\d-]*)?(?:\.(?:gz|zst))?$/.exec(path.toLowerCase())?.[1];
}

const formats: Readonly<Record<Form, string>> = {csv: "CSV", parquet: "Parquet", json: "JSON", html: "HTML"};

/** What is wrong with a file, in words that follow its name; undefined for an error that is not the file's. */
export function wrongWith(path: string, error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [line] = unevenLine(error.message).split("\n") as [string];
  const reason = line.replace(/[.;:]?\s*$/, "");
  if ("code" in error && !String(error.code).startsWith("ERR_")) return `it cannot be read (${reason})`;
  const [, twice] = / has duplicate key ("[^"]*")/.exec(line) ?? [];
  if (twice) return `it has an object with ${twice} twice, of which only one can count`;
  const notJson = malformed(reason);
  if (notJson) return notJson;
  const form = formNamed(path);
  const [, kind] = /^([A-Z][\w ]*) Error: /.exec(line) ?? [];
  if (kind !== undefined)
    return form && !engineTroubles.includes(kind) ? `it cannot be read as ${formats[form]} (${reason})` : undefined;
  return /^its? /.test(line) ? reason : undefined;
}

/** What DuckDB calls errors that are not of what it reads. After the last two it does nothing more. */
const engineTroubles = ["Out of Memory", "INTERRUPT", "Connection", "INTERNAL", "FATAL"];

/** What DuckDB says of JSON; of lines it counts the one that comes after the one that is wrong, of values not always. */
function malformed(message: string): string | undefined {
  const said = /Malformed JSON in file ".*", at byte (\d+) in (?:line (\d+)|record\/value (\d+)): (.*)$/;
  const [, byte, line, value, wrong] = said.exec(message) ?? [];
  if (line) return `its line ${Number(line) - 1} is no JSON (${wrong}, at byte ${byte})`;
  return value && `it is no JSON near its value ${value} (${wrong})`;
}

/** What DuckDB tells of a line of CSV in several lines, in one that follows the file's name. */
function unevenLine(message: string): string {
  if (message.includes("Error when sniffing file")) return severalWays;
  const [, line] = /^[^\n]*CSV Error on Line: (\d+)\n/.exec(message) ?? [];
  if (line === undefined) return message;
  const [, wanted, found] = /^Expected Number of Columns: (\d+) Found: (\d+)/m.exec(message) ?? [];
  if (wanted !== undefined) return uneven({line, wanted, found: found!});
  const [reason] =
    /^(Value with unterminated quote|Maximum line size of \d+ bytes|Invalid unicode).*$/m.exec(message) ?? [];
  return reason === undefined ? message : `its line ${line} cannot be read (${reason.replace(/\.$/, "")})`;
}

/** Opens a file of the host: CSV, Parquet, JSON lines, OTLP metrics or an export of HydroVu. Throws what is wrong with it, in words that follow its name. */
export async function openSource(duck: Duck, path: string, how: How): Promise<Source> {
  if ((await stat(path)).size === 0) throw new Error("it is empty");
  if (formNamed(path)) await refuseCut(path);
  const source = withTextKeys(await sourceOf(duck, path, how), how);
  return withScope(duck, withoutMissing(source, how), how);
}

function sourceOf(duck: Duck, path: string, how: How): Promise<Source> {
  switch (formNamed(path)) {
    case "csv":
      return csvSource(duck, path, how);
    case "parquet":
      return parquetSource(duck, path);
    case "json":
      return jsonSource(duck, path, how);
    case "html":
      return import("./export.js").then(({exportSource}) => exportSource(duck, path, how)); // what reads HTML is large, and exports are few
    default:
      throw new Error("it is none of .csv, .parquet, .jsonl, .json and .html, nor one of these packed as .gz or .zst");
  }
}

/** A source of which the names of parameters, units and scopes are text, though they may be numbers, such as 00060. */
function withTextKeys(source: Source, how: How): Source {
  const {parameter, unit, scopes = []} = longForm(source.fields, how) ?? {};
  const keys = [parameter, unit, ...scopes].filter(
    (field) => field !== undefined && !isText(field)
  ) as readonly Field[];
  if (keys.length === 0) return source;
  if (source.asText) return source.asText;
  const fields = source.fields.map((field) => (keys.includes(field) ? {...field, type: "VARCHAR"} : field));
  const texts = keys.map(({sql}) => `${sql}::VARCHAR AS ${sql}`).join(", ");
  return {...source, fields, from: `(SELECT * REPLACE (${texts}) FROM ${source.from})`};
}

/** A source in which nothing stands for no reading but NULL. */
function withoutMissing(source: Source, how: How): Source {
  const {missing = [], scope = []} = how;
  if (missing.length === 0) return source;
  const long = longForm(source.fields, how);
  const isValue = ({header, type, hint}: Field) =>
    hint === undefined && !isTimeName(header) && !isTime(type) && ![how.time, ...scope].includes(header.trim());
  const values = long ? [long.value] : source.fields.filter(isValue);
  const told = values.map((field) => `${presentSql(field, missing)} AS ${field.sql}`);
  const within = (from: string) => `(SELECT * REPLACE (${told.join(", ")}) FROM ${from})`;
  const {asText, lines} = source;
  return {
    ...source,
    from: within(source.from),
    ...(lines ? {lines: {...lines, of: (path) => within(lines.of(path))}} : {}),
    ...(asText ? {asText: withoutMissing(asText, how)} : {})
  };
}

/** The value of a column; NULL where that is one of these, as text or as a number, unless that is text with other marks. */
function presentSql({sql, type}: Field, missing: readonly (string | number)[]): string {
  const numbers = numbersAmong(missing);
  const texts = missing.map((one) => literal(String(one).trim())).join(", ");
  const isOne = [
    ...(type === "VARCHAR" ? [`trim(${sql}) IN (${texts})`] : []),
    ...(numbers.length > 0 ? [`TRY_CAST(${sql} AS DOUBLE) IN (${numbers.join(", ")})`] : [])
  ];
  return isOne.length === 0 ? sql : `CASE WHEN ${isOne.join(" OR ")} THEN NULL ELSE ${sql} END`;
}

async function parquetSource(duck: Duck, path: string): Promise<Source> {
  const file = parquet(path);
  const fields = (await described(duck, file)).filter(({header}) => header !== "file_row_number");
  const names = fields.map(({sql}) => sql).join(", ");
  const from = `(SELECT ${names}, file_row_number FROM ${file} AS file(${names}, file_row_number))`;
  return {from, fields, parquet: path, decimal: ".", notes: []};
}
