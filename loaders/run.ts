import {randomUUID} from "node:crypto";
import {dirname} from "node:path";
import type {Pond} from "../pond/pond.js";
import type {Commit, Reader, Transaction} from "../pond/types.js";
import {kindNamed} from "./kinds.js";
import {inOrder} from "./order.js";
import type {Effects, Kind, Report, Resource, RunContext, RunRow} from "./types.js";

/** What came of a run. */
export interface RunResult {
  readonly rows: readonly RunRow[]; // a resource that has something to run, each
  readonly commit?: Commit; // none when there was nothing to write
  readonly failed: boolean; // whether any resource was in trouble
}

/**
 * Applies the resources and runs them in the order of their paths, all in one transaction. One that is in trouble is
 * reported with its cause, and the others go on. When nothing was stored and there is no news, nothing is written.
 */
export async function run(pond: Pond, resources: readonly Resource[], effects: Effects): Promise<RunResult> {
  const ordered = inOrder(resources);
  const {result: rows, commit} = await pond.transaction({command: "pond run"}, async (tx) => {
    for (const resource of resources) await apply(tx, resource);
    const done: RunRow[] = [];
    for (const resource of ordered) {
      const row = await runOne(resource, {
        tx,
        duck: pond.duck,
        effects,
        base: dirname(resource.place.file),
        cache: pond.cache
      });
      if (row) done.push(row);
    }
    for (const row of done) await record(tx, row);
    return done;
  });
  return {rows, commit, failed: rows.some(({errors}) => errors.length > 0)};
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

async function runOne(resource: Resource, context: RunContext): Promise<RunRow | undefined> {
  const kind: Kind = kindNamed(resource.kind);
  if (!kind.run) return undefined;
  const started = context.effects.now();
  const clock = performance.now();
  const report = await kind.run(resource, context).catch((error: unknown): Report => trouble(error));
  const tookMs = Math.round(performance.now() - clock);
  return {kind: resource.kind, name: resource.name, started, tookMs, ...report};
}

/** A resource that cannot run is expected trouble: the others do. What it had stored before stays stored. */
function trouble(error: unknown): Report {
  const text = error instanceof Error ? error.message : String(error);
  return {read: 0, stored: 0, aside: 0, notes: [], errors: [text]};
}

// ---- What is known of runs ----

function pathOf({kind, name}: {kind: string; name: string}): string {
  return `/sys/runs/${kind}/${name}`;
}

/** Keeps a row when it has news; its file's versions are the history of the resource's runs. */
async function record(tx: Transaction, row: RunRow): Promise<void> {
  const path = pathOf(row);
  const last = (await tx.exists(path)) ? (JSON.parse(textOf(await tx.read(path))) as RunRow) : undefined;
  if (last && row.stored === 0 && saying(last) === saying(row)) return;
  await tx.write(path, `${JSON.stringify(row)}\n`, {parents: true});
}

function saying({errors, notes}: RunRow): string {
  return JSON.stringify([errors, notes]);
}

/** The last row with news of each resource, by kind and name. */
export async function lastRuns(reader: Reader): Promise<readonly RunRow[]> {
  const found = await reader.glob("/sys/runs/*/*");
  return Promise.all(found.map(async ({path}) => JSON.parse(textOf(await reader.read(path))) as RunRow));
}
