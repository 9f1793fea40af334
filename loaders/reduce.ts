import {posix} from "node:path";
import {z} from "zod";
import type {DynamicContext, DynamicDirectory, DynamicNode} from "../pond/types.js";
import {type Dataset, originsIn, reaches, rootOf, treeOf} from "./dataset.js";
import {type ReducedOptions, ReducedSeries} from "./reduced.js";
import {Reduction} from "./reduction.js";
import {
  parseResolution,
  parseResolutions,
  type Resolution,
  resolutionPattern,
  resolutionWords,
  twinResolutions
} from "./resolution.js";
import {published, type Statistic, statistics} from "./statistic.js";
import type {Kind} from "./types.js";
import {timeZone} from "./zone.js";

const fields = z.strictObject({
  input: z.string().startsWith("/").describe("the series to reduce: a path or a pattern"),
  output: z
    .string()
    .startsWith("/")
    .describe("the directory of each dataset, outside the input; $0, $1, … stand for what the wildcards matched"),
  resolutions: z
    .array(z.string().regex(resolutionPattern, resolutionWords))
    .min(1)
    .default(["1h", "2h", "4h", "12h", "24h"])
    .describe("widths of the bins, which are aligned to 1970-01-01T00:00Z; 1d, 1w, 1mo, 1q and 1y follow the calendar"),
  timeZone: timeZone.describe("of the calendar's days, weeks, months, quarters and years"),
  statistics: z
    .array(z.enum(statistics))
    .default([...published])
    .describe("what is told of each bin; count always is"),
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
    .describe("parameters in degrees that turn, such as wind direction: their mean is that of unit vectors")
});

const schema = fields
  .superRefine(({resolutions, timeZone}, context) => {
    for (const message of twinsOf(resolutions, timeZone))
      context.addIssue({code: "custom", path: ["resolutions"], message});
  })
  .refine(({statistics, interval}) => !statistics.includes("coverage") || interval !== undefined, {
    path: ["statistics"],
    error: "coverage is a share of the readings that are due: say by interval how far apart they are"
  })
  .refine(({input, output}) => !reaches(input, rootOf(output)), {
    path: ["output"],
    error: "the input reads there as well: choose a directory that its pattern does not match"
  });

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
  origins: originsIn,
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
  const {timeZone, statistics, directions, interval, suspect} = spec;
  const resolutions = parseResolutions(spec.resolutions, timeZone);
  const every = interval === undefined ? {} : {interval: parseResolution(interval).width};
  return new Reduction(await fs.series(dataset.input), {resolutions, cache, statistics, directions, suspect, ...every});
}

function directoryOf(spec: ReduceSpec, context: DynamicContext): DynamicDirectory {
  return treeOf(spec, context, async (dataset) => ({
    kind: "directory",
    directory: resolutionsDirectory(await reductionOf(spec, dataset, context), {
      statistics: toldOf(spec),
      path: dataset.path,
      cache: context.cache
    })
  }));
}

function resolutionsDirectory(
  reduction: Reduction,
  {statistics, path, cache}: Omit<ReducedOptions, "name">
): DynamicDirectory {
  const names = reduction.resolutions.map(({name}: Resolution) => name).sort();
  const series = (name: string) =>
    new ReducedSeries(reduction, {name, statistics, path: posix.join(path, name), cache});
  return {
    list: async () => names,
    get: async (name): Promise<DynamicNode | undefined> =>
      names.includes(name) ? {kind: "series", series: series(name)} : undefined
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
