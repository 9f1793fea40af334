import * as z from "zod";
import {compile} from "../../pond/glob.js";
import type {Column, Reader} from "../../pond/types.js";
import type {Dataset} from "./dataset.js";

/** Whose readings a rule is about, as resources spell it. */
export const target = {
  parameter: z.string().min(1).describe("whose readings are meant, e.g. Temperature"),
  scope: z.string().min(1).optional().describe("in which scope alone"),
  series: z.string().startsWith("/").optional().describe("of which inputs alone: a path or a pattern")
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

/** Whether a rule is for a column. */
export function concerns({parameter, scope}: Target, {name, attributes}: Column): boolean {
  return (attributes.parameter ?? name) === parameter && (scope === undefined || attributes.scope === scope);
}

/** Rules that no column of the datasets has the parameter of are most often misspelt; `purpose` ends "to …". */
export async function unmet(
  targets: readonly Target[],
  {datasets, fs, purpose}: {readonly datasets: readonly Dataset[]; readonly fs: Reader; readonly purpose: string}
): Promise<readonly string[]> {
  const all = await Promise.all(
    datasets.map(async ({input}) => (await (await fs.series(input)).columns()).map((column) => ({input, column})))
  );
  const columns = all.flat();
  const parameters = [...new Set(columns.map(({column}) => column.attributes.parameter ?? column.name))];
  const there = parameters.length === 0 ? "is nothing yet" : `are ${parameters.join(", ")}`;
  return targets
    .filter((one) => !columns.some(({input, column}) => isFor(one, input) && concerns(one, column)))
    .map(
      ({parameter, scope, series}) =>
        `There is no ${[parameter, scope, series].filter(Boolean).join(" of ")} to ${purpose}; there ${there}.`
    );
}
