import * as z from "zod";
import type {Column, Reader} from "../../pond/types.js";
import {isOf, parameterOf} from "../readings/parameter.js";
import {seriesIn} from "../series/dataset.js";
import {CombinedSeries, type Deployment} from "../series/combined.js";
import {path} from "../path.js";
import {empty, instant, lasts, rangeOf} from "../time/period.js";
import {oneSeries} from "../series/place.js";
import {seriesAt} from "../series/alias.js";
import type {Kind} from "../types.js";

const input = z
  .strictObject({
    series: path().describe("an instrument's series: a path or a pattern"),
    from: instant.optional().describe("when it was deployed, inclusive"),
    to: instant.optional().describe("when it was taken away, exclusive")
  })
  .refine(lasts, empty);

const scope = z.strictObject({
  name: z
    .string()
    .regex(/^[^./\s]+$/, "write a name without dots, slashes and spaces")
    .describe("the role of the instruments at the site; it begins the names of their columns"),
  inputs: z.array(input).min(1).describe("the instruments that had the role; where two have a reading the later wins")
});

const schema = z.strictObject({
  output: path().describe("the path of the series, e.g. /sites/BDock"),
  scopes: z
    .array(scope)
    .min(1)
    .refine(
      (scopes) => new Set(scopes.map(({name}) => name.toLowerCase())).size === scopes.length,
      "two scopes have one name (small and capital letters are the same)"
    )
    .describe("what instruments do at the site: near the surface, at the bottom, a weather station"),
  units: z
    .record(z.string(), z.string())
    .default({})
    .describe("the unit of each parameter, whatever instruments tell it in, e.g. {Depth: m}; the rest stay as they are")
});

export type CombineSpec = z.infer<typeof schema>;

/** Instruments over their deployments as one series per site, computed on access. */
export const combine: Kind<CombineSpec> = {
  name: "Combine",
  summary: "Instruments over deployment periods as one series per site, joined on time.",
  schema,
  ...oneSeries("combined", schema, (spec, {fs}) => combinedSeries(spec, fs)),
  reads: ({scopes}) => scopes.flatMap(({inputs}) => inputs.map(({series}) => series)),
  async run({spec}, context) {
    const fs = await context.fs();
    const series = await combinedSeries(spec, fs);
    const columns = await series.columns(); // says what cannot be combined
    const notes = [...(await unmatched(spec, fs)), ...unused(spec, columns), ...(await series.notes())];
    return {read: 0, stored: 0, aside: 0, notes, errors: []};
  }
};

/** The combined series in a snapshot. */
async function combinedSeries({output, scopes, units}: CombineSpec, fs: Reader): Promise<CombinedSeries> {
  const deployments: Deployment[] = [];
  for (const {name, inputs} of scopes)
    for (const input of inputs)
      for (const {path} of await seriesIn(input.series, fs))
        deployments.push({scope: name, period: rangeOf(input), series: await seriesAt(path, fs)});
  return new CombinedSeries(output, deployments, new Map(Object.entries(units)));
}

async function unmatched({scopes}: CombineSpec, fs: Reader): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const {name, inputs} of scopes)
    for (const {series} of inputs)
      if ((await seriesIn(series, fs)).length === 0) notes.push(`Scope ${name}: nothing matches ${series} yet.`);
  return notes;
}

/** Units of parameters that no column has are most often misspelt. */
function unused({units}: CombineSpec, columns: readonly Column[]): readonly string[] {
  const parameters = [...new Set(columns.map(parameterOf))];
  if (parameters.length === 0) return []; // which is said already
  return Object.keys(units)
    .filter((name) => !columns.some((column) => isOf(name, column)))
    .map((name) => `There is no ${name} to tell in ${units[name]}; there are ${parameters.join(", ")}.`);
}
