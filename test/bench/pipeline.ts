import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {formatCount, formatRows} from "../../loaders/format.js";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {publish} from "../../loaders/site/publish.js";
import {datasetsOf} from "../../loaders/series/dataset.js";
import {reductionOf} from "../../loaders/kinds/reduce.js";
import type {ReduceSpec} from "../../loaders/kinds/reduce.js";
import {silent} from "../../loaders/runs/reporter.js";
import {readResources} from "../../loaders/resources/resource.js";
import {run} from "../../loaders/runs/run.js";
import {mooringsOf, simulate} from "../../loaders/kinds/simulator.js";
import type {SimulatorSpec} from "../../loaders/kinds/simulator.js";
import type {Effects, Resource} from "../../loaders/types.js";
import {Duck} from "../../pond/duck.js";
import {Pond} from "../../pond/pond.js";
import {copyProject} from "../project.js";
import type {Project} from "../project.js";

/**
 * What each part of a build of the default deployment costs, beside the plain way to do the same, measured in turn in
 * the same run: `npm run bench`. These figures are for comparing; the machine decides what they are.
 */

const rounds = Number(process.env.ROUNDS ?? 3);
const day1 = Date.parse("2026-03-01T00:00:00Z");
const day2 = day1 + 86_400_000;

interface Measured {
  readonly step: string;
  readonly rows: number;
  readonly seconds: number;
  readonly baseline: string;
  readonly baselineSeconds: number;
}

