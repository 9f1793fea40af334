import type {Duck} from "../../pond/duck.js";
import type {Field} from "../time/field.js";

/** What stands before the fraction of a number, and between its thousands the other. */
export type Decimal = "." | ",";

/** Numbers in text: what is known of how they are written. */
export interface Numerals {
  readonly decimal: Decimal; // found at the beginning of a file, or told
  readonly isDecimalTold?: boolean; // by the resource, or by what the file is
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
  return `^[-+]?(${fraction}|\\d{1,3}(${between}\\d{3})+${before}\\d+|\\d{1,3}(${between}\\d{3}){2,})$`;
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

/** The number in a text, DOUBLE or NULL. */
export function numberIn(sql: string, decimal: Decimal): string {
  const [between, before] = decimal === "." ? [",", "."] : [".", ","];
  const grouped = String.raw`^\s*[-+]?\d{1,3}([${between}]\d{3})+([${before}]\d*)?\s*$`;
  const plain =
    decimal === "." ? sql : `CASE WHEN NOT contains(${sql}, '.') THEN replace(${sql}, ',', '.') ELSE ${sql} END`;
  const joined = `replace(replace(${sql}, '${between}', ''), ',', '.')`;
  return `TRY_CAST(trim(CASE WHEN regexp_matches(${sql}, '${grouped}') THEN ${joined} ELSE ${plain} END) AS DOUBLE)`;
}
