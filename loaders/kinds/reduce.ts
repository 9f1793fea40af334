import {posix} from "node:path";
import * as z from "zod";
import {Asked} from "../../pond/asked.js";
import type {DynamicContext, DynamicDirectory, DynamicNode, Series} from "../../pond/types.js";
import {type Dataset, reaches, rootOf, treeOf} from "../series/dataset.js";
import {exactUpTo} from "../reduction/digest.js";
import {ladderFor, samplingOf, stepNear} from "../reduction/ladder.js";
import {path} from "../path.js";
import {type ReducedOptions, ReducedSeries} from "../reduction/reduced.js";
import {type Ladder, Reduction} from "../reduction/reduction.js";
import {
  parseResolution,
  parseResolutions,
  resolutionPattern,
  resolutionWords,
  twinResolutions
} from "../time/resolution.js";
import {ifSound} from "../sound.js";
import {published, type Statistic, statistics} from "../reduction/statistic.js";
import {LateSeries} from "../series/late.js";
import {placeable} from "../series/mapped.js";
import {seriesAt} from "../series/alias.js";
import {wholly} from "../series/origin.js";
import type {Kind, Origin} from "../types.js";
import {timeZone} from "../time/zone.js";

/** How the readings themselves are called among resolutions. */
const raw = "raw";

const fields = z.strictObject({
  input: path().describe("the series to reduce: a path or a pattern"),
  output: path().describe(
    "the directory of each dataset, outside the input; $0, $1, … stand for what the wildcards matched"
  ),
  resolutions: z
    .array(z.union([z.literal(raw), z.string().regex(resolutionPattern, resolutionWords)]))
    .refine((names) => names.some((name) => name !== raw), "name a width too: readings alone show no long time")
    .optional()
    .describe(
      "widths of the bins, which are aligned to 1970-01-01T00:00Z; 1d, 1w, 1mo, 1q and 1y follow the calendar, raw is the readings themselves; unless given those of raw, 10s, 1m, 10m, 1h, 6h, 1d, 1mo and 1y that suit the readings"
    ),
  timeZone: timeZone.describe("of the calendar's days, weeks, months, quarters and years"),
  statistics: z
    .array(z.enum(statistics))
    .default([...published])
    .describe(
      `what is told of each bin; count always is. Percentiles are exact in bins made of readings, and in those folded from bins of up to ${exactUpTo} readings each; beyond, a t-digest tells them within 1 % of the ranks`
    ),
  interval: z
    .string()
    .regex(/^[1-9]\d{0,5}[smhd]$/, "write a whole number and s, m, h or d, such as 15m")
    .optional()
    .describe("from one reading to the next, which coverage is told against"),
  suspect: z
    .enum(["keep", "drop"])
    .default("keep")
    .describe("whether readings flagged as suspect count; those that failed never do"),
  directions: z
    .array(z.string())
    .default([])
    .describe(
      "parameters that turn, such as wind direction, in degrees unless their unit is another: their mean is that of unit vectors"
    )
});

const schema = fields
  .superRefine(
    ({resolutions, timeZone}, context) => {
      for (const message of twinsOf(resolutions ?? [], timeZone))
        context.addIssue({code: "custom", path: ["resolutions"], message});
    },
    ifSound("resolutions", "timeZone")
  )
  .refine(({statistics, interval}) => !statistics.includes("coverage") || interval !== undefined, {
    path: ["statistics"],
    error: "coverage is a share of the readings that are due: say by interval how far apart they are",
    ...ifSound("statistics", "interval")
  })
  .superRefine(
    placeable(({input, output}) => reaches(input, rootOf(output))),
    ifSound("input", "output")
  );

export type ReduceSpec = z.infer<typeof schema>;

/**
 * Every resolution of each series that the input matches, computed on access.
 *
 * With `output: /reduced/$0` the dynamic directory stands at `/reduced` and holds a directory per dataset, which holds a
 * series per resolution: `/reduced/BDock/1h`. Bins are `[start, start + width)`, spelled by their start, UTC; a bin
 * without any reading has no row. Columns are `<column>.avg`, `.min`, `.max` (NULL without a reading), `.count`, ….
 */
