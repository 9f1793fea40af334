import {open, stat} from "node:fs/promises";
import {join} from "node:path";
import {literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {isDayTimeName, isNumber, isTime, isTimeName} from "../time/field.js";
import type {Field} from "../time/field.js";
import {expand} from "./expand.js";
import {attributesOf, headingOf, spelled} from "../readings/readings.js";
import {longForm} from "./long.js";
import {headOf} from "./content.js";
import {hostFile} from "./source.js";
import {refusal, shapes} from "./decimal.js";
import type {Decimal} from "./decimal.js";
import type {Ending, How, Marks, Settled, Source} from "./source.js";

/** How a file of CSV is written. */
interface Dialect extends Marks {
  readonly path: string;
  readonly encoding: string; // as DuckDB names it
  readonly comment: string;
  readonly skip: number; // lines before the header
  readonly columns: readonly {readonly name: string; readonly type: string}[];
}

/**
 * CSV as instruments and spreadsheets write it: any delimiter, words before the header, decimal commas; in UTF-8,
 * UTF-16 or Windows-1252, with or without a byte order mark. The first rows tell the types.
 */
export async function csvSource(duck: Duck, path: string, how: How): Promise<Source> {
  const readable = await inReadableEncoding(path, how);
  await refuseBinary(readable);
  const found = await endOf(readable, how);
  const source = await sourceOf(duck, {path, readable, ...found}, how);
  const isTorn = found.ending === "read" && !how.isEnded && tellsWhat(source.fields.at(-1)!, source, how);
  return isTorn ? sourceOf(duck, {path, readable, ...found, ending: "waiting"}, how) : source;
}

/** Whether a column tells of what, or of when, a value is: where it is cut short, there is a reading that never was. */
function tellsWhat(field: Field, {fields}: Source, how: How): boolean {
  const {parameter, unit, scopes = []} = longForm(fields, how) ?? {};
  return field.hint !== undefined || isDayTimeName(field.header) || [parameter, unit, ...scopes].includes(field);
}

interface Opened extends End {
  readonly path: string;
  readonly readable: string; // the same in an encoding that DuckDB reads
}

async function sourceOf(duck: Duck, {path, readable, ending, end}: Opened, how: How): Promise<Source> {
  const isWhole = ending === undefined || ending === "read";
  const whole = isWhole ? readable : join(how.scratch, "whole.csv");
  if (!isWhole) await expand(readable, whole, undefined, end);
  const known = how.decimal ?? how.settled?.decimal;
  const lines = how.settled ?? ((await isTable(whole)) ? tableLines : undefined);
  const first = await sniffAny(duck, whole, {decimal: known, settled: lines, scratch: how.scratch});
  const file = first.path;
  const decimal = known ?? (await decimalOf(duck, first));
  const {lead, header} = await headerOf(first);
  const {delimiter, quote, escape} = first;
  const settled: Settled = {
    lead,
    ...(header === 1 ? {} : {header}),
    dialect: {delimiter, quote, escape},
    ...(decimal === "," ? {decimal} : {})
  };
  const dialect = decimal === "." ? first : await sniff(duck, file, {decimal, settled}, [first.encoding]);
  await refuseUneven(dialect);
  await refuseLost(first);
  const heads = await headsOf(duck, dialect);
  refuseNameless(heads);
  const fields = dialect.columns.map(({type}, index) => fieldOf({...heads[index]!, type, index}, how));
  const texts = fields.map((field) => ({...field, type: "VARCHAR"}));
  const mayGrow = readable === path && file === whole && !/\.(gz|zst)$/.test(path);
  const all = {
    decimal,
    isDecimalTold: known !== undefined,
    notes: [],
    ...(ending ? {ending} : {}),
    ...(mayGrow ? {settled} : {})
  };
  const as = (fields: readonly Field[]) => {
    const of = (path: string) => reader({...dialect, path}, fields, decimal);
    const lines = dialect.path.endsWith(".zst") ? {} : {lines: {path: dialect.path, lead, marks: settled.dialect!, of}};
    return {...all, from: of(dialect.path), ...lines, fields};
  };
  return {...as(fields), asText: as(texts)};
}

/** What is said where lines have different numbers of values, and it is not plain which are right. */
export const severalWays = "its lines cannot be cut into columns in one way";

/** What is said of a line with more values, or fewer, than there are columns. */
export function uneven({line, wanted, found}: Readonly<Record<"line" | "wanted" | "found", string | number>>): string {
  return `its line ${line} has ${found} ${Number(found) === 1 ? "value" : "values"} where its header has ${wanted}`;
}

/** Whole numbers are read as doubles: as whole numbers DuckDB would round those that turn out to have a fraction. */
function fieldOf({type, index, ...head}: Head & {readonly type: string; readonly index: number}, {time}: How): Field {
  const sql = `c${index}`;
  if (head.header.trim() === time || isTimeName(head.header) || isTime(type) || type === "TIME")
    return {...head, type: "VARCHAR", hint: type, sql};
  if (isDayTimeName(head.header)) return {...head, type: "VARCHAR", sql}; // 0930 begins with a 0
  return {...head, type: isNumber(type) ? "DOUBLE" : type === "BOOLEAN" ? type : "VARCHAR", sql};
}

type Head = Pick<Field, "header" | "remark">;

/** The columns' names. DuckDB gives some of its own to those that have none, or another's. */
async function headsOf(duck: Duck, dialect: Dialect): Promise<readonly Head[]> {
  const names = dialect.columns.map(({name}) => name);
  if (!names.some((name) => /(_|^column)\d+$/.test(name))) return names.map((header) => ({header}));
  const cells = names.map((_, index) => ({header: "", type: "VARCHAR", sql: `c${index}`}));
  const [row] = await duck.rows(`SELECT * FROM ${reader(dialect, cells, ".", false)} LIMIT 1`);
  const written = cells.map(({sql}) => ((row![sql] as string | null) ?? "").trim());
  const taken = new Set(written.map(spelledAlike));
  const seen = new Set<string>();
  return written.map((header, index): Head => {
    if (header === "")
      return {header: names[index]!, remark: `column ${index + 1} has no name and is ${names[index]!}`};
    if (!seen.has(spelledAlike(header))) {
      seen.add(spelledAlike(header));
      return {header};
    }
    let twin = header;
    for (let number = 1; taken.has(spelledAlike(twin)); number++) twin = numbered(header, number);
    taken.add(spelledAlike(twin));
    return {
      header: twin,
      remark: `column ${index + 1} is called "${header}" as one before it, and is ${spelled(twin)}`
    };
  });
}

/** A first line of readings would be taken for the names of their columns, and be lost. */
function refuseNameless(heads: readonly Head[]): void {
  const isReading = ({header, remark}: Head) =>
    /^([-+\d.,:/TZ ]*|na|n\/a|nan|null)$/i.test(header.trim()) || remark !== undefined;
  if (!heads.every(isReading) || !heads.some(({header}) => /^[-+]?\d/.test(header.trim()))) return;
  const line = heads.map(({header}) => header.trim()).join(", ");
  throw new Error(`it has no header, for its first line is ${line}; write the names of its columns above`);
}

interface Header {
  readonly lead: number; // lines before the first row
  readonly header: number; // how many of them are the header
}

/** Where the header ends, behind what DuckDB skips, comments, and ends of lines in quotes. */
async function headerOf({path, skip, comment, quote, columns}: Dialect): Promise<Header> {
  const isNext = comment === "" && !columns.some(({name}) => name.includes("\n"));
  if (isNext || path.endsWith(".zst")) return {lead: skip + 1, header: 1};
  const lines = (await beginningOf(path)).toString("latin1").split("\n");
  const isNone = (line: string) => line.trim() === "" || (comment !== "" && line.startsWith(comment));
  let begin = skip;
  while (begin < lines.length && isNone(lines[begin]!)) begin++;
  const quotes = (line: string) => line.split(quote).length - 1;
  let [end, within] = [begin + 1, quotes(lines[begin] ?? "")];
  for (; within % 2 === 1 && end < lines.length; end++) within += quotes(lines[end]!);
  return begin >= lines.length || end > lines.length ? {lead: skip + 1, header: 1} : {lead: end, header: end - begin};
}

/** Where lines have different numbers of values, DuckDB takes each for one: the first that differs is told. */
async function refuseUneven({path, columns}: Dialect): Promise<void> {
  if (columns.length > 1 || path.endsWith(".zst")) return;
  const {counts, wanted, header} = await widthsOf(path);
  if (wanted < 2) return;
  const at = counts.findIndex((count, index) => index > header && count !== wanted && count !== 0);
  if (at >= 0) throw new Error(uneven({line: at + 1, wanted, found: counts[at]!}));
}

interface Widths {
  readonly counts: readonly number[]; // of values in each line; 0 of one without any
  readonly wanted: number; // what most lines have that have more than one
  readonly header: number; // the first line with so many
}

/** How many values the first lines have, cut at the mark that there is most of. */
async function widthsOf(path: string): Promise<Widths> {
  const begin = await beginningOf(path);
  const text = begin.toString("latin1", 0, 2 ** 16);
  const lines = text.split(/\r?\n/).map((line) => line.replace(/"[^"]*"/g, ""));
  if (begin.length > 2 ** 16) lines.pop(); // of which there is more
  const countsOf = (mark: string) => lines.map((line) => (line === "" ? 0 : line.split(mark).length));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const [counts] = [",", ";", "\t", "|"].map(countsOf).sort((a, b) => sum(b) - sum(a)) as [number[]];
  const times = (count: number) => counts.filter((one) => one === count).length;
  const wanted = counts.reduce((best, one) => (one > 1 && (best < 2 || times(one) > times(best)) ? one : best), 1);
  return {counts, wanted, header: counts.indexOf(wanted)};
}

/** Rows that DuckDB takes for words before the header, because it takes a line further down for that, would be lost. */
async function refuseLost(dialect: Dialect): Promise<void> {
  const {path, skip, delimiter} = dialect;
  if (skip === 0 || path.endsWith(".zst")) return;
  const lines = (await beginningOf(path)).toString("utf8").split("\n", skip);
  const isHeader = (line: string) => line.replaceAll('"', "").trimStart().startsWith(beginOf(dialect));
  const widthOf = (line = "") => line.split(delimiter).length;
  const isRow = (line: string, index: number) =>
    /^"?\d[\d-/.: TZ]{5,}/.test(line) && widthOf(line) > 1 && widthOf(line) === widthOf(lines[index - 1]);
  if (lines.some(isHeader) || lines.filter(isRow).length >= fewRows) throw new Error(severalWays);
}

/** So many rows, one below another, are no words before a header. */
const fewRows = 3;

function spelledAlike(header: string): string {
  const {name, instrument = ""} = headingOf(header);
  return `${instrument} ${name.toLowerCase()}`;
}

/** `DO (mg/L)` becomes `DO_1 (mg/L)`. */
function numbered(header: string, number: number): string {
  const {parameter, unit} = attributesOf(spelled(header));
  return `${parameter}_${number}${unit === undefined ? "" : ` (${unit})`}`;
}

function reader(dialect: Dialect, fields: readonly Field[], decimal: Decimal, hasHeader = true): string {
  const columns = fields.map(({sql, type}) => `${literal(sql)}: ${literal(type)}`).join(", ");
  return `read_csv(${hostFile(dialect.path)}, auto_detect = false, header = ${hasHeader}, ${optionsOf(dialect)}, decimal_separator = ${literal(decimal)}, columns = {${columns}})`;
}

function optionsOf({delimiter, quote, escape, comment, skip, encoding}: Dialect): string {
  const marks = {delim: delimiter, quote, escape, comment, encoding};
  const told = Object.entries(marks).map(([name, mark]) => `${name} = ${literal(mark)}`);
  return [...told, `skip = ${skip}`, "hive_partitioning = false"].join(", ");
}

// ---- How it is written ----

const encodings = ["utf-8", "latin-1"];

interface Known {
  readonly decimal: "." | "," | undefined;
  readonly settled: Settled | undefined;
  readonly isLax?: boolean; // lines with fewer values, or more, do not count
}

/** What is neither UTF-8 nor Latin-1 is Windows-1252, which DuckDB does not know: it is written again as UTF-8. */
async function sniffAny(duck: Duck, path: string, known: Known & Pick<How, "scratch">): Promise<Dialect> {
  try {
    return await sniff(duck, path, known);
  } catch (error) {
    if (!isOtherEncoding(error) || path.endsWith(".zst")) throw error;
    const file = join(known.scratch, "utf8.csv");
    await expand(path, file, "windows-1252");
    return sniff(duck, file, known);
  }
}

async function sniff(duck: Duck, path: string, known: Known, among: readonly string[] = encodings): Promise<Dialect> {
  const [encoding, ...others] = among as [string];
  try {
    const told = `header = true, encoding = ${literal(encoding)}${knownOptions(known)}`;
    const [row] = await duck.rows(`SELECT * FROM sniff_csv(${hostFile(path)}, ${told})`);
    const mark = (name: string, none: string) =>
      row![name] === "(empty)" || row![name] === "\0" ? none : String(row![name]);
    const quote = mark("Quote", '"'); // one may come later in the file
    return {
      ...{path, encoding, quote, delimiter: mark("Delimiter", ","), escape: mark("Escape", quote)},
      ...{comment: mark("Comment", ""), skip: Number(row!.SkipRows)},
      columns: row!.Columns as Dialect["columns"]
    };
  } catch (error) {
    if (others.length === 0 || !isOtherEncoding(error)) throw error;
    return sniff(duck, path, known, others);
  }
}

function knownOptions({decimal, settled, isLax}: Known): string {
  const {delimiter, quote, escape} = settled?.dialect ?? {};
  const marks = {decimal_separator: decimal, delim: delimiter, quote, escape};
  const told = Object.entries(marks).flatMap(([name, mark]) => (mark ? [`, ${name} = ${literal(mark)}`] : []));
  const skip = settled && settled.lead - (settled.header ?? 1);
  const others = [...(settled ? [`, skip = ${skip}`] : []), ...(isLax ? [", ignore_errors = true"] : [])];
  return [...told, ...others].join("");
}

/** Whether DuckDB says that a file is in another encoding. */
function isOtherEncoding(error: unknown): boolean {
  return error instanceof Error && /not (utf-8|latin-1) encoded/i.test(error.message);
}

/** Numbers with commas among the first rows: decimals, thousands, or something that only a person can tell. */
async function decimalOf(duck: Duck, dialect: Dialect): Promise<Decimal> {
  const texts = dialect.columns.flatMap(({name, type}, index) =>
    type === "VARCHAR" ? [{name, sql: `c${index}`}] : []
  );
  if (texts.length === 0) return ".";
  const fields = dialect.columns.map((_, index) => ({header: "", type: "VARCHAR", sql: `c${index}`}));
  const from = reader(dialect, fields, ".");
  const list = texts.map(({sql, name}) => `{'name': ${literal(name)}, 'x': trim(${sql})}`).join(", ");
  const [row] = await duck.rows(
    `SELECT count(*) FILTER (regexp_matches(x, '${shapes.points}') AND contains(x, ',')) AS points,
       count(*) FILTER (regexp_matches(x, '${shapes.commas}')) AS commas,
       first(x ORDER BY row) FILTER (regexp_matches(x, '${shapes.comma}')) AS either,
       first(name ORDER BY row) FILTER (regexp_matches(x, '${shapes.comma}')) AS name
     FROM (SELECT row, unnest([${list}], recursive := true) FROM (SELECT *, row_number() OVER () AS row FROM ${from} LIMIT 20000))`
  );
  if (row!.commas !== 0n && row!.points === 0n) return ",";
  if (row!.either === null || row!.points !== 0n) return ".";
  throw refusal(String(row!.name), row!.either as string);
}

/** A file of CSV, read in spite of its ragged lines, which have fewer values than there are columns, or more. */
export interface Lax {
  readonly path: string; // the file, or the same in an encoding that DuckDB reads
  readonly encoding: string; // as DuckDB names it
  readonly begin: string; // of the header: the name of its first column, and what stands behind that
  readonly rows: number; // which are whole
  readonly ragged: ReadonlyMap<number, string>; // the lines, by their number
  readonly wanted: number; // columns
  readonly found: number; // values in the first of them
}

/** DuckDB notes each value that a line lacks or has beside, with all of the line. */
const mostNoted = 20_000;

/** Finds a file's ragged lines; undefined where there are none, or lines are wrong in other ways, or it is no table. */
export async function laxly(duck: Duck, path: string, how: How): Promise<Lax | undefined> {
  const readable = await inReadableEncoding(path, how);
  const {header} = await widthsOf(readable); // DuckDB does not look for it among lines that do not count
  const settled = how.settled ?? ((await isTable(readable)) ? tableLines : {lead: header + 1});
  const known = {decimal: how.decimal ?? how.settled?.decimal, settled, scratch: how.scratch, isLax: true};
  const dialect = await sniffAny(duck, readable, known);
  const names = dialect.columns.map((_, index) => `c${index}`);
  if (names.length < 2) return undefined;
  const columns = names.map((name) => `${name}: 'VARCHAR'`).join(", ");
  const options = `auto_detect = false, header = true, ${optionsOf(dialect)}, columns = {${columns}}, store_rejects = true, rejects_limit = ${mostNoted}`;
  return duck.session(async (one) => {
    const filled = names.map((name) => `count(${name})`).join(" + "); // what is not asked for is not looked at
    const [row] = await one.rows(
      `SELECT count(*)::DOUBLE AS rows, ${filled} AS filled FROM read_csv(${hostFile(dialect.path)}, ${options})`
    );
    const found = await one.rows(
      `SELECT line::DOUBLE AS line, any_value(csv_line) AS text, min(found) FILTER (kind LIKE 'MISSING%') AS few, max(found) AS many,
         bool_and(kind IN ('MISSING COLUMNS', 'TOO MANY COLUMNS')) AS is_ragged
       FROM (SELECT *, error_type::VARCHAR AS kind,
         TRY_CAST(regexp_extract(error_message, 'Found: (\\d+)', 1) AS INTEGER) AS found FROM reject_errors)
       GROUP BY line ORDER BY line`
    );
    await one.run("DROP TABLE reject_errors; DROP TABLE reject_scans");
    const [first] = found;
    if (!first || !found.every(({is_ragged}) => is_ragged === true)) return undefined;
    return {
      ...{path: dialect.path, encoding: dialect.encoding, rows: Number(row!.rows)},
      begin: beginOf(dialect),
      ragged: new Map(found.map(({line, text}) => [Number(line), String(text)])),
      ...{wanted: names.length, found: Number(first.few ?? first.many)}
    };
  });
}

/** What a line begins with that is this header, or one of the same instrument with other columns; without quotes. */
function beginOf({columns, delimiter}: Dialect): string {
  return `${columns[0]!.name}${delimiter}`;
}

// ---- What DuckDB cannot read as it is ----

/**
 * Where the header is the second line: below one of other columns in Campbell Scientific's TOA5, which DuckDB would take
 * for it, and below one that tells a spreadsheet what stands between values, as in `sep=;`.
 */
const tableLines: Settled = {lead: 2};

async function isTable(path: string): Promise<boolean> {
  if (path.endsWith(".zst")) return false;
  return /^(\u00ef\u00bb\u00bf)?"?(TOA|sep=.?"?\r?\n)/i.test((await beginningOf(path)).toString("latin1", 0, 16));
}

/** Its first bytes, and one more than are looked at where there are more. */
async function beginningOf(path: string): Promise<Buffer> {
  return headOf(path, 2 ** 16 + 1);
}

async function refuseBinary(path: string): Promise<void> {
  if (path.endsWith(".zst")) return;
  const begin = await beginningOf(path);
  const end = begin.indexOf(10);
  if (begin.subarray(0, end < 0 ? begin.length : end).includes(0)) throw new Error("it is no text, as CSV is");
}

/** UTF-16 is written again as UTF-8; the rest DuckDB reads itself. */
async function inReadableEncoding(path: string, {scratch}: How): Promise<string> {
  if (path.endsWith(".zst")) return path;
  const [a, b, c, d] = await beginningOf(path);
  const little = (a === 0xff && b === 0xfe) || (a !== 0 && b === 0 && c !== 0 && d === 0);
  const big = (a === 0xfe && b === 0xff) || (a === 0 && b !== 0 && c === 0 && d !== 0);
  if (!little && !big) return path;
  const file = join(scratch, "plain.csv");
  await expand(path, file, little ? "utf-16le" : "utf-16be");
  return file;
}

interface End {
  readonly ending?: Ending;
  readonly end?: number; // bytes, behind the last line feed
}

/**
 * A file that ends within a line, as a logger leaves it between two writes: what is not finished is left for the next
 * run. A line with all its values is read, for many who write files set no last line feed; but not where it was seen
 * that the file grows, and 12.3 may be 12.34 in a moment, nor where its end tells what was read, or when.
 */
async function endOf(path: string, {settled, isEnded}: How): Promise<End> {
  if (/\.(gz|zst)$/.test(path)) return {};
  const {size} = await stat(path);
  const [before, last] = await lastLines(path, size);
  if (before === undefined || last === "") return {};
  const end = size - last!.length;
  if (isTorn(before, last!)) return {ending: "torn", end};
  return {ending: settled && !isEnded ? "waiting" : "read", end};
}

/** Whether a line has fewer values than the one before it, or ends within quotes. */
function isTorn(before: string, last: string): boolean {
  if ((last.match(/"/g) ?? []).length % 2 === 1) return true;
  const count = (line: string, mark: string) => line.replace(/"[^"]*"/g, "").split(mark).length;
  const mark = [",", ";", "\t", "|"].reduce((best, one) => (count(before, one) > count(before, best) ? one : best));
  return count(last, mark) < count(before, mark);
}

/** The last line that ends, and what stands behind it; of a line too long for readings, nothing. Bytes as characters. */
async function lastLines(path: string, size: number): Promise<readonly [before?: string, last?: string]> {
  const handle = await open(path, "r");
  try {
    const begin = Math.max(0, size - 65_536);
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(size - begin), 0, size - begin, begin);
    const lines = buffer.toString("latin1", 0, bytesRead).split("\n");
    return lines.length < 2 ? [] : [lines.at(-2)!, lines.at(-1)!];
  } finally {
    await handle.close();
  }
}
