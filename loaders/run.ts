import {randomUUID} from "node:crypto";
import {dirname} from "node:path";
import type {Pond} from "../pond/pond.js";
import type {Commit, Reader, Transaction} from "../pond/types.js";
import {kindNamed} from "./kinds.js";
import {maskOf} from "./mask.js";
import {inOrder} from "./order.js";
import type {Effects, Report, Resource, RunContext, RunRow} from "./types.js";
import {nearest} from "./word.js";

/** What came of a run. */
export interface RunResult {
  readonly rows: readonly RunRow[]; // of each resource that has something to run, or was in trouble
  readonly commit?: Commit; // none when there was nothing to write
  readonly failed: boolean; // whether any resource was in trouble
}

/**
 * Applies the resources and runs them in the order of their paths, all in one transaction. One that is in trouble is
 * reported with its cause, and the others go on. When nothing was stored and there is no news, nothing is written.
 * `only` names those to run, as `harbour` or `Simulator/harbour`; throws a sentence for a name that nothing has, and
 * for resources that wait for one another.
 */
export async function run(
  pond: Pond,
  resources: readonly Resource[],
  effects: Effects,
  only?: readonly string[]
): Promise<RunResult> {
  const chosen = inOrder(resources).filter(isNamed(resources, only));
  const {result: rows, commit} = await pond.transaction({command: "pond run"}, async (tx) => {
    const done: RunRow[] = [];
    for (const resource of chosen) {
      const base = dirname(resource.place.file);
      const row = await runOne(resource, {tx, duck: pond.duck, effects, base, cache: pond.cache});
      if (await record(tx, row)) done.push(row);
    }
    return done;
  });
  return {rows, commit, failed: rows.some(({errors}) => errors.length > 0)};
}

function isNamed(resources: readonly Resource[], only: readonly string[] | undefined): (one: Resource) => boolean {
  if (only === undefined) return () => true;
  const namesOf = ({kind, name}: Resource) => [name, `${kind}/${name}`];
  const known = resources.flatMap(namesOf);
  for (const name of only) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new Error(`there is no resource "${name}"${near === undefined ? "" : ` (did you mean ${near}?)`}`);
  }
  return (resource) => namesOf(resource).some((name) => only.includes(name));
}

// ---- Applied resources ----

interface Applied {
  readonly uuid: string; // given once, kept through every edit
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly spec: unknown; // as it is written, without secrets
}

/** Keeps the resource's form in the pond, and its directory when the kind computes one; writes only what changed. */
async function apply(tx: Transaction, {kind: name, name: own, description, source, spec}: Resource): Promise<void> {
  const path = `/sys/resources/${name}/${own}`;
  const kept = (await tx.exists(path)) ? (JSON.parse(textOf(await tx.read(path))) as Applied) : undefined;
  const applied: Applied = {uuid: kept?.uuid ?? randomUUID(), kind: name, name: own, description, spec: source};
  const text = `${JSON.stringify(applied, null, 2)}\n`;
  if (JSON.stringify(kept) !== JSON.stringify(applied)) await tx.write(path, text, {parents: true});
  const kind = kindNamed(name);
  if (kind.dynamic) await layDynamic(tx, {path: kind.dynamic.path(spec), factory: name, config: source});
}

interface Layout {
  readonly path: string;
  readonly factory: string;
  readonly config: unknown;
}

async function layDynamic(tx: Transaction, {path, factory, config}: Layout): Promise<void> {
  if (await tx.exists(path)) {
    const {kind, attributes} = await tx.lstat(path);
    if (kind !== "dynamic") throw new Error(`${path} is a ${kind} already: give the ${factory} another output`);
    const same = attributes.factory === factory && JSON.stringify(attributes.config) === JSON.stringify(config);
    if (same) return;
  } else await tx.mkdir(dirname(path), {recursive: true});
  await tx.dynamic(path, factory, config);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

// ---- Running ----

async function runOne(resource: Resource, context: RunContext): Promise<RunRow> {
  const started = context.effects.now();
  const clock = performance.now();
  const report = masked(await applyAndRun(resource, context).catch(trouble), maskOf(resource, context));
  return {kind: resource.kind, name: resource.name, started, tookMs: Math.round(performance.now() - clock), ...report};
}

/** A report without what the environment says: it is kept in the pond, and published. */
function masked(report: Report, mask: (text: string) => string): Report {
  return {...report, notes: report.notes.map(mask), errors: report.errors.map(mask)};
}

async function applyAndRun(resource: Resource, context: RunContext): Promise<Report> {
  await apply(context.tx, resource);
  return (await kindNamed(resource.kind).run?.(resource, context)) ?? quiet;
}

const quiet: Report = {read: 0, stored: 0, aside: 0, notes: [], errors: []};

/** A resource that cannot run is expected trouble: the others do. What it had stored before stays stored. */
function trouble(error: unknown): Report {
  const text = error instanceof Error ? error.message : String(error);
  return {...quiet, errors: [text.split("\n")[0]!]};
}

// ---- What is known of runs ----

function pathOf({kind, name}: {kind: string; name: string}): string {
  return `/sys/runs/${kind}/${name}`;
}

/**
 * Keeps a row when it has news; its file's versions are the history of the resource's runs. False for a resource that
 * has nothing to run and nothing to say.
 */
async function record(tx: Transaction, row: RunRow): Promise<boolean> {
  const path = pathOf(row);
  const last = (await tx.exists(path)) ? (JSON.parse(textOf(await tx.read(path))) as RunRow) : undefined;
  if (!last && !kindNamed(row.kind).run && row.errors.length === 0) return false;
  if (!last || row.stored > 0 || row.aside > 0 || saying(last) !== saying(row))
    await tx.write(path, `${JSON.stringify(row)}\n`, {parents: true});
  return true;
}

function saying({errors, notes}: RunRow): string {
  return JSON.stringify([errors, notes]);
}

/** The last row with news of each resource, by kind and name. */
export async function lastRuns(reader: Reader): Promise<readonly RunRow[]> {
  const found = await reader.glob("/sys/runs/*/*");
  return Promise.all(found.map(async ({path}) => JSON.parse(textOf(await reader.read(path))) as RunRow));
}
