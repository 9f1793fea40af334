import {readdir} from "node:fs/promises";
import {join} from "node:path";
import {asyncBufferFromFile, parquetReadObjects} from "hyparquet";
import {expect, test} from "vitest";
import {publish} from "../../loaders/site/publish.js";
import {kinds} from "../../loaders/kinds.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Effects, Resource, RunRow} from "../../loaders/types.js";
import {validate} from "../../loaders/kinds/validate.js";
import type {Pond} from "../../pond/pond.js";
import {hour, micros, type Reading, temporaryDirectory} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

/** Validate end to end: flags, what people say, averages without what failed, and what is published. */

const now = Date.parse("2026-01-01T00:00Z");
const effects: Effects = {now: () => now, env: {}, reporter: silent};
const begin = micros("2025-06-01T00:00Z");

/** Every quarter of an hour; null where nothing was read. */
function quarterly(column: string, values: readonly (number | null)[], from = 0): readonly Reading[] {
  return values.map((value, index) => ({time: begin + ((from + index) * hour) / 4, values: {[column]: value}}));
}

async function told(pond: Pond, ...resources: readonly Resource[]): Promise<readonly RunRow[]> {
  return (await run(pond, resources, effects)).rows;
}

async function ask(pond: Pond, sql: string): Promise<Record<string, unknown>[]> {
  const table = await (await pond.fs()).query(sql);
  return table.toArray().map((row: {toJSON(): unknown}) => row.toJSON() as Record<string, unknown>);
}

async function column(pond: Pond, name: string, path: string): Promise<unknown[]> {
  return (await ask(pond, `SELECT "${name}" AS v FROM "${path}" ORDER BY timestamp`)).map(({v}) => v);
}

function validateWith(tests: readonly object[], more: object = {}): Resource {
  return resource("Validate", "all", {input: "/in/*", output: "/checked/$0", interval: "15m", tests, ...more});
}

const site = (input: string) =>
  resource("Combine", "dock", {output: "/sites/Dock", scopes: [{name: "Surface", inputs: [{series: input}]}]});

test("flags stand beside readings, and say whose they are", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("DO.mg/L", [8, 8, 30, 8, null, 8]));
  const tests = [{parameter: "DO", grossRange: {suspect: [0, 20], fail: [-1, 25]}, spike: {suspect: 2}}];
  const [row] = await told(pond, validateWith(tests));
  expect(row!.errors).toEqual([]);
  expect(row!.notes).toEqual(["a: 1 suspect and 1 failed of 5 readings."]);
  const columns = await (await (await pond.fs()).series("/checked/a")).columns();
  expect(columns.map(({name, type, attributes: {flags, test}}) => [name, type, flags, test])).toEqual([
    ["DO.mg/L", "DOUBLE", undefined, undefined],
    ["DO.mg/L.flag", "TINYINT", "DO.mg/L", undefined],
    ["DO.mg/L.flag.grossRange", "TINYINT", "DO.mg/L", "grossRange"],
    ["DO.mg/L.flag.spike", "TINYINT", "DO.mg/L", "spike"]
  ]);
  expect(await column(pond, "DO.mg/L", "/checked/a")).toEqual([8, 8, 30, 8, null, 8]);
  expect(await column(pond, "DO.mg/L.flag.grossRange", "/checked/a")).toEqual([1, 1, 4, 1, 9, 1]);
  expect(await column(pond, "DO.mg/L.flag.spike", "/checked/a")).toEqual([2, 3, 3, 2, 9, 2]);
  expect(await column(pond, "DO.mg/L.flag", "/checked/a")).toEqual([1, 3, 4, 1, 9, 1]);
});

test("the counts per test are in the run's report, and kept with the run", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("DO.mg/L", [8, 30, null, 8]));
  const [row] = await told(pond, validateWith([{parameter: "DO", grossRange: {suspect: [0, 9], fail: [-1, 25]}}]));
  const flags = {good: 2, notEvaluated: 0, suspect: 0, fail: 1, missing: 1};
  const tests = [{series: "/checked/a", columns: [{column: "DO.mg/L", flags, tests: {grossRange: flags}}]}];
  expect(row!.tests).toEqual(tests);
  const [kept] = await ask(pond, `SELECT tests FROM "/sys/runs" WHERE kind = 'Validate'`);
  expect(JSON.parse(String(kept!.tests))).toEqual(tests);
});

