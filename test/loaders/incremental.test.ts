import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import fc from "fast-check";
import {afterAll, beforeAll, expect, test} from "vitest";
import {readingsTable} from "../../loaders/readings/readings.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import type {Transaction} from "../../pond/types.js";
import {
  added,
  beginning,
  engine,
  everything,
  expectSame,
  expectTrue,
  type Kept,
  type Step,
  steps,
  type Versions
} from "./histories.js";
import {hour, merged, type Reading, readingsSeries} from "./memory.js";

/**
 * Whatever happens to a series, what is kept and completed is what is computed from nothing: HISTORIES says how many
 * histories are tried, and STORED how many of them in a pond.
 */

const histories = Number(process.env.HISTORIES ?? 500);
const stored = Number(process.env.STORED ?? 40);

let directory: string;
let count = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "duckpond-"));
});
afterAll(async () => {
  await engine.close();
  await rm(directory, {recursive: true});
});

function emptyCache(isRanked: boolean): Kept {
  return {cache: join(directory, String(count++)), known: new Set(), isRanked};
}

/** What a step makes of the versions. */
function apply(versions: Versions, step: Step): Versions {
  if (step.do === "delete") return versions.filter((_, index) => index !== step.index);
  if (step.do === "compact") return versions.length < 2 ? versions : [merged(versions)];
  return step.do === "reconfigure" ? versions : [...versions, added(versions, step)];
}

test(`after each of ${histories} histories, what is kept and completed is what is computed from nothing`, async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (steps, isRanked) => {
      const kept = emptyCache(isRanked);
      let versions: Versions = [];
      let names: readonly string[] = ["1h", "24h"];
      for (const next of steps) {
        versions = apply(versions, next);
        if (next.do === "reconfigure") names = next.names;
        await everything(readingsSeries("/x", versions), names, kept);
      }
      const incremental = await everything(readingsSeries("/x", versions), names, kept);
      const full = await everything(readingsSeries("/x", versions), names, emptyCache(isRanked));
      expectSame(incremental, full);
      expectTrue(full, versions, names);
    }),
    {numRuns: histories, endOnFailure: true}
  );
}, 600_000);

// ---- In a pond ----

const path = "/in/x";

async function append(tx: Transaction, readings: readonly Reading[]): Promise<void> {
  const values = Float64Array.from(readings, ({values}) => values.a ?? NaN);
  const times = readings.map(({time}) => time);
  await tx.append(path, readingsTable(times, [{name: "a", attributes: {}, values}]), {parents: true});
}

/** Nights before the history begins, so that there is something to compact. */
const nights: Versions = Array.from({length: 20}, (_, night) => [
  {time: beginning - (20 - night) * 6 * hour, values: {a: night / 7}}
]);

/** A pond that has them, stored two by two; each history goes on from a copy of it. */
async function storedNights(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const pond = await Pond.over(store, join(directory, "nights"), {create: true});
  for (let night = 0; night < nights.length; night += 2)
    await pond.transaction({command: "test"}, async (tx) => {
      for (const version of nights.slice(night, night + 2)) await append(tx, version);
    });
  await pond.close();
  return store;
}

async function copyOf(store: MemoryStore): Promise<MemoryStore> {
  const copy = new MemoryStore();
  for await (const {key} of store.list("")) await copy.putIfAbsent(key, await store.get(key));
  return copy;
}

/** Does a step; how many versions compaction merged. */
async function act(pond: Pond, step: Step, {before, after}: {before: Versions; after: Versions}): Promise<number> {
  if (step.do === "compact") return (await pond.maintain()).versions;
  await pond.transaction({command: "test"}, async (tx) => {
    if (step.do === "delete") {
      await tx.remove(path, {force: true});
      for (const version of after) await append(tx, version);
    } else for (const version of after.slice(before.length)) await append(tx, version);
  });
  return 0;
}

test(`in a pond as well, after each of ${stored} histories, with its own compaction`, async () => {
  const before = await storedNights();
  let compacted = 0;
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (steps, isRanked) => {
      const pond = await Pond.over(await copyOf(before), join(directory, `pond-${count++}`));
      const series = async () => (await pond.fs()).series(path);
      const kept = emptyCache(isRanked);
      let versions: Versions = nights;
      let names: readonly string[] = ["1h", "24h"];
      for (const next of [...steps, {do: "compact"} as const]) {
        const after = next.do === "compact" ? versions : apply(versions, next);
        compacted += await act(pond, next, {before: versions, after});
        versions = after;
        if (next.do === "reconfigure") names = next.names;
        await everything(await series(), names, kept);
      }
      const incremental = await everything(await series(), names, kept);
      const full = await everything(await series(), names, emptyCache(isRanked));
      expectSame(incremental, full);
      expectTrue(full, versions, names);
      await pond.close();
    }),
    {numRuns: stored, endOnFailure: true}
  );
  expect(compacted).toBeGreaterThan(16 * (stored / 4));
}, 600_000);
