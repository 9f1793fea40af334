import {randomUUID} from "node:crypto";
import {isDeepStrictEqual} from "node:util";
import {PondError} from "../../pond/error.js";
import {isWithin, normalize} from "../../pond/path.js";
import type {Pond} from "../../pond/pond.js";
import type {Commit, Reader, Transaction} from "../../pond/types.js";
import {appliedIn, formOf} from "../resources/applied.js";
import type {Applied} from "../resources/applied.js";
import {kindNamed} from "../kind.js";
import {kinds as allKinds} from "../kinds.js";
import {isSamePlace, lay, layoutOf, stands, unlay} from "./layout.js";
import type {Layout} from "./layout.js";
import {memoryOf} from "../resources/memory.js";
import {dependenciesIn, type Dependency, inOrder, type Party} from "./order.js";
import {nameOf, ResourceError} from "../resources/resource.js";
import {sentence, spot} from "../resources/spot.js";
import type {Kind, Resource} from "../types.js";

/** What became of a resource: one that left the files is kept as it was until it is pruned. */
type Change = "created" | "updated" | "renamed" | "unchanged" | "left" | "removed";

export interface AppliedRow {
  readonly kind: string;
  readonly name: string;
  readonly uuid: string;
  readonly change: Change;
  readonly before?: string; // the name that it had
}

export interface ApplyOptions {
  readonly kinds?: readonly Kind[];
  readonly prune?: boolean; // remove those that left the files; what they stored stays
}

export interface ApplyResult {
  readonly rows: readonly AppliedRow[]; // in the order of the files, then those that left
  readonly commit?: Commit; // none when nothing changed
}

/**
 * Makes the pond's resources those of the files, in one transaction, all or nothing: keeps each, lays the directories
 * that kinds compute, and has those that are new begin. Throws ResourceError with all that stands in the way.
 */
export async function apply(
  pond: Pond,
  resources: readonly Resource[],
  {kinds = allKinds, prune = false}: ApplyOptions = {}
): Promise<ApplyResult> {
  const {result: rows, commit} = await pond.transaction({command: "pond apply"}, async (tx) => {
    const {pairs, left} = await sorted(tx, resources, prune);
    await ordered(tx, {pairs, left: prune ? [] : left}, kinds);
    if (prune) for (const one of left) await remove(tx, one, kinds);
    await keep(tx, pairs);
    await layAll(tx, pairs, kinds);
    for (const {resource, before} of pairs) if (!before) await kindNamed(resource.kind, kinds).init?.(resource, tx);
    return [...pairs.map(rowOf), ...left.map((one) => leftRow(one, prune))];
  });
  return {rows, ...(commit ? {commit} : {})};
}

/** What would be made of what if resources were applied. */
export interface Foreseen {
  readonly ordered: readonly Party[]; // each after those that it waits for
  readonly dependencies: readonly Dependency<Party>[];
}

/**
 * The resources as they would be applied, with those that left the files and that they would go on to read, which have
 * no place. Throws ResourceError where they wait for one another, or are not what the pond says of them.
 */
export async function foreseen(
  fs: Reader,
  resources: readonly Resource[],
  {kinds = allKinds}: Pick<ApplyOptions, "kinds"> = {}
): Promise<Foreseen> {
  return ordered(fs, await sorted(fs, resources, false), kinds);
}

function rowOf({applied: {kind, name, uuid}, before, isSame}: Pair): AppliedRow {
  if (!before) return {kind, name, uuid, change: "created"};
  if (before.name !== name) return {kind, name, uuid, change: "renamed", before: before.name};
  return {kind, name, uuid, change: isSame ? "unchanged" : "updated"};
}

function leftRow({kind, name, uuid}: Applied, prune: boolean): AppliedRow {
  return {kind, name, uuid, change: prune ? "removed" : "left"};
}

// ---- What waits for what ----

async function ordered(fs: Reader, {pairs, left}: Sorted, kinds: readonly Kind[]): Promise<Foreseen> {
  const resources: readonly Party[] = pairs.map(({resource}) => resource);
  const all = [...resources, ...(await lasting(fs, {pairs, left}, kinds))];
  const dependencies = await dependenciesIn(fs, all, kinds);
  const found = inOrder(resources, dependencies);
  return {ordered: found, dependencies: dependencies.filter(({reader}) => found.includes(reader))};
}

