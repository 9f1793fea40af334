import {tableFromArrays} from "apache-arrow";
import {expect, test} from "vitest";
import {publish} from "../../loaders/site/publish.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {AnnotationEntry, Effects, Resource} from "../../loaders/types.js";
import type {Transaction} from "../../pond/types.js";
import {hour, micros, temporaryDirectory} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

/** Annotations of instruments, as the pages of sites show them. */

const begin = micros("2026-01-10T00:00Z");

function hourly(column: string) {
  return Array.from({length: 48}, (_, t) => ({time: begin + t * hour, values: {[column]: t, "Salinity.psu": 30}}));
}

const remark = {kind: "remark", series: "/in/*", from: "2026-01-10T06:00Z", text: "Seen."};
const deployed: readonly Resource[] = [
  resource("Rename", "names", {input: "/raw/*", output: "/in/$0", columns: [{from: "T", to: "Temperature.C"}]}),
  resource("Combine", "pier", {
    output: "/sites/Pier",
    scopes: [
      {
        name: "Surface",
        inputs: [
          {series: "/in/one", to: "2026-01-11T00:00Z"},
          {series: "/in/two", from: "2026-01-11T00:00Z"}
        ]
      },
      {name: "Bottom", inputs: [{series: "/in/two", to: "2026-01-11T00:00Z"}]}
    ]
  }),
  resource("Reduce", "all", {input: "/sites/*", output: "/reduced/$0", resolutions: ["1h"]})
];

interface Prepared {
  readonly more?: readonly Resource[];
  readonly prepare?: (tx: Transaction) => Promise<void>;
}

async function annotated(
  rows: readonly object[],
  dashboard: object = {},
  {more = [], prepare = async () => {}}: Prepared = {}
) {
  const pond = await openPond();
  await pond.transaction({command: "test"}, prepare);
  for (const name of ["one", "two"]) await appendReadings(pond, `/raw/${name}`, hourly("T"));
  const warnings: string[] = [];
  const effects: Effects = {
    now: () => Date.parse("2026-01-12T00:00Z"),
    env: {},
    reporter: {...silent, warn: (text) => warnings.push(text)}
  };
  const resources = [
    ...deployed,
    ...more,
    resource("Manual", "notes", {annotations: {into: "/annotations/pier", rows}}),
    resource("Dashboard", "site", {title: "Pier", sites: [{name: "pier", dataset: "/reduced/Pier"}], ...dashboard})
  ];
  expect((await run(pond, resources, effects)).rows.flatMap(({errors}) => errors)).toEqual([]);
  const [fs, commits] = [await pond.fs(), await pond.log()];
  const directory = await temporaryDirectory();
  const troubled: string[] = [];
  const {annotations, thresholds, parameters} = await publish({
    onTrouble: (path) => void troubled.push(path),
    fs,
    commits,
    resources,
    effects,
    cache: pond.cache,
    directory
  });
  return {annotations, thresholds, parameters, warnings, troubled};
}

const columns = (...names: string[]) => names.map((name) => `Pier/${name}`);

test("an annotation is told of the columns that come from its series, while the instrument was there", async () => {
  const {annotations} = await annotated([{...remark, series: "/in/two", flag: 3}]);
  expect(annotations).toEqual<AnnotationEntry[]>([
    {
      kind: "remark",
      begin: "2026-01-10T06:00:00.000Z",
      end: "2026-01-11T00:00:00.000Z",
      flag: 3,
      text: "Seen.",
      series: columns("Bottom.Temperature.C", "Bottom.Salinity.psu")
    },
    {
      kind: "remark",
      begin: "2026-01-11T00:00:00.000Z",
      flag: 3,
      text: "Seen.",
      series: columns("Surface.Temperature.C", "Surface.Salinity.psu")
    }
  ]);
});

test("it may name what an instrument's series is made of, the site's own series, or several; and one parameter", async () => {
  const {annotations} = await annotated([
    {...remark, series: "/raw/one", parameter: "Temperature", text: "raw"},
    {...remark, series: "/sites/Pier", from: "2026-01-11T01:00Z", to: "2026-01-11T02:00Z", text: "site"},
    {...remark, series: "/in/{one,two}", parameter: "Salinity", to: "2026-01-10T07:00Z", text: "both"},
    {...remark, series: "/elsewhere", text: "nowhere"},
    {...remark, series: "/in/one", from: "2026-01-11T03:00Z", text: "when it was gone"}
  ]);
  expect(
    annotations.map(({text, begin, end, series}) => [text, begin.slice(8, 13), end?.slice(8, 13), series])
  ).toEqual([
    ["both", "10T06", "10T07", columns("Surface.Salinity.psu", "Bottom.Salinity.psu")],
    ["raw", "10T06", "11T00", columns("Surface.Temperature.C")],
    [
      "site",
      "11T01",
      "11T02",
      columns("Surface.Temperature.C", "Surface.Salinity.psu", "Bottom.Temperature.C", "Bottom.Salinity.psu")
    ]
  ]);
});

