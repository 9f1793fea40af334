import {expect, test} from "vitest";
import {areAlike, isMeant, isOf, nameFor, namesOf} from "../../loaders/readings/parameter.js";
import {attributesOf} from "../../loaders/readings/readings.js";
import {scales, units, parameters} from "../../loaders/readings/vocabulary.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Publication} from "../../loaders/site/edition.js";
import {publish} from "../../loaders/site/publish.js";
import type {Effects, Resource} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import {hour, micros, type Reading, temporaryDirectory} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

/** A parameter under several names: columns keep theirs, and are matched by what they mean. */

const column = (name: string, scope?: string) => ({
  name: scope === undefined ? name : `${scope}.${name}`,
  attributes: {...attributesOf(name), ...(scope === undefined ? {} : {scope})}
});

test("no name stands for two parameters, and each kind of unit is one that there is", () => {
  const plain = parameters.flatMap(([names]) => names.map((name) => name.toLowerCase().replaceAll("_", " ")));
  expect(new Set(plain).size).toBe(plain.length);
  const kinds = [...Object.keys(units), ...scales.map((names) => names.split(" ")[0])];
  expect(parameters.flatMap(([, toldIn]) => toldIn).filter((kind) => !kinds.includes(kind))).toEqual([]);
});

test.each([
  ["DO", "Dissolved Oxygen.mg/L", true],
  ["Dissolved oxygen", "ODO.ppm", true],
  ["RDO", "dissolved_oxygen.µg/L", true],
  ["sea_water_temperature", "Water Temp.°C", true],
  ["Specific Conductivity", "SpCond.µS/cm", true],
  ["Total Dissolved Solids", "TDS.ppm", true],
  ["DO", "Dissolved Oxygen.% sat", false], // another thing, by its unit
  ["DO", "DO.% sat", true], // called so
  ["DO", "% Saturation O₂.% sat", false],
  ["DO", "ODO", false], // says no unit, and may be either
  ["Specific Conductivity", "Actual Conductivity.µS/cm", false],
  ["Specific Conductivity", "Conductivity.µS/cm", false],
  ["Temperature", "Air Temperature.C", false],
  ["Water Temperature", "Temperature.C", false],
  ["Salinity", "Sal.g/kg", false],
  ["Secchi depth", "Secchi depth.m", true],
  ["Secchi depth", "secchi_Depth.m", true], // of one name alone, likewise
  ["Secchi depth", "Secchi depths.m", false]
])("%s is that of the column %s: %s", (parameter, name, expected) => {
  expect(isOf(parameter, column(name))).toBe(expected);
  expect(isMeant(parameter, column(name), [column(name), column("Depth.m")])).toBe(expected);
});

test("where one scope has two columns of one meaning, a name means the one that is called so, and no third name either", () => {
  const all = [column("DO.mg/L", "A"), column("ODO.mg/L", "A"), column("ODO.mg/L", "B")];
  const meant = (parameter: string) => all.filter((one) => isMeant(parameter, one, all)).map(({name}) => name);
  expect(meant("DO")).toEqual(["A.DO.mg/L", "B.ODO.mg/L"]);
  expect(meant("ODO")).toEqual(["A.ODO.mg/L", "B.ODO.mg/L"]);
  expect(meant("Dissolved Oxygen")).toEqual(["B.ODO.mg/L"]);
});

test("where one scope has two columns of one name, spelled otherwise, each is called as it is; in another unit it is one", () => {
  const all = [column("Water level.m", "A"), column("water_level.m", "A"), column("water_level.m", "B")];
  const meant = (parameter: string) => all.filter((one) => isMeant(parameter, one, all)).map(({name}) => name);
  expect(meant("Water level")).toEqual(["A.Water level.m", "B.water_level.m"]);
  expect(meant("WATER LEVEL")).toEqual(["B.water_level.m"]);
  const both = [column("Depth.m"), column("depth.ft")];
  expect(both.filter((one) => isMeant("Depth", one, both))).toEqual(both);
});

test("of several names in a resource a column's own counts before others, and of those the first", () => {
  const odo = column("ODO.mg/L");
  expect(nameFor(odo, [odo], ["DO", "ODO", "RDO"])).toBe("ODO");
  expect(nameFor(odo, [odo], ["pH", "RDO", "DO"])).toBe("RDO");
  expect(nameFor(odo, [odo], ["pH"])).toBeUndefined();
  expect(nameFor(odo, [odo], ["RDO", "odo"])).toBe("odo");
});

