import {expect, test} from "vitest";
import {publish} from "../../loaders/site/publish.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import {late} from "../../loaders/series/late.js";
import type {Effects, Resource} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import {hour, micros, temporaryDirectory} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

const begin = micros("2026-01-10T00:00Z");
const effects: Effects = {now: () => Date.parse("2026-01-11T00:00Z"), env: {}, reporter: silent};

const site = (name: string, ...inputs: string[]) =>
  resource("Combine", name, {output: `/s/${name}`, scopes: [{name: "S", inputs: inputs.map((series) => ({series}))}]});
const bins = (input: string) => resource("Reduce", "all", {input, output: "/r/$0", resolutions: ["raw", "1h", "1d"]});

/** A pond that computes these, with links that were put there by hand since. */
async function linked(resources: readonly Resource[], links: Readonly<Record<string, string>>): Promise<Pond> {
  const pond = await openPond();
  await appendReadings(
    pond,
    "/in/a",
    [0, 1, 2].map((t) => ({time: begin + t * hour, values: {"T.C": t}}))
  );
  await run(pond, resources, effects);
  await pond.transaction({command: "test"}, async (tx) => {
    await tx.mkdir("/alias");
    for (const [path, target] of Object.entries(links)) await tx.symlink(target, path);
  });
  return pond;
}

const told = async (promise: Promise<unknown>) =>
  promise.then(
    () => "nothing is wrong",
    (error: Error) => error.message.split(";")[0]
  );

test("a series that is made of itself by way of a link says so in place of an answer, whatever is asked of it", async () => {
  const pond = await linked([site("A", "/in/a", "/s/B"), site("B", "/alias/x")], {"/alias/x": "/s/A"});
  const fs = await pond.fs();
  expect(await told(fs.query(`SELECT * FROM "/s/B"`))).toBe("/s/B is made of itself: /s/B → /s/A → /s/B");
  const a = (await pond.at({version: fs.version})).series("/s/A");
  expect(await told((await a).columns())).toBe("/s/A is made of itself: /s/A → /s/B → /s/A");
  const beside = await pond.at({version: fs.version});
  const [one, other] = await Promise.all(["/s/A", "/s/B"].map((path) => beside.series(path)));
  const both = await Promise.all([told(one!.pieces()), told(other!.relation()), told(other!.columns())]);
  expect(both.every((text) => text?.includes(" is made of itself: "))).toBe(true);
});

test("so do the bins of a series that is made of them, at every resolution", async () => {
  const pond = await linked([site("A", "/alias/x"), bins("/s/*")], {"/alias/x": "/r/A/1d"});
  const {version} = await pond.fs();
  for (const path of ["/s/A", "/r/A/1h", "/r/A/1d", "/r/A/raw"]) {
    const fs = await pond.at({version});
    expect(await told(fs.query(`SELECT * FROM "${path}"`)), path).toContain(" is made of itself: ");
  }
});

test("series, and what is made of them, are read by many at once as by one", async () => {
  const pond = await linked(
    [site("A", "/in/a"), site("B", "/s/A", "/in/a"), site("C", "/s/A", "/s/B", "/alias/x"), bins("/s/*")],
    {"/alias/x": "/s/B"}
  );
  const fs = await pond.fs();
  const paths = ["/s/C", "/s/B", "/s/A", "/r/C/1h", "/r/B/raw", "/r/A/1d", "/s/C", "/r/C/1h"];
  const counts = paths.map(
    async (path) => (await fs.query(`SELECT count(*)::INT AS n FROM "${path}"`)).get(0)!.n as number
  );
  expect(await Promise.all(counts)).toEqual([3, 3, 3, 3, 3, 1, 3, 3]);
});

test("one that cannot be made is tried again when it is asked again", async () => {
  let fails = true;
  const pond = await linked([], {});
  const source = await (await pond.fs()).series("/in/a");
  const series = late("/late", {fs: await pond.fs()}, async () => {
    if (fails) throw new Error("not yet");
    return source;
  });
  expect(await told(series.columns())).toBe("not yet");
  fails = false;
  expect((await series.columns()).map(({name}) => name)).toEqual(["T.C"]);
});

test("what is published of one that is made of itself stays as it was, and the others go on", async () => {
  const resources = [site("A", "/in/a", "/alias/x"), site("B", "/in/a"), bins("/s/*")];
  const pond = await linked(resources, {});
  const warnings: string[] = [];
  const published = async (directory: string) => {
    const [fs, commits] = [await pond.fs(), await pond.log()];
    const reporter = {...silent, warn: (text: string) => void warnings.push(text)};
    const publication = {fs, commits, resources, effects: {...effects, reporter}, cache: pond.cache, directory};
    return (await publish(publication)).datasets.map(({name, resolutions}) => [name, resolutions[0]?.rows]);
  };
  const directory = await temporaryDirectory();
  const before = await published(directory);
  expect(before).toEqual([
    ["A", 3],
    ["B", 3]
  ]);
  await pond.transaction({command: "test"}, (tx) => tx.symlink("/s/A", "/alias/x"));
  expect(await published(directory)).toEqual(before);
  expect(warnings).toEqual([
    expect.stringMatching(/^\/r\/A is shown as it was: \/s\/A is made of itself: \/s\/A → \/s\/A; have /)
  ]);
});
