import * as z from "zod";
import {compile} from "../../pond/glob.js";
import type {Column, Reader} from "../../pond/types.js";
import {isMeant, nameFor, parameterOf} from "../readings/parameter.js";
import type {Dataset} from "./dataset.js";
import {path} from "../path.js";

/** Whose readings a rule is about, as resources spell it. */
export const target = {
  parameter: z.string().min(1).describe("whose readings are meant, e.g. Temperature"),
  scope: z.string().min(1).optional().describe("in which scope alone"),
  series: path().optional().describe("of which inputs alone: a path or a pattern")
};

/** Readings of a parameter: in one scope alone, and of some series alone, where those are given. */
export interface Target {
  readonly parameter: string;
  readonly scope?: string | undefined;
  readonly series?: string | undefined;
}

/** Whether a rule is for a series. */
export function isFor({series}: Target, path: string): boolean {
  return series === undefined || compile(series).match(path) !== undefined;
}

/** The rules for a column of a series that has these; one that calls it by its own name leaves none to other names. */
export function rulesFor<Rule extends Target>(
  rules: readonly Rule[],
  column: Column,
  among: readonly Column[]
): readonly Rule[] {
  const own = rules.filter(({scope}) => scope === undefined || column.attributes.scope === scope);
  const name = nameFor(
    column,
    among,
    own.map(({parameter}) => parameter)
  );
  return own.filter(({parameter}) => parameter === name);
}

/** Whether what is said of a parameter is of a column of a series that has these. */
export function concerns({parameter, scope}: Target, column: Column, among: readonly Column[]): boolean {
  return (scope === undefined || column.attributes.scope === scope) && isMeant(parameter, column, among);
}

/** Rules that no column of the datasets has the parameter of are most often misspelt; `purpose` ends "to …". */
export async function unmet(
  targets: readonly Target[],
  {datasets, fs, purpose}: {readonly datasets: readonly Dataset[]; readonly fs: Reader; readonly purpose: string}
): Promise<readonly string[]> {
  const all = await Promise.all(
    datasets.map(async ({input}) => ({input, columns: await (await fs.series(input)).columns()}))
  );
  const parameters = [...new Set(all.flatMap(({columns}) => columns.map(parameterOf)))];
  const there = parameters.length === 0 ? "is nothing yet" : `are ${parameters.join(", ")}`;
  const met = new Set(
    all.flatMap(({input, columns}) => {
      const rules = targets.filter((one) => isFor(one, input));
      return columns.flatMap((column) => rulesFor(rules, column, columns));
    })
  );
  return targets
    .filter((one) => !met.has(one))
    .map(
      ({parameter, scope, series}) =>
        `There is no ${[parameter, scope, series].filter(Boolean).join(" of ")} to ${purpose}; there ${there}.`
    );
}