test("names without columns", () => {
  expect([areAlike("DO", "ODO"), areAlike("x y", "X_y"), areAlike("x", "y"), areAlike("DO", "pH")]).toEqual([
    ...[true, true, false, false]
  ]);
  expect(namesOf("WindDir").slice(0, 2)).toEqual(["WindDir", "Wind Direction"]);
  expect(namesOf("Secchi")).toEqual(["Secchi"]);
});

// ---- In resources ----

const effects: Effects = {now: () => Date.parse("2026-01-02T00:00Z"), env: {}, reporter: silent};
const begin = micros("2026-01-01T00:00Z");

function hourly(from: number, columns: Readonly<Record<string, number | readonly number[]>>): readonly Reading[] {
  return Array.from({length: 3}, (_, t) => ({
    time: begin + (from + t) * hour,
    values: Object.fromEntries(
      Object.entries(columns).map(([name, value]) => [name, typeof value === "number" ? value : value[t]!])
    )
  }));
}

async function apply(pond: Pond, ...resources: Resource[]) {
  const {rows} = await run(pond, resources, effects);
  expect(rows.flatMap(({errors}) => errors)).toEqual([]);
  return rows;
}

async function ask(pond: Pond, sql: string): Promise<unknown[]> {
  return (await (await pond.fs()).query(sql)).toArray().map((row: {toJSON(): unknown}) => row.toJSON());
}

async function columnsOf(pond: Pond, path: string) {
  return (await (await pond.fs()).series(path)).columns();
}

function site(...names: string[]): Resource {
  const inputs = names.map((name) => ({series: `/in/${name}`}));
  return resource("Combine", "site", {output: "/sites/Pier", scopes: [{name: "S", inputs}]});
}

test("Combine has one column of a thing that its inputs call otherwise, as the first calls it, with its flags", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/cloud", hourly(0, {"DO.mg/L": 8, "TDS.mg/L": 1}));
  await appendReadings(pond, "/in/file", hourly(2, {"Dissolved Oxygen.mg/L": 9, "Total Dissolved Solids.ppm": 2}));
  const tests = [{parameter: "Dissolved Oxygen", grossRange: {fail: [0, 8.5]}}];
  const validate = resource("Validate", "file", {input: "/in/file", output: "/in/checked", interval: "1h", tests});
  await apply(pond, validate, site("cloud", "checked"));
  const columns = await columnsOf(pond, "/sites/Pier");
  expect(columns.map(({name}) => name)).toEqual([
    ...["S.DO.mg/L", "S.TDS.mg/L", "S.DO.mg/L.flag", "S.DO.mg/L.flag.grossRange"]
  ]);
  expect(columns[0]!.attributes).toMatchObject({parameter: "DO", unit: "mg/L", scope: "S"});
  expect(columns[1]!.attributes).toMatchObject({parameter: "TDS", unit: "mg/L"});
  const told = `"S.DO.mg/L" AS v, "S.DO.mg/L.flag"::INTEGER AS flag, "S.TDS.mg/L" AS tds`;
  expect(await ask(pond, `SELECT ${told} FROM "/sites/Pier" ORDER BY timestamp`)).toEqual([
    ...[0, 1].map(() => ({v: 8, flag: 2, tds: 1})),
    ...[2, 3, 4].map(() => ({v: 9, flag: 4, tds: 2}))
  ]);
  const [first] = await columnsOf(pond, "/in/file");
  expect(first).toMatchObject({name: "Dissolved Oxygen.mg/L", attributes: {parameter: "Dissolved Oxygen"}});
});

test("two of one thing in one input, and those in units that differ, are columns of their own", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, {"ODO.mg/L": 1}));
  await appendReadings(pond, "/in/b", hourly(0, {"DO.mg/L": 2, "RDO.mg/L": 3, "Dissolved Oxygen.% sat": 90}));
  await apply(pond, site("a", "b"));
  expect(await ask(pond, `SELECT * EXCLUDE (timestamp) FROM "/sites/Pier" LIMIT 1`)).toEqual([
    {"S.ODO.mg/L": 2, "S.RDO.mg/L": 3, "S.Dissolved Oxygen.% sat": 90}
  ]);
});

