import {readdir, readFile, truncate} from "node:fs/promises";
import {join} from "node:path";
import fc from "fast-check";
import {afterAll, expect, test} from "vitest";
import {Crew, type Task} from "../../loaders/reduction/crew.js";
import {Engine} from "../../loaders/reduction/engine.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import type {Statistic} from "../../loaders/reduction/statistic.js";
import {parseResolution, parseResolutions} from "../../loaders/time/resolution.js";
import {hour, micros, minute, type Reading, readingsSeries, temporaryDirectory} from "./memory.js";

/** Threads that add up: what comes of it is what this thread would have made of it. */

const engine = new Engine(2);
const nobody = new Crew(1);
const crew = new Crew(2, {least: 0});
afterAll(() => Promise.all([engine.close(), crew.close()]));

const begin = micros("2025-01-01T00:00Z");
const statistics: readonly Statistic[] = ["avg", "min", "max", "first", "last", "stddev", "p50"];

function reductionOf(versions: readonly (readonly Reading[])[], cache: string, by: Crew): Reduction {
  const ladder = async () => ({resolutions: parseResolutions(["10m", "1h", "1d", "1mo"], "Europe/London")});
  const directions = ["way"];
  return new Reduction(readingsSeries("/x", versions), {ladder, cache, engine, crew: by, statistics, directions});
}

/** All files of bins, by name, as they are on the disk. */
async function files(
  versions: readonly (readonly Reading[])[],
  by: Crew,
  cache?: string
): Promise<Map<string, string>> {
  const place = cache ?? (await temporaryDirectory());
  const reduction = reductionOf(versions, place, by);
  for (const level of await reduction.levels()) await reduction.build(level);
  const names = (await readdir(join(place, "reduce"))).filter((name) => name.endsWith(".bins")).sort();
  const read = names.map(async (name) => [name, await readFile(join(place, "reduce", name), "base64")] as const);
  return new Map(await Promise.all(read));
}

const reading = fc.record({
  time: fc.integer({min: 0, max: 60 * 24 * 400}).map((minutes) => begin + minutes * minute),
  values: fc.record({"T.C": fc.double({noNaN: true, min: -50, max: 50}), way: fc.integer({min: 0, max: 360})})
});

test("what threads make has the same bytes as what this thread makes", async () => {
  const histories = fc.array(fc.array(reading, {minLength: 1, maxLength: 60}), {minLength: 1, maxLength: 4});
  await fc.assert(
    fc.asyncProperty(histories, async (versions) => {
      expect(await files(versions, crew)).toEqual(await files(versions, nobody));
    }),
    {numRuns: 15}
  );
});

const hours = (count: number): readonly Reading[] =>
  Array.from({length: count}, (_, t) => ({time: begin + t * hour, values: {"T.C": Math.sin(t)}}));

test("what a thread finds broken is made anew", async () => {
  const cache = await temporaryDirectory();
  const made = await files([hours(2000)], crew, cache);
  const reduction = reductionOf([hours(2000)], cache, crew);
  const [finest, next] = await reduction.levels();
  const [[first], pages] = [await finest!.pages(), await next!.pages()];
  await truncate(first!.file, 1000);
  for (const {file} of pages) await truncate(file, 0);
  for (const page of pages) await reduction.bins(next!, page); // reads the file, and then what that is made of
  expect(await files([hours(2000)], crew, cache)).toEqual(made);
});

function task(sql: string): Task {
  const stretches = [{begin, end: begin + hour}];
  const tallying = {columns: [{name: "T.C"}], resolution: parseResolution("10m"), extras: {}};
  return {
    addition: {stretches, blocks: [], tallying},
    from: {sql, isMerged: false, isFew: false},
    files: ["/nowhere/at/all"]
  };
}

test("what goes wrong in a thread is told here, and the thread goes on with the next task", async () => {
  await expect(crew.perform(task("SELECT nothing FROM nowhere"))).rejects.toThrow(/Table with name nowhere/);
  expect(await files([hours(100)], crew)).toEqual(await files([hours(100)], nobody));
});

test("a thread that ends in the middle is told of, and the next task has another", async () => {
  const runs = new URL(
    'data:text/javascript,import {parentPort} from "node:worker_threads"; parentPort.on("message", () => process.exit(3))'
  );
  const mortal = new Crew(2, {least: 0, runs});
  for (let time = 0; time < 2; time++)
    await expect(mortal.perform(task("SELECT 1"))).rejects.toThrow("A thread that was adding up ended with code 3");
});

test("little is added up on the spot, and so is all where there is one core", () => {
  expect([1_000, 1_000_000, 20_000_000].map((values) => new Crew(2).takes(values))).toEqual([false, false, true]);
  expect(nobody.takes(1e12)).toBe(false);
});
