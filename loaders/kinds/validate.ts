import * as z from "zod";
import type {Reader, Series} from "../../pond/types.js";
import {tablesIn} from "../series/annotation.js";
import type {Dataset} from "../series/dataset.js";
import {seriesAt} from "../series/alias.js";
import {lineageOf, withOwn} from "../series/lineage.js";
import {fillable, Mapped, placeable, troubles} from "../series/mapped.js";
import {type Mark, marksOf} from "../quality/mark.js";
import {path} from "../path.js";
import {ifSound} from "../sound.js";
import {addFlags, noFlags} from "../readings/flag.js";
import {counted, formatCount} from "../format.js";
import {fill} from "../pattern.js";
import {type Plan, planOf} from "../quality/plan.js";
import {isNumeric} from "../reduction/reduction.js";
import {duration, lengthOf, rule, type Rule} from "../quality/rule.js";
import {concerns, isFor, unmet} from "../series/target.js";
import type {ColumnCounts, ComputeContext, Kind, TestedSeries} from "../types.js";
import {ValidatedSeries} from "../quality/validated.js";

const mapped = new Mapped("validated");

const schema = z
  .strictObject({
    input: path().describe("the series: a path or a pattern"),
    output: path().describe("where each stands; $0, $1, … stand for what the wildcards matched"),
    interval: duration.describe(
      "from one reading to the next; a step of more than two is a gap, which no test looks across"
    ),
    tests: z
      .array(rule)
      .default([])
      .describe("thresholds by parameter; of several that have a test for a column, the first counts"),
    annotations: z
      .array(path())
      .default(["/annotations/*"])
      .describe("the tables of Manual whose flags count before those of all tests")
  })
  .superRefine(refuseShort, ifSound("tests.*.flatLine", "tests.*.interval", "interval"))
  .superRefine(
    placeable((mapping) => mapped.isCircular(mapping)),
    ifSound("input", "output")
  )
  .superRefine(
    ({input, tests}, context) => {
      for (const [index, {neighbour}] of tests.entries())
        fillable(input, {path: ["tests", index, "neighbour", "series"], template: neighbour?.series ?? ""}, context);
    },
    ifSound("input", "tests.*.neighbour")
  );

type Timed = Pick<Rule, "flatLine" | "interval">;

function refuseShort({tests, interval}: {tests: readonly Timed[]; interval: string}, context: z.RefinementCtx): void {
  for (const [index, test] of tests.entries()) {
    const times = test.flatLine ? [test.flatLine.suspect, test.flatLine.fail] : [];
    const short = times.find((time) => time && lengthOf(time) < 2 * lengthOf(test.interval ?? interval));
    if (short !== undefined)
      context.addIssue({
        code: "custom",
        path: ["tests", index, "flatLine"],
        message: "two readings may well be the same: write a time of at least two intervals"
      });
  }
}

export type ValidateSpec = z.infer<typeof schema>;

/** Flags beside readings, as the tests of QARTOD and people give them; computed on access, where something changed. */
export const validate: Kind<ValidateSpec> = {
  name: "Validate",
  summary: "Tests readings as QARTOD says, and puts a flag beside each: good, suspect, failed, not evaluated, missing.",
  schema,
  ...mapped.kind(schema, validatedSeries, neighboursIn),
  reads: (spec) => [spec.input, ...spec.annotations, ...neighboursIn(spec)],
  async run({spec}, {duck, cache, effects, ...context}) {
    const fs = await context.fs();
    const datasets = await mapped.datasets(spec, fs);
    const tests: TestedSeries[] = [];
    const notes: string[] = [];
    const errors = await troubles(datasets, async (dataset) => {
      effects.reporter.step(`Validating ${dataset.name}`);
      const series = await validatedSeries(spec, dataset, {fs, duck, cache});
      const columns = await series.counts();
      await series.sweep();
      tests.push({series: dataset.path, columns});
      notes.push(`${dataset.name}: ${summed(columns)}`);
    });
    return {
      read: 0,
      stored: 0,
      aside: 0,
      notes: [...notes, ...(await unheeded(spec, datasets, fs))],
      errors,
      tests
    };
  }
};

/** The series of neighbours, as patterns. */
function neighboursIn({tests}: ValidateSpec): readonly string[] {
  return tests.flatMap(({neighbour}) => neighbour?.series?.replace(/\$\d+/g, "*") ?? []);
}

type Ground = Pick<ComputeContext, "fs" | "duck" | "cache">;

async function validatedSeries(
  spec: ValidateSpec,
  dataset: Dataset,
  {fs, duck, cache}: Ground
): Promise<ValidatedSeries> {
  const source = await seriesAt(dataset.input, fs);
  const plan = async (): Promise<Plan> => {
    const rules = spec.tests.filter((test) => isFor(test, dataset.input)).map((test) => filled(test, dataset));
    const series = async (path: string) => ((await fs.exists(path)) ? fs.series(path) : undefined);
    return planOf({
      source,
      rules,
      interval: spec.interval,
      marks: await flaggedByHand(spec, {source, path: dataset.path}, fs),
      series
    });
  };
  return new ValidatedSeries(dataset.path, {source, plan, duck, cache});
}

/** The flags that people gave to readings of a series, whatever they called it; `path` is where it stands with flags. */
async function flaggedByHand(
  {annotations}: ValidateSpec,
  {source, path}: {readonly source: Series; readonly path: string},
  fs: Reader
): Promise<readonly Mark[]> {
  const rows = (await tablesIn(annotations, fs)).flatMap((table) => table.rows ?? []);
  if (rows.length === 0) return [];
  const columns = (await source.columns()).filter(isNumeric);
  return marksOf(rows, {lineage: withOwn(path, await lineageOf(source)), columns});
}

function summed(columns: readonly ColumnCounts[]): string {
  const {good, notEvaluated, suspect, fail} = columns.map(({flags}) => flags).reduce(addFlags, noFlags);
  const all = counted(good + notEvaluated + suspect + fail, "reading");
  return `${formatCount(suspect)} suspect and ${formatCount(fail)} failed of ${all}.`;
}

/** What is written and changes nothing. */
async function unheeded(spec: ValidateSpec, datasets: readonly Dataset[], fs: Reader): Promise<readonly string[]> {
  const strange = (await tablesIn(spec.annotations, fs)).filter(({rows}) => rows === undefined);
  return [
    ...(await unmet(spec.tests, {datasets, fs, purpose: "test"})),
    ...(await withoutNeighbours(spec, datasets, fs)),
    ...strange.map(({path}) => `${path} is no table of annotations, and flags nothing.`)
  ];
}

/** Neighbours that are not there, by which nothing is evaluated. */
async function withoutNeighbours({tests}: ValidateSpec, datasets: readonly Dataset[], fs: Reader) {
  const notes = new Set<string>();
  for (const dataset of datasets)
    for (const test of tests.filter((one) => one.neighbour && isFor(one, dataset.input))) {
      const {series = dataset.input, scope} = filled(test, dataset).neighbour!;
      const wanted = {parameter: test.parameter, scope};
      const columns = (await fs.exists(series)) ? await (await fs.series(series)).columns() : [];
      if (columns.some((column) => concerns(wanted, column, columns))) continue;
      const told = [test.parameter, scope, series].filter(Boolean).join(" of ");
      notes.add(`There is no ${told} to be a neighbour, and nothing is evaluated by it.`);
    }
  return [...notes];
}

function filled(test: Rule, {captures}: Dataset): Rule {
  const {neighbour} = test;
  if (neighbour?.series === undefined) return test;
  return {...test, neighbour: {...neighbour, series: fill(neighbour.series, captures)}};
}