test("thresholds are told in a unit of their own, by series and scope, and the first rule counts", async () => {
  const pond = await openPond();
  for (const name of ["a", "b"]) await appendReadings(pond, `/in/${name}`, quarterly("Temperature.C", [10, 15, 21]));
  const tests = [
    {parameter: "Temperature", series: "/in/b", grossRange: {suspect: [0, 12]}},
    {parameter: "Temperature", unit: "F", grossRange: {suspect: [50, 68]}, rateOfChange: {suspect: 36.1}} // 20.06 °C an hour
  ];
  await told(pond, validateWith(tests));
  expect(await column(pond, "Temperature.C.flag.grossRange", "/checked/a")).toEqual([1, 1, 3]);
  expect(await column(pond, "Temperature.C.flag.grossRange", "/checked/b")).toEqual([1, 3, 3]);
  expect(await column(pond, "Temperature.C.flag.rateOfChange", "/checked/b")).toEqual([1, 1, 3]);
});

test("a neighbour at the same time, in its own unit", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("Depth.m", [1, 2, 3]));
  await appendReadings(pond, "/beside/a", quarterly("Depth.ft", [3.28, 3.28], 0));
  const tests = [{parameter: "Depth", neighbour: {series: "/beside/$0", suspect: 0.5}}];
  await told(pond, validateWith(tests));
  expect(await column(pond, "Depth.m.flag.neighbour", "/checked/a")).toEqual([1, 3, 2]);
});

test("a signal that hardly varies is not taken for a lively one because it came back from a gap elsewhere", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("T.C", [10, 10, 10, 10]));
  await appendReadings(pond, "/in/a", quarterly("T.C", [15, 15, 15, 15, 15], 7));
  const attenuatedSignal = {suspect: 0.1, fail: 0.02, check: "range", period: "12h", minimum: 3};
  await told(pond, validateWith([{parameter: "T", attenuatedSignal}]));
  expect(await column(pond, "T.C.flag", "/checked/a")).toEqual([2, 2, 4, 4, 2, 2, 4, 4, 4]);
});

test("two instruments that take turns do not disturb one another", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/one", quarterly("T.C", [1, 9, 1]));
  await appendReadings(
    pond,
    "/two",
    quarterly("T.C", [5, 5, 5]).map(({time, values}) => ({time: time + 60e6, values}))
  );
  const scopes = ["one", "two"].map((name) => ({name, inputs: [{series: `/${name}`}]}));
  await told(
    pond,
    resource("Combine", "dock", {output: "/in/Dock", scopes}),
    validateWith([{parameter: "T", spike: {suspect: 2}}])
  );
  expect(await column(pond, "one.T.C.flag", "/checked/Dock")).toEqual([2, 9, 3, 9, 2, 9]);
  expect(await column(pond, "two.T.C.flag", "/checked/Dock")).toEqual([9, 2, 9, 1, 9, 2]);
});

const visit = (rows: readonly object[]) =>
  resource("Manual", "visits", {annotations: {into: "/annotations/dock", rows}});

test("what people say of an instrument counts at its site before all tests", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/instruments/a", quarterly("DO.mg/L", [8, 8, 30, 8, null, 8]));
  const rows = [
    {
      kind: "outage",
      series: "/instruments/*",
      from: "2025-06-01 00:15",
      to: "2025-06-01 01:15",
      flag: 4,
      text: "Out."
    },
    {
      kind: "remark",
      series: "/sites/Dock",
      parameter: "DO",
      from: "2025-06-01 00:30",
      to: "2025-06-01 00:45",
      flag: 1,
      text: "Real."
    },
    {kind: "remark", series: "/sites/Dock", from: "2025-06-01 00:30", text: "No flag."},
    {kind: "outage", series: "/instruments/b", from: "2025-06-01", flag: 4, text: "Another."}
  ];
  const check = resource("Validate", "all", {
    input: "/sites/*",
    output: "/checked/$0",
    interval: "15m",
    tests: [{parameter: "DO", grossRange: {fail: [0, 25]}}]
  });
  await told(pond, visit(rows), site("/instruments/a"), check);
  expect(await column(pond, "Surface.DO.mg/L.flag", "/checked/Dock")).toEqual([1, 4, 1, 4, 9, 1]);
  expect(await column(pond, "Surface.DO.mg/L.flag.manual", "/checked/Dock")).toEqual([2, 4, 1, 4, 9, 2]);
  expect(await column(pond, "Surface.DO.mg/L.flag.grossRange", "/checked/Dock")).toEqual([1, 1, 4, 1, 9, 1]);
  await told(pond, visit(rows.slice(1)), site("/instruments/a"), check);
  expect(await column(pond, "Surface.DO.mg/L.flag", "/checked/Dock")).toEqual([1, 1, 1, 1, 9, 1]);
});

