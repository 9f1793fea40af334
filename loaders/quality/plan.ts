import type {Column, Range, Series} from "../../pond/types.js";
import {type Criterion, criteriaOf, type Terms} from "./criterion.js";
import {flagColumns, isFlag} from "../readings/flag.js";
import type {Mark} from "./mark.js";
import {isNumeric} from "../reduction/reduction.js";
import {lengthOf, type Rule} from "./rule.js";
import {keyOf} from "../reduction/shard.js";
import {concerns, rulesFor} from "../series/target.js";
import type {TestName} from "../types.js";
import {parameterOf} from "../readings/parameter.js";
import {type Conversion, conversionFor} from "../readings/unit.js";

/** What is tested in a series, and how. */
export interface Plan {
  readonly columns: readonly Planned[]; // those that hold numbers, in the order of the series
  readonly recipe: string; // the same recipe on the same readings gives the same flags, but for marks
  readonly marks: readonly Mark[];
  readonly interval: number; // ms, the shortest from one reading to the next
}

/** A column, and what its readings are asked. */
export interface Planned {
  readonly column: Column;
  readonly group: string; // of columns that one instrument tells together: their scope
  readonly criteria: readonly Criterion[];
  readonly isMarked: boolean; // whether people flag readings of it
  readonly neighbour?: Neighbour;
}

/** What the readings of a column are held against. */
interface Neighbour {
  readonly series: Series;
  readonly column: string;
  readonly conversion?: Conversion; // into the column's unit
}

/** What a plan is made of. */
export interface Wanted {
  readonly source: Series;
  readonly rules: readonly Rule[]; // those of the series, with captures filled in
  readonly interval: string; // where a rule tells none
  readonly marks: readonly Mark[];
  readonly series: (path: string) => Promise<Series | undefined>; // of neighbours
}

/**
 * Throws a sentence for thresholds in a unit that cannot be the column's, for a neighbour that is not one column, and
 * where flags would stand in place of a column.
 */
export async function planOf({source, rules, interval, marks, series}: Wanted): Promise<Plan> {
  const all = await source.columns();
  const flagged = all.find(isFlag);
  if (flagged)
    throw new Error(`${source.path} has flags already, such as ${flagged.name}: have Validate read what comes before.`);
  const columns = all.filter(isNumeric);
  const planned = await Promise.all(
    columns.map(async (column): Promise<Planned> => {
      const own = rulesFor(rules, column, columns);
      const neighbour = await neighbourOf(own, {column, source, series});
      return {
        column,
        group: column.attributes.scope ?? "",
        criteria: criteriaOf(own.map((rule) => ({rule, terms: termsOf(rule, {column, interval, path: source.path})}))),
        isMarked: marks.some((mark) => mark.column === column.name),
        ...(neighbour ? {neighbour} : {})
      };
    })
  );
  refuseTaken(source, planned);
  const lengths = [interval, ...rules.flatMap((rule) => rule.interval ?? [])].map(lengthOf);
  return {columns: planned, recipe: recipeOf(planned, {rules, interval}), marks, interval: Math.min(...lengths)};
}

/** Flags cannot stand where the series has a column already, be its name in other letters: SQL tells these not apart. */
function refuseTaken({path}: Series, planned: readonly Planned[]): void {
  const own = new Map(planned.map(({column: {name}}) => [name.toLowerCase(), name]));
  for (const one of planned.filter(isTested))
    for (const {name} of flagColumns(one.column, testsOf(one))) {
      const taken = own.get(name.toLowerCase());
      if (taken !== undefined)
        throw new Error(
          `${path} has a column ${taken}, where flags of ${one.column.name} are to stand: Rename it, and have Validate read that.`
        );
    }
}

/** How far around a stretch of time those readings lie that its flags depend on; µs. */
export function reachOf({columns}: Plan, {begin, end}: Required<Range>): Required<Range> {
  const criteria = columns.flatMap((column) => column.criteria);
  const before = criteria.reduce((most, criterion) => Math.max(most, criterion.before), 0);
  const after = criteria.reduce((most, criterion) => Math.max(most, criterion.after), 0);
  return {begin: begin - before * 1000, end: end + after * 1000};
}

