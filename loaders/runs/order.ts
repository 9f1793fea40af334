import {compile} from "../../pond/glob.js";
import type {Glob} from "../../pond/glob.js";
import {namesOf, normalize} from "../../pond/path.js";
import {kindNamed} from "../kind.js";
import {nameOf, ResourceError} from "../resources/resource.js";
import {sentence} from "../resources/spot.js";
import {reaches} from "../series/dataset.js";
import type {Kind, Resource} from "../types.js";

/** One resource reads what another writes. */
export interface Dependency {
  readonly source: Resource;
  readonly reader: Resource;
  readonly paths: readonly string[]; // what the reader reads there, as it is written
}

/** Which resources read what which others write, in the order given. */
export function dependenciesOf(resources: readonly Resource[], kinds: readonly Kind[]): readonly Dependency[] {
  const all = resources.map((resource) => endsOf(resource, kinds));
  return all.flatMap((reader) =>
    all.flatMap((source) => {
      const paths = pathsBetween(source, reader);
      return paths.length === 0 ? [] : [{source: source.resource, reader: reader.resource, paths}];
    })
  );
}

/**
 * Resources so that each comes after those whose paths it reads; where nothing decides, in the order given. Throws
 * ResourceError that draws the cycle when resources wait for one another, or one for itself.
 */
export function inOrder(resources: readonly Resource[], dependencies: readonly Dependency[]): readonly Resource[] {
  const sources = sourcesOf(dependencies);
  const ordered = new Set<Resource>();
  const visit = (resource: Resource, waiting: readonly Resource[]): void => {
    if (ordered.has(resource)) return;
    if (waiting.includes(resource)) throw cycle([...waiting.slice(waiting.indexOf(resource)), resource], dependencies);
    for (const source of sources.get(resource) ?? []) visit(source, [...waiting, resource]);
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource, []);
  return [...ordered];
}

/** Those that each resource waits for; none for one that waits for none. */
export function sourcesOf(dependencies: readonly Dependency[]): ReadonlyMap<Resource, readonly Resource[]> {
  const found = new Map<Resource, Resource[]>();
  for (const {source, reader} of dependencies) found.set(reader, [...(found.get(reader) ?? []), source]);
  return found;
}

/** Drawn the way the readings would go. */
function cycle(waiting: readonly Resource[], dependencies: readonly Dependency[]): ResourceError {
  const names = waiting.toReversed().map(nameOf);
  const [resource] = waiting;
  const own = dependencies.find(({source, reader}) => source === resource && reader === resource);
  const remedy = own
    ? `have it read something else than ${own.paths.join(", ")}`
    : "have one of them read from elsewhere";
  const text = `what this makes it is made of itself: ${names.join(" → ")}; ${remedy}.`;
  return new ResourceError([sentence(resource!.place, text)]);
}

// ---- Where paths meet ----

/** What a resource reads and writes. */
interface Ends {
  readonly resource: Resource;
  readonly reads: readonly Read[];
  readonly sources: readonly Read[]; // of these, what it computes from
  readonly writes: readonly (readonly string[])[]; // as names
  readonly output?: string; // the one series that it computes
  readonly place?: string; // of the directory that it computes
}

interface Read {
  readonly path: string;
  readonly glob: Glob;
}

function endsOf(resource: Resource, kinds: readonly Kind[]): Ends {
  const {dynamic, ...kind} = kindNamed(resource.kind, kinds);
  const {spec} = resource;
  const output = dynamic?.output?.(spec);
  const reads = [...new Set(kind.reads?.(spec))].map((path) => ({path, glob: compile(path)}));
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
function pathsBetween(source: Ends, reader: Ends): readonly string[] {
  const {writes} = source;
  const found =
    source === reader
      ? reader.sources.filter((read) => isOwn(read, reader))
      : reader.reads.filter(({glob}) => writes.some((names) => meet(names, glob)));
  return found.map(({path}) => path);
}

/** Whether what a resource reads may be what it computes. */
function isOwn({path, glob}: Read, {output, place}: Ends): boolean {
  return (output !== undefined && glob.match(output) !== undefined) || (place !== undefined && reaches(path, place));
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
