import {literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import type {Field} from "../time/field.js";

/** What stands before the fraction of a number, and between its thousands the other. */
export type Decimal = "." | ",";

/** Numbers in text: what is known of how they are written. */
export interface Numerals {
  readonly decimal: Decimal; // found at the beginning of a file, or told
  readonly isDecimalTold?: boolean; // by the resource, or by what the file is
}

/** What may stand between groups of three figures wherever the fraction begins (ISO 31-0; the Swiss apostrophe). */
const blanks = String.raw` \x{a0}\x{2009}\x{202f}`;
const apostrophes = String.raw`\x27\x{2019}`;
const always = " \u00a0\u2009\u202f'\u2019"; // the same, one after another

/** A text that may be a number, as a regular expression. */
export const figures = String.raw`([-+\s\d.,${blanks}${apostrophes}]|\d[eE][-+]?\d)*`;

/** Figures with a mark between thousands, one and the same. */
function grouped(mark: string): string {
  return [mark, blanks, apostrophes].map((one) => String.raw`\d{1,3}([${one}]\d{3})+`).join("|");
}

/** What the texts of a column are, as regular expressions that no other of these matches. */
export const shapes = {
  points: evident(",", String.raw`\.`),
  commas: evident(String.raw`\.`, ","),
  point: either(String.raw`\.`),
  comma: either(",")
};

/** Numbers that can be read in one way: by what separates their thousands and what stands before their fraction. */
function evident(between: string, before: string): string {
  const fraction = String.raw`\d*${before}(\d{1,2}|\d{4,})|0\d*${before}\d+|\d{4,}${before}\d+`;
  const large = String.raw`(${grouped(between)})${before}\d+|\d{1,3}(${between}\d{3}){2,}`;
  return String.raw`^[-+]?(${fraction}|${large}|\d*${before}\d+[eE][-+]?\d+)$`;
}

/** Numbers of which one mark may be either. */
function either(mark: string): string {
  return String.raw`^[-+]?[1-9]\d{0,2}${mark}\d{3}$`;
}

type Texts = Readonly<Record<keyof typeof shapes, string | null>>; // one of each shape

/**
 * What stands before fractions in each of these columns of text: as the resource tells, or the column, or the others.
 * Throws both readings, in words that follow the file's name, where none of them does.
 */
export async function decimalsOf(
  duck: Duck,
  from: string,
  {fields, decimal, isDecimalTold}: Numerals & {readonly fields: readonly Field[]}
): Promise<ReadonlyMap<Field, Decimal>> {
  if (isDecimalTold || fields.length === 0) return new Map(fields.map((field) => [field, decimal]));
  const firsts = fields.flatMap(({sql}, index) =>
    Object.entries(shapes).map(
      ([shape, pattern]) =>
        `any_value(trim(${sql})) FILTER (regexp_matches(trim(${sql}), '${pattern}')) AS ${shape}${index}`
    )
  );
  const [row] = await duck.rows(`SELECT ${firsts.join(", ")} FROM ${from}`);
  const found = fields.map(
    (_, index) =>
      Object.fromEntries(Object.keys(shapes).map((shape) => [shape, row![`${shape}${index}`]])) as unknown as Texts
  );
  const points = found.some(({points}) => points !== null);
  const commas = decimal === "," || found.some(({commas}) => commas !== null);
  const others = points === commas ? undefined : points ? "." : ",";
  return new Map(fields.map((field, index) => [field, told(field.header, found[index]!, others) ?? others ?? decimal]));
}

/** What a column itself tells, or with the others; undefined where nothing in it depends on that. */
function told(header: string, {points, commas, point, comma}: Texts, others: Decimal | undefined): Decimal | undefined {
  if ((points === null) !== (commas === null)) return points === null ? "," : ".";
  if (point === null && comma === null) return undefined;
  if (point === null && others !== undefined) return others;
  if (comma === null && points === null && others !== ",") return ".";
  throw refusal(header, (comma ?? point)!);
}

/** Both readings of a number with one mark, in words that follow the file's name. */
export function refusal(header: string, text: string): Error {
  const [fraction, whole] = [text.replace(",", "."), text.replace(/[.,]/, "")];
  const readings = text.includes(",")
    ? `${fraction} (decimal comma) or ${whole} (thousands)`
    : `${fraction} (decimal point) or ${whole} (thousands, among decimal commas)`;
  return new Error(`its column "${header}" holds "${text}", which is ${readings}; set decimal to "," or "."`);
}

/** The number in a text, DOUBLE or NULL. Most have no marks between thousands: a regular expression costs more than the cast. */
export function numberIn(sql: string, decimal: Decimal): string {
  const [between, before] = decimal === "." ? [",", "."] : [".", ","];
  const thousands = String.raw`^\s*[-+]?(${grouped(between)})([${before}]\d*)?\s*$`;
  const joined = `replace(translate(${sql}, ${literal(between + always)}, ''), ',', '.')`;
  const plain = decimal === "." ? sql : `CASE WHEN NOT contains(${sql}, '.') THEN replace(${sql}, ',', '.') END`;
  const others = `CASE WHEN regexp_matches(${sql}, '${thousands}') THEN ${joined} ELSE ${sql} END`;
  return `coalesce(TRY_CAST(trim(${plain}) AS DOUBLE), TRY_CAST(trim(${others}) AS DOUBLE))`;
}

/** Those of the texts and numbers that stand for no reading which are numbers. */
export function numbersAmong(missing: readonly (string | number)[]): readonly number[] {
  const told = missing.filter((one) => String(one).trim() !== ""); // which is empty anyway, and to JavaScript 0
  return told.map(Number).filter((number) => !Number.isNaN(number));
}
