import type {Column} from "../../pond/types.js";
import {kindOf} from "./unit.js";
import {parameters} from "./vocabulary.js";

/** A parameter under whichever of its names: columns are called as their source calls them, and matched by what it means. */

type Told = Pick<Column, "name" | "attributes">;

/** What is told in a column: its parameter; its own name where it says none. */
export function parameterOf({name, attributes}: Told): string {
  return attributes.parameter ?? name;
}

/** Whether two names are of one parameter. */
export function areAlike(name: string, other: string): boolean {
  return name === other || (familyOf(name) !== undefined && familyOf(name) === familyOf(other));
}

/** Whether a column is of a parameter, under whichever of its names. */
export function isOf(parameter: string, column: Told): boolean {
  if (parameterOf(column) === parameter) return true;
  const family = meaningOf(column);
  return family !== undefined && family === familyOf(parameter);
}

/**
 * Whether a parameter that a resource names is that of a column among others: its own, or another name of the same while
 * its scope has no other column of that name or meaning. So two sensors are not taken for each other.
 */
export function isMeant(parameter: string, column: Told, among: readonly Told[]): boolean {
  if (parameterOf(column) === parameter) return true;
  const meaning = meaningOf(column);
  const isRival = (other: Told) => parameterOf(other) === parameter || meaningOf(other) === meaning;
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
  return names.includes(own) ? own : names.find((name) => isMeant(name, column, among));
}

/** All names of what has this one, which comes first. */
export function namesOf(parameter: string): readonly string[] {
  return [...new Set([parameter, ...(familyOf(parameter)?.names ?? [])])];
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

/** What a column means by its parameter; undefined where that has one name, or is told in another kind of unit. */
export function meaningOf(column: Told): Family | undefined {
  const {unit} = column.attributes;
  const family = familyOf(parameterOf(column));
  return unit !== undefined && family?.toldIn.includes(kindOf(unit) ?? "") ? family : undefined;
}

/** Capital letters, spaces and underscores tell no names apart. */
function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, " ");
}