function effectsAt(now: number): Effects {
  return {now: () => now, env: {}, reporter: silent};
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** One round in a fresh directory. */
async function round(resources: readonly Resource[]): Promise<Measured[]> {
  const directory = await mkdtemp(join(tmpdir(), "bench-"));
  const project = await copyProject();
  const pond = await Pond.open(join(directory, "pond"), {create: true, dynamic: dynamicFactories()});
  const duck = new Duck();
  const bench = {directory, project, pond, duck, resources};
  try {
    const parts = [await collect(bench), await reduceAll(bench), await publishAll(bench), await nothingNew(bench)];
    return [...parts, ...(await buildAll(bench))];
  } finally {
    await duck.close();
    await pond.close();
    await project.dispose();
    await rm(directory, {recursive: true});
  }
}

interface Bench {
  readonly directory: string;
  readonly project: Project;
  readonly pond: Pond;
  readonly duck: Duck;
  readonly resources: readonly Resource[];
}

async function collect({pond, resources}: Bench): Promise<Measured> {
  const spec = resources.find(({kind}) => kind === "Simulator")!.spec as SimulatorSpec;
  let rows = 0;
  const seconds = await secondsOf(async () => {
    rows = (await run(pond, resources, effectsAt(day1))).rows.reduce((sum, row) => sum + row.stored, 0);
  });
  const begin = day1 - 730 * 86_400_000;
  const baselineSeconds = await secondsOf(async () => {
    for (const mooring of mooringsOf(spec)) simulate(spec.seed, mooring, {begin, end: day1});
  });
  return {step: "collect", rows, seconds, baseline: "simulating alone, nothing stored", baselineSeconds};
}

async function reduceAll({pond, resources, duck, directory}: Bench): Promise<Measured> {
  const {spec} = resources.find(({kind}) => kind === "Reduce") as Resource<ReduceSpec>;
  const fs = await pond.fs();
  let rows = 0;
  const seconds = await secondsOf(async () => {
    for (const dataset of await datasetsOf(spec, fs)) {
      const reduction = await reductionOf(spec, dataset, {fs, cache: pond.cache});
      for (const level of await reduction.levels()) await reduction.build(level);
    }
  });
  const baselineSeconds = await secondsOf(async () => {
    for (const dataset of await datasetsOf(spec, fs)) {
      const series = await fs.series(dataset.input);
      const columns = (await series.columns()).map(({name}) => `"${name}"`);
      const told = columns.flatMap((name) => ["sum", "count", "min", "max"].map((call) => `${call}(${name})`));
      const bin = "time_bucket(INTERVAL 15 MINUTE, timestamp)";
      const sql = `SELECT ${bin} AS bin, ${told.join(", ")} FROM ${await series.relation()} GROUP BY bin ORDER BY bin`;
      await duck.copy(sql, join(directory, `${dataset.name}.parquet`));
      rows += Number((await duck.rows(`SELECT count(*) AS n FROM ${await series.relation()}`))[0]!.n);
    }
  });
  return {
    step: "reduce",
    rows,
    seconds,
    baseline: "one SQL query a site, the finest resolution alone",
    baselineSeconds
  };
}

async function publishAll({pond, resources, duck, directory}: Bench): Promise<Measured> {
  const [fs, commits] = [await pond.fs(), await pond.log()];
  const target = join(directory, "published");
  const publication = {fs, commits, resources, effects: effectsAt(day1), cache: pond.cache, directory: target};
  let rows = 0;
  const seconds = await secondsOf(async () => {
    const {datasets} = await publish(publication);
    rows = datasets.flatMap(({resolutions}) => resolutions).reduce((sum, resolution) => sum + resolution.rows, 0);
  });
  const baselineSeconds = await secondsOf(() =>
    duck.copy(`SELECT * FROM read_parquet('${target}/[A-Z]*/*/*.parquet')`, join(directory, "plain.parquet"), {
      FORMAT: "parquet",
      COMPRESSION: "snappy"
    })
  );
  return {step: "publish", rows, seconds, baseline: "COPY of the same rows into one file", baselineSeconds};
}

async function nothingNew({pond, resources, directory}: Bench): Promise<Measured> {
  const target = join(directory, "published");
  const seconds = await secondsOf(async () => {
    await run(pond, resources, effectsAt(day1));
    const [fs, commits] = [await pond.fs(), await pond.log()];
    await publish({fs, commits, resources, effects: effectsAt(day1), cache: pond.cache, directory: target});
  });
  return {step: "nothing new", rows: 0, seconds, baseline: "", baselineSeconds: NaN};
}

/** Whole commands, as a user types them: a fresh clone, then the next day. */
async function buildAll({project}: Bench): Promise<Measured[]> {
  const env = (now: number) => ({POND_NOW: new Date(now).toISOString()});
  const fresh = await secondsOf(() => project.build(env(day1)));
  const next = await secondsOf(() => project.build(env(day2)));
  const published = {POND_PUBLISHED: join(project.directory, ".pond/cache/published"), POND_OUTPUT: "plain"};
  const plain = await secondsOf(() => project.observable(published));
  const baseline = "observable build alone, data as it lies there";
  return [
    {step: "build, a fresh clone", rows: 0, seconds: fresh, baseline, baselineSeconds: plain},
    {step: "build, the next day", rows: 0, seconds: next, baseline, baselineSeconds: plain}
  ];
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

function summary(all: readonly Measured[][]): Record<string, unknown>[] {
  return all[0]!.map(({step, rows, baseline}, index) => {
    const of = (pick: (measured: Measured) => number) => median(all.map((one) => pick(one[index]!)));
    const [seconds, plain] = [of((one) => one.seconds), of((one) => one.baselineSeconds)];
    return {
      step,
      rows: rows > 0 ? formatCount(rows) : "",
      seconds: seconds.toFixed(2),
      "rows/s": rows > 0 ? formatCount(Math.round(rows / seconds)) : "",
      ratio: Number.isNaN(plain) ? "" : (seconds / plain).toFixed(2),
      "to the baseline": baseline
    };
  });
}

const resources = await readResources(join(import.meta.dirname, "../../resources"), kinds, {});
const all: Measured[][] = [];
for (let index = 0; index < rounds; index++) all.push(await round(resources));
process.stdout.write(`Medians of ${rounds} rounds.\n${formatRows(summary(all), "table")}\n`);
process.exit(0); // the engines of the reduction stay open for the next piece of work
