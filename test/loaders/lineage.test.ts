import {expect, test} from "vitest";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import {lineageOf} from "../../loaders/series/lineage.js";
import type {Effects, Resource, RunRow} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import {hour, micros} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

/** What people say of an instrument reaches what comes from it, and nothing else: flags by Validate, offsets by Correct. */

const effects: Effects = {now: () => Date.parse("2026-01-01T00:00Z"), env: {}, reporter: silent};
const begin = micros("2025-06-01T10:00Z");
const at = (hours: number) => new Date(begin / 1000 + hours * 3_600_000).toISOString();

async function stored(
  pond: Pond,
  path: string,
  values: readonly (number | null)[],
  {from = 0, column = "Temp.C"} = {}
) {
  const readings = values.map((value, index) => ({time: begin + (from + index) * hour, values: {[column]: value}}));
  await appendReadings(pond, path, readings);
}

async function told(pond: Pond, ...resources: readonly Resource[]): Promise<readonly RunRow[]> {
  const {rows} = await run(pond, resources, effects);
  expect(rows.flatMap(({errors}) => errors)).toEqual([]);
  return rows;
}

async function column(pond: Pond, name: string, path: string): Promise<unknown[]> {
  const table = await (await pond.fs()).query(`SELECT "${name}" AS v FROM "${path}" ORDER BY timestamp`);
  return table.toArray().map((row: {toJSON(): {v: unknown}}) => row.toJSON().v);
}

const notes = (...rows: readonly object[]) =>
  resource("Manual", "notes", {annotations: {into: "/notes", rows: rows.map((row) => ({text: "x", ...row}))}});
const failed = (series: string, more: object = {}) => ({kind: "outage", series, from: at(-1), flag: 4, ...more});

/** Deployed when the first reading came, and 100 too low six hours later. */
const drifted = (series: string, more: object = {}) => [
  {kind: "deployment", series, from: at(0)},
  {kind: "calibration", series, from: at(6), parameter: "Temp", offset: 60, ...more}
];

const checked = (input: string, output = "/checked") =>
  resource("Validate", "v", {input, output, interval: "1h", annotations: ["/notes"]});
const corrected = (input: string, output = "/corrected") =>
  resource("Correct", "c", {input, output, annotations: ["/notes"]});
const site = (scopes: Readonly<Record<string, readonly string[]>>, more: object = {}, name = "site") =>
  resource("Combine", name, {
    output: "/sites/A",
    scopes: Object.entries(scopes).map(([scope, inputs]) => ({
      name: scope,
      inputs: inputs.map((series) => ({series}))
    })),
    ...more
  });

const layered = site({Surface: ["/i/top"], Bottom: ["/i/bottom"]});

async function layers(): Promise<Pond> {
  const pond = await openPond();
  await stored(pond, "/i/top", [10, 11]);
  await stored(pond, "/i/bottom", [5, 6]);
  return pond;
}

// ---- By column ----

test("what is said of one scope says nothing of another that Pivot shows", async () => {
  const pond = await layers();
  const pivot = resource("Pivot", "p", {input: "/sites/*", output: "/p", parameter: "Temp", scope: "Surface"});
  const bottom = notes(failed("/i/bottom"), ...drifted("/i/bottom"));
  await told(pond, layered, pivot, bottom, checked("/p"), corrected("/p"));
  expect(await column(pond, "A.Temp.C", "/corrected")).toEqual([10, 11]);
  const columns = await (await (await pond.fs()).series("/checked")).columns();
  expect(columns.map(({name}) => name)).toEqual(["A.Temp.C"]);
  await told(pond, layered, pivot, notes(failed("/i/top"), ...drifted("/i/top")), checked("/p"), corrected("/p"));
  expect(await column(pond, "A.Temp.C", "/corrected")).toEqual([10, 21]);
  expect(await column(pond, "A.Temp.C.flag", "/checked")).toEqual([4, 4]);
});

test("nor of what is left when Rename drops its columns", async () => {
  const pond = await layers();
  const rename = resource("Rename", "r", {
    input: "/sites/A",
    output: "/named",
    columns: [{from: "Surface.*", to: "$0"}],
    others: "drop"
  });
  const again = resource("Combine", "deck", {output: "/deck", scopes: [{name: "Deck", inputs: [{series: "/named"}]}]});
  await told(pond, layered, rename, again, notes(failed("/i/bottom")), checked("/deck"));
  expect((await (await (await pond.fs()).series("/checked")).columns()).map(({name}) => name)).toEqual(["Deck.Temp.C"]);
  await told(pond, layered, rename, again, notes(failed("/i/top")), checked("/deck"));
  expect(await column(pond, "Deck.Temp.C.flag", "/checked")).toEqual([4, 4]);
});

