/** A column of a file of the host. */
export interface Field {
  readonly header: string; // as the file names it
  readonly type: string; // as DuckDB does
  readonly hint?: string; // the type that its text looks like
  readonly sql: string; // the column that holds it
  readonly remark?: string; // what is to be said of its name, where it has values
  readonly outer?: string; // what of its header names objects that the value is in, as "water." of water.temp
  readonly names?: readonly Field[]; // the columns that its values are the headers of
  readonly instant?: string; // of times, a column with those in UTC, ISO 8601, which count before them
}

/** What a clock is looked for in. */
export interface Rows {
  readonly from: string; // in FROM position
  readonly fields: readonly Field[];
}

/** How many rows tell how a file is written, its times first of all; what is found otherwise further down is seen then. */
export const sampled = 20_000;

export function isText({type}: Field): boolean {
  return type === "VARCHAR";
}

export function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$/.test(type);
}

export function isTime(type: string): boolean {
  return type.startsWith("TIMESTAMP") || type === "DATE";
}

/** What a column's values are, as far as that is known without a look at them. */
export function looksLike({type, hint}: Field): string {
  return hint ?? type;
}

/** A column's values as text, without the fraction that DuckDB gives to whole numbers. */
export function textOf({sql, type}: Field): string {
  if (type === "VARCHAR") return sql;
  return /^(FLOAT|DOUBLE)$/.test(type) ? `regexp_replace(${sql}::VARCHAR, '\\.0$', '')` : `${sql}::VARCHAR`;
}

// ---- What headers tell ----

/** Whether a column of this name is likely to hold times. */
export function isTimeName(header: string): boolean {
  return /^\W*(timestamp|date[ _]?time|time|date)(?:utc|gmt)?(?![a-z])/i.test(header);
}

/** Whether a column of this name is likely to hold dates, perhaps without the time of the day. */
export function isDateName(header: string): boolean {
  return /^\W*date(?:utc|gmt)?(?![a-z])(?![ _]?time)/i.test(header);
}

/**
 * Whether a column of this name tells the time of the day, where it stands beside a date. Elapsed time, which is a
 * reading, says its unit, or what it is the time of.
 */
export function isDayTimeName(header: string): boolean {
  const [, name, aside = ""] = /^([^(\[]*)(?:[(\[](.*))?$/s.exec(header)!;
  return (
    dayTime.test(wordsOf(header)) || (dayTime.test(wordsOf(name!)) && /[a-z]{3}/i.test(aside) && !isSpanName(header))
  );
}

/** Apart, and in small letters: "time utc" of `timeUTC`. */
function wordsOf(header: string): string {
  const apart = header.replace(/([a-z])(?=[A-Z])/g, "$1 ").toLowerCase();
  return apart.replace(/[^a-z\d]+/g, " ").trim();
}

const zones = "(?:utc|gmt)[ \\d]*|local|[a-z]{1,3}[sd]t|[cew]et";
const written = "hh ?mm(?: ?ss)?|24 ?h(?:r|our)?s?";
const dayTime = new RegExp(
  `^(?:(?:local|utc|gmt|clock|sample|sampling|start|measurement) )?(?:time|hour)(?:utc|gmt| (?:${zones}|${written}|of (?:the )?day|sampled))?$|^hh ?mm(?: ?ss)?$`
);

const spans = /\b(elapsed|duration|since|until|lag|delay|response|run|travel|residence|retention|reaction)\b/i;
const spanUnits = /\W([nuµm]?s(ec(ond)?s?)?|min(ute)?s?|h(r|our)?s?|d(ay)?s?|weeks?|months?|years?)\W*$/i;

/** Whether a column of this name tells how long something took, and not when it was. */
export function isSpanName(header: string): boolean {
  const words = header.replaceAll("_", " ");
  return spans.test(words) || spanUnits.test(words);
}

/** What a header calls a time, whatever it says of its zone: "localtime" and "time_utc" are one. */
export function zonelessName(header: string): string {
  return wordsOf(header)
    .replace(new RegExp(`(?:utc|gmt)[ \\d]*|\\b(?:${zones})\\b`, "g"), "")
    .replaceAll(" ", "");
}

/** Minutes east of UTC that a header tells its clock is ahead. */
export function offsetIn(header: string): number | undefined {
  const words = header.replaceAll("_", " ");
  if (/^\W*(UTC|GMT) ?(date|time)/i.test(words)) return 0;
  const [found, sign, hours, minutes = "0"] =
    /(?:\b|(?<=date|time|stamp))(?:GMT|UTC)(?: ?([-+])(\d{1,2})(?::?(\d\d))?)?\W*$/i.exec(words) ?? [];
  if (found === undefined) return undefined;
  return sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
}