/** Whether a column has flags beside it. */
export function isTested({criteria, isMarked}: Planned): boolean {
  return criteria.length > 0 || isMarked;
}

/** The tests of a column, in the order in which they are told. */
export function testsOf({criteria, isMarked}: Planned): readonly TestName[] {
  return [...criteria.map(({name}) => name), ...(isMarked ? (["manual"] as const) : [])];
}

/** What a rule's thresholds are in a column's unit. */
function termsOf(rule: Rule, {column, interval, path}: {column: Column; interval: string; path: string}): Terms {
  const {unit, statistic} = column.attributes;
  const from = {path, name: column.name, unit, statistic};
  const conversion = rule.unit === undefined ? undefined : conversionFor(from, rule.unit);
  const {factor, offset} = conversion ?? {factor: 1, offset: 0};
  return {
    unit: unit ?? "",
    level: (value) => asWritten((value - offset) / factor),
    step: (difference) => asWritten(difference / factor),
    interval: lengthOf(rule.interval ?? interval)
  };
}

/** Without what arithmetic adds in the last digits: 50 °F is 10 °C, and a reading of that is inside the bound. */
function asWritten(threshold: number): number {
  return Number(threshold.toPrecision(12));
}

interface Beside {
  readonly column: Column;
  readonly source: Series;
  readonly series: Wanted["series"];
}

/** The column that the first rule with such a test means; nothing while there is none. */
async function neighbourOf(rules: readonly Rule[], {column, source, series}: Beside): Promise<Neighbour | undefined> {
  const wanted = rules.find(({neighbour}) => neighbour)?.neighbour;
  if (!wanted) return undefined;
  const other = wanted.series === undefined ? source : await series(wanted.series);
  if (!other) return undefined;
  const parameter = parameterOf(column);
  const among = (await other.columns()).filter((one) => !isFlag(one));
  const found = among.filter(
    (one) =>
      !(other.path === source.path && one.name === column.name) &&
      concerns({parameter, scope: wanted.scope}, one, among)
  );
  const [first, second] = found;
  if (second)
    throw new Error(
      `${other.path} has ${parameter} as ${first!.name} and as ${second.name}: say by scope which is the neighbour of ${column.name}.`
    );
  if (!first) return undefined;
  const {unit} = column.attributes;
  const from = {path: other.path, name: first.name, unit: first.attributes.unit, statistic: first.attributes.statistic};
  const conversion = unit === undefined ? undefined : conversionFor(from, unit);
  return {series: other, column: first.name, ...(conversion ? {conversion} : {})};
}

/**
 * A column's name tells its scope, parameter and unit, as columns are called, and so a new column changes no recipe that
 * does not test it; what names do not tell is part of the recipe.
 */
function recipeOf(columns: readonly Planned[], spec: {rules: readonly Rule[]; interval: string}): string {
  const untold = columns.filter(({column}) => !isSpelled(column)).map(({column}) => [column.name, column.attributes]);
  const neighbours = columns.flatMap(({column, neighbour}) =>
    neighbour ? [[column.name, neighbour.series.path, neighbour.column, neighbour.conversion ?? null]] : []
  );
  const merelyMarked = columns.filter(({criteria, isMarked}) => isMarked && criteria.length === 0);
  const marked = merelyMarked.map(({column}) => column.name); // have flags, although no rule tests them
  const all = columns.map(({column}) => column);
  const alike = all.filter((column) =>
    rulesFor(spec.rules, column, all).some((rule) => rule.parameter !== parameterOf(column))
  );
  const others = alike.length === 0 ? [] : [alike.map(({name}) => name)]; // tested under another name
  return keyOf(spec.rules, spec.interval, untold, neighbours, marked, ...others);
}

/** Whether a column's name tells all that its attributes do of what it is. */
export function isSpelled({name, attributes: {scope, parameter, unit}}: Column): boolean {
  return name === [scope, parameter ?? name, unit].filter((part) => part !== undefined).join(".");
}
