import {literal} from "../../pond/duck.js";

/** Times as text: how they are written is found out from what is there, and refused where it can be read two ways. */

/** Texts alike but for their digits, which are all 9. */
export interface Shape {
  readonly shape: string; // e.g. "9999-99-99 99:99"
  readonly text: string; // the first of them
  readonly row: number; // where that stands, from 1
  readonly parts: readonly Part[]; // the first three numbers in them; none where a year of four figures begins one
  readonly size: number; // of those that are numbers, the largest
  readonly isPadded?: boolean; // whether blanks stand around some
}

/** What a number is, of all texts of a shape. */
interface Part {
  readonly least: number;
  readonly most: number;
}

/** Which number of a date comes first, where texts tell. */
export interface Order {
  readonly monthFirst?: boolean; // of dates that begin with days or months
  readonly yearFirst?: true; // of dates whose years have two figures
}

/** How texts become times. */
export interface TimeForm extends Order {
  readonly kind: "instant" | "local" | "mixed"; // what the SQL gives: UTC, wall clock, or each where `zoned` says so
  readonly sql: (text: string) => string; // TIMESTAMP, NULL where the text is none
  readonly zoned?: (text: string) => string; // of the mixed kind: whether a text says its offset
}

/** Units of time since 1970, by what one is in µs. */
const units = {s: 1e6, ms: 1e3, us: 1, ns: 1e-3} as const;
export type EpochUnit = keyof typeof units;

export function isEpochUnit(format: string): format is EpochUnit {
  return format in units;
}

/** Numbers since 1970 up to these are of the unit: 1973 in the next finer one, 5138 in this. */
const largest: readonly (readonly [EpochUnit, number])[] = [
  ["s", 1e11],
  ["ms", 1e14],
  ["us", 1e17],
  ["ns", Infinity]
];

/** The unit that numbers since 1970 are in, by the largest. */
export function unitOf(size: number): EpochUnit {
  return largest.find(([, bound]) => size < bound)![0];
}

/** µs since 1970, BIGINT, of a number since 1970; NULL for one that is too large for the unit. */
export function micros(number: string, unit: EpochUnit): string {
  const bound = largest.find(([name]) => name === unit)![1];
  const whole = `TRY_CAST(${number} AS HUGEINT)`;
  const scaled = {s: `TRY_CAST(${number} AS DOUBLE) * 1e6`, ms: `TRY_CAST(${number} AS DOUBLE) * 1e3`, us: whole};
  const value = unit === "ns" ? `${whole} // 1000` : `round(${scaled[unit]})`;
  const safe = Number.isFinite(bound)
    ? `CASE WHEN abs(TRY_CAST(${number} AS DOUBLE)) < ${bound} THEN ${value} END`
    : value;
  return `TRY_CAST(${safe} AS BIGINT)`;
}

/** A form that the resource tells: a unit since 1970, or a format as strptime has it. */
export function givenForm(format: string): TimeForm {
  if (isEpochUnit(format)) return epoch(format);
  if (isSheet(format)) return sheet(format);
  const sql = (text: string) => `CAST(${strptime(text, [format])} AS TIMESTAMP)`;
  return {kind: /%[zZ]|(Z|UTC|GMT)\s*$/.test(format) ? "instant" : "local", sql};
}

function epoch(unit: EpochUnit): TimeForm {
  return {kind: "instant", sql: (text) => `make_timestamp(${micros(text, unit)})`};
}

// ---- Days as spreadsheets count them ----

/** 1970-01-01, in days since the last of 1899 but one, and since the first of 1904. */
const sheets = {excel: 25_569, excel1904: 24_107} as const;

function isSheet(format: string): format is keyof typeof sheets {
  return format in sheets;
}

/** To the millisecond, which is what their doubles tell. */
function sheet(format: keyof typeof sheets): TimeForm {
  const days = (text: string) => `TRY_CAST(${text} AS DOUBLE)`;
  const millis = (text: string) => `round((${days(text)} - ${sheets[format]}) * 86400000)`;
  const sql = (text: string) =>
    `make_timestamp(TRY_CAST(CASE WHEN abs(${days(text)}) < 1e6 THEN ${millis(text)} * 1000 END AS BIGINT))`;
  return {kind: "local", sql};
}

/** Days of 1954 to 2119, or the first day of a clock that was not set. */
function refuseDays({size, text, row}: Shape): void {
  if (size < 20_000 || size >= 80_000) return;
  const [days, seconds] = [(Number(text) - sheets.excel) * 86_400e3, Number(text) * 1000].map((millis) =>
    new Date(Math.round(millis)).toISOString()
  );
  const both = `${days!.replace("Z", "")} (days as spreadsheets count them) or ${seconds} (s since 1970)`;
  throw new Error(`holds ${text.trim()} in row ${row}, which is ${both}; set timeFormat to "excel" or "s"`);
}