export const reduce: Kind<ReduceSpec> = {
  name: "Reduce",
  summary: "Every resolution of a dataset: mean, minimum, maximum and count, recomputed only where its data changed.",
  schema,
  reads: ({input}) => [input],
  writes: ({output}) => [rootOf(output)],
  dynamic: {
    path: ({output}) => rootOf(output),
    factory: (config, context) => directoryOf(schema.parse(config), context)
  }
};

/** The reduction of one dataset in the context's snapshot. */
export async function reductionOf(
  spec: ReduceSpec,
  dataset: Dataset,
  {fs, cache}: Pick<DynamicContext, "fs" | "cache">
): Promise<Reduction> {
  const {statistics, directions, suspect} = spec;
  const series = await seriesAt(dataset.input, fs);
  const interval = spec.interval === undefined ? undefined : parseResolution(spec.interval).width;
  const ladder = () => ladderOf(spec, {series, cache, interval});
  const every = interval === undefined ? {} : {interval};
  return new Reduction(series, {ladder, cache, statistics, directions, suspect, ...every});
}

interface Sampled {
  readonly series: Series;
  readonly cache: string; // host directory
  readonly interval?: number; // µs, as the resource says
}

/** What the resource names, or what suits the readings; these are looked at only where they have to tell. */
async function ladderOf(
  {resolutions: named, timeZone}: ReduceSpec,
  {series, cache, interval}: Sampled
): Promise<Ladder> {
  const isTold = named !== undefined && (!named.includes(raw) || interval !== undefined);
  const sampling = (isTold ? undefined : await samplingOf(series, cache)) ?? {interval: 3600e6, span: 0};
  const names = named ?? ladderFor(sampling);
  const resolutions = parseResolutions(
    names.filter((name) => name !== raw),
    timeZone
  );
  return {resolutions, ...(names.includes(raw) ? {raw: stepNear(interval ?? sampling.interval)} : {})};
}

function directoryOf(spec: ReduceSpec, context: DynamicContext): DynamicDirectory {
  const {fs, cache} = context;
  return treeOf(spec, context, async (dataset) => {
    const {path} = dataset;
    const asked = new Asked(path);
    const reduction = await reductionOf(spec, dataset, {fs: fs.askedBy(asked), cache});
    const options = {statistics: toldOf(spec), path, cache, asked};
    return {kind: "directory", directory: resolutionsDirectory(reduction, options), asked};
  });
}

/** All of a dataset is worked out together, and asks in one name. */
function resolutionsDirectory(
  reduction: Reduction,
  {statistics, path, cache, asked}: Omit<ReducedOptions, "name"> & {readonly asked: Asked}
): DynamicDirectory {
  const seriesAt = (name: string): Series => {
    const place = posix.join(path, name);
    const make = async () =>
      name === raw
        ? standingAt(place, reduction.source)
        : new ReducedSeries(reduction, {name, statistics, path: place, cache});
    return new LateSeries(place, make, asked);
  };
  return {
    list: async () => [...(await reduction.names())].sort(),
    get: async (name): Promise<DynamicNode | undefined> =>
      (await reduction.names()).includes(name) ? {kind: "series", series: seriesAt(name)} : undefined
  };
}

/** A series under another path. */
function standingAt(path: string, series: Series): Series & {origins(): Promise<readonly Origin[]>} {
  return {
    path,
    origins: async () => [await wholly(series)],
    columns: () => series.columns(),
    pieces: (range) => series.pieces(range),
    relation: (range) => series.relation(range)
  };
}

/** In the order in which they are always told. */
function toldOf(spec: ReduceSpec): readonly Statistic[] {
  return statistics.filter((statistic) => statistic === "count" || spec.statistics.includes(statistic));
}

/** Resolutions that are spelled differently and are the same. */
function twinsOf(names: readonly string[], timeZone: string): readonly string[] {
  const spelled = names.filter((name) => resolutionPattern.test(name)).map((name) => parseResolution(name, timeZone));
  return twinResolutions(spelled.sort((a, b) => a.width - b.width));
}