test("it is told of no other scope than the one that its instrument had, whatever a series was picked from", async () => {
  const pivot = {input: "/sites/*", output: "/pivots/t", parameter: "Temperature", scope: "Bottom", name: "B"};
  const resources = [
    resource("Pivot", "t", pivot),
    resource("Reduce", "pivots", {input: "/pivots/*", output: "/across/$0", resolutions: ["1h"]})
  ];
  const sites = [{name: "t", dataset: "/across/t"}];
  const {annotations} = await annotated(
    [
      {...remark, series: "/in/one", text: "at the surface"},
      {...remark, series: "/in/two", parameter: "T", text: "not its name"},
      {...remark, series: "/raw/two", parameter: "T", text: "at the bottom"}
    ],
    {sites},
    {more: resources}
  );
  expect(
    annotations.map(({text, begin, end, series}) => [text, begin.slice(8, 13), end?.slice(8, 13), series])
  ).toEqual([["at the bottom", "10T06", "11T00", ["t/B.Temperature.C"]]]);
});

test("the dashboard says which tables are shown, and is told of one that holds something else", async () => {
  expect((await annotated([remark], {annotations: []})).annotations).toEqual([]);
  expect((await annotated([remark], {annotations: ["/annotations/*"]})).annotations).toHaveLength(2);
  const {annotations, warnings} = await annotated([remark], {annotations: ["/in/one"]});
  expect(annotations).toEqual([]);
  expect(warnings).toEqual(["The dashboard shows the annotations in /in/one, which is no table of annotations."]);
});

async function breakSome(tx: Transaction): Promise<void> {
  for (const path of ["/annotations", "/raw"]) await tx.mkdir(path);
  for (const path of ["/annotations/gone", "/raw/gone"]) await tx.symlink("/nowhere", path);
  const odd = tableFromArrays({
    timestamp: [1],
    end: ["x"],
    kind: [1],
    series: [1],
    parameter: [1],
    flag: [1],
    text: [1]
  });
  await tx.table("/annotations/odd", odd);
}

test("a link to nothing, and a table that cannot be read, are told, and the others are shown", async () => {
  const {annotations, warnings, troubled} = await annotated(
    [remark],
    {annotations: ["/annotations/*"]},
    {prepare: breakSome}
  );
  expect(annotations).toHaveLength(2);
  expect(warnings).toEqual([
    "The dashboard shows the annotations in /annotations/gone, which is no table of annotations.",
    expect.stringContaining("The annotations in /annotations/odd are not shown: ")
  ]);
  expect(troubled).toEqual(["/annotations/odd"]);
});

test("a threshold is told in the unit that its readings have, and left out where it cannot be", async () => {
  const thresholds = [
    {value: 68, unit: "F", label: "Warm", kind: "warning", side: "above", sites: ["pier"]},
    {value: 5, label: "Cold", side: "below"},
    {value: 5, unit: "psu", label: "Salty", side: "above"}
  ];
  const told = await annotated([], {parameters: [{name: "Temperature", label: "Temperature", thresholds}]});
  expect(told.thresholds).toEqual([
    {
      parameter: "Temperature",
      unit: "C",
      value: expect.closeTo(20, 9) as number,
      label: "Warm",
      kind: "warning",
      side: "above",
      datasets: ["Pier"]
    },
    {parameter: "Temperature", unit: "C", value: 5, label: "Cold", kind: "note", side: "below"}
  ]);
  expect(told.warnings).toEqual([
    'The threshold "Salty" of Temperature is in psu, its readings are in C: it is not shown.'
  ]);
});

test("readers see a parameter first in the unit that the dashboard says, where its readings can be told in it", async () => {
  const told = await annotated([], {
    parameters: [
      {name: "Temperature", label: "Temperature", unit: "F"},
      {name: "Salinity", label: "Salinity", unit: "mg/L"}
    ]
  });
  const [temperature, salinity] = told.parameters;
  expect(temperature).toMatchObject({unit: "C", units: [{unit: "F"}, {unit: "C", factor: 1, offset: 0}]});
  const {factor, offset} = temperature!.units[0]!;
  expect(20 * factor + offset).toBeCloseTo(68, 9);
  expect(salinity!.units).toEqual([{unit: "psu", factor: 1, offset: 0}]);
  expect(told.warnings).toEqual([
    "Readers would see Salinity in mg/L, which its readings in psu cannot be told in: it stays in psu."
  ]);
});