test("what changes the name of a column changes the keys of what is made of it", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, {"DO.mg/L": 1}));
  await appendReadings(pond, "/in/b", hourly(9, {"ODO.mg/L": 2}));
  const keys = async () => (await (await (await pond.fs()).series("/sites/Pier")).pieces()).map(({key}) => key);
  await apply(pond, site("b"));
  const [alone] = await keys();
  await apply(pond, site("a", "b"));
  expect(await keys()).toHaveLength(2);
  expect(await keys()).not.toContain(alone);
});

test("a unit for a parameter is for all of its names", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, {"Press.psi": 1}));
  await appendReadings(pond, "/in/b", hourly(9, {"Pressure.kPa": 7}));
  const scopes = [{name: "S", inputs: [{series: "/in/a"}, {series: "/in/b"}]}];
  const rows = await apply(pond, resource("Combine", "site", {output: "/sites/A", scopes, units: {Pressure: "dbar"}}));
  expect(rows[0]!.notes).toEqual([]);
  expect((await columnsOf(pond, "/sites/A")).map(({name}) => name)).toEqual(["S.Press.dbar"]);
});

test("capital letters and underscores tell no names apart, in the table or not: units, directions and Pivot", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, {"Water Depth.ft": 10, "Current Dir.deg": [350, 10, 0]}));
  await appendReadings(pond, "/in/b", hourly(9, {"water_depth.ft": 20, "Other.m": 1}));
  await appendReadings(pond, "/in/c", hourly(18, {"Water Depth.ft": 10, "water depth.m": 5}));
  const scopes = ["a", "b", "c"].map((name) => ({series: `/in/${name}`}));
  const units = {"Water Depth": "m"};
  const spec = {input: "/in/*", output: "/pivots/depth", parameter: "water depth", unit: "m"};
  const reduce = {input: "/in/*", output: "/reduced/$0", resolutions: ["1d"], directions: ["current_dir"]};
  const rows = await apply(
    pond,
    resource("Combine", "site", {output: "/sites/A", scopes: [{name: "S", inputs: scopes}], units}),
    resource("Pivot", "depth", spec),
    resource("Reduce", "r", reduce)
  );
  expect(rows.flatMap(({errors}) => errors)).toEqual([]);
  expect((await columnsOf(pond, "/sites/A")).map(({name}) => name)).toEqual([
    ...["S.Water Depth.m", "S.Current Dir.deg", "S.Other.m"]
  ]);
  const depths = await ask(pond, `SELECT DISTINCT "S.Water Depth.m" AS v FROM "/sites/A" ORDER BY v`);
  expect(depths).toEqual([{v: 3.048}, {v: 5}, {v: 6.096}]);
  expect((await columnsOf(pond, "/pivots/depth")).map(({name}) => name)).toEqual([
    ...["a.Water Depth.m", "b.water_depth.m", "c.Water Depth.m"]
  ]);
  const [row] = await ask(pond, `SELECT cos(radians("Current Dir.deg.avg")) AS v FROM "/reduced/a/1d"`);
  expect((row as {v: number}).v).toBeCloseTo(1, 12);
});

test("Pivot finds a parameter under any of its names, and tells it in one unit", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, {"DO.mg/L": 1}));
  await appendReadings(pond, "/in/b", hourly(0, {"ODO.µg/L": 2000, "RDO.% sat": 5}));
  const spec = {input: "/in/*", output: "/pivots/do", parameter: "Dissolved Oxygen", unit: "mg/L"};
  await apply(pond, resource("Pivot", "do", spec));
  expect(await ask(pond, `SELECT * EXCLUDE (timestamp) FROM "/pivots/do" LIMIT 1`)).toEqual([
    {"a.DO.mg/L": 1, "b.ODO.mg/L": 2}
  ]);
});

