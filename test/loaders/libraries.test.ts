import {mkdir, mkdtemp, readFile, readdir, rm, stat} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {afterAll, beforeAll, expect, test} from "vitest";
import {laidLibraries, layLibraries} from "../../loaders/site/libraries.js";

let source: string;
beforeAll(async () => {
  source = await mkdtemp(join(tmpdir(), "pond-libraries-")); // outside the project: no node_modules to fall back on
  await layLibraries(source);
}, 30_000);
afterAll(() => rm(source, {recursive: true}));

const cacheOf = () => join(source, ".observablehq/cache/_npm");

async function lockedVersion(name: string): Promise<string> {
  const lock = await readFile(join(import.meta.dirname, "../../package-lock.json"), "utf8");
  const {packages} = JSON.parse(lock) as {packages: Record<string, {version: string}>};
  return packages[`node_modules/${name}`]!.version;
}

async function load(name: string): Promise<Record<string, unknown>> {
  const file = join(cacheOf(), `${name}@${await lockedVersion(name)}`, "_esm.js");
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
}

test.each([
  ["@observablehq/plot", "lineY"],
  ["d3", "scaleUtc"],
  ["htl", "html"],
  ["isoformat", "format"],
  ["d3-dsv", "csvParse"],
  ["apache-arrow", "tableFromIPC"],
  ["parquet-wasm", "readParquet"],
  ["hyparquet", "parquetReadObjects"]
])("%s lies there as the lock file has it, whole, with %s", async (name, member) => {
  expect(await load(name)).toHaveProperty(member);
});

test("DuckDB lies where Framework looks for another version of it, with Parquet inside, and shares its Arrow", async () => {
  const text = await readFile(join(cacheOf(), "@duckdb/duckdb-wasm@1.29.0/_esm.js"), "utf8");
  expect(text).toContain(`from"../../apache-arrow@${await lockedVersion("apache-arrow")}/_esm.js"`);
  expect(text.length).toBeLessThan(100_000); // bytes: without an Arrow of its own
  const wasm = await readFile(join(cacheOf(), "@duckdb/duckdb-wasm@1.29.0/dist/duckdb-eh.wasm"));
  expect(wasm.includes("parquet_scan")).toBe(true);
});

test("each of the versions that Framework looks up has its directory", async () => {
  const names = await readdir(cacheOf(), {recursive: true});
  for (const name of [
    "@observablehq/sample-datasets",
    "arquero",
    "echarts",
    "leaflet",
    "lodash",
    "mapbox-gl",
    "react",
    "react-dom",
    "topojson-client"
  ])
    expect(names.filter((one) => one.startsWith(`${name}@`) && !one.slice(name.length).includes("/"))).toHaveLength(1);
  const wasm = names.find((name) => name.endsWith("esm/parquet_wasm_bg.wasm"));
  expect((await stat(join(cacheOf(), wasm!))).size).toBeGreaterThan(1_000_000);
});

test("what lies there stays, until a version differs: then only the lock file's are left", async () => {
  const file = join(cacheOf(), `htl@${await lockedVersion("htl")}`, "_esm.js");
  const {mtimeMs} = await stat(file);
  await layLibraries(source);
  expect((await stat(file)).mtimeMs).toBe(mtimeMs);

  const laid = await laidLibraries(source);
  await mkdir(join(cacheOf(), "htl@99.0.0"));
  await rm(join(cacheOf(), "laid.json"));
  await layLibraries(source);
  expect(await laidLibraries(source)).toEqual(laid);
  expect(await readdir(cacheOf())).not.toContain("htl@99.0.0");
}, 30_000);
