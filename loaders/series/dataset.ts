import {posix} from "node:path";
import {PondError} from "../../pond/error.js";
import {compile, isGlob} from "../../pond/glob.js";
import type {Glob} from "../../pond/glob.js";
import type {DynamicContext, DynamicDirectory, DynamicNode, Match, Reader} from "../../pond/types.js";
import {fill} from "../pattern.js";

/** From series that a pattern matches to what is made of each. */
export interface Mapping {
  readonly input: string; // a path or a pattern of the pond
  readonly output: string; // $0, $1, … stand for what the wildcards matched
}

/** One series that something is made of, and where that stands. */
export interface Dataset {
  readonly name: string; // its path below the resource's root, or its last name: "BDock"
  readonly path: string; // "/reduced/BDock"
  readonly input: string; // "/sites/BDock"
  readonly captures: readonly string[]; // what the input's wildcards stood for: ["BDock"]
}

/** The series and tables that a pattern matches, sorted by path; of a path without wildcards whatever stands there. */
export async function seriesIn(pattern: string, fs: Reader): Promise<readonly Match[]> {
  const found = await fs.glob(pattern);
  return isGlob(pattern) ? areSeries(found, fs) : found.filter(({stat}) => !stat.dangling);
}

async function areSeries(found: readonly Match[], fs: Reader): Promise<readonly Match[]> {
  const are = await Promise.all(
    found.map(async ({path, stat}) => {
      if (stat.dangling) return false;
      return isSeries(stat.kind === "symlink" ? (await fs.stat(path)).kind : stat.kind);
    })
  );
  return found.filter((_, index) => are[index]);
}

/** The datasets that the input matches now, sorted by path. Throws when two inputs would give one. */
export async function datasetsOf(mapping: Mapping, fs: Reader): Promise<readonly Dataset[]> {
  const {datasets, twins} = await placed(mapping, fs);
  for (const trouble of twins.values()) throw trouble;
  return datasets;
}

/** What matches are mapped to. */
interface Placed {
  readonly datasets: readonly Dataset[]; // sorted by path
  readonly twins: ReadonlyMap<string, Error>; // by the places that several inputs would have, where none of them stands
}

/** By output: a list of matches is the same as long as nothing changed. */
const known = new WeakMap<readonly Match[], Map<string, Promise<Placed>>>();

/** The same, and the places that two inputs or more would have. */
export async function placed({input, output}: Mapping, fs: Reader): Promise<Placed> {
  const matches = await fs.glob(input);
  const outputs = known.get(matches) ?? new Map<string, Promise<Placed>>();
  known.set(matches, outputs);
  const found = outputs.get(output) ?? placeAll(matches, output, fs);
  outputs.set(output, found);
  found.catch(() => outputs.delete(output)); // told to whoever waits for it
  return found;
}

async function placeAll(matches: readonly Match[], output: string, fs: Reader): Promise<Placed> {
  const found = new Map<string, Dataset>();
  const twins = new Map<string, Error>();
  for (const {path, captures} of await areSeries(matches, fs)) {
    const place = posix.normalize(fill(output, captures));
    const other = found.get(place);
    if (other)
      twins.set(place, new Error(`${other.input} and ${path} would both be ${place}: tell them apart by $0, $1, ….`));
    else found.set(place, {name: nameOf(place, rootOf(output)), path: place, input: path, captures});
  }
  const datasets = [...found.values()].filter(({path}) => !twins.has(path));
  return {datasets: datasets.sort((a, b) => (a.path < b.path ? -1 : 1)), twins};
}

type Leaf = (dataset: Dataset) => Promise<DynamicNode>;

/** The dynamic directory that holds what is made of each dataset, at the dataset's own path. */
export function treeOf(
  mapping: Mapping,
  {fs, path}: Pick<DynamicContext, "fs" | "path">,
  leaf: Leaf
): DynamicDirectory {
  let found: ReturnType<typeof placed> | undefined;
  const made = new Map<string, Promise<DynamicNode>>();
  const once = (dataset: Dataset) => {
    const node = made.get(dataset.path) ?? leaf(dataset);
    made.set(dataset.path, node);
    return node;
  };
  return branch(path, () => (found ??= placed(mapping, fs)), once);
}

/**
 * A directory on the way to datasets, or, where an output without captures stands at the root, the dataset's own. Throws
 * where two inputs would stand.
 */
function branch(path: string, found: () => ReturnType<typeof placed>, leaf: Leaf): DynamicDirectory {
  const at = async (place: string): Promise<Dataset | undefined> => {
    const {datasets, twins} = await found();
    if (twins.has(place)) throw twins.get(place)!;
    return datasets.find((candidate) => candidate.path === place);
  };
  const own = async (): Promise<DynamicDirectory | undefined> => {
    const dataset = await at(path);
    const node = dataset && (await leaf(dataset));
    return node?.kind === "directory" ? node.directory : undefined;
  };
  return {
    list: async () => (await own())?.list() ?? childrenOf(path, (await found()).datasets),
    get: async (name) => {
      const directory = await own();
      if (directory) return directory.get(name);
      const place = posix.join(path, name);
      const dataset = await at(place);
      if (dataset) return leaf(dataset);
      if (!childrenOf(path, (await found()).datasets).includes(name)) return undefined;
      return {kind: "directory", directory: branch(place, found, leaf)};
    }
  };
}

function childrenOf(path: string, datasets: readonly Dataset[]): readonly string[] {
  const below = datasets.filter((dataset) => dataset.path.startsWith(`${path}/`));
  return [...new Set(below.map((dataset) => dataset.path.slice(path.length + 1).split("/")[0]!))].sort();
}

/** The part of the output that no capture changes. */
export function rootOf(output: string): string {
  const cut = output.indexOf("$");
  return posix.normalize(cut < 0 ? output : output.slice(0, output.lastIndexOf("/", cut)) || "/");
}

/** Whether a pattern can match something below a directory. */
export function reaches(pattern: string, root: string): boolean {
  const names = root.split("/").filter(Boolean);
  for (const [index, level] of levelsIn(pattern).entries()) {
    const name = names[index];
    if (level === "**" || name === undefined) return true;
    if (!level.test(name)) return false;
  }
  return false;
}

/** None of a pattern that is not closed, which is told where patterns are. */
function levelsIn(pattern: string): Glob["levels"] {
  try {
    return compile(pattern).levels;
  } catch (error) {
    if (error instanceof PondError) return [];
    throw error;
  }
}

function nameOf(path: string, root: string): string {
  return path === root ? posix.basename(path) : posix.relative(root, path);
}

function isSeries(kind: string): boolean {
  return kind === "series" || kind === "table";
}