test("tests and corrections are for a column under any name, and once one calls it by its own, others are not", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/one", hourly(0, {"ODO.mg/L": [1, 2, 3]}));
  await appendReadings(pond, "/in/two", hourly(0, {"DO.mg/L": 1, "ODO.mg/L": 2}));
  const correct = (name: string, ...offsets: readonly (readonly [string, number])[]) => {
    const corrections = offsets.map(([parameter, offset]) => ({parameter, offset}));
    return resource("Correct", name, {input: "/in/*", output: `/${name}/$0`, corrections});
  };
  const rows = await apply(pond, correct("any", ["Dissolved Oxygen", 10]), correct("own", ["DO", 10], ["ODO", 20]));
  const first = (path: string) => ask(pond, `SELECT * EXCLUDE (timestamp) FROM "${path}" ORDER BY timestamp LIMIT 1`);
  expect(await first("/any/one")).toEqual([{"ODO.mg/L": 11}]);
  expect(await first("/any/two")).toEqual([{"DO.mg/L": 1, "ODO.mg/L": 2}]); // which of the two nothing says
  expect(await first("/own/one")).toEqual([{"ODO.mg/L": 21}]);
  expect(await first("/own/two")).toEqual([{"DO.mg/L": 11, "ODO.mg/L": 22}]);
  expect(rows.flatMap(({notes}) => notes).filter((note) => note.startsWith("There is no"))).toEqual([]);
  const tests = [{parameter: "RDO", unit: "µg/L", grossRange: {fail: [0, 1500]}}];
  await apply(pond, resource("Validate", "v", {input: "/in/one", output: "/flags", interval: "1h", tests}));
  const flags = `SELECT "ODO.mg/L.flag"::INTEGER AS flag FROM "/flags" ORDER BY timestamp`;
  expect((await ask(pond, flags)).map((row) => (row as {flag: number}).flag)).toEqual([1, 4, 4]);
});

test("a second sensor that comes ends what was said of the first under another name", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, {"ODO.mg/L": 1}));
  const corrections = [{parameter: "DO", offset: 10}];
  const tests = [{parameter: "DO", grossRange: {fail: [20, 30]}}];
  const resources = [
    resource("Correct", "c", {input: "/in/a", output: "/right", corrections}),
    resource("Validate", "v", {input: "/in/a", output: "/flags", interval: "1h", tests}),
    resource("Reduce", "r", {input: "/{right,flags}", output: "/reduced/$0", resolutions: ["1d"]})
  ];
  await apply(pond, ...resources);
  const mean = (name: string, of: string) =>
    ask(pond, `SELECT "${of}.mg/L.avg" AS v FROM "/reduced/${name}/1d" ORDER BY timestamp`);
  expect([await mean("right", "ODO"), await mean("flags", "ODO")]).toEqual([[{v: 11}], [{v: null}]]);
  await appendReadings(pond, "/in/a", hourly(500 * 24, {"DO.mg/L": 1})); // far from what was kept
  await apply(pond, ...resources);
  const [right, flags] = [await mean("right", "ODO"), await mean("flags", "ODO")];
  expect([right[0], flags[0]]).toEqual([{v: 1}, {v: 1}]);
});

test("a calibration and a flag of an annotation, likewise", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, {"ODO.mg/L": 1, "pH.pH": 7}));
  const at = (hours: number) => new Date((begin + hours * hour) / 1000).toISOString();
  const rows = [
    {kind: "deployment", series: "/in/a", parameter: "Dissolved Oxygen", from: at(0), text: "x"},
    {kind: "calibration", series: "/in/a", parameter: "DO", from: at(2), offset: 2, text: "x"},
    {kind: "outage", series: "/in/a", parameter: "DO", from: at(1), to: at(2), flag: 4, text: "x"}
  ];
  await apply(
    pond,
    resource("Manual", "notes", {annotations: {into: "/notes", rows}}),
    resource("Correct", "c", {input: "/in/a", output: "/right", annotations: ["/notes"]}),
    resource("Validate", "v", {input: "/right", output: "/flags", interval: "1h", annotations: ["/notes"], tests: []})
  );
  const sql = `SELECT "ODO.mg/L" AS v, "ODO.mg/L.flag"::INTEGER AS flag FROM "/flags" ORDER BY timestamp`;
  expect(await ask(pond, sql)).toEqual([
    {v: 1, flag: 2},
    {v: 2, flag: 4},
    {v: 1, flag: 2}
  ]);
});