type Style = "iso" | "zoned" | "basic" | "basicZoned" | "parts" | "number" | "words" | "none";

const clock = String.raw`9{1,2}:99(:99([.,]9+)?)?`;
const month = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
const wordDate = String.raw`([a-z]+,? )?(9{1,2}(?<mark>[-/ ])${month}\k<mark>|${month} 9{1,2},? )(9999|99)`;
const styles: readonly (readonly [Style, RegExp])[] = [
  ["iso", new RegExp(`^9{4}[-/]9{1,2}[-/]9{1,2}([T ]+${clock})?$`)],
  ["zoned", new RegExp(`^9{4}[-/]9{1,2}[-/]9{1,2}[T ]+${clock} ?(Z|UTC|GMT|[-+]99(:?99)?)$`)],
  ["basic", /^9{8}T9{4}(99([.,]9+)?)?$/], // ISO 8601's without marks
  ["basicZoned", /^9{8}T9{4}(99([.,]9+)?)?(Z|[-+]99(:?99)?)$/],
  ["parts", new RegExp(`^9{1,2}([-/.])9{1,2}\\1(9999|99)([T ]+${clock}( ?[AP]M)?)?$`, "i")],
  ["number", /^-?9+([.,]9+)?(e[-+]?9+)?$/i],
  ["words", new RegExp(`^${wordDate}( +${clock}( ?[AP]M)?)?$`, "i")]
];

function styleOf({shape}: Shape): Style {
  return styles.find(([, pattern]) => pattern.test(shape))?.[0] ?? "none";
}

/** How these texts are written; `before` is what texts before them told. Throws what is wrong with them, in words that follow the column's name. */
export function formOf(shapes: readonly Shape[], before: Order = {}): TimeForm {
  const inOrder = [...shapes].sort((a, b) => a.row - b.row);
  const unreadable = inOrder.find((shape) => styleOf(shape) === "none");
  if (unreadable) throw new NoTime(unreadable);
  const found = new Set(inOrder.map(styleOf));
  if (found.has("iso") && found.has("zoned") && found.size === 2) return {...iso("mixed"), zoned};
  if (found.size > 1) throw new Error(twoWays(inOrder));
  switch (found.values().next().value) {
    case "zoned":
      return iso("instant");
    case "basic":
      return marked(iso("local"));
    case "basicZoned":
      return marked(iso("instant"));
    case "parts":
      return partsForm(inOrder, before);
    case "number":
      return numberForm(inOrder);
    case "words":
      return {kind: "local", sql: (text) => strptime(text, inOrder.map(wordsFormat))};
    default:
      return iso("local");
  }
}

/** A text that is no time, or none of the given format, in words that follow its column's name. */
export class NoTime extends Error {
  readonly text: string;
  readonly row: number; // from 1

  constructor({text, row}: Pick<Shape, "text" | "row">, format?: string) {
    const why =
      format === undefined
        ? "which is no time such as 2024-03-01 12:00 or 2024-03-01T12:00:00Z"
        : `which is not as timeFormat has it, ${JSON.stringify(format)}`;
    super(`holds ${JSON.stringify(text)} in row ${row}, ${why}`);
    this.text = text;
    this.row = row;
  }
}

function twoWays(shapes: readonly Shape[]): string {
  const [one] = shapes;
  const other = shapes.find((shape) => styleOf(shape) !== styleOf(one!))!;
  const told = ({text, row}: Shape) => `${JSON.stringify(text)} in row ${row}`;
  return `holds ${told(one!)} and ${told(other)}, which are times written in two ways`;
}

// ---- Years first ----

/**
 * DuckDB's cast to TIMESTAMP drops an offset and its cast to TIMESTAMPTZ takes none for UTC, both without a word, so
 * which texts say an offset is found out first.
 */
function iso(kind: TimeForm["kind"]): TimeForm {
  const local = (text: string) =>
    `coalesce(TRY_CAST(${text} AS TIMESTAMP), TRY_CAST(replace(${text}, ',', '.') AS TIMESTAMP))`;
  const instant = (text: string) =>
    `CASE WHEN suffix(${text}, 'Z') THEN coalesce(TRY_CAST(${text} AS TIMESTAMP), ${shifted(text)}) ELSE ${shifted(text)} END`;
  const sql = {
    local: (text: string) => `CASE WHEN NOT ${zoned(text)} THEN ${local(text)} END`,
    instant: (text: string) => `CASE WHEN ${zoned(text)} THEN ${instant(text)} END`,
    mixed: (text: string) => `CASE WHEN ${zoned(text)} THEN ${instant(text)} ELSE ${local(text)} END`
  };
  return {kind, sql: sql[kind]};
}

