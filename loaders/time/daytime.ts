import type {Duck} from "../../pond/duck.js";
import {sampled, textOf} from "./field.js";
import type {Field} from "./field.js";

/** The time of the day in a column of its own: how it is written, and how it stands behind its date. */

type Way =
  | "marked" // 9:30, and whatever else may stand behind a date
  | "lettered" // 9h30
  | "hhmm" // 930
  | "hhmmss" // 93000
  | "hour"; // 9

export interface DayTime {
  readonly field: Field;
  readonly way: Way;
}

interface Looked {
  readonly field: Field;
  readonly all: boolean; // whether all rows are looked at, or the first
}

/**
 * How most of them are written; undefined where that can be told in no way, or in two: of 9 and 10 nothing says whether
 * they are hours or minutes, unless the header does.
 */
export async function wayOf(duck: Duck, from: string, {field, all}: Looked): Promise<Way | undefined> {
  const x = `trim(${textOf(field)})`;
  const isOf = (pattern: string) => `regexp_full_match(x, '${pattern}')`;
  const count = (pattern: string) => `count(*) FILTER (${isOf(pattern)})::DOUBLE`;
  const digits = `FILTER (${isOf("\\d+")} AND NOT ${isOf("0+")})`;
  const [row] = await duck.rows(
    `SELECT count(*)::DOUBLE AS filled, ${count("\\d{1,2}:\\d\\d.*")} AS marked, ${count(lettered)} AS lettered, ${count("\\d{1,6}")} AS digits,
       max(length(x)) ${digits}::DOUBLE AS most, min(length(x)) ${digits}::DOUBLE AS least,
       max(TRY_CAST(x AS DOUBLE)) FILTER (${isOf("\\d{1,2}")}) AS small, coalesce(bool_and(suffix(x, '00')) ${digits}, true) AS "areHours"
     FROM (SELECT ${x} AS x FROM ${from}${all ? "" : ` LIMIT ${sampled}`}) WHERE regexp_matches(x, '\\d')`
  );
  const {filled, marked, lettered: letters, digits: figures} = row as Record<string, number>;
  if (marked! * 2 > filled!) return "marked";
  if (letters! * 2 > filled!) return "lettered";
  return figures! * 2 > filled! ? together(field.header, row as unknown as Figures) : undefined;
}

/** What is known of those that are figures alone; but for the hours, midnight tells nothing and is left out. */
interface Figures {
  readonly most: number | null; // figures
  readonly least: number | null;
  readonly small: number | null; // the largest of one figure or two
  readonly areHours: boolean; // whether the last two are 0
}

function together(header: string, {most, least, small, areHours}: Figures): Way | undefined {
  const words = header.toLowerCase().replace(/[^a-z]/g, "");
  if (/hour/.test(words)) return (most ?? 0) <= 2 ? "hour" : areHours && most! <= 4 ? "hhmm" : undefined;
  if (words.includes("hhmm")) return words.includes("hhmmss") ? "hhmmss" : "hhmm";
  if (most === null || most < 3) return undefined;
  if (most > 4) return least! > 4 ? "hhmmss" : undefined;
  return least! > 2 || small! > 24 ? "hhmm" : undefined; // 45 is no hour, and 0:45 where it stands beside 100
}

const lettered = "\\d{1,2} ?[hH]( ?\\d\\d)?";

/** A time of the day as it may stand behind a date; what is written in another way stays as it is. */
export function markedText({field, way}: DayTime): string {
  const x = `trim(${textOf(field)})`;
  const figures = (most: number) => `regexp_full_match(${x}, '\\d{1,${most}}')`;
  const pair = (padded: string, from: number) => `substr(${padded}, ${from}, 2)`;
  const padded = (width: number) => `lpad(${x}, ${width}, '0')`;
  const pairs = (width: number) => [1, 3, 5].slice(0, width / 2).map((from) => pair(padded(width), from));
  const joined = (width: number) => pairs(width).join(" || ':' || ");
  switch (way) {
    case "marked":
      return textOf(field);
    case "lettered":
      return `CASE WHEN regexp_full_match(${x}, '${lettered}') THEN replace(regexp_replace(replace(lower(${x}), ' ', ''), 'h$', 'h00'), 'h', ':') ELSE ${x} END`;
    case "hhmm":
    case "hhmmss": {
      const width = way.length;
      return `CASE WHEN ${figures(width)} THEN ${joined(width)} ELSE ${x} END`;
    }
    case "hour":
      return `CASE WHEN ${figures(2)} THEN ${padded(2)} || ':00' ELSE ${x} END`;
  }
}

/** A date and the time of the day as one text; NULL where there is no time of the day, so that no midnight is made up. */
export function joinedText(date: string, ofDay: string): string {
  return `CASE WHEN trim(${ofDay}) <> '' THEN trim(concat_ws(' ', ${date}, ${ofDay})) END`;
}

/** What a date has behind it where all that is written says more than it tells. */
export const midnight = String.raw`0?0:00(:00([.,]0+)?)?`;

/** A date that stands before a time of the day: it may be written without marks, or with a midnight of its own. */
export function dateText(field: Field): string {
  const x = `trim(${textOf(field)})`;
  const marked = `regexp_replace(${x}, '^((?:19|20)\\d\\d)(\\d\\d)(\\d\\d)$', '\\1-\\2-\\3')`;
  return `CASE WHEN length(${x}) = 8 THEN ${marked} WHEN contains(${x}, ':') THEN regexp_replace(${x}, '[T ]+${midnight}$', '') ELSE ${textOf(field)} END`;
}
