import {readdir, readFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {reduce, type ReduceSpec} from "../../loaders/kinds/reduce.js";
import {exactUpTo} from "../../loaders/reduction/digest.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Effects, Resource} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import type {Reader} from "../../pond/types.js";
import {day, hour, micros, type Reading, rowsOf} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";
import {Duck} from "../../pond/duck.js";
import {describeShared, shared} from "../shared.js";

const effects: Effects = {now: () => Date.parse("2026-01-01T00:00Z"), env: {}, reporter: silent};

const quarters: readonly Reading[] = Array.from({length: 96 * 3}, (_, t) => ({
  time: micros("2025-06-01T00:00Z") + (t * hour) / 4,
  values: {"a.DO.mg/L": t}
}));

const ladder = ["1h", "2h", "4h", "12h", "24h"];

async function reduced(
  spec: Partial<Record<keyof ReduceSpec, unknown>>,
  paths = ["/sites/A", "/sites/B"]
): Promise<Pond> {
  const pond = await openPond();
  for (const path of paths) await appendReadings(pond, path, quarters);
  await run(pond, [resource("Reduce", "all", spec)], effects);
  return pond;
}

test("datasets and resolutions are directories and series like any other", async () => {
  const pond = await reduced({input: "/sites/*", output: "/reduced/$0", resolutions: ladder});
  const fs = await pond.fs();
  const paths = [];
  for await (const {path, kind} of fs.walk("/reduced")) paths.push(`${path} ${kind}`);
  expect(paths.slice(0, 7)).toEqual([
    "/reduced/A directory",
    "/reduced/A/12h series",
    "/reduced/A/1h series",
    "/reduced/A/24h series",
    "/reduced/A/2h series",
    "/reduced/A/4h series",
    "/reduced/B directory"
  ]);
  expect(await fs.exists("/reduced/A/3h")).toBe(false);
  expect(await fs.exists("/reduced/C")).toBe(false);
  const series = await fs.series("/reduced/A/24h");
  expect((await series.columns()).map(({name, type}) => [name, type])).toEqual([
    ["a.DO.mg/L.avg", "DOUBLE"],
    ["a.DO.mg/L.min", "DOUBLE"],
    ["a.DO.mg/L.max", "DOUBLE"],
    ["a.DO.mg/L.count", "INTEGER"]
  ]);
  const table = await fs.query(`SELECT sum("a.DO.mg/L.count")::INTEGER AS n FROM "/reduced/*/4h"`);
  expect(table.get(0)!.toJSON()).toEqual({n: 2 * quarters.length});
});

test("the readings themselves are a level too, and without a word the readings say which levels there are", async () => {
  const pond = await reduced({input: "/sites/*", output: "/reduced/$0"}, ["/sites/A"]);
  const fs = await pond.fs();
  expect((await fs.list("/reduced/A")).map(({name}) => name)).toEqual(["1h", "raw"]); // three days of quarter hours
  expect(await rowsOf(pond.duck, await fs.series("/reduced/A/raw"))).toEqual(
    quarters.map(({time, values}) => ({time, ...values}))
  );
});

test("percentiles are told, exact where a bin is made of few readings", async () => {
  const statistics = ["p50", "p95"];
  const spec = {input: "/sites/*", output: "/reduced/$0", resolutions: ["1h", "1d"], statistics};
  const pond = await reduced(spec, ["/sites/A"]);
  const [first] = await rowsOf(pond.duck, await (await pond.fs()).series("/reduced/A/1d"));
  expect([first!["a.DO.mg/L.p50"], first!["a.DO.mg/L.p95"], first!["a.DO.mg/L.count"]]).toEqual([47.5, 90.25, 96]);
});

test("how far percentiles are exact is told to editors and readers as it is", async () => {
  const words = `bins of up to ${exactUpTo} readings each`;
  for (const file of ["resources/schema.json", "loaders/README.md"]) {
    const text = await readFile(join(import.meta.dirname, "../..", file), "utf8");
    expect(text.includes(words), file).toBe(true);
  }
});

test("captures may make directories of their own, and statistics may be fewer", async () => {
  const spec = {input: "/s*/*", output: "/out/$1/of-$0", resolutions: ["1d"], statistics: ["max"]};
  const pond = await reduced(spec, ["/sites/A"]);
  const fs = await pond.fs();
  expect((await fs.list("/out")).map(({name}) => name)).toContain("A");
  const rows = await rowsOf(pond.duck, await fs.series("/out/A/of-ites/1d"));
  expect(rows).toEqual(
    [0, 1, 2].map((n) => ({
      time: micros("2025-06-01T00:00Z") + n * day,
      "a.DO.mg/L.max": 95 + 96 * n,
      "a.DO.mg/L.count": 96
    }))
  );
});

test("an output without captures is the one dataset's own directory", async () => {
  const pond = await reduced({input: "/sites/A", output: "/reduced/only", resolutions: ["12h"]});
  expect((await (await pond.fs()).list("/reduced/only")).map(({name}) => name)).toEqual(["12h"]);
});

test("two inputs for one dataset are refused with both named", async () => {
  const pond = await reduced({input: "/sites/*", output: "/reduced/all"});
  await expect((await pond.fs()).list("/reduced/all")).rejects.toThrow(
    "/sites/A and /sites/B would both be /reduced/all: tell them apart by $0, $1, …."
  );
});

test("a late reading stored in the pond costs one page of each resolution, and another snapshot keeps its own", async () => {
  const pond = await openPond();
  const year = Array.from({length: 8760}, (_, t) => ({
    time: micros("2025-01-01T00:00Z") + t * hour,
    values: {"a.u": t}
  }));
  await appendReadings(pond, "/sites/A", year);
  await run(
    pond,
    [resource("Reduce", "all", {input: "/sites/*", output: "/reduced/$0", resolutions: ladder})],
    effects
  );
  const files = async () => (await readdir(join(pond.cache, "reduce"))).filter((name) => name.endsWith(".bins")).length;
  const build = async (fs: Reader) => rowsOf(pond.duck, await fs.series("/reduced/A/24h"));
  const old = await pond.fs();
  const before = await build(old);
  const whole = 12 + 12 + 12 + 4 + 1; // months, quarters, a year
  expect(await files()).toBe(whole);
  await appendReadings(pond, "/sites/A", [{time: micros("2025-02-03T04:30Z"), values: {"a.u": 1e6}}]);
  const after = await build(await pond.fs());
  expect(await files()).toBe(whole + 5);
  expect(after.map((row, index) => row["a.u.max"] === before[index]!["a.u.max"])).toEqual(
    before.map(({time}) => time !== micros("2025-02-03T00:00Z"))
  );
  expect(await build(old)).toEqual(before);
  expect(await files()).toBe(whole + 5);
});

test.each([
  ["/*/*", "/out/$1"],
  ["/**", "/out"],
  ["/out/A", "/out/$0"]
])("an input %s that reads its own output %s is refused", (input, output) => {
  const result = reduce.schema.safeParse({input, output});
  expect(result.error?.issues.map(({path, message}) => [path, message])).toContainEqual([
    ["output"],
    "the input reads there as well: choose a directory that its pattern does not match"
  ]);
});

test.each([
  [
    ["1x"],
    "write a whole number and s, m, h or d, such as 15m, 1h or 7d, or one of 1d, 1w, 1mo, 1q and 1y of the calendar"
  ],
  [["raw"], "name a width too: readings alone show no long time"],
  [["24h", "1d"], "The resolutions 24h and 1d are the same: leave one out."]
])("the resolutions %j are refused", (resolutions, sentence) => {
  const result = reduce.schema.safeParse({input: "/a", output: "/b", resolutions});
  expect(result.error?.issues.map(({message}) => message)).toEqual([sentence]);
});

test.each([
  ["/{n,d}/*", "/r/$0/$1", true],
  ["/{n,r}/*", "/r/$0/$1", false],
  ["/*/x", "/r/$0", false],
  ["/n/**", "/r/$0", true],
  ["/**", "/r/$0", false]
])("%s may go to %s: %s", (input, output, isAllowed) => {
  expect(reduce.schema.safeParse({input, output}).success).toBe(isAllowed);
});

// ---- Of bins, in other resources ----

const days = resource("Reduce", "days", {
  ...{input: "/in/*", output: "/reduced/$0", resolutions: ["1d"]},
  statistics: ["avg", "stddev", "sum", "count"]
});

/** A day of Temp, 10 and 20 °C, and what resources make of what is told of it. */
async function ofDays(...resources: Resource[]) {
  const pond = await openPond();
  const values = [10, 20].map((t, index) => ({
    time: micros("2025-06-01T00:00Z") + index * hour,
    values: {"Temp.C": t}
  }));
  await appendReadings(pond, "/in/a", values);
  const {rows} = await run(pond, [days, ...resources], effects);
  const said = rows.flatMap(({errors, notes}) => [...errors, ...notes]);
  const first = async (path: string) =>
    (await (await pond.fs()).query(`SELECT * EXCLUDE (timestamp) FROM "${path}"`)).get(0)!.toJSON();
  const columns = async (path: string) => (await (await pond.fs()).series(path)).columns();
  return {said, first, columns};
}

test("a statistic is a parameter of its own, in the unit of the readings unless it counts them", async () => {
  const {columns} = await ofDays(
    resource("Reduce", "again", {
      input: "/reduced/*/1d",
      output: "/again/$0",
      resolutions: ["1mo"],
      statistics: ["max"]
    })
  );
  const told = (await columns("/reduced/a/1d")).map(({name, attributes}) => [name, attributes]);
  expect(told).toEqual([
    ["Temp.C.avg", {parameter: "Temp.avg", unit: "C", statistic: "avg"}],
    ["Temp.C.count", {parameter: "Temp.count", statistic: "count"}],
    ["Temp.C.sum", {parameter: "Temp.sum", unit: "C", statistic: "sum"}],
    ["Temp.C.stddev", {parameter: "Temp.stddev", unit: "C", statistic: "stddev"}]
  ]);
  const [, , , , , , spread] = await columns("/again/a/1mo");
  expect(spread).toMatchObject({
    name: "Temp.C.stddev.max",
    attributes: {parameter: "Temp.stddev.max", unit: "C", statistic: "stddev.max"}
  });
});

test("Rename converts what is told of readings as that is converted, and counts not at all", async () => {
  const rename = (name: string, from: string) =>
    resource("Rename", name, {
      input: "/reduced/*/1d",
      output: `/${name}/$0`,
      columns: [{from, to: `${name} $0.F`}],
      others: "drop"
    });
  const {first, said} = await ofDays(
    rename("A", "Temp.C.*g"),
    rename("N", "Temp.C.c*t"),
    rename("D", "Temp.C.st*"),
    rename("S", "Temp.C.su*")
  );
  expect(await first("/A/a")).toEqual({"A av.F": 59});
  expect(await first("/N/a")).toEqual({"N oun.F": 2});
  expect((await first("/D/a"))["D ddev.F"]).toBeCloseTo(Math.sqrt(50) * 1.8, 10);
  expect(said).toEqual([
    "The column Temp.C.sum of /reduced/a/1d: sum of readings in C cannot be converted to F: Rename the readings before Reduce."
  ]);
});

test("Combine, Pivot and Validate take each statistic for what it is", async () => {
  const tests = [{parameter: "Temperature.avg", unit: "F", grossRange: {fail: [60, 90]}}];
  const {first, columns, said} = await ofDays(
    resource("Combine", "site", {
      ...{output: "/sites/A", units: {"Temperature.avg": "F", "Temp.stddev": "F"}},
      scopes: [{name: "S", inputs: [{series: "/reduced/*/1d"}]}]
    }),
    resource("Pivot", "means", {input: "/reduced/*/1d", output: "/pivots/means", parameter: "Temp.avg", unit: "F"}),
    resource("Validate", "v", {input: "/reduced/*/1d", output: "/checked/$0", interval: "1d", tests})
  );
  expect(said).toEqual(["a: 0 suspect and 1 failed of 1 reading."]);
  expect(await first("/sites/A")).toEqual({
    "S.Temp.avg.F": 59,
    "S.Temp.count": 2,
    "S.Temp.sum.C": 30,
    "S.Temp.stddev.F": Math.sqrt(50) * 1.8
  });
  expect(await first("/pivots/means")).toEqual({"a.Temp.avg.F": 59});
  expect((await columns("/checked/a")).map(({name}) => name).filter((name) => name.includes("flag"))).toEqual([
    ...["Temp.C.avg.flag", "Temp.C.avg.flag.grossRange"]
  ]);
  expect((await first("/checked/a"))["Temp.C.avg.flag"]).toBe(4);
});

describeShared("the harbour's real readings", "noyo/hydrovu", () => {
  const to = "2025-10-16T21:00Z";
  const scope = (name: string, instrument: string) => ({name, inputs: [{series: `/hydrovu/${instrument}`, to}]});
  const resources = [
    resource("Combine", "bdock", {
      output: "/sites/BDock",
      scopes: [scope("Vulink", "Vulink_1"), scope("AT500_Surface", "AT500_1")]
    }),
    resource("Reduce", "all", {input: "/sites/*", output: "/reduced/$0", resolutions: ladder})
  ];

  test("site BDock comes to the figures that are known of it", async () => {
    const pond = await openPond();
    for (const name of ["Vulink_1", "AT500_1"])
      await appendReadings(pond, `/hydrovu/${name}`, await readInstrument(name));
    await run(pond, resources, effects);
    const fs = await pond.fs();
    const all = (
      await fs.query(`SELECT count(*)::INTEGER AS rows, count(DISTINCT timestamp)::INTEGER AS times,
        count("AT500_Surface.DO.mg/L")::INTEGER AS n, round(avg("AT500_Surface.DO.mg/L"), 6) AS mean,
        round(min("AT500_Surface.DO.mg/L"), 6) AS min, round(max("AT500_Surface.DO.mg/L"), 6) AS max
        FROM "/sites/BDock"`)
    ).get(0)!;
    expect(all.toJSON()).toEqual({
      rows: 12_699,
      times: 12_699,
      n: 12_699,
      mean: 7.213032,
      min: 2.154813,
      max: 14.390777
    });
    const counts = [];
    for (const name of ["1h", "2h", "4h", "12h", "24h"])
      counts.push((await rowsOf(pond.duck, await fs.series(`/reduced/BDock/${name}`))).length);
    expect(counts).toEqual([12_693, 6_349, 3_176, 1_060, 531]);
    const begin = micros("2025-06-01T00:00Z");
    const days = await rowsOf(pond.duck, await fs.series("/reduced/BDock/24h"), {begin, end: begin + day});
    expect(days.find(({time}) => time === begin)!["AT500_Surface.DO.mg/L.avg"]).toBeCloseTo(10.230319, 6);
  });
});

/** An instrument's readings, those before 2000 left out. */
async function readInstrument(name: string): Promise<readonly Reading[]> {
  const duck = new Duck();
  try {
    const file = shared(`noyo/hydrovu/NoyoCenter${name}.parquet`);
    const rows = await duck.rows(
      `SELECT * FROM '${file}' WHERE timestamp >= epoch(TIMESTAMP '2000-01-01') ORDER BY timestamp`
    );
    return rows.map(({timestamp, ...values}) => ({time: Number(timestamp) * 1e6, values: values as Reading["values"]}));
  } finally {
    await duck.close();
  }
}