test("a parameter may be called as the instrument calls it, and an offset is in the unit that it has there", async () => {
  const pond = await openPond();
  await stored(pond, "/i/x", [1, 1], {column: "Level.cm"});
  const rename = resource("Rename", "r", {
    input: "/i/x",
    output: "/named",
    columns: [{from: "Level.cm", to: "Depth.m"}]
  });
  const said = (parameter: string) => [failed("/i/x", {parameter}), ...drifted("/i/x", {parameter})];
  for (const parameter of ["Level", "Depth"]) {
    await told(pond, rename, notes(...said(parameter)), checked("/named"), corrected("/named"));
    expect(await column(pond, "Depth.m.flag", "/checked")).toEqual([4, 4]);
    expect(await column(pond, "Depth.m", "/corrected")).toEqual([0.01, expect.closeTo(0.11, 12)]);
  }
});

// ---- What stands there ----

test("what made a series before says nothing of it once another resource makes it", async () => {
  const pond = await openPond();
  await stored(pond, "/i/first", [6, 7]);
  await stored(pond, "/i/second", [6, 7]);
  const others = [notes(failed("/i/first"), ...drifted("/i/first")), checked("/sites/A"), corrected("/sites/A")];
  await told(pond, site({S: ["/i/first"]}, {}, "old"), ...others);
  expect(await column(pond, "S.Temp.C.flag", "/checked")).toEqual([4, 4]);
  await told(pond, site({S: ["/i/second"]}, {}, "new"), ...others);
  expect(await column(pond, "S.Temp.C", "/corrected")).toEqual([6, 7]);
  expect((await (await (await pond.fs()).series("/checked")).columns()).map(({name}) => name)).toEqual(["S.Temp.C"]);
});

// ---- Where inputs overlap ----

const both = site({S: ["/i/first", "/i/second"]});

async function overlapping(): Promise<Pond> {
  const pond = await openPond();
  await stored(pond, "/i/first", [1, 2, 3, 4]);
  await stored(pond, "/i/second", [20, null, 40, 50], {from: 1}); // 1, 20, 3, 40, 50
  return pond;
}

test("of inputs that overlap, a flag is for the readings that are told of the one it names", async () => {
  const pond = await overlapping();
  await told(pond, both, notes(failed("/i/first")), checked("/sites/A"));
  expect(await column(pond, "S.Temp.C", "/checked")).toEqual([1, 20, 3, 40, 50]);
  expect(await column(pond, "S.Temp.C.flag", "/checked")).toEqual([4, 2, 4, 2, 2]);
  await told(pond, both, notes(failed("/i/second")), checked("/sites/A"));
  expect(await column(pond, "S.Temp.C.flag", "/checked")).toEqual([2, 4, 2, 4, 4]);
  await told(pond, both, notes(failed("/i/*")), checked("/sites/A"));
  expect(await column(pond, "S.Temp.C.flag", "/checked")).toEqual([4, 4, 4, 4, 4]);
});

test("a reading that comes late from the other takes the flag with it", async () => {
  const pond = await overlapping();
  const resources = [both, notes(failed("/i/first")), checked("/sites/A")];
  await told(pond, ...resources);
  await stored(pond, "/i/second", [30], {from: 2});
  await told(pond, ...resources);
  expect(await column(pond, "S.Temp.C.flag", "/checked")).toEqual([4, 2, 2, 2, 2]);
});

test("and so is what a calibration found; two of one instant, of one each, do not contradict each other", async () => {
  const pond = await overlapping();
  await told(pond, both, notes(...drifted("/i/first")), corrected("/sites/A"));
  expect(await column(pond, "S.Temp.C", "/corrected")).toEqual([1, 20, 23, 40, 50]);
  await told(pond, both, notes(...drifted("/i/first"), ...drifted("/i/second", {offset: 6})), corrected("/sites/A"));
  expect(await column(pond, "S.Temp.C", "/corrected")).toEqual([1, 21, 23, 43, 54]);
});

test("through another Combine as well, and Pivot", async () => {
  const pond = await overlapping();
  const outer = resource("Combine", "outer", {output: "/all", scopes: [{name: "A", inputs: [{series: "/sites/A"}]}]});
  const pivot = resource("Pivot", "p", {input: "/all", output: "/p", parameter: "Temp", name: "All"});
  await told(pond, both, outer, pivot, notes(failed("/i/first")), checked("/p"));
  expect(await column(pond, "All.Temp.C.flag", "/checked")).toEqual([4, 2, 4, 2, 2]);
});

// ---- On any way ----

test.each([
  ["the series itself", "/i/x", "/i/x"],
  ["a link to it", "/i/x", "/alias/x"],
  ["a link to it, which the annotation names", "/alias/x", "/alias/x"],
  ["a link to its directory", "/i/x", "/folder/x"]
])("by way of %s", async (_, named, input) => {
  const pond = await openPond();
  await stored(pond, "/i/x", [1, 2]);
  await pond.transaction({command: "test"}, async (tx) => {
    await tx.mkdir("/alias");
    await tx.symlink("/i/x", "/alias/x");
    await tx.symlink("/i", "/folder");
  });
  await told(pond, site({S: [input]}), notes(failed(named)), checked("/sites/A"));
  expect(await column(pond, "S.Temp.C.flag", "/checked")).toEqual([4, 4]);
  await told(pond, site({S: [input]}), notes(failed(named)), checked(input));
  expect(await column(pond, "Temp.C.flag", "/checked")).toEqual([4, 4]);
});

