import * as z from "zod";
import {tablesIn} from "../series/annotation.js";
import {adjustmentsOf, correction} from "../quality/correction.js";
import {CorrectedSeries} from "../quality/corrected.js";
import type {Dataset} from "../series/dataset.js";
import {type Calibration, driftsOf} from "../quality/drift.js";
import {isFlag} from "../readings/flag.js";
import {Mapped, placeable, troubles} from "../series/mapped.js";
import {lineageOf} from "../series/lineage.js";
import {seriesAt} from "../series/alias.js";
import {formatInstant} from "../format.js";
import {path} from "../path.js";
import {isNumeric} from "../reduction/reduction.js";
import {ifSound} from "../sound.js";
import {isFor, unmet} from "../series/target.js";
import type {Series} from "../../pond/types.js";
import type {ComputeContext, Kind} from "../types.js";

const mapped = new Mapped("corrected");

const schema = z
  .strictObject({
    input: path().describe("the series: a path or a pattern"),
    output: path().describe("where each stands; $0, $1, … stand for what the wildcards matched"),
    corrections: z
      .array(correction)
      .default([])
      .describe("what is done to readings; each is done to what those before it made of them"),
    annotations: z
      .array(path())
      .default([])
      .describe("the tables of Manual whose calibrations tell of drifts, which are corrected last; none unless given")
  })
  .refine(({corrections, annotations}) => corrections.length + annotations.length > 0, {
    error: "there is nothing in it to correct by: write corrections, annotations or both",
    ...ifSound("corrections", "annotations")
  })
  .superRefine(
    placeable((mapping) => mapped.isCircular(mapping)),
    ifSound("input", "output")
  );

export type CorrectSpec = z.infer<typeof schema>;

/** Readings made right, beside the raw ones, which stay as they are; computed on access. */
export const correct: Kind<CorrectSpec> = {
  name: "Correct",
  summary: "Makes right what instruments told wrong: offsets, factors and drifts, as series beside the raw ones.",
  schema,
  ...mapped.kind(schema, async (spec, dataset, context) => (await correctedSeries(spec, dataset, context)).series),
  reads: ({input, annotations}) => [input, ...annotations],
  async run({spec}, context) {
    const fs = await context.fs();
    const datasets = await mapped.datasets(spec, fs);
    const notes: string[] = [];
    const endless: string[] = [];
    const errors = await troubles(datasets, async (dataset) => {
      const made = await correctedSeries(spec, dataset, {fs});
      notes.push(`${dataset.name}: ${listed(made.corrected)}.`);
      endless.push(...made.errors);
    });
    const strange = (await tablesIn(spec.annotations, fs)).filter(({rows}) => rows === undefined);
    notes.push(
      ...(await unmet(spec.corrections, {datasets, fs, purpose: "correct"})),
      ...strange.map(({path}) => `${path} is no table of annotations, and corrects nothing.`)
    );
    return {read: 0, stored: 0, aside: 0, notes, errors: [...new Set([...errors, ...endless])]};
  }
};

type Ground = Pick<ComputeContext, "fs">;

interface Made {
  readonly series: CorrectedSeries;
  readonly corrected: readonly string[]; // columns
  readonly errors: readonly string[];
}

async function correctedSeries(spec: CorrectSpec, {input, path}: Dataset, ground: Ground): Promise<Made> {
  const source = await seriesAt(input, ground.fs);
  const columns = (await source.columns()).filter((column) => isNumeric(column) && !isFlag(column));
  const rules = spec.corrections.filter((one) => isFor(one, input));
  const written = columns.flatMap((column) => adjustmentsOf(rules, {path: input, column, columns}));
  const {adjustments: drifts, ...wrong} = await driftsIn(spec, {input, source, columns}, ground);
  const adjustments = [...written, ...drifts];
  const names = columns.map(({name}) => name).filter((name) => adjustments.some(({column}) => column === name));
  const errors = [...wrong.endless.map(endlessness), ...wrong.disputed.map(dispute)];
  const series = new CorrectedSeries(path, source, adjustments, {isMended: spec.annotations.length > 0});
  return {series, corrected: names, errors};
}

function endlessness({series, parameter, begin}: Calibration): string {
  return `The calibration of ${series} at ${formatInstant(begin)} tells how far ${parameter} was off, and nothing since when: annotate the deployment or the calibration before it.`;
}

function dispute([one, other]: readonly [Calibration, Calibration]): string {
  const [off, otherwise] = [one, other].map(({offset, unit}) => [offset, unit ?? []].flat().join(" "));
  return `At ${formatInstant(one.begin)} the calibration of ${one.series} tells that ${one.parameter} was off by ${off}, and that of ${other.series} by ${otherwise}, so neither is made good: leave the one that is right.`;
}

interface Part {
  readonly input: string;
  readonly source: Series;
  readonly columns: Parameters<typeof driftsOf>[1]["columns"];
}

/** What calibrations say of the input and what it is made of, but for what was corrected before: once is enough. */
async function driftsIn({annotations}: CorrectSpec, {input, source, columns}: Part, {fs}: Ground) {
  const rows = (await tablesIn(annotations, fs)).flatMap((table) => table.rows ?? []);
  if (rows.length === 0) return {adjustments: [], endless: [], disputed: []};
  return driftsOf(rows, {path: input, columns, lineage: await lineageOf(source)});
}

function listed(columns: readonly string[]): string {
  if (columns.length === 0) return "nothing is corrected";
  return `${columns.join(", ")} ${columns.length === 1 ? "is" : "are"} corrected`;
}