/** The same of texts without marks between the numbers. */
function marked({sql, ...form}: TimeForm): TimeForm {
  const date = (text: string) =>
    [1, 5, 7].map((at) => `substr(${text}, ${at}, ${at === 1 ? 4 : 2})`).join(" || '-' || ");
  const time = (text: string) =>
    `substr(${text}, 9, 3) || ':' || regexp_replace(substr(${text}, 12), '^(\\d\\d)(\\d\\d)', '\\1:\\2')`;
  return {...form, sql: (text) => sql(`(${date(`trim(${text})`)} || ${time(`trim(${text})`)})`)};
}

/** A sign behind the date, or a letter of Z, UTC and GMT: a regular expression would tell at ten times the cost. */
function zoned(text: string): string {
  const marks = ["+", "Z", "C", "M"].map((mark) => `contains(${text}, '${mark}')`);
  return `(${marks.join(" OR ")} OR contains(substr(${text}, 12), '-'))`;
}

/** What the cast does not take: a blank before the offset, no colon in it, no seconds before it. */
function shifted(text: string): string {
  const part = (index: number) =>
    `regexp_extract(trim(${text}), '^(.*?) ?(?:Z|UTC|GMT|([-+])(\\d\\d):?(\\d\\d)?)$', ${index})`;
  const minutes = `coalesce(TRY_CAST(${part(3)} AS INTEGER) * 60, 0) + coalesce(TRY_CAST(${part(4)} AS INTEGER), 0)`;
  const local = `TRY_CAST(replace(${part(1)}, ',', '.') AS TIMESTAMP)`;
  return `(${local} - to_minutes(CASE ${part(2)} WHEN '-' THEN -1 ELSE 1 END * (${minutes})))`;
}

// ---- Days, months or two figures of the year first ----

/** What the numbers of a date are, in their order. */
interface Reading {
  readonly said: string;
  readonly order: Order;
  readonly of: readonly ["day" | "month" | "year", "day" | "month" | "year", "day" | "month" | "year"];
}

const orders: readonly Reading[] = [
  {said: "day first", order: {monthFirst: false}, of: ["day", "month", "year"]},
  {said: "month first", order: {monthFirst: true}, of: ["month", "day", "year"]},
  {said: "year first", order: {yearFirst: true}, of: ["year", "month", "day"]}
];

const bounds = {day: [1, 31], month: [1, 12], year: [0, 99]} as const;

/**
 * Of 03/04/2024 nothing says which is the month, unless a number above 12 stands somewhere in the file; nor of 24/10/13
 * which is the year, unless one above 31 does, or something else there that one reading alone allows.
 */
function partsForm(shapes: readonly Shape[], before: Order): TimeForm {
  const [{shape, text, row}] = shapes as [Shape];
  const possible = orders.filter((order) => shapes.every((one) => allows(order, one)));
  if (possible.length === 0)
    throw new Error(
      `holds ${hasLongYears(shape) ? "days both before and behind months" : "dates that no order of day, month and year fits"}, such as ${JSON.stringify(text)}`
    );
  const isDotted = shape.includes("."); // nobody writes months first so
  const likely = isDotted && possible.length > 1 ? possible.filter(({order}) => order.monthFirst !== true) : possible;
  const told = possible.find(({order}) => isSame(order, before)) ?? (likely.length === 1 ? likely[0]! : undefined);
  const formats = ({of}: Reading) => shapes.map((one) => partsFormat(one, of));
  if (told) return {kind: "local", ...told.order, sql: (column) => strptime(column, formats(told))};
  const readings = likely.map((order) => `${readingOf(text, order)} (${order.said})`);
  const wanted = likely.map((order) => `"${formats(order)[0]!}"`);
  throw new Error(
    `holds ${JSON.stringify(text)} in row ${row}, which is ${either(readings)}; set timeFormat to ${either(wanted)}`
  );
}

function isSame(one: Order, other: Order): boolean {
  return one.monthFirst === other.monthFirst && one.yearFirst === other.yearFirst;
}

/** Whether all dates of a shape can be read so. Of years of four figures the months alone tell. */
function allows({of}: Reading, {shape, parts}: Shape): boolean {
  if (hasLongYears(shape)) return of[2] === "year" && parts[of.indexOf("month")]!.most <= bounds.month[1];
  return of.every((name, index) => {
    const [from, to] = bounds[name];
    return parts[index]!.least >= from && parts[index]!.most <= to;
  });
}

function hasLongYears(shape: string): boolean {
  return /^9+([-/.])9+[-/.]9{4}/.test(shape);
}

/** "a, b or c". */
function either(parts: readonly string[]): string {
  return `${parts.slice(0, -1).join(", ")} or ${parts.at(-1)!}`;
}