/** Of those that left, what goes on computing, for nothing takes its place. */
async function lasting(fs: Reader, {pairs, left}: Sorted, kinds: readonly Kind[]): Promise<readonly Party[]> {
  const layouts = pairs.flatMap(({applied}) => layoutOf(applied, kinds) ?? []);
  const places = new Set(layouts.flatMap(placesOf));
  const found = left.map(async ({kind, name, description, ...form}): Promise<readonly Party[]> => {
    const layout = layoutOf({kind, ...form}, kinds);
    const isThere = layout && !placesOf(layout).some((place) => places.has(place)) && (await stands(fs, layout));
    return isThere ? [{kind, name, description, spec: layout.spec}] : [];
  });
  return (await Promise.all(found)).flat();
}

function placesOf({output, path}: Layout): readonly string[] {
  return output === undefined ? [path] : [output, path];
}

// ---- Which is which ----

/** The resources of the files, and what the pond keeps beside them. */
interface Sorted {
  readonly pairs: readonly Pair[];
  readonly left: readonly Applied[];
}

async function sorted(fs: Reader, resources: readonly Resource[], prune: boolean): Promise<Sorted> {
  const kept = await appliedIn(fs);
  const pairs = matched(resources, kept, prune);
  return {pairs, left: kept.filter((one) => !pairs.some(({before}) => before === one))};
}

/** A resource, and what the pond keeps of it from before. */
interface Pair {
  readonly resource: Resource;
  readonly before?: Applied;
  readonly applied: Applied;
  readonly isSame: boolean;
}

/**
 * Finds the resources of the files in the pond: by their UUID where they tell it, else by kind and name; one whose name
 * the pond does not have, or that of one renamed, is what had its kind and spec, renamed.
 */
function matched(resources: readonly Resource[], kept: readonly Applied[], prune: boolean): readonly Pair[] {
  const found = new Map<Resource, Applied>();
  const names = new Set(resources.map(formOf));
  const known = new Set(kept.map(formOf));
  const candidates = [...kept].sort((a, b) => Number(names.has(formOf(a))) - Number(names.has(formOf(b)))); // those that left first
  const free = (one: Applied) => ![...found.values()].includes(one);
  const match = (isSame: (resource: Resource, one: Applied) => boolean) => {
    for (const resource of resources) {
      const one = found.has(resource) ? undefined : candidates.find((one) => free(one) && isSame(resource, one));
      if (one) found.set(resource, one);
    }
  };
  match(({uuid}, one) => uuid === one.uuid);
  match((resource, one) => isNamed(resource, one) && isAlike(resource, one));
  match((resource, one) => !known.has(formOf(resource)) && isAlike(resource, one)); // before another takes its name
  match(isNamed);
  match(isAlike);
  const pairs = resources.map((resource) => pairOf(resource, found.get(resource)));
  const problems = pairs.flatMap((pair) => misfit(pair, prune ? [] : kept.filter(free)) ?? []);
  if (problems.length > 0) throw new ResourceError(problems);
  return pairs;
}

function isNamed(resource: Resource, one: Applied): boolean {
  return formOf(resource) === formOf(one);
}

function isAlike({uuid, kind, source}: Resource, one: Applied): boolean {
  return uuid === undefined && kind === one.kind && isEqual(source, one.spec);
}

function pairOf(resource: Resource, before?: Applied): Pair {
  const {kind, name, description, source: spec} = resource;
  const applied = {uuid: before?.uuid ?? resource.uuid ?? randomUUID(), kind, name, description, spec};
  return {resource, applied, isSame: isEqual(before, applied), ...(before ? {before} : {})};
}

/** Why a resource cannot be what the pond says that it is. */
function misfit({resource, before}: Pair, left: readonly Applied[]): string | undefined {
  const {kind, uuid, place} = resource;
  if (before && before.kind !== kind)
    return sentence(place, `the UUID ${uuid} is that of ${nameOf(before)}: leave it out for another kind.`);
  if (before && uuid !== undefined && before.uuid !== uuid)
    return sentence(place, `${nameOf(resource)} has the UUID ${before.uuid} in the pond: write that, or leave it out.`);
  if (left.some((one) => formOf(one) === formOf(resource)))
    return sentence(
      place,
      `the pond keeps another ${nameOf(resource)}, which left: apply with --prune, or rename this.`
    );
  return undefined;
}

