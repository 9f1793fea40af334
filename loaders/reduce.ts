import {posix} from "node:path";
import {z} from "zod";
import type {DynamicContext, DynamicDirectory, DynamicNode, Reader, Series} from "../pond/types.js";
import {Reduction} from "./reduction.js";
import {
  parseResolution,
  parseResolutions,
  type Resolution,
  resolutionPattern,
  type Statistic,
  statistics,
  twinResolutions
} from "./resolution.js";
import type {Kind} from "./types.js";

const fields = z.strictObject({
  input: z.string().startsWith("/").describe("the series to reduce: a path or a pattern"),
  output: z
    .string()
    .startsWith("/")
    .describe("the directory of each dataset, outside the input; $0, $1, … stand for what the wildcards matched"),
  resolutions: z
    .array(z.string().regex(resolutionPattern, "write a whole number and s, m, h or d, such as 15m, 1h or 7d"))
    .min(1)
    .superRefine((names, context) => {
      for (const message of twinsOf(names)) context.addIssue({code: "custom", message});
    })
    .default(["1h", "2h", "4h", "12h", "24h"])
    .describe("widths of the bins, which are aligned to 1970-01-01T00:00Z"),
  statistics: z
    .array(z.enum(statistics))
    .default([...statistics])
    .describe("what is told of each bin; count always is")
});

const schema = fields.refine(({input, output}) => !reaches(input, rootOf(output)), {
  path: ["output"],
  error: "the input reads there as well: choose a directory that its pattern does not match"
});

export type ReduceSpec = z.infer<typeof schema>;

/**
 * Every resolution of each series that the input matches, computed on access.
 *
 * With `output: /reduced/$0` the dynamic directory stands at `/reduced` and holds a directory per dataset, which holds a
 * series per resolution: `/reduced/BDock/1h`. Bins are `[start, start + width)`, spelled by their start, UTC; a bin
 * without any reading has no row. Columns are `<column>.avg`, `.min`, `.max` (NULL without a reading) and `.count`.
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

/** One series that is reduced, and where it stands. */
export interface Dataset {
  readonly name: string; // its path below the resource's root, or its last name: "BDock"
  readonly path: string; // "/reduced/BDock"
  readonly input: string; // "/sites/BDock"
}

/** The datasets that the input matches now, sorted by path. Throws when two inputs would give one. */
export async function datasetsOf({input, output}: ReduceSpec, fs: Reader): Promise<readonly Dataset[]> {
  const found = new Map<string, Dataset>();
  for (const {path, captures, stat} of await fs.glob(input)) {
    if (stat.dangling || !isSeries((await fs.stat(path)).kind)) continue;
    const place = posix.normalize(output.replace(/\$(\d+)/g, (_, index) => captures[Number(index)] ?? ""));
    const other = found.get(place);
    if (other)
      throw new Error(`${other.input} and ${path} would both be reduced to ${place}: tell them apart by $0, $1, ….`);
    found.set(place, {name: nameOf(place, rootOf(output)), path: place, input: path});
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The reduction of one dataset in the context's snapshot. */
export async function reductionOf(
  spec: ReduceSpec,
  dataset: Dataset,
  {fs, cache}: Pick<DynamicContext, "fs" | "cache">
): Promise<Reduction> {
  return new Reduction(await fs.series(dataset.input), {resolutions: parseResolutions(spec.resolutions), cache});
}

function directoryOf(spec: ReduceSpec, context: DynamicContext): DynamicDirectory {
  let datasets: Promise<readonly Dataset[]> | undefined;
  return branch(context.path, () => (datasets ??= datasetsOf(spec, context.fs)), {
    leaf: async (dataset) => resolutionsDirectory(spec, dataset, await reductionOf(spec, dataset, context))
  });
}

interface Leaves {
  leaf(dataset: Dataset): Promise<DynamicDirectory>;
}

/** A directory on the way to datasets, or the dataset's own. */
function branch(path: string, datasets: () => Promise<readonly Dataset[]>, leaves: Leaves): DynamicDirectory {
  let self: Promise<DynamicDirectory> | undefined;
  const own = async () => {
    const dataset = (await datasets()).find((candidate) => candidate.path === path);
    return dataset && (self ??= leaves.leaf(dataset));
  };
  return {
    list: async () => (await own())?.list() ?? childrenOf(path, await datasets()),
    get: async (name) => {
      const dataset = await own();
      if (dataset) return dataset.get(name);
      if (!childrenOf(path, await datasets()).includes(name)) return undefined;
      return {kind: "directory", directory: branch(posix.join(path, name), datasets, leaves)};
    }
  };
}

function childrenOf(path: string, datasets: readonly Dataset[]): readonly string[] {
  const below = datasets.filter((dataset) => dataset.path.startsWith(`${path}/`));
  return [...new Set(below.map((dataset) => dataset.path.slice(path.length + 1).split("/")[0]!))].sort();
}

function resolutionsDirectory(spec: ReduceSpec, {path}: Dataset, reduction: Reduction): DynamicDirectory {
  const names = reduction.resolutions.map(({name}: Resolution) => name).sort();
  const told = toldOf(spec);
  const series = (name: string): Series => reduction.seriesOf(name, told, posix.join(path, name));
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
function twinsOf(names: readonly string[]): readonly string[] {
  const spelled = names.filter((name) => resolutionPattern.test(name)).map(parseResolution);
  return twinResolutions(spelled.sort((a, b) => a.width - b.width));
}

/** The part of the output that no capture changes. */
function rootOf(output: string): string {
  const cut = output.indexOf("$");
  return posix.normalize(cut < 0 ? output : output.slice(0, output.lastIndexOf("/", cut)) || "/");
}

/** Whether a pattern can match something below a directory. */
function reaches(pattern: string, root: string): boolean {
  const wanted = pattern.split("/").filter(Boolean);
  const names = root.split("/").filter(Boolean);
  for (const [index, part] of wanted.entries()) {
    const name = names[index];
    if (part === "**" || name === undefined) return true;
    const [fixed] = part.split(/[*?[{]/);
    if (fixed === part ? name !== part : !name.startsWith(fixed!)) return false;
  }
  return false;
}

function nameOf(path: string, root: string): string {
  return path === root ? posix.basename(path) : posix.relative(root, path);
}

function isSeries(kind: string): boolean {
  return kind === "series" || kind === "table";
}
