import {dsvFormat} from "d3-dsv";
import {kindOf} from "../readings/unit.js";
import {isTimeName} from "../time/field.js";

/**
 * Where the table of a CSV begins. Its header is a line of names, as wide as most lines below it, above the first row: one
 * with figures where rows have them. Above it may stand comments and other words, below it the units. Of several lines
 * that may be it, it is one that calls a column of times a time; then one that has a name for its last column, for
 * spreadsheets pad words with empty values; then the first, unless two call it so.
 */
export interface Beginning {
  readonly lead: number; // lines above the first row or the units
  readonly height: number; // lines of the header
  readonly comment: string; // what lines begin with that are none, or nothing
  readonly skip: number; // lines above the header; without such lines, as DuckDB counts them
  readonly table?: Table; // none where no line has two values
}

interface Table {
  readonly delimiter: string;
  readonly rows: number; // lines below the header
  readonly uneven?: Uneven; // the first of them
  readonly isNameless: boolean; // whether the header is a row itself
  readonly isLost: boolean; // whether rows stand above it
  readonly rivals?: readonly [number, number]; // the numbers of two lines of which each may be it
}

/** A line with more values than there are columns, or fewer. */
export interface Uneven {
  readonly line: number; // from 1
  readonly wanted: number;
  readonly found: number;
}

/** What is known already. */
interface Told {
  readonly time?: string; // what the column of times is called
  readonly settled?: {
    readonly lead: number;
    readonly header?: number; // lines of it, where it is in several
    readonly dialect?: {readonly delimiter: string};
  };
}

/** What the first lines of a file tell. */
export function beginningIn(text: string, told: Told = {}): Beginning {
  const lines = text.split(text.includes("\n") ? /\r?\n/ : "\r");
  const {settled} = told;
  const found = tableIn(lines, told);
  const {lead, height} = settled
    ? {lead: settled.lead, height: settled.header ?? 1}
    : {lead: found?.header.end ?? 1, height: found ? found.header.end - found.header.begin : 1};
  const comment = commentIn(lines, lead - height);
  const skip = lines.slice(0, lead - height).filter((line) => comment === "" || !isComment(line)).length;
  return {lead, height, comment, skip, ...(found ? {table: found.table} : {})};
}

// ---- Comments ----

const mark = "#";

function isComment(line: string): boolean {
  return line.trimStart().startsWith(mark);
}

/** DuckDB takes all behind the mark for a comment: not where names or values have it. */
function commentIn(lines: readonly string[], header: number): string {
  const isName = lines[header]?.includes(mark) === true;
  const isValue = lines.slice(header).some((line) => line.includes(mark) && !isComment(line));
  return lines.some(isComment) && !isName && !isValue ? mark : "";
}

// ---- Lines as values ----

/** A line, or several where one ends within quotes (RFC 4180); `begin` and `end` as of an array of lines. */
interface CsvRecord {
  readonly begin: number;
  readonly end: number;
  readonly text: string;
}

/** The same, cut into values. */
interface Values extends CsvRecord {
  readonly cells: readonly string[];
}

/** A quote that does not end within so many lines is none. */
const mostLines = 20;

function recordsIn(lines: readonly string[]): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  for (let begin = 0; begin < lines.length; begin = records.at(-1)!.end) {
    const end = endOf(lines, begin);
    records.push({begin, end, text: lines.slice(begin, end).join("\n")});
  }
  return records.filter(({text}) => text.trim() !== "");
}

function endOf(lines: readonly string[], begin: number): number {
  let quotes = 0;
  for (let line = begin; line < Math.min(lines.length, begin + mostLines); line++) {
    quotes += quotesIn(lines[line]!);
    if (quotes % 2 === 0) return line + 1;
  }
  return begin + 1;
}

function quotesIn(text: string): number {
  return text.includes('"') ? text.split('"').length - 1 : 0;
}

function cut(record: CsvRecord, delimiter: string): Values {
  const {text} = record;
  const quotes = quotesIn(text);
  const cells = quotes > 0 && quotes % 2 === 0 ? dsvFormat(delimiter).parseRows(text)[0]! : text.split(delimiter);
  return {...record, cells};
}

// ---- What they are cut at ----

const delimiters = ["\t", ";", "|", ","];

