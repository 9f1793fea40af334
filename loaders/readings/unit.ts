import {nearest} from "../word.js";
import {converting, type Conversion, isMeasure} from "./measure.js";
import {choices, scales, units} from "./vocabulary.js";

export type {Conversion};

/** A unit, or a scale that no other is convertible to. */
interface Unit {
  readonly spellings: readonly string[]; // the first is how it is told
  readonly measure?: string; // none: a scale
  readonly kind?: string; // what it measures; of a scale its own name
}

const listed = Object.values(units).flat();
const all: readonly Unit[] = [
  ...Object.entries(units).flatMap(([kind, list]) =>
    list.map(([names, measure]) => ({spellings: names.split(" "), measure, kind}))
  ),
  ...scales.map((names) => ({spellings: names.split(" "), kind: names.split(" ")[0]!}))
];
const bySpelling = new Map(all.flatMap((unit) => unit.spellings.map((name) => [name, unit] as const)));

/** The unit of that name; of one that is not in our vocabulary, what the package would make of it. */
function find(name: string): Unit {
  const told = name.trim().replaceAll(" ", "_");
  return bySpelling.get(told) ?? {spellings: [name], measure: `1 ${spelledOut(name.trim())}`};
}

/** Without letters that the package has not. */
function spelledOut(name: string): string {
  return name.replaceAll("²", "^2").replaceAll("³", "^3").replaceAll("·", " ").replace(/[µμ]/g, "u");
}

/** What a unit of the vocabulary measures, or the scale that it is; undefined for others. */
export function kindOf(unit: string): string | undefined {
  return find(unit).kind;
}

/** How a unit is told, however it is spelled: itself unless it is in the vocabulary. */
export function toldAs(unit: string): string {
  return find(unit).spellings[0]!;
}

/** All conversions between units of the vocabulary, by what `keyOf` makes of the two. */
export function conversions(): Readonly<Record<string, Conversion>> {
  const pairs = listed.flatMap(([, from]) => listed.map(([, to]) => ({from, to})));
  return Object.fromEntries(
    pairs.flatMap(({from, to}) => {
      const conversion = from === to ? undefined : converting(from, to);
      return conversion ? [[keyOf(from, to), conversion] as const] : [];
    })
  );
}

function keyOf(from: string, to: string): string {
  return `${from} → ${to}`;
}

/** The same, worked out when the program was compiled, so that a run need not load the package. */
declare const __conversions: ReturnType<typeof conversions> | undefined;
const ahead = typeof __conversions === "undefined" ? undefined : __conversions;
const measures = new Set(listed.map(([, measure]) => measure));

/** What makes a number in one unit one in another; undefined where it cannot be done. */
function between(source: Unit, target: Unit): Conversion | undefined {
  const [from, to] = [source.measure, target.measure];
  if (from === undefined || to === undefined) return undefined;
  return ahead && measures.has(from) && measures.has(to) ? ahead[keyOf(from, to)] : converting(from, to);
}

/** A column whose readings are to be told in another unit. */
interface Measured {
  readonly path: string; // of its series
  readonly name: string;
  readonly unit: string | undefined;
  readonly statistic?: string | undefined; // what it tells of readings, where it does not hold them
}

/**
 * What makes a column's readings readings in another unit; nothing when they are one unit, however spelled. Throws a
 * sentence that names both where one cannot become the other.
 */
export function conversionFor({path, name, unit, statistic}: Measured, wanted: string): Conversion | undefined {
  if (unit === undefined)
    throw new Error(
      `The column ${name} of ${path} has no unit, so it cannot be told in ${wanted}: Rename it with one.`
    );
  if (isSame(unit, wanted)) return undefined;
  const conversion = conversionBetween(unit, wanted, statistic);
  if (conversion) return conversion;
  if (conversionBetween(unit, wanted))
    throw new Error(
      `The column ${name} of ${path}: ${statistic} of readings in ${unit} cannot be converted to ${wanted}: Rename the readings before Reduce.`
    );
  const hints = hint(unit) || hint(wanted);
  throw new Error(`The column ${name} of ${path}: ${unit} cannot be converted to ${wanted}${hints}.`);
}

/**
 * What makes a number in one unit one in another, or a statistic of such numbers: nothing to do is `× 1 + 0`; undefined
 * where it cannot be done.
 */
export function conversionBetween(from: string, to: string, statistic = ""): Conversion | undefined {
  if (isSame(from, to)) return {factor: 1, offset: 0};
  const conversion = between(find(from), find(to));
  const of = statistic.split(".");
  if (!conversion || !of.every(hasUnit)) return undefined;
  if (of.includes("stddev")) return {...conversion, offset: 0}; // how far apart, wherever a unit begins
  return of.includes("sum") && conversion.offset !== 0 ? undefined : conversion; // it has the offset once a reading
}

/** Whether a statistic of readings is in their unit: not one that counts them. */
export function hasUnit(statistic: string): boolean {
  return !["count", "coverage", "suspect", "fail"].includes(statistic);
}

function isSame(from: string, to: string): boolean {
  return from === to || find(from) === find(to);
}

/** The units in which readers of a unit may see its values: itself first, and others that mean the same to them. */
export function choicesOf(unit: string): readonly string[] {
  const {spellings} = find(unit);
  const others = choices.find((choice) => choice.some((one) => spellings.includes(one))) ?? [];
  return [unit, ...others.filter((one) => !spellings.includes(one))];
}

function hint(name: string): string {
  const {measure} = find(name);
  if (measure === undefined || measures.has(measure) || isMeasure(measure)) return "";
  const near = nearest(name, [...bySpelling.keys()]);
  return near === undefined ? "" : ` (${name} is no unit that we know; is it ${near}?)`;
}

/** SQL of a converted value. */
export function convertedSql(sql: string, conversion: Conversion | undefined): string {
  if (!conversion) return sql;
  const {factor, offset} = conversion;
  return `(${sql} * ${factor}::DOUBLE${offset === 0 ? "" : ` + (${offset}::DOUBLE)`})`;
}
