import {compile} from "../../pond/glob.js";
import type {Glob} from "../../pond/glob.js";
import {namesOf, normalize} from "../../pond/path.js";
import type {Reader} from "../../pond/types.js";
import {kindNamed} from "../kind.js";
import {landingsOf} from "./landing.js";
import {nameOf, ResourceError} from "../resources/resource.js";
import {sentence} from "../resources/spot.js";
import {reaches} from "../series/dataset.js";
import type {Kind, Resource} from "../types.js";

/** A resource of the files, or one that left them and goes on computing. */
export type Party = Pick<Resource, "kind" | "name" | "description" | "spec"> & Partial<Pick<Resource, "place">>;

/** One resource reads what another writes. */
export interface Dependency<One extends Party = Resource> {
  readonly source: One;
  readonly reader: One;
  readonly paths: readonly string[]; // what the reader reads there, as it is written
}

/** Which resources read what which others write, in the order given, also by way of links that stand in the pond. */
export async function dependenciesIn<One extends Party>(
  fs: Reader,
  resources: readonly One[],
  kinds: readonly Kind[]
): Promise<readonly Dependency<One>[]> {
  const reads = resources.flatMap(({kind, spec}) => kindNamed(kind, kinds).reads?.(spec) ?? []);
  return dependenciesOf(resources, kinds, await landingsOf(new Set(reads), fs));
}

/** The same by paths alone, and by where those lead that are told to lead elsewhere. */
export function dependenciesOf<One extends Party>(
  resources: readonly One[],
  kinds: readonly Kind[],
  landings: ReadonlyMap<string, string> = new Map()
): readonly Dependency<One>[] {
  const all = resources.map((resource) => endsOf(resource, {kinds, landings}));
  return all.flatMap((reader) =>
    all.flatMap((source) => {
      const paths = pathsBetween(source, reader);
      return paths.length === 0 ? [] : [{source: source.resource, reader: reader.resource, paths}];
    })
  );
}

/**
 * Resources, and what they wait for, so that each comes after those whose paths it reads; where nothing decides, in the
 * order given. Throws ResourceError that draws the cycle when resources wait for one another, or one for itself.
 */
export function inOrder<One extends Party>(
  resources: readonly One[],
  dependencies: readonly Dependency<One>[]
): readonly One[] {
  const sources = sourcesOf(dependencies);
  const ordered = new Set<One>();
  const visit = (resource: One, waiting: readonly One[]): void => {
    if (ordered.has(resource)) return;
    if (waiting.includes(resource)) throw cycle([...waiting, resource], dependencies);
    for (const source of sources.get(resource) ?? []) visit(source, [...waiting, resource]);
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource, []);
  return [...ordered];
}

/** Those that each resource waits for; none for one that waits for none. */
export function sourcesOf<One extends Party>(
  dependencies: readonly Dependency<One>[]
): ReadonlyMap<One, readonly One[]> {
  const found = new Map<One, One[]>();
  for (const {source, reader} of dependencies) found.set(reader, [...(found.get(reader) ?? []), source]);
  return found;
}

/** Drawn the way the readings would go, from the last of those that wait, which is among them before. */
function cycle<One extends Party>(waiting: readonly One[], dependencies: readonly Dependency<One>[]): ResourceError {
  const resource = waiting.at(-1)!;
  const ring = waiting.slice(waiting.indexOf(resource));
  const own = dependencies.find(({source, reader}) => source === resource && reader === resource);
  const remedy = own
    ? `have it read something else than ${own.paths.join(", ")}`
    : "have one of them read from elsewhere";
  const left = [...new Set(ring.filter(({place}) => place === undefined).map(nameOf))];
  const prune =
    left.length === 0 ? "" : `, or apply with --prune, since the files have no ${left.join(" and no ")} any more`;
  const text = `what this makes it is made of itself: ${ring.toReversed().map(nameOf).join(" → ")}; ${remedy}${prune}.`;
  const {place} = ring.find(({place}) => place) ?? waiting.find(({place}) => place) ?? resource;
  return new ResourceError([place ? sentence(place, text) : text]);
}

// ---- Where paths meet ----

/** What a resource reads and writes. */
interface Ends<One extends Party> {
  readonly resource: One;
  readonly reads: readonly Read[];
  readonly sources: readonly Read[]; // of these, what it computes from
  readonly writes: readonly (readonly string[])[]; // as names
  readonly output?: string; // the one series that it computes
  readonly place?: string; // of the directory that it computes
}

interface Read {
  readonly path: string;
  readonly ways: readonly Way[]; // as it is written, and where that leads
}

interface Way {
  readonly pattern: string;
  readonly glob: Glob;
}

interface Ground {
  readonly kinds: readonly Kind[];
  readonly landings: ReadonlyMap<string, string>;
}

function endsOf<One extends Party>(resource: One, {kinds, landings}: Ground): Ends<One> {
  const {dynamic, ...kind} = kindNamed(resource.kind, kinds);
  const {spec} = resource;
  const output = dynamic?.output?.(spec);
  const reads = [...new Set(kind.reads?.(spec))].map((path) => ({
    path,
    ways: [path, landings.get(path) ?? []].flat().map((pattern) => ({pattern, glob: compile(pattern)}))
  }));
  const sources = dynamic?.sources?.(spec);
  return {
    resource,
    reads,
    sources: sources ? reads.filter(({path}) => sources.includes(path)) : reads,
    writes: (kind.writes?.(spec) ?? []).map((path) => namesOf(normalize(path))),
    ...(output === undefined ? {} : {output: normalize(output)}),
    ...(dynamic ? {place: dynamic.path(spec)} : {})
  };
}

/** What a resource reads of another's; of its own, what it computes where that is among what it is made of. */
function pathsBetween<One extends Party>(source: Ends<One>, reader: Ends<One>): readonly string[] {
  const {writes} = source;
  const found =
    source === reader
      ? reader.sources.filter((read) => isOwn(read, reader))
      : reader.reads.filter(({ways}) => ways.some(({glob}) => writes.some((names) => meet(names, glob))));
  return found.map(({path}) => path);
}

/** Whether what a resource reads may be what it computes. */
function isOwn({ways}: Read, {output, place}: Pick<Ends<Party>, "output" | "place">): boolean {
  return ways.some(
    ({pattern, glob}) =>
      (output !== undefined && glob.match(output) !== undefined) || (place !== undefined && reaches(pattern, place))
  );
}

/** Whether a pattern may lead to a path, or above or below it. */
function meet(names: readonly string[], {levels}: Glob): boolean {
  for (const [index, level] of levels.entries()) {
    const name = names[index];
    if (level === "**" || name === undefined) return true;
    if (!level.test(name)) return false;
  }
  return true;
}
