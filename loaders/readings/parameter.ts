import type {Column} from "../../pond/types.js";
import {kindOf, toldAs} from "./unit.js";
import {parameters} from "./vocabulary.js";

/** A parameter under whichever of its names: columns are called as their source calls them, and matched by what it means. */

type Told = Pick<Column, "name" | "attributes">;

/** What is told in a column: its parameter; its own name where it says none. */
export function parameterOf({name, attributes}: Told): string {
  return attributes.parameter ?? name;
}

/** Whether two names are of one parameter. */
export function areAlike(name: string, other: string): boolean {
  return areSame(name, other) || (familyOf(name) !== undefined && familyOf(name) === familyOf(other));
}

/** Whether a column is of a parameter, under whichever of its names. */
export function isOf(parameter: string, column: Told): boolean {
  if (areSame(parameterOf(column), parameter)) return true;
  const [family, suffix] = [meantBy(column), suffixOf(column)];
  return family !== undefined && parameter.endsWith(suffix) && family === familyOf(without(suffix, parameter));
}

/**
 * Whether a parameter that a resource names is that of a column among others: its own, or another name of the same while
 * its scope has no other column of that name or meaning. So two sensors are not taken for each other.
 */
export function isMeant(parameter: string, column: Told, among: readonly Told[]): boolean {
  const own = parameterOf(column);
  if (own === parameter) return true;
  const isRival = areSame(own, parameter)
    ? (other: Told) => areSame(own, parameterOf(other)) && unitOf(other) === unitOf(column) // else it is one, set up anew
    : (other: Told) => isOf(parameter, other);
  const beside = among.filter(
    ({name, attributes}) => name !== column.name && attributes.scope === column.attributes.scope
  );
  return isOf(parameter, column) && !beside.some(isRival);
}

/**
 * Which of the names that a resource has for parameters is a column's: its own; where that is not among them, the first
 * that means it; undefined where none does.
 */
export function nameFor(column: Told, among: readonly Told[], names: readonly string[]): string | undefined {
  const own = parameterOf(column);
  if (names.includes(own)) return own;
  const meant = names.filter((name) => isMeant(name, column, among));
  return meant.find((name) => areSame(name, own)) ?? meant[0];
}

/** All names of what has this one, which comes first. */
export function namesOf(parameter: string): readonly string[] {
  return [...new Set([parameter, ...(familyOf(parameter)?.names ?? [])])];
}

/** What a column's parameter means, in a word: the same for all that are of one, under whichever of its names. */
export function meaningOf(column: Told): string {
  const family = meantBy(column);
  return family === undefined ? plain(parameterOf(column)) : `${family.names[0]}${suffixOf(column)}`;
}

/** Names that mean the same in certain units. */
interface Family {
  readonly names: readonly string[];
  readonly toldIn: readonly string[];
}

const families = new Map(parameters.flatMap(entriesOf));

function entriesOf([names, toldIn]: (typeof parameters)[number]): readonly (readonly [string, Family])[] {
  const family = {names, toldIn};
  return names.map((name) => [plain(name), family]);
}

function familyOf(name: string): Family | undefined {
  return families.get(plain(name));
}

/** What has several names, where a column means that; not where it is told in another kind of unit. */
function meantBy(column: Told): Family | undefined {
  const {unit} = column.attributes;
  const family = familyOf(without(suffixOf(column), parameterOf(column)));
  return unit !== undefined && family?.toldIn.includes(kindOf(unit) ?? "") ? family : undefined;
}

/** What a column of a statistic, such as `Temperature.avg`, has behind the name of what it is of. */
function suffixOf(column: Told): string {
  const suffix = `.${column.attributes.statistic}`;
  return parameterOf(column).endsWith(suffix) ? suffix : "";
}

function without(suffix: string, name: string): string {
  return name.slice(0, name.length - suffix.length);
}

function unitOf({attributes: {unit}}: Told): string | undefined {
  return unit === undefined ? undefined : toldAs(unit);
}

function areSame(name: string, other: string): boolean {
  return plain(name) === plain(other);
}

/** Capital letters, spaces and underscores tell no names apart. */
function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, " ");
}