test("by way of what Reduce makes: readings as they are, and bins; these have not drifted as readings have", async () => {
  const pond = await layers();
  const reduce = resource("Reduce", "r", {input: "/sites/*", output: "/reduced/$0", resolutions: ["raw", "2h"]});
  const said = notes(failed("/i/top"), ...drifted("/i/top"));
  await told(pond, layered, reduce, said, checked("/reduced/*/*", "/checked/$1"), corrected("/reduced/*/*", "/c/$1"));
  expect(await column(pond, "Surface.Temp.C.flag", "/checked/raw")).toEqual([4, 4]);
  expect(await column(pond, "Surface.Temp.C.avg.flag", "/checked/2h")).toEqual([4]);
  const names = await Promise.all(
    ["raw", "2h"].map(async (name) => (await (await pond.fs()).series(`/checked/${name}`)).columns())
  );
  expect(names.flat().filter(({name}) => name.startsWith("Bottom") && name.includes("flag"))).toEqual([]);
  expect(await column(pond, "Surface.Temp.C", "/c/raw")).toEqual([10, 21]);
  expect(await column(pond, "Surface.Temp.C.avg", "/c/2h")).toEqual([10.5]);
});

const derive = (sql: string, input = "/sites/A", more: object = {}) =>
  resource("Derive", "d", {output: "/derived", inputs: {dock: input}, sql, ...more});
const difference = `SELECT timestamp, "Surface.Temp.C" - "Bottom.Temp.C" AS "Stratification.C" FROM dock`;

test.each(["/i/top", "/i/bottom", "/sites/A"])(
  "what SQL makes of a site comes from the instruments of what it names, such as %s",
  async (named) => {
    const pond = await layers();
    await told(pond, layered, derive(difference), notes(failed(named)), checked("/derived"));
    expect(await column(pond, "Stratification.C.flag", "/checked")).toEqual([4, 4]);
    await told(pond, layered, derive(difference), notes(failed(named, {parameter: "Temp"})), checked("/derived"));
    expect(await column(pond, "Stratification.C.flag", "/checked")).toEqual([4, 4]);
  }
);

test("what SQL does not name it does not come from, and nothing that it computes has drifted", async () => {
  const pond = await layers();
  await stored(pond, "/i/top", [30, 31], {column: "Salinity.psu"});
  const said = notes(failed("/i/top", {parameter: "Salinity"}), ...drifted("/i/top"));
  await told(pond, layered, derive(difference), said, checked("/derived"), corrected("/derived"));
  expect((await (await (await pond.fs()).series("/checked")).columns()).map(({name}) => name)).toEqual([
    "Stratification.C"
  ]);
  expect(await column(pond, "Stratification.C", "/corrected")).toEqual([5, 5]);
  const kept = derive(`SELECT timestamp, "Surface.Temp.C" FROM dock`);
  await told(pond, layered, kept, said, corrected("/derived"));
  expect(await column(pond, "Surface.Temp.C", "/corrected")).toEqual([10, 21]);
});

test("whose turn it was is minded where a result is of its reading's time, and is open elsewhere", async () => {
  const pond = await overlapping();
  const sql = `SELECT timestamp, 2 * "S.Temp.C" AS "Twice.C" FROM dock`;
  await told(pond, both, derive(sql, "/sites/A", {lookback: "0s"}), notes(failed("/i/first")), checked("/derived"));
  expect(await column(pond, "Twice.C.flag", "/checked")).toEqual([4, 2, 4, 2, 2]);
  await told(pond, both, derive(sql), notes(failed("/i/first")), checked("/derived"));
  expect(await column(pond, "Twice.C.flag", "/checked")).toEqual([4, 4, 4, 4, 4]);
});

test("a lineage tells each series once on each way, by column and period, and which of them are stored", async () => {
  const pond = await layers();
  const scopes = [{name: "Surface", inputs: [{series: "/i/top", from: at(1)}]}];
  const combine = resource("Combine", "site", {output: "/sites/A", scopes});
  await told(
    pond,
    combine,
    resource("Rename", "r", {input: "/sites/*", output: "/n/$0", columns: [{from: "*", to: "$0"}]})
  );
  const lineage = await lineageOf(await (await pond.fs()).series("/n/A"));
  expect(
    lineage.map(({path, isSource, period, threads}) => [path, isSource, period, threads.map(({from}) => from)])
  ).toEqual([
    ["/n/A", false, {}, ["Surface.Temp.C"]],
    ["/sites/A", false, {}, ["Surface.Temp.C"]],
    ["/i/top", true, {begin: begin + hour}, ["Temp.C"]]
  ]);
});
