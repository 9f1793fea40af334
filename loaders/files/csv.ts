import {open, stat} from "node:fs/promises";
import {join} from "node:path";
import {beginningIn} from "./beginning.js";
import type {Beginning, Uneven} from "./beginning.js";
import {literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {isDayTimeName, isNumber, isTime, isTimeName} from "../time/field.js";
import type {Field} from "../time/field.js";
import {isAllUtf8, isOtherEncoding, textIn, wideIn, withOneEncoding, writeUtf8} from "./encoding.js";
import {expand} from "./expand.js";
import {attributesOf, headingOf, spelled} from "../readings/readings.js";
import {longForm} from "./long.js";
import {headOf, isPacked} from "./content.js";
import {hostFile} from "./source.js";
import {refusal, shapes} from "./decimal.js";
import type {Decimal} from "./decimal.js";
import type {Ending, How, Marks, Settled, Source} from "./source.js";

/** How a file of CSV is written. */
interface Dialect extends Marks {
  readonly path: string;
  readonly comment: string;
  readonly skip: number; // lines before the header, as DuckDB counts them
  readonly columns: readonly {readonly name: string; readonly type: string}[];
}

/**
 * CSV as instruments and spreadsheets write it: any delimiter, words before the header, decimal commas; in UTF-8,
 * UTF-16 or Windows-1252, with or without a byte order mark. The first lines tell where the header is, the first rows
 * the types.
 */
export async function csvSource(duck: Duck, path: string, how: How): Promise<Source> {
  const {readable, head} = await readableOf(path, how);
  refuseBinary(head);
  const found = await endOf(readable, how);
  const source = await sourceOf(duck, {path, readable, head, ...found}, how);
  const isTorn = found.ending === "read" && !how.isEnded && tellsWhat(source.fields.at(-1)!, source, how);
  return isTorn ? sourceOf(duck, {path, readable, head, ...found, ending: "waiting"}, how) : source;
}

/** Whether a column tells of what, or of when, a value is: where it is cut short, there is a reading that never was. */
function tellsWhat(field: Field, {fields}: Source, how: How): boolean {
  const {parameter, unit, scopes = []} = longForm(fields, how) ?? {};
  return field.hint !== undefined || isDayTimeName(field.header) || [parameter, unit, ...scopes].includes(field);
}

interface Opened extends End, Readable {
  readonly path: string;
}

async function sourceOf(duck: Duck, {path, readable, head, ending, end}: Opened, how: How): Promise<Source> {
  const isWhole = ending === undefined || ending === "read";
  const whole = isWhole ? readable : join(how.scratch, "whole.csv");
  if (!isWhole) await expand(readable, whole, undefined, end);
  const beginning = await beginningOf({readable: whole, head: isWhole ? head : head.subarray(0, end)}, how);
  const {lead, height, table} = beginning;
  if (table?.isLost) throw new Error(severalWays);
  if (table?.rivals)
    throw new Error(`its lines ${table.rivals.join(" and ")} may each be its header; take away what stands above that`);
  const known = how.decimal ?? how.settled?.decimal;
  const knowing = {decimal: known, beginning, settled: how.settled};
  const first = await sniffAny(duck, whole, {...knowing, scratch: how.scratch}).catch((error: unknown) => {
    throw table?.uneven && isUnsniffed(error) ? new Error(uneven(table.uneven), {cause: error}) : error;
  });
  const decimal = known ?? (await decimalOf(duck, first));
  const {delimiter, quote, escape} = first;
  const settled: Settled = {
    lead,
    ...(height === 1 ? {} : {header: height}),
    dialect: {delimiter, quote, escape},
    ...(decimal === "," ? {decimal} : {})
  };
  const dialect = decimal === "." ? first : await sniff(duck, first.path, {decimal, beginning, settled});
  const heads = await headsOf(duck, dialect);
  refuseNameless(heads, beginning);
  const fields = dialect.columns.map(({type}, index) => fieldOf({...heads[index]!, type, index}, how));
  const texts = fields.map((field) => ({...field, type: "VARCHAR"}));
  const mayGrow = readable === path && !isPacked(path);
  const all = {
    decimal,
    isDecimalTold: known !== undefined,
    notes: [],
    ...(ending ? {ending} : {}),
    ...(mayGrow ? {settled} : {})
  };
  const as = (fields: readonly Field[]) => {
    const of = (path: string) => reader({...dialect, path}, fields, decimal);
    const {path} = dialect;
    const lines = {path, lead, marks: settled.dialect!, of, ...(path.endsWith(".zst") ? {isWhole: true} : {})};
    return {...all, from: of(path), lines, fields};
  };
  return {...as(fields), asText: as(texts)};
}

/** What is said where lines have different numbers of values, and it is not plain which are right. */
export const severalWays = "its lines cannot be cut into columns in one way";

/** What is said of a line with more values, or fewer, than there are columns. */
export function uneven({line, wanted, found}: Readonly<Record<keyof Uneven, string | number>>): string {
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
function refuseNameless(heads: readonly Head[], {table}: Beginning): void {
  const isReading = ({header, remark}: Head) =>
    /^([-+\d.,:/TZ ]*|na|n\/a|nan|null)$/i.test(header.trim()) || remark !== undefined;
  const areReadings = heads.every(isReading) && heads.some(({header}) => /^[-+]?\d/.test(header.trim()));
  if (!areReadings && table?.isNameless !== true) return;
  const line = heads.map(({header}) => header.trim()).join(", ");
  throw new Error(`it has no header, for its first line is ${line}; write the names of its columns above`);
}

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

function optionsOf({delimiter, quote, escape, comment, skip}: Dialect): string {
  const marks = {delim: delimiter, quote, escape, comment};
  const told = Object.entries(marks).map(([name, mark]) => `${name} = ${literal(mark)}`);
  return [...told, `skip = ${skip}`, "hive_partitioning = false"].join(", ");
}

// ---- How it is written ----

interface Known {
  readonly decimal: "." | "," | undefined;
  readonly beginning: Beginning;
  readonly settled: Settled | undefined;
  readonly isLax?: boolean; // lines with fewer values, or more, do not count
}

/** DuckDB knows Latin-1, but not Windows-1252, and not where it begins: what is not all UTF-8 is written again. */
async function sniffAny(duck: Duck, path: string, known: Known & Pick<How, "scratch">): Promise<Dialect> {
  try {
    return await sniff(duck, path, known);
  } catch (error) {
    if (!isOtherEncoding(error)) throw error;
    return sniff(duck, (await withOneEncoding(path, known.scratch)).path, known);
  }
}

async function sniff(duck: Duck, path: string, known: Known): Promise<Dialect> {
  const {comment, skip, table} = known.beginning;
  const {delimiter = table?.delimiter, quote: within, escape} = known.settled?.dialect ?? {};
  const marks = {decimal_separator: known.decimal, delim: delimiter, quote: within, escape};
  const told = Object.entries(marks).flatMap(([name, mark]) => (mark ? [`, ${name} = ${literal(mark)}`] : []));
  const lax = known.isLax ? ", ignore_errors = true" : "";
  const [row] = await duck.rows(
    `SELECT * FROM sniff_csv(${hostFile(path)}, header = true, skip = ${skip}, comment = ${literal(comment)}${told.join("")}${lax})`
  );
  const mark = (name: string, none: string) =>
    row![name] === "(empty)" || row![name] === "\0" ? none : String(row![name]);
  const quote = mark("Quote", '"'); // one may come later in the file
  return {
    ...{path, quote, delimiter: mark("Delimiter", ","), escape: mark("Escape", quote)},
    ...{comment, skip},
    columns: row!.Columns as Dialect["columns"]
  };
}

/** Whether DuckDB says that not all lines can be cut into the columns that it was told of. */
function isUnsniffed(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Error when sniffing");
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
  readonly path: string; // the file, or the same in UTF-8
  readonly isSame: boolean; // whether its bytes tell lines as those of the file do: not where that is in UTF-16
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
  const read = await readableOf(path, how);
  const beginning = await beginningOf(read, how);
  const known = {decimal: how.decimal ?? how.settled?.decimal, beginning, settled: how.settled, isLax: true};
  const text = (await isAllUtf8(read.readable))
    ? read.readable
    : (await withOneEncoding(read.readable, how.scratch)).path;
  const dialect = await sniff(duck, text, known);
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
      ...{path: text, isSame: read.readable === path, rows: Number(row!.rows)},
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

/** A file in an encoding that DuckDB reads. */
interface Readable {
  readonly readable: string;
  readonly head: Buffer; // its first bytes, and one more than are looked at where there are more
}

const headBytes = 2 ** 16;

/** UTF-16 is written again as UTF-8. */
async function readableOf(path: string, {scratch}: How): Promise<Readable> {
  const head = await headOf(path, headBytes + 1);
  const wide = wideIn(head);
  if (wide === undefined) return {readable: path, head};
  const readable = join(scratch, "plain.csv");
  await writeUtf8(path, readable, wide);
  return {readable, head: await headOf(readable, headBytes + 1)};
}

function refuseBinary(head: Buffer): void {
  const end = head.indexOf(10);
  if (head.subarray(0, end < 0 ? head.length : end).includes(0)) throw new Error("it is no text, as CSV is");
}

/** So far it is looked for where there is much above it. */
const mostBytes = 2 ** 20;

async function beginningOf({readable, head}: Readable, how: How): Promise<Beginning> {
  const found = beginningIn(textIn(wholeLines(head, headBytes)), how);
  if (head.length <= headBytes || (found.table && found.table.rows > 0)) return found;
  const more = await headOf(readable, mostBytes + 1);
  const further = beginningIn(textIn(wholeLines(more, mostBytes)), how);
  if (more.length > mostBytes && !further.table)
    throw new Error("it has no header, for no line of its first 1 MiB has two values");
  return further;
}

function wholeLines(head: Buffer, bytes: number): Buffer {
  if (head.length <= bytes) return head;
  return head.subarray(0, Math.max(head.lastIndexOf(10), head.lastIndexOf(13)) + 1);
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
  if (isPacked(path)) return {};
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