test("a link to nothing among the annotations is said, and those of the others count", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("DO.mg/L", [8, 8]));
  await pond.transaction({command: "test"}, async (tx) => {
    await tx.mkdir("/annotations");
    await tx.symlink("/nowhere", "/annotations/gone");
  });
  const rows = [{kind: "outage", series: "/in/a", from: "2025-06-01 00:15", flag: 4, text: "Out."}];
  const [row] = (await told(pond, visit(rows), validateWith([]))).filter(({kind}) => kind === "Validate");
  expect([row!.errors, row!.notes.at(-1)]).toEqual([
    [],
    "/annotations/gone is no table of annotations, and flags nothing."
  ]);
  expect(await column(pond, "DO.mg/L.flag", "/checked/a")).toEqual([2, 4]);
});

test("what changes nothing is said, and what cannot be is an error", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("DO.mg/L", [8]));
  await appendReadings(pond, "/annotations/strange", quarterly("DO.mg/L", [8]));
  const [row] = await told(pond, validateWith([{parameter: "D0", spike: {suspect: 1}}]));
  expect(row!.notes).toEqual([
    "a: 0 suspect and 0 failed of 0 readings.",
    "There is no D0 to test; there are DO.",
    "/annotations/strange is no table of annotations, and flags nothing."
  ]);
  const neighbours = [{series: "/in/none"}, {scope: "Low"}].map((one) => ({...one, fail: 1}));
  const tests = neighbours.map((neighbour) => ({parameter: "DO", neighbour}));
  expect((await told(pond, validateWith(tests)))[0]!.notes).toEqual([
    "a: 0 suspect and 0 failed of 1 reading.",
    "There is no DO of /in/none to be a neighbour, and nothing is evaluated by it.",
    "There is no DO of Low of /in/a to be a neighbour, and nothing is evaluated by it.",
    "/annotations/strange is no table of annotations, and flags nothing."
  ]);
  const [wrong] = await told(pond, validateWith([{parameter: "DO", unit: "C", spike: {suspect: 1}}]));
  expect(wrong!.errors[0]).toContain("mg/L cannot be converted to C");
  const [again] = await told(
    pond,
    validateWith([{parameter: "DO", spike: {suspect: 1}}]),
    resource("Validate", "twice", {input: "/checked/a", output: "/twice/a", interval: "15m"})
  ).then((rows) => rows.slice(1));
  expect(again!.errors[0]).toContain("/checked/a has flags already, such as DO.mg/L.flag");
});

test("a column of the series that is called as flags would be is an error, until it is renamed", async () => {
  const pond = await openPond();
  const flagged = [8, 30].map((value, index) => ({"DO.mg/L": value, "do.mg/L.FLAG": 4 - index}));
  await appendReadings(
    pond,
    "/in/a",
    flagged.map((values, index) => ({time: begin + index * hour, values}))
  );
  const tests = [{parameter: "DO", grossRange: {fail: [0, 20]}}];
  const [refused] = await told(pond, validateWith(tests));
  expect(refused!.errors).toEqual([
    "/in/a has a column do.mg/L.FLAG, where flags of DO.mg/L are to stand: Rename it, and have Validate read that."
  ]);
  const columns = [{from: "do.mg/L.FLAG", to: "Own"}];
  const rename = resource("Rename", "own", {input: "/in/*", output: "/named/$0", columns, others: "keep"});
  const [, row] = await told(pond, rename, validateWith(tests, {input: "/named/*"}));
  expect(row!.errors).toEqual([]);
  expect(await column(pond, "DO.mg/L.flag", "/checked/a")).toEqual([1, 4]);
  expect(await column(pond, "Own", "/checked/a")).toEqual([4, 3]);
});

