import {mkdir, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {pipeline} from "../../loaders/site/pipeline.js";
import {silent} from "../../loaders/runs/reporter.js";
import {pack} from "../../loaders/site/pack.js";
import type {RunResult} from "../../loaders/runs/run.js";
import type {Details, Effects, PackedCatalogue} from "../../loaders/types.js";
import {temporaryDirectory} from "./memory.js";

const resources = `apiVersion: duckpond/v1
kind: Inbox
metadata: {name: files}
spec: {files: ../inbox/*.csv, into: /in/$0}
---
apiVersion: duckpond/v1
kind: Combine
metadata: {name: dock}
spec:
  output: /sites/Dock
  scopes: [{name: Surface, inputs: [{series: /in/a, to: 2026-01-01T02:00Z}]}]
---
apiVersion: duckpond/v1
kind: Reduce
metadata: {name: all}
spec: {input: /sites/*, output: /reduced/$0, resolutions: [1h, 1d]}
`;

async function project() {
  const root = await temporaryDirectory();
  for (const folder of ["resources", "inbox"]) await mkdir(join(root, folder));
  await writeFile(join(root, "resources/all.yaml"), resources);
  await writeFile(join(root, "inbox/a.csv"), csv(["00:00", 1], ["00:30", 3], ["01:00", 5], ["02:00", 7]));
  const effects: Effects = {now: () => Date.parse("2026-01-02T00:00Z"), env: {}, reporter: silent};
  return {root, run: (onRun?: (result: RunResult) => void) => pipeline({root, effects, ...(onRun ? {onRun} : {})})};
}

function csv(...rows: [string, number][]): string {
  return ["timestamp,DO.mg/L", ...rows.map(([time, value]) => `2026-01-01T${time}:00Z,${value}`), ""].join("\n");
}

test("from files on the host to a published catalogue, and nothing again when nothing came", async () => {
  const {run} = await project();
  const first = await run();
  expect(first.run.rows.flatMap(({errors}) => errors)).toEqual([]);
  const [dataset] = first.catalogue.datasets;
  expect(dataset!.resolutions.map(({name, rows}) => [name, rows])).toEqual([
    ["1h", 2],
    ["1d", 1]
  ]);
  expect(dataset!.columns[0]!.latest).toEqual({time: "2026-01-01T01:00:00.000Z", value: 5});
  const file = join(first.directory, "catalogue.json");
  expect(JSON.parse(await readFile(file, "utf8")) as PackedCatalogue).toEqual(pack(first.catalogue));
  const second = await run();
  expect(second.run.commits).toEqual([]);
  expect(second.catalogue).toEqual(first.catalogue);
});

test("what came of the resources is told though nothing can be published", async () => {
  const {root, run} = await project();
  await mkdir(join(root, ".pond/cache"), {recursive: true});
  await writeFile(join(root, ".pond/cache/published"), "in the way");
  const told: RunResult[] = [];
  await expect(run((result) => void told.push(result))).rejects.toThrow(/published/);
  expect(told.map(({rows}) => rows.map(({kind, stored}) => [kind, stored]))).toEqual([
    [
      ["Inbox", 4],
      ["Combine", 0]
    ]
  ]);
});

test("two at once on one pond store and publish once", async () => {
  const {run} = await project();
  const [a, b] = await Promise.all([run(), run()]);
  expect([a, b].filter(({run}) => run.commits.length > 0).length).toBe(1);
  expect(a.catalogue).toEqual(b.catalogue);
});

test("wrong resources stop everything before anything is stored", async () => {
  const {root, run} = await project();
  await writeFile(join(root, "resources/all.yaml"), resources.replace("[1h, 1d]", "[1 hour]"));
  await expect(run()).rejects.toThrow("write a whole number and s, m, h or d, such as 15m, 1h or 7d");
});

test("a site that cannot be made any more is shown as it was, and the others go on", async () => {
  const {root, run} = await project();
  const quay = resources.split("---\n")[1]!.replace("name: dock", "name: quay").replace("/sites/Dock", "/sites/Quay");
  const write = (text: string) => writeFile(join(root, "resources/all.yaml"), `${resources}---\n${text}`);
  await write(quay);
  const first = await run();
  await write(`${quay.trimEnd()}\n  units: {DO: m}\n`); // which mg/L cannot be
  await writeFile(join(root, "inbox/b.csv"), csv(["03:00", 1]));
  const second = await run();
  expect(second.run.failed).toBe(true);
  const errors = second.run.rows.flatMap(({name, errors}) => errors.map((error) => `${name}: ${error}`));
  expect(errors).toEqual([expect.stringContaining("quay: ")]);
  expect(second.catalogue.datasets.map(({name}) => name)).toEqual(["Dock", "Quay"]);
  expect(second.catalogue.datasets[1]).toEqual(first.catalogue.datasets[1]);
  const {resources: told, datasets} = JSON.parse(
    await readFile(join(second.directory, "details.json"), "utf8")
  ) as Details;
  expect(datasets[1]!.deployments).toMatchObject([{series: "/in/a"}]); // which it needs as before
  expect(told.find(({kind}) => kind === "Inbox")!.datasets).toEqual(["Dock", "Quay"]);
});

test("a dataset that cannot be made stops no other, and the run has failed", async () => {
  const {root, run} = await project();
  const log = resource("Derive", "log", "/sites/Log", {
    inputs: {a: "/in/a"},
    lookback: "0s",
    sql: `SELECT timestamp, CASE WHEN "DO.mg/L" < 9 THEN 1.0 ELSE error('too much') END AS x FROM a`
  });
  await writeFile(join(root, "resources/log.yaml"), log);
  const first = await run();
  expect(first.failed).toBe(false);
  await writeFile(join(root, "inbox/a.csv"), csv(["00:00", 2], ["03:00", 9]));
  const second = await run();
  expect(second.failed).toBe(true);
  const [dock, kept] = second.catalogue.datasets;
  expect(dock!.resolutions.map(({rows}) => rows)).toEqual([2, 1]);
  expect(dock).not.toEqual(first.catalogue.datasets[0]);
  expect(kept).toEqual(first.catalogue.datasets[1]);
});

test("a Reduce whose datasets collide stops no other, and what it made is shown as it was", async () => {
  const {root, run} = await project();
  const write = (input: string) =>
    writeFile(join(root, "resources/two.yaml"), resource("Reduce", "two", "/two/$0", {input, resolutions: ["1h"]}));
  await write("/in/*");
  const dashboard = {
    title: "T",
    sites: ["/two/a", "/reduced/Dock"].map((dataset) => ({name: dataset.at(-1), dataset}))
  };
  const metadata = {name: "site"};
  const site = {apiVersion: "duckpond/v1", kind: "Dashboard", metadata, spec: dashboard};
  await writeFile(join(root, "resources/site.yaml"), JSON.stringify(site));
  const first = await run();
  expect(first.failed).toBe(false);
  await writeFile(join(root, "resources/two.yaml"), resource("Reduce", "two", "/two/a", {input: "/{in,sites}/*"}));
  await writeFile(join(root, "inbox/a.csv"), csv(["00:00", 2]));
  const second = await run();
  expect(second.failed).toBe(true);
  expect(second.catalogue.datasets[0]).toEqual(first.catalogue.datasets[0]);
  expect(second.catalogue.datasets[1]).not.toEqual(first.catalogue.datasets[1]);
});

function resource(kind: string, name: string, output: string, spec: object): string {
  return JSON.stringify({apiVersion: "duckpond/v1", kind, metadata: {name}, spec: {output, ...spec}});
}