/** As JSON, whatever the order of the fields. */
function isEqual(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

// ---- Keeping ----

async function keep(tx: Transaction, pairs: readonly Pair[]): Promise<void> {
  await moveRenamed(tx, pairs);
  for (const {applied, isSame} of pairs)
    if (!isSame) await tx.write(formOf(applied), `${JSON.stringify(applied, null, 2)}\n`, {parents: true});
}

/** By way of a place of their own, since one may take the name that another gives up. */
async function moveRenamed(tx: Transaction, pairs: readonly Pair[]): Promise<void> {
  const moves = pairs.flatMap(({applied, before}) => {
    if (!before || before.name === applied.name) return [];
    return [formOf, memoryOf].map((of, index) => ({
      from: of(before),
      aside: `/sys/${index}-${applied.uuid}`,
      to: of(applied)
    }));
  });
  const present: typeof moves = [];
  for (const move of moves) if (await tx.exists(move.from)) present.push(move);
  for (const {from, aside} of present) await tx.rename(from, aside);
  for (const {aside, to} of present) {
    await tx.remove(to, {recursive: true, force: true}); // what another of this name left behind
    await tx.rename(aside, to);
  }
}

async function remove(tx: Transaction, one: Applied, kinds: readonly Kind[]): Promise<void> {
  const layout = layoutOf(one, kinds);
  if (layout) await unlay(tx, layout);
  await tx.remove(formOf(one));
}

/** Lays what the kinds compute, where the specs say now and no longer where they said before. */
async function layAll(tx: Transaction, pairs: readonly Pair[], kinds: readonly Kind[]): Promise<void> {
  const laid = pairs.map(({resource, applied, before}) => ({
    resource,
    layout: layoutOf(applied, kinds),
    old: before && layoutOf(before, kinds)
  }));
  for (const {old, layout} of laid) if (old && !isSamePlace(old, layout)) await unlay(tx, old);
  const owners = new Map<string, Resource>();
  const problems = laid.flatMap(({resource}) => claim(resource, {owners, kinds}));
  for (const {resource, layout} of laid) if (layout) problems.push(...(await layOne(tx, layout, {resource, owners})));
  if (problems.length > 0) throw new ResourceError(problems);
}

interface Claim {
  readonly resource: Resource;
  readonly owners: Map<string, Resource>; // by path
}

/** Notes what a resource alone may write. Gives what stands in the way: two would take it from one another in each run. */
function claim(resource: Resource, {owners, kinds}: Pick<Claim, "owners"> & {kinds: readonly Kind[]}): string[] {
  const paths = kindNamed(resource.kind, kinds).owns?.(resource.spec) ?? [];
  return paths
    .map((path) => normalize(path))
    .flatMap((path) => {
      const owner = owners.get(path);
      if (!owner) owners.set(path, resource);
      return owner ? [taken(path, "written", {resource, owner})] : [];
    });
}

interface Parties {
  readonly resource: Resource;
  readonly owner: Resource;
  readonly more?: string; // how else they meet than in one path
}

function taken(path: string, how: "written" | "computed", {resource, owner, more = ""}: Parties): string {
  const remedy = `give one of them another ${how === "written" ? "into" : "output"}.`;
  const known = `${path} is ${how} by ${nameOf(owner)} already (${spot(owner.place)})`;
  return sentence(resource.place, `${known}${more}: ${remedy}`);
}

/** Where others have a path, what it lies in, or what lies in it. */
function meetings(path: string, owners: ReadonlyMap<string, Resource>) {
  const found = [...owners].filter(([place]) => isWithin(path, place) || isWithin(place, path));
  return found.map(([place, owner]) => {
    const how = isWithin(path, place) ? "in" : "around";
    return {place, owner, ...(path === place ? {} : {more: `, and ${path} would be ${how} it`})};
  });
}

/** Gives what stands in the way. */
async function layOne(tx: Transaction, layout: Layout, {resource, owners}: Claim): Promise<readonly string[]> {
  const paths = placesOf(layout);
  const [meeting] = paths.flatMap((path) => meetings(path, owners));
  if (meeting) return [taken(meeting.place, "computed", {...meeting, resource})];
  for (const path of paths) owners.set(path, resource);
  try {
    await lay(tx, layout);
    return [];
  } catch (error) {
    if (!(error instanceof PondError)) throw error;
    return [sentence(resource.place, error.message)];
  }
}