test("what lies years apart in one piece is computed where readings are, and nowhere in between", async () => {
  const pond = await openPond();
  const rows = [2001, 2011, 2026].map((year, index) => ({time: `${year}-06-01`, values: {"DO.mg/L": index}}));
  const manual = resource("Manual", "hand", {readings: {into: "/in/a", rows}});
  const tests = [{parameter: "DO", grossRange: {fail: [0, 1]}, gap: {suspect: "1h"}}];
  const [, row] = await told(pond, manual, validateWith(tests, {interval: "1m"}));
  expect(row!.notes).toEqual(["a: 1 suspect and 1 failed of 3 readings."]);
  expect(await column(pond, "DO.mg/L.flag", "/checked/a")).toEqual([1, 3, 4]);
  const kept = await readdir(join(pond.cache, "validate"), {recursive: true});
  expect(kept.filter((name) => name.endsWith(".parquet"))).toHaveLength(3);
});

test.each([
  [{spike: {}}, "write suspect, fail or both"],
  [{spike: {suspect: 2, fail: 1}}, "the threshold of fail is to be higher than that of suspect"],
  [
    {attenuatedSignal: {suspect: 1, fail: 2, period: "1h"}},
    "the threshold of fail is to be lower than that of suspect"
  ],
  [{grossRange: {suspect: [0, 9], fail: [1, 8]}}, "the span of suspect is to lie inside that of fail"],
  [{grossRange: {suspect: [9, 0]}}, "write the low end first, then the high one"],
  [{gap: {suspect: "2h", fail: "1h"}}, "the time of fail is to be longer than that of suspect"],
  [{flatLine: {suspect: "15m"}}, "two readings may well be the same: write a time of at least two intervals"],
  [{neighbour: {suspect: 1}}, "say which one: write series, scope or both"],
  [{}, "there is no test in it"]
])("%j is refused before anything runs", (tests, message) => {
  const spec = {input: "/in/*", output: "/checked/$0", interval: "15m", tests: [{parameter: "DO", ...tests}]};
  const issues = validate.schema.safeParse(spec).error?.issues.map((issue) => issue.message) ?? [];
  expect(
    issues.some((issue) => issue.startsWith(message)),
    issues.join("; ")
  ).toBe(true);
});

// ---- What comes after ----

const range = [{parameter: "DO", grossRange: {suspect: [0, 10], fail: [-1, 20]}}];
const reduceWith = (more: object = {}) =>
  resource("Reduce", "all", {input: "/checked/*", output: "/reduced/$0", resolutions: ["1h", "2h", "1d"], ...more});

async function bins(pond: Pond, path: string, name = "DO.mg/L"): Promise<unknown[]> {
  const told = ["avg", "min", "max", "count", "suspect", "fail"].map((statistic) => `"${name}.${statistic}"`);
  const rows = await ask(
    pond,
    `SELECT [${told.map((sql) => `${sql}::DOUBLE`).join(", ")}]::VARCHAR AS v FROM "${path}" ORDER BY timestamp`
  );
  return rows.map(({v}) => JSON.parse(String(v).replaceAll("NULL", "null")) as unknown);
}

test("failed readings are left out and counted; suspect ones as configured", async () => {
  const pond = await openPond();
  const hours = [8, 9, 99, 7, /**/ 12, 8, 8, 8, /**/ 50, 51, 52, null, /**/ 5, null, null, null];
  await appendReadings(pond, "/in/a", quarterly("DO.mg/L", hours));
  await told(pond, validateWith(range), reduceWith());
  expect(await bins(pond, "/reduced/a/1h")).toEqual([
    [8, 7, 9, 3, 0, 1],
    [9, 8, 12, 4, 1, 0],
    [null, null, null, 0, 0, 3],
    [5, 5, 5, 1, 0, 0]
  ]);
  expect(await bins(pond, "/reduced/a/2h")).toEqual([
    [60 / 7, 7, 12, 7, 1, 1],
    [5, 5, 5, 1, 0, 3]
  ]);
  expect(await bins(pond, "/reduced/a/1d")).toEqual([[65 / 8, 5, 12, 8, 1, 4]]);
  await told(pond, validateWith(range), reduceWith({suspect: "drop"}));
  expect(await bins(pond, "/reduced/a/2h")).toEqual([
    [8, 7, 9, 6, 1, 1],
    [5, 5, 5, 1, 0, 3]
  ]);
});