function partsFormat({shape}: Shape, of: Reading["of"]): string {
  const [, mark, , rest = ""] = /^9+([-/.])9+[-/.](9999|99)(.*)$/.exec(shape)!;
  const names = {day: "%d", month: "%m", year: hasLongYears(shape) ? "%Y" : "%y"};
  return `${of.map((name) => names[name]).join(mark)}${clockFormat(rest)}`;
}

/** The format of what stands behind a date, and what stands between the two. */
function clockFormat(rest: string): string {
  const isTwelve = /m$/i.test(rest);
  const time = rest
    .replace(/9+(?=:99)/, isTwelve ? "%I" : "%H")
    .replace(":99", ":%M")
    .replace(":99", ":%S");
  return time.replace(/([.,])9+/, "$1%f").replace(/[AP]M$/i, "%p");
}

/** "3 April 2024". */
function readingOf(text: string, {of}: Reading): string {
  const numbers = text.match(/\d+/g)!.map(Number);
  const [day, month, year] = (["day", "month", "year"] as const).map((name) => numbers[of.indexOf(name)]!) as [
    number,
    number,
    number
  ];
  const full = year < 69 ? 2000 + year : year < 100 ? 1900 + year : year; // as strptime has it
  return new Date(Date.UTC(full, month - 1, day)).toLocaleDateString("en-GB", {dateStyle: "long", timeZone: "UTC"});
}

// ---- Numbers, and months by their names ----

function numberForm(shapes: readonly Shape[]): TimeForm {
  const compact = shapes.find(({text}) => compactFormats.some(([pattern]) => pattern.test(text.trim())));
  if (compact) {
    const text = compact.text.trim();
    const [, format] = compactFormats.find(([pattern]) => pattern.test(text))!;
    const unit = unitOf(Number(text));
    const date = text.replace(/^(....)(..)(..)(..)?(..)?(..)?$/, (_, y, m, d, ...time: (string | undefined)[]) => {
      const rest = time.slice(0, 3).filter((part) => part !== undefined);
      return `${y}-${m}-${d}${rest.length === 0 ? "" : ` ${rest.join(":")}`}`;
    });
    const instant = new Date((Number(text) * units[unit]) / 1000).toISOString();
    const both = `${date} (written together) or ${instant} (${unit} since 1970)`;
    throw new Error(
      `holds ${text} in row ${compact.row}, which is ${both}; set timeFormat to "${format}" or "${unit}"`
    );
  }
  const [largest] = [...shapes].sort((a, b) => b.size - a.size) as [Shape];
  refuseDays(largest);
  return epoch(unitOf(largest.size));
}

const date = "(19|20)\\d\\d(0[1-9]|1[0-2])(0[1-9]|[12]\\d|3[01])";
const compactFormats: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^${date}$`), "%Y%m%d"],
  [new RegExp(`^${date}([01]\\d|2[0-3])[0-5]\\d$`), "%Y%m%d%H%M"],
  [new RegExp(`^${date}([01]\\d|2[0-3])[0-5]\\d[0-5]\\d$`), "%Y%m%d%H%M%S"]
];

/** Of two figures behind a month's name nobody means the day, so they are the year. */
function wordsFormat({shape}: Shape): string {
  const [date] = new RegExp(`^${wordDate}`, "i").exec(shape)!;
  const named = date.replace(/[a-z]+/gi, (word) => {
    const isMonth = new RegExp(`^${month}$`, "i").test(word);
    return word.length > 3 ? (isMonth ? "%B" : "%A") : isMonth ? "%b" : "%a";
  });
  const dated = named.replace(/9999$/, "%Y").replace(/99$/, "%y").replace(/9+/, "%d");
  return `${dated}${clockFormat(shape.slice(date.length))}`;
}

/**
 * As strptime has it, but for what its %H and %f do not take: the midnight 24 that ends a day, and more figures of a
 * second than six. Its %Y takes two figures as well, for a year of the first century, so what has %y comes first.
 */
function strptime(text: string, formats: readonly string[]): string {
  const inTurn = [...new Set(formats)].sort((a, b) => Number(b.includes("%y")) - Number(a.includes("%y")));
  const parsed = (of: string) => `TRY_STRPTIME(${of}, [${inTurn.map(literal).join(", ")}])`;
  const has = (mark: string) => inTurn.some((format) => format.includes(mark));
  const x = has("%f") ? `regexp_replace(trim(${text}), '([.,]\\d{6})\\d+', '\\1')` : `trim(${text})`;
  if (!has("%H") || has("%z")) return parsed(x);
  const midnight = `regexp_replace(${x}, '(\\D)24((\\D?00){0,2}([.,]0+)?)$', '\\100\\2')`;
  return `coalesce(${parsed(x)}, ${parsed(midnight)} + INTERVAL 1 DAY)`;
}