test("a direction turns under any of its names", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, {"WindDir.deg": [350, 10, 0]}));
  const spec = {input: "/in/*", output: "/reduced/$0", resolutions: ["1d"], directions: ["Wind Direction"]};
  await apply(pond, resource("Reduce", "r", spec));
  const [row] = await ask(pond, `SELECT cos(radians("WindDir.deg.avg")) AS v FROM "/reduced/a/1d"`);
  expect((row as {v: number}).v).toBeCloseTo(1, 12);
});

test("a direction turns in its own unit, in degrees where that is unknown, and is an error in one that is no angle", async () => {
  const pond = await openPond();
  const units = {"Dir.rad": [6.18, 0], "Dir.degT": [354, 0], "Dir.grad": [393, 0], "Dir.m/s": [1, 2]};
  for (const [index, [name, values]] of Object.entries(units).entries())
    await appendReadings(pond, `/in/${index}`, hourly(0, {[name]: values}));
  const spec = {input: "/in/*", output: "/reduced/$0", resolutions: ["1d"], directions: ["Dir"]};
  await apply(pond, resource("Reduce", "r", spec));
  const mean = async (index: number, name: string) => {
    const [row] = await ask(pond, `SELECT "${name}.avg" AS v FROM "/reduced/${index}/1d"`);
    return (row as {v: number}).v;
  };
  expect(await mean(0, "Dir.rad")).toBeCloseTo(2 * Math.PI - (2 * Math.PI - 6.18) / 2, 12);
  expect(await mean(1, "Dir.degT")).toBeCloseTo(357, 12);
  expect(await mean(2, "Dir.grad")).toBeCloseTo(396.5, 12);
  await expect(mean(3, "Dir.m/s")).rejects.toThrow(
    "The column Dir.m/s of /in/3 is named among directions, and m/s is no angle: take it out."
  );
});

test("pages call a parameter as the dashboard does, and across sites as the first of them does", async () => {
  const pond = await openPond();
  await appendReadings(
    pond,
    "/in/a",
    hourly(0, {"Dissolved Oxygen.mg/L": 1, "SpCond.µS/cm": 5, "Batt.V": 3, "Tide.m": 1})
  );
  await appendReadings(
    pond,
    "/in/b",
    hourly(0, {"ODO.mg/L": 2, "Specific Conductance.µS/cm": 6, "Battery.V": 4, "tide.m": 2})
  );
  const resources = [
    resource("Reduce", "r", {input: "/in/*", output: "/reduced/$0", resolutions: ["1h"]}),
    resource("Dashboard", "d", {
      ...{title: "Pier", timeZone: "UTC", sites: ["a", "b"].map((name) => ({name, dataset: `/reduced/${name}`}))},
      parameters: [
        {
          ...{name: "DO", label: "Oxygen", unit: "µg/L"},
          thresholds: [{value: 2, label: "Hypoxia", side: "below"}]
        },
        {name: "Battery Voltage", label: "Battery", hidden: true}
      ]
    })
  ];
  await apply(pond, ...resources);
  const directory = `${await temporaryDirectory()}/published`;
  const publication: Omit<Publication, "fs" | "cache"> & {commits: Awaited<ReturnType<Pond["log"]>>} = {
    ...{resources, effects, directory, commits: await pond.log()}
  };
  const catalogue = await publish({...publication, fs: await pond.fs(), cache: pond.cache});
  const told = catalogue.parameters.map(({name, label, units, columns}) => [
    ...[name, label, units[0]!.unit, columns.map(({dataset, column}) => `${dataset}/${column}`)]
  ]);
  expect(told).toEqual([
    ["DO", "Oxygen", "µg/L", ["a/Dissolved Oxygen.mg/L", "b/ODO.mg/L"]],
    ["SpCond", "SpCond", "µS/cm", ["a/SpCond.µS/cm", "b/Specific Conductance.µS/cm"]],
    ["Tide", "Tide", "m", ["a/Tide.m", "b/tide.m"]]
  ]);
  expect(catalogue.thresholds).toMatchObject([{parameter: "DO", label: "Hypoxia"}]);
  expect(catalogue.datasets[1]!.columns.map(({name, parameter, label}) => [name, parameter, label])).toEqual([
    ["ODO.mg/L", "DO", "Oxygen"],
    ["Specific Conductance.µS/cm", "SpCond", "SpCond"],
    ["tide.m", "Tide", "Tide"]
  ]);
});
