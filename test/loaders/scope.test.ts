import {appendFile} from "node:fs/promises";
import {expect, test} from "vitest";
import {harbour, quiet, readings, told} from "./inbox.js";

/** Files with rows of several places or instruments. */

const at = (minute: number) => new Date(Date.UTC(2024, 9, 1) + minute * 60_000).toISOString();

const said = (one: string, other: string, column: string) =>
  `its rows are of "${one}" and of "${other}" at the same time, as its column "${column}" tells; set scope to ["${column}"]; mend it or take it away.`;

const point = (host: string, minute: number) => ({
  resource: {attributes: [{key: "host", value: {stringValue: host}}]},
  scopeMetrics: [
    {
      metrics: [
        {name: "temp", gauge: {dataPoints: [{timeUnixNano: `${Date.parse(at(minute))}000000`, asDouble: minute}]}}
      ]
    }
  ]
});

const alternating = [0, 1, 2, 3].map((minute) => [minute, minute % 2 ? "dock" : "river"] as const);

test.each([
  ["wide", "a.csv", `time,Location,A\n${alternating.map(([m, of]) => `${at(m)},${of},1\n`).join("")}`, "Location"],
  ["wide, at one time", "a.csv", `time,site id,A\n${at(0)},dock,1\n${at(0)},river,2\n`, "site id"],
  [
    "long",
    "a.csv",
    `time,Sensor,parameter,value\n${alternating.map(([m, of]) => `${at(m)},${of},T,1\n`).join("")}`,
    "Sensor"
  ],
  [
    "of JSON",
    "a.jsonl",
    alternating.map(([m, of]) => `${JSON.stringify({time: at(m), Station: of, A: 1})}\n`).join(""),
    "Station"
  ]
])("readings of two places are not stored as one series: %s", async (_, name, text, column) => {
  const {put, run, named} = await harbour({files: "data/*"});
  await put(name, text);
  expect(told(await run()).errors).toEqual([`${named(name)} was skipped: ${said("dock", "river", column)}`]);
});

test("nor are those of two numbered ones, nor of two resources of OTLP", async () => {
  const {put, run, named} = await harbour({files: "data/*"});
  await put("a.csv", `time,Station,A\n${at(0)},5,1\n${at(1)},7,2\n${at(2)},5,1\n`);
  await put("b.jsonl", `${JSON.stringify({resourceMetrics: [point("a", 0), point("b", 1), point("a", 2)]})}\n`);
  expect(told(await run()).errors).toEqual([
    `${named("a.csv")} was skipped: ${said("5", "7", "Station")}`,
    `${named("b.jsonl")} was skipped: ${said("host=a", "host=b", "resource")}`
  ]);
});

test("an instrument that took another's place, and one that measures something else, go on in one series", async () => {
  const {put, run} = await harbour({files: "data/*"});
  await put("a.csv", `time,Logger,A\n${at(0)},old,1\n${at(1)},old,1\n${at(2)},new,2\n`);
  await put("b.csv", `time,Sensor,parameter,value\n${at(0)},1,T,1\n${at(0)},2,DO,1\n${at(1)},1,T,1\n${at(1)},2,DO,1\n`);
  await put("c.jsonl", `${JSON.stringify({resourceMetrics: [point("a", 0), point("a", 1), point("b", 2)]})}\n`);
  expect(told(await run())).toMatchObject({read: 10, stored: 8, errors: []});
});

test("what a column per parameter tells of several places is stored apart, where scope names the column", async () => {
  const {at: fileAt, pond, put, run, named} = await harbour({files: "data/*.csv", scope: ["Site"]});
  const lines = (begin: number, end: number) =>
    Array.from({length: end - begin}, (_, i) => [`${at(begin + i)};${i};1,5;x;ok`, `${at(begin + i)};n/a;;y;`])
      .flat()
      .join("\n");
  await put("a.csv", `time;Temp (C);DO (mg/L);Site;Remark\n${lines(0, 3)}\n`);
  const notes = [
    `${named("a.csv")}: column "Remark" left out (it holds text).`,
    `${named("a.csv")}: text for values in 3 rows, such as "n/a", taken as missing.`
  ];
  expect(told(await run())).toEqual({...quiet, read: 9, stored: 3, notes});
  const names = (await (await (await pond.fs()).series("/in/a")).columns()).map(({name}) => name);
  expect([...names].sort()).toEqual(["x.DO.mg/L", "x.Temp.C", "y.Temp.C"]);
  const [first] = await readings(pond, "/in/a");
  expect(first).toEqual({time: at(0), "x.Temp.C": 0, "x.DO.mg/L": 1.5, "y.Temp.C": null});
  await appendFile(fileAt("a.csv"), `${lines(3, 5)}\n${at(5)};2,25;7;y;\n`);
  expect(told(await run())).toMatchObject({read: 8, stored: 3, errors: []});
  expect((await readings(pond, "/in/a")).at(-1)).toMatchObject({time: at(5), "y.Temp.C": 2.25, "y.DO.mg/L": 7});
});

test("a column is judged by all its rows, in whatever way its numbers are written, and not while it is empty", async () => {
  const {pond, put, run, named} = await harbour({files: "data/*.csv", scope: ["Site"], missing: ["fault"]});
  const rows = Array.from({length: 22_000}, (_, i) => `${at(i)};x;1.5;${i < 21_000 ? "fault" : i};;ok`);
  await put("a.csv", `time;Site;Temp;DO;Later;Remark\n${rows.join("\n")}\n`);
  await put("b.csv", `time,Site,P\n${at(0)},x,"1,013.25"\n`);
  await put("c.csv", `time;Site;P\n${at(0)};x;1.013,25\n`);
  const {errors, notes} = told(await run());
  expect([errors, notes]).toEqual([[], [`${named("a.csv")}: column "Remark" left out (it holds text).`]]);
  expect((await readings(pond, "/in/a")).filter((row) => row["x.DO"] !== null)).toHaveLength(1000);
  for (const name of ["b", "c"])
    expect((await readings(pond, `/in/${name}`))[0]).toEqual({time: at(0), "x.P": 1013.25});
});

test("a file without the column that scope names is told which it has", async () => {
  const {put, run, named} = await harbour({files: "data/*", scope: ["Site"]});
  await put("a.csv", `time,site,Temp\n${at(0)},x,1\n`);
  expect(told(await run()).errors).toEqual([
    `${named("a.csv")} was skipped: it has no column "Site", but one "site" (it has time, site, Temp); mend it or take it away.`
  ]);
});