test("flags go with their readings through other kinds", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("DO.mg/L", [8, 99]));
  await appendReadings(pond, "/plain/b", quarterly("DO.mg/L", [7, null, 8], 1));
  const inputs = [{series: "/checked/a"}, {series: "/plain/b"}];
  await told(
    pond,
    validateWith(range),
    resource("Combine", "dock", {output: "/sites/Dock", scopes: [{name: "Surface", inputs}], units: {DO: "µg/L"}}),
    resource("Rename", "named", {
      input: "/sites/Dock",
      output: "/named/Dock",
      columns: [{from: "Surface.DO.µg/L", to: "Oxygen.mg/L"}]
    }),
    resource("Pivot", "pivot", {input: "/sites/*", output: "/pivots/DO", parameter: "DO"}),
    resource("Reduce", "all", {input: "/named/*", output: "/reduced/$0", resolutions: ["1h"]})
  );
  expect(await column(pond, "Surface.DO.µg/L", "/sites/Dock")).toEqual([8000, 7000, null, 8000]);
  expect(await column(pond, "Surface.DO.µg/L.flag", "/sites/Dock")).toEqual([1, 2, 9, 2]);
  expect(await column(pond, "Oxygen.mg/L.flag.grossRange", "/named/Dock")).toEqual([1, 2, 9, 2]);
  expect(await column(pond, "Dock.DO.µg/L.flag", "/pivots/DO")).toEqual([1, 2, 9, 2]);
  expect(await bins(pond, "/reduced/Dock/1h", "Oxygen.mg/L")).toEqual([[23 / 3, 7, 8, 3, 0, 0]]);
});

const dashboard = resource("Dashboard", "site", {title: "Harbour", sites: [{name: "dock", dataset: "/reduced/a"}]});

test("thresholds and counts are published with the data, and shards count flags", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("DO.mg/L", [8, 9, 99, 12, null]));
  await appendReadings(pond, "/in/a", quarterly("pH.pH", [8, 8, 8, 8, 8]));
  const resources = [validateWith(range), reduceWith(), dashboard];
  await told(pond, ...resources);
  const directory = await temporaryDirectory();
  const fs = await pond.fs();
  const catalogue = await publish({fs, commits: await pond.log(), resources, effects, cache: pond.cache, directory});
  const [dataset] = catalogue.datasets;
  expect(dataset!.columns.map(({name}) => name)).toEqual(["DO.mg/L", "pH.pH"]);
  const flags = {good: 2, notEvaluated: 0, suspect: 1, fail: 1, missing: 1};
  expect(dataset!.columns.map(({quality}) => quality)).toEqual([
    {
      suspect: "keep",
      flags,
      tests: [
        {
          name: "grossRange",
          label: "Gross range",
          rule: "the reading",
          suspect: "outside 0 to 10 mg/L",
          fail: "outside -1 to 20 mg/L",
          thresholds: {suspect: [0, 10], fail: [-1, 20]},
          flags
        }
      ]
    },
    undefined
  ]);
  expect(dataset!.columns[0]!.latest!.value).toBe(12);
  const [shard] = dataset!.resolutions[0]!.shards;
  const rows = await parquetReadObjects({file: await asyncBufferFromFile(join(directory, shard!.file))});
  expect(rows[0]).toMatchObject({"DO.mg/L.count": 3, "DO.mg/L.suspect": 1, "DO.mg/L.fail": 1, "pH.pH.count": 4});
  expect(Object.keys(rows[0]!).filter((name) => name.startsWith("pH"))).toEqual(
    ["avg", "min", "max", "count"].map((statistic) => `pH.pH.${statistic}`)
  );
});

test("a neighbour that the same resource makes is refused, and is an error to read where a pond has it from before", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", quarterly("T.C", [1, 2, 3]));
  for (const [output, series] of [
    ["/checked/$0", "/checked/a"],
    ["/checked/$0", "/checked/$0"],
    ["/alone", "/alone"]
  ] as const) {
    const wrong = {...validateWith([{parameter: "T", neighbour: {series, suspect: 1}}], {output, input: "/in/*"})};
    await expect(run(pond, [wrong], effects)).rejects.toThrow("Validate/all → Validate/all");
    const place = kinds.find(({name}) => name === "Validate")!.dynamic!.path(wrong.spec);
    await pond.transaction({command: "test"}, (tx) => tx.dynamic(place, "Validate", wrong.source));
    const made = await (await pond.fs()).series(output.includes("$") ? "/checked/a" : `${place}/readings`);
    await expect(made.pieces()).rejects.toThrow(/^\S+ is made of \S+, which the same resource makes: /);
    await pond.transaction({command: "test"}, (tx) => tx.remove(place));
  }
});
