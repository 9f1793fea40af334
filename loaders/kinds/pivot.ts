import * as z from "zod";
import type {Column, Reader} from "../../pond/types.js";
import {seriesIn} from "../series/dataset.js";
import {CombinedSeries, type Deployment} from "../series/combined.js";
import {path} from "../path.js";
import {fill} from "../pattern.js";
import {fillable} from "../series/mapped.js";
import {oneSeries} from "../series/place.js";
import {flagRenamings, RenamedSeries} from "../series/renamed.js";
import {ifSound} from "../sound.js";
import {concerns} from "../series/target.js";
import {seriesAt} from "../series/alias.js";
import type {Kind} from "../types.js";

const schema = z
  .strictObject({
    input: path().describe("the series to set side by side: a pattern, e.g. /sites/*"),
    output: path().describe("the path of the series, e.g. /pivots/temperature"),
    parameter: z.string().min(1).describe("what is shown of each, e.g. Temperature"),
    scope: z.string().min(1).optional().describe("which of several, where a series has the parameter in more scopes"),
    name: z
      .string()
      .min(1)
      .default("$0")
      .describe("how each is told apart; $0, $1, … stand for what the wildcards matched"),
    unit: z.string().min(1).optional().describe("the unit of all; as they come unless given")
  })
  .superRefine(
    ({input, name}, context) => fillable(input, {path: ["name"], template: name}, context),
    ifSound("input", "name")
  );

export type PivotSpec = z.infer<typeof schema>;

/** One parameter across sites, a column each, computed on access. */
export const pivot: Kind<PivotSpec> = {
  name: "Pivot",
  summary: "One parameter across sites: a column for each, joined on time.",
  schema,
  ...oneSeries("pivoted", schema, (spec, {fs}) => pivotedSeries(spec, fs)),
  reads: ({input}) => [input],
  async run({spec}, {fs}) {
    const series = await pivotedSeries(spec, await fs());
    const {input, parameter} = spec;
    const isEmpty = (await series.columns()).length === 0;
    const notes = isEmpty ? [`Nothing that ${input} matches has ${parameter} yet.`] : await series.notes();
    return {read: 0, stored: 0, aside: 0, notes, errors: []};
  }
};

async function pivotedSeries(spec: PivotSpec, fs: Reader): Promise<CombinedSeries> {
  const {input, output, name, parameter, unit} = spec;
  const found = (await seriesIn(input, fs)).map(async ({path, captures}): Promise<Deployment[]> => {
    const series = await seriesAt(path, fs);
    const columns = await series.columns();
    const own = chosen(spec, path, columns).map((column) => ({from: column.name, column}));
    if (own.length === 0) return [];
    const picked = new RenamedSeries(path, series, [...own, ...flagRenamings(columns, own)]);
    return [{scope: fill(name, captures), period: {}, series: picked}];
  });
  const deployments = (await Promise.all(found)).flat();
  const scopes = deployments.map(({scope}) => scope.toLowerCase());
  const twin = deployments.find((_, index) => scopes.indexOf(scopes[index]!) !== index)?.scope;
  if (twin !== undefined)
    throw new Error(`Two series that ${input} matches would both be ${twin}: tell them apart by $0, $1, … in name.`);
  return new CombinedSeries(output, deployments, new Map(unit === undefined ? [] : [[parameter, unit]]));
}

/** The column of the parameter; several where they are one thing in several units, as of an instrument set up anew. */
function chosen({parameter, scope, unit}: PivotSpec, path: string, columns: readonly Column[]): readonly Column[] {
  const found = columns.filter((column) => concerns({parameter, scope}, column, columns));
  const [first, second] = found;
  if (!second) return found;
  const whose = ({attributes: {scope, instrument}}: Column) => JSON.stringify([scope, instrument]);
  const isOne = found.every((column) => whose(column) === whose(first!));
  if (isOne && unit !== undefined) return found;
  const advice = isOne ? "say by unit in which it is meant" : "say by scope which is meant";
  throw new Error(`${path} has ${parameter} as ${first!.name} and as ${second.name}: ${advice}.`);
}