/** A delimiter, and how many values it cuts the lines of a table into. */
interface Way {
  readonly delimiter: string;
  readonly width: number;
}

/** So many are tried. */
const mostWays = 8;

/** The ways to cut lines, those first by which most lines below some line are as wide as that. */
function waysOf(records: readonly CsvRecord[], told?: string): readonly Way[] {
  const plain = records.map(({text}) => text.replace(/"[^"]*"/g, ""));
  const ways = (told === undefined ? delimiters : [told]).flatMap((delimiter) => {
    const alike = alikeIn(plain.map((text) => text.split(delimiter).length));
    return [...alike].map(([width, alike]) => ({delimiter, width, alike}));
  });
  return ways.sort((a, b) => b.alike - a.alike).slice(0, mostWays);
}

/** Of each width, how many lines are as wide below the line where they are most, less those that are not. */
function alikeIn(widths: readonly number[]): ReadonlyMap<number, number> {
  const below = new Map<number, number>();
  const alike = new Map<number, number>();
  for (const [index, width] of [...widths].reverse().entries()) {
    const same = below.get(width) ?? 0;
    if (width > 1) alike.set(width, Math.max(alike.get(width) ?? -Infinity, 2 * same - index));
    below.set(width, same + 1);
  }
  return alike;
}

// ---- The header among them ----

interface Found {
  readonly header: Values;
  readonly isSure: boolean; // whether it has names, and times below it
  readonly table: Table;
}

function tableIn(lines: readonly string[], told: Told): Found | undefined {
  const records = recordsIn(lines);
  const ways = waysOf(records.filter(isBare), told.settled?.dialect?.delimiter);
  let likely: Found | undefined;
  for (const way of ways) {
    const found = foundBy(way, records, told);
    if (found?.isSure) return found;
    likely ??= found;
  }
  return likely;
}

function isBare({text}: CsvRecord): boolean {
  return !isComment(text);
}

function foundBy(way: Way, records: readonly CsvRecord[], {time, settled}: Told): Found | undefined {
  const {delimiter} = way;
  const values = records.map((record) => cut(record, delimiter));
  const all = values.filter(isBare);
  const isFull = fullIn(all, way);
  const full = all.filter(isFull);
  const isTime = (cell: string) => (time === undefined ? isNameOfTime(cell) : cell.trim() === time);
  const [figures, times] = [columnsOf(full, isFigure), columnsOf(full, mayBeTime)];
  const looks = {figures, times: times.size > 0 ? times : figures, isTime};
  const found = headersIn(full, looks);
  const [names, rival] = found.length > 0 ? found : headersIn(values.filter(isFull), looks); // it may begin as comments do
  const header = settled ? all.find(({end}) => end === settled.lead) : (names ?? full[0]);
  if (!header) return undefined;
  const above = all.filter(({end}) => end <= header.begin);
  const below = all.filter(({begin}) => begin >= header.end);
  const uneven = below.find((one) => !isFull(one));
  const told = uneven && {line: uneven.begin + 1, wanted: header.cells.length, found: uneven.cells.length};
  const isLost = areRows(above, {...looks, header});
  return {
    header,
    isSure: header === names && times.size > 0,
    table: {
      delimiter,
      rows: below.length,
      isNameless: !settled && header !== names && header.cells.some(isMoment) && !header.cells.some(isTime),
      isLost,
      ...(rival && !settled ? {rivals: [header.begin + 1, rival.begin + 1] as const} : {}),
      ...(told ? {uneven: told} : {})
    }
  };
}

/** Tells whether a line is as wide as the table; a header may lack the delimiter that ends each row. */
function fullIn(all: readonly Values[], {width}: Way): (values: Values) => boolean {
  const rows = lowerHalf(all).filter(({cells}) => cells.length === width);
  const isEnded = rows.every(({cells}) => cells.at(-1)!.trim() === "");
  return ({cells}) => cells.length === width || (isEnded && cells.length === width - 1);
}

/** There are rows in it, if there are any. */
function lowerHalf<T>(all: readonly T[]): readonly T[] {
  return all.slice(Math.floor(all.length / 2));
}

function isFigure(cell = ""): boolean {
  return /^\s*[-+]?[.,]?\d/.test(cell);
}

/** Whether a value begins with a time, as no name does. */
function isMoment(cell = ""): boolean {
  return /^\s*(\d{4}([-/.])\d{1,2}\2\d|\d{1,2}([-/.])\d{1,2}\3\d\d|\d{1,2}:\d\d)/.test(cell);
}

/** Whether it may be a time, perhaps as a number. */
function mayBeTime(cell = ""): boolean {
  return isMoment(cell) || /^\s*\d{8,}/.test(cell);
}

/** Whether it is the name of a column of times, and neither that of something else nor a date in words. */
function isNameOfTime(cell: string): boolean {
  return isTimeName(cell) && !/zone|:\s*$|\b(19|20)\d\d\b/i.test(cell);
}

function filled(cells: readonly string[]): number {
  return cells.filter((cell) => cell.trim() !== "").length;
}

/** Which columns have such values in the rows. */
function columnsOf(full: readonly Values[], isOne: (cell: string) => boolean): ReadonlySet<number> {
  return new Set((full.at(-1)?.cells ?? []).flatMap((_, index) => (haveIn(full, index, isOne) ? [index] : [])));
}

/** Whether the rows have such a value in a column: the last line, or half of those in which they are with others. */
function haveIn(full: readonly Values[], index: number, isOne: (cell: string) => boolean): boolean {
  const cells = lowerHalf(full).flatMap((line) => line.cells[index]?.trim() || []);
  return isOne(full.at(-1)?.cells[index] ?? "") || (cells.length > 0 && cells.filter(isOne).length * 2 >= cells.length);
}

interface Looks {
  readonly figures: ReadonlySet<number>;
  readonly times: ReadonlySet<number>; // columns that may hold times
  readonly isTime: (cell: string) => boolean; // by name
}

/** The lines of names above the first row that may be the header; none where nothing is above it. */
function headersIn(full: readonly Values[], {figures, times, isTime}: Looks): readonly Values[] {
  const first = (index: number) =>
    full.findIndex(({cells}) => filled(cells) > 1 && isFigure(cells[index]) && areFigures(cells, figures));
  const above = (row: number) => full.slice(0, row < 0 ? full.length : row).filter(({cells}) => !cells.some(isMoment));
  const named = full.filter((line) =>
    [...times].some((index) => isTime(line.cells[index] ?? "") && above(first(index)).includes(line))
  );
  const [header, ...others] = widest(named);
  if (header) return [header, ...others.filter(({cells, text}) => text !== header.text && !areUnits(cells))];
  return widest(above(full.findIndex(({cells}) => areFigures(cells, figures)))).slice(0, 1);
}

function areFigures(cells: readonly string[], figures: ReadonlySet<number>): boolean {
  const values = [...figures].map((index) => cells[index] ?? "").filter((cell) => cell.trim() !== "");
  return values.length > 0 && values.filter(isFigure).length * 2 > values.length;
}

/** Whether a line tells units, or types, though it calls its column of times a time. */
function areUnits(cells: readonly string[]): boolean {
  const isType = (cell: string) =>
    /^(float|double|real|int(eger)?|num(ber|eric)?|string|text|bool(ean)?)\d*$/i.test(cell);
  return cells.some((cell) => isType(cell.trim()) || kindOf(cell) !== undefined);
}

/** Those with a name furthest to the right. */
function widest(lines: readonly Values[]): readonly Values[] {
  const extent = ({cells}: Values) => cells.findLastIndex((cell) => cell.trim() !== "");
  const most = Math.max(...lines.map(extent));
  return lines.filter((values) => extent(values) === most);
}

// ---- Rows above it ----

/** So many rows, one below another, are no words. */
const fewRows = 3;

/** Whether lines above a header are rows: below another header, or so many of one width. */
function areRows(
  above: readonly Values[],
  {header: {cells}, times, isTime}: Looks & {readonly header: Values}
): boolean {
  const column = Math.max(
    0,
    cells.findIndex((cell, index) => isTime(cell) && times.has(index))
  );
  const isRow = (values: Values) => filled(values.cells) > 1 && mayBeTime(values.cells[column]);
  const other = above.findIndex(({cells}) => cells.length > 1 && cells.some(isTime));
  const isBelow = other >= 0 && above.slice(other + 1).some(isRow);
  const alike = above.filter(
    (values, index) => isRow(values) && values.cells.length === above[index - 1]?.cells.length
  );
  return isBelow || alike.length >= fewRows;
}
