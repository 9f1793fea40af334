import {posix} from "node:path";
import type {Reader} from "../../pond/types.js";
import {appliedIn} from "../resources/applied.js";
import {renewed} from "../resources/former.js";
import {intersect} from "./combined.js";
import {kindNamed} from "../kind.js";
import type {Kind, Origin, Resource} from "../types.js";

/** What computes series in a snapshot. */
interface Computing {
  readonly resources: readonly Pick<Resource, "kind" | "spec">[];
  readonly kinds: readonly Kind[]; // those of the resources
  readonly fs: Reader;
}

/** What is known of a deployment in a snapshot. */
export interface Deployed extends Computing {
  readonly resources: readonly Resource[];
}

/** A series among those that another is made of. */
export interface Ancestor extends Origin {
  readonly isSource: boolean; // nothing computes it: its readings are stored
}

/** All that a series is made of, however many steps away: itself first, then each before what it is made of in turn. */
export async function lineageOf(path: string, deployed: Computing): Promise<readonly Ancestor[]> {
  return follow({path: posix.normalize(path), period: {}}, deployed);
}

async function follow(origin: Origin, deployed: Computing): Promise<readonly Ancestor[]> {
  const {resources, kinds, fs} = deployed;
  const steps = resources.map(async ({kind: name, spec}) => {
    const kind = kindNamed(name, kinds);
    const isMaker = kind.writes?.(spec).some((place) => isAtOrBelow(origin.path, place)) ?? false;
    return (isMaker && kind.origins?.(spec, origin.path, fs)) || [];
  });
  const sources = (await Promise.all(steps)).flat().flatMap((source) => within(source, origin));
  const found = await Promise.all(sources.map((source) => follow(source, deployed)));
  return [{...origin, isSource: sources.length === 0}, ...found.flat()];
}

/** A source as part of what is made of it: the outermost scope is how its columns are called in the end. */
function within(source: Origin, {scope = source.scope, period}: Origin): Origin[] {
  const both = intersect(source.period, period);
  return both ? [{path: source.path, ...(scope === undefined ? {} : {scope}), period: both}] : [];
}

/** Whether a path is a place or below it. */
export function isAtOrBelow(path: string, place: string): boolean {
  const root = posix.normalize(place).replace(/\/$/, "");
  return path === root || path.startsWith(`${root}/`);
}

/** The resources that compute something, as a snapshot keeps them; one that cannot be read computes nothing. */
export async function computingIn({fs, kinds}: Omit<Computing, "resources">): Promise<Computing["resources"]> {
  return (await appliedIn(fs)).flatMap(({kind: name, spec: source}) => {
    const kind = kinds.find((one) => one.name === name && one.origins !== undefined);
    const spec = kind?.schema.safeParse(renewed(source, kind.schema));
    return spec?.success ? [{kind: name, spec: spec.data}] : [];
  });
}
