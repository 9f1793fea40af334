import {existsSync} from "node:fs";
import {mkdir, readdir, readFile, rm, stat, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects} from "hyparquet";
import {expect, test, vi} from "vitest";
import {Duck} from "../../pond/duck.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {checkedIn} from "../../loaders/site/details.js";
import type {Publication} from "../../loaders/site/edition.js";
import {publish} from "../../loaders/site/publish.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Catalogue, Details, Effects} from "../../loaders/types.js";
import {hour, micros, type Reading, temporaryDirectory} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

const begin = micros("2026-01-10T00:00Z");
const now = Date.parse("2026-02-28T23:30:00Z");

/** Hourly readings of one column, from January on; the values count up. */
function hourly(hours: number, {from = 0, column = "DO.mg/L"} = {}): readonly Reading[] {
  return Array.from({length: hours}, (_, t) => ({time: begin + (from + t) * hour, values: {[column]: from + t}}));
}

const resources = [
  resource("Combine", "basin", {
    output: "/sites/Basin",
    scopes: [
      {name: "Surface", inputs: [{series: "/in/surface"}]},
      {name: "Bottom", inputs: [{series: "/in/bottom"}]}
    ]
  }),
  resource("Combine", "mouth", {output: "/sites/Mouth", scopes: [{name: "Surface", inputs: [{series: "/in/mouth"}]}]}),
  resource("Reduce", "all", {input: "/sites/*", output: "/reduced/$0", resolutions: ["1h", "24h"]}),
  resource("Dashboard", "site", {
    title: "Harbour",
    description: "Two sites.",
    timeZone: "America/Los_Angeles",
    sites: [
      {name: "Mouth", label: "The mouth", description: "", dataset: "/reduced/Mouth"},
      {name: "Basin", description: "Inside.", dataset: "/reduced/Basin", position: [-123.8, 39.4]}
    ],
    parameters: [
      {name: "DO", label: "Dissolved oxygen", hidden: false},
      {name: "Battery", label: "Battery", hidden: true}
    ]
  })
];

async function harbour() {
  const pond = await openPond();
  await appendReadings(pond, "/in/surface", hourly(49 * 24));
  await appendReadings(pond, "/in/bottom", hourly(24, {column: "Battery.V"}));
  await appendReadings(pond, "/in/mouth", hourly(48));
  const target = join(await temporaryDirectory(), "published");
  const warnings: string[] = [];
  const effects: Effects = {now: () => now, env: {}, reporter: {...silent, warn: (text) => warnings.push(text)}};
  expect((await run(pond, resources, effects)).failed).toBe(false);
  const again = async (changes: Partial<Pick<Publication, "resources" | "effects" | "cache" | "directory">> = {}) => {
    const [fs, commits] = [await pond.fs(), await pond.log()];
    return publish({fs, commits, resources, effects, cache: pond.cache, directory: target, ...changes});
  };
  const details = async () => {
    if (!existsSync(join(target, "details.json"))) await again();
    return JSON.parse(await readFile(join(target, "details.json"), "utf8")) as Details;
  };
  return {pond, target, again, details, warnings};
}

test("the catalogue tells what the pages need", async () => {
  const {again} = await harbour();
  const catalogue = await again();
  expect(catalogue).toMatchObject({title: "Harbour", timeZone: "America/Los_Angeles", now: "2026-02-28T23:30:00.000Z"});
  expect(catalogue.sites.map(({slug, label, dataset}) => [slug, label, dataset])).toEqual([
    ["mouth", "The mouth", "Mouth"],
    ["basin", "Basin", "Basin"]
  ]);
  expect(catalogue.parameters).toEqual([
    {
      name: "DO",
      slug: "do",
      label: "Dissolved oxygen",
      unit: "mg/L",
      units: [{unit: "mg/L", factor: 1, offset: 0}],
      columns: [
        {dataset: "Mouth", column: "Surface.DO.mg/L"},
        {dataset: "Basin", column: "Surface.DO.mg/L"}
      ]
    }
  ]);
  const basin = catalogue.datasets[1]!;
  expect(basin).toMatchObject({
    begin: "2026-01-10T00:00:00.000Z",
    end: "2026-02-27T23:00:00.000Z",
    intervalMs: 3600e3
  });
  const [column] = basin.columns;
  expect(column).toMatchObject({name: "Surface.DO.mg/L", scope: "Surface", parameter: "DO", unit: "mg/L"});
  expect(column!.latest).toEqual({time: "2026-02-27T23:00:00.000Z", value: 1175, dayBefore: 1151});
  expect(column!.spark.length).toBe(30);
  expect(column!.spark.slice(-3)).toEqual([1139.5, 1163.5, null]); // means of the 26th and 27th; the 28th has none
  expect(basin.resolutions.map(({name, rows, shards}) => [name, rows, shards.length])).toEqual([
    ["1h", 1176, 3], // a month, the next until its last week, that week
    ["24h", 49, 1]
  ]);
  expect(catalogue.version).toBeGreaterThan(0);
});

test("the details tell how resources fared, whose the readings are, and how complete", async () => {
  const {details, pond} = await harbour();
  const {resources, transactions, check, datasets} = await details();
  expect(resources.map(({kind, name, datasets}) => [`${kind} ${name}`, ...datasets])).toEqual([
    ["Combine basin", "Basin"],
    ["Combine mouth", "Mouth"],
    ["Reduce all", "Mouth", "Basin"],
    ["Dashboard site"]
  ]);
  expect(transactions[0]!.version).toBe((await pond.fs()).version);
  expect(check).toBeUndefined();
  const [mouth, basin] = datasets;
  expect(mouth).toEqual({
    name: "Mouth",
    columns: [{readings: 48, coverage: 1, recent: 0}],
    gaps: [{scope: "Surface", count: 0, missingMs: 0, longest: []}],
    deployments: [{scope: "Surface", series: "/in/mouth"}]
  });
  expect(basin!.columns).toEqual([{readings: 49 * 24, coverage: 1, recent: 0.9666}]); // a day of thirty is missing: the clock's
  expect(basin!.deployments.map(({scope, series}) => [scope, series])).toEqual([
    ["Surface", "/in/surface"],
    ["Bottom", "/in/bottom"]
  ]);
});

test("a gap is told with its length, once for all parameters of an instrument, and what stands alone as well", async () => {
  const {again, details, pond} = await harbour();
  await appendReadings(pond, "/in/mouth", hourly(1, {from: 72}));
  await appendReadings(pond, "/in/mouth", hourly(24, {from: 100}));
  await appendReadings(pond, "/in/mouth", hourly(1, {from: 50, column: "pH.pH"}));
  await again();
  const [mouth] = (await details()).datasets;
  const at = (hours: number) => new Date((begin + hours * hour) / 1000).toISOString();
  expect(mouth!.gaps).toEqual([
    {
      scope: "Surface",
      count: 2,
      missingMs: (27 + 21) * 3600e3,
      longest: [
        {begin: at(73), end: at(100)},
        {begin: at(51), end: at(72)}
      ]
    }
  ]);
  expect(mouth!.columns).toEqual([
    {readings: 73, coverage: 0.5887, recent: expect.any(Number) as number}, // 73 of 124 hours
    {readings: 1, coverage: 1, recent: 0}
  ]);
});

test("the last check of the pond is told, while the cache has it", async () => {
  const {again, details, pond} = await harbour();
  const check = {time: "2026-02-28T00:00:00.000Z", commits: 4, records: 30, hashed: 2, problems: 0};
  await writeFile(checkedIn(pond.cache), JSON.stringify(check));
  await again();
  expect((await details()).check).toEqual(check);
});

test("a browser reads the shards: Snappy, times in milliseconds, every column", async () => {
  const {again, target} = await harbour();
  const {datasets} = await again();
  const [resolution] = datasets[1]!.resolutions;
  const files = resolution!.shards.map((shard) => join(target, shard.file));
  const all = await Promise.all(files.map(async (file) => parquetReadObjects({file: await asyncBufferFromFile(file)})));
  expect(all.flat().length).toBe(resolution!.rows);
  const [file, rows] = [await asyncBufferFromFile(files[0]!), all[0]!];
  expect(rows[1]).toEqual({
    timestamp: new Date("2026-01-10T01:00:00Z"),
    "Surface.DO.mg/L.avg": 1,
    "Surface.DO.mg/L.min": 1,
    "Surface.DO.mg/L.max": 1,
    "Surface.DO.mg/L.count": 1
  });
  const {schema} = await parquetMetadataAsync(file);
  expect(schema.find(({name}) => name === "timestamp")?.logical_type).toMatchObject({
    type: "TIMESTAMP",
    unit: "MILLIS"
  });
  expect(schema.find(({name}) => name === "Surface.DO.mg/L.count")?.type).toBe("INT32");
  const sizes = await Promise.all(files.map(async (path) => (await stat(path)).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(resolution!.bytes);
});

test("readings themselves are published as they are, without what is no number", async () => {
  const {again, target, pond} = await harbour();
  const odd = [NaN, 7, Infinity].map((value, n) => ({time: begin + (100 + n) * hour, values: {"DO.mg/L": value}}));
  await appendReadings(pond, "/in/mouth", odd);
  const reduce = resource("Reduce", "all", {input: "/sites/*", output: "/reduced/$0", resolutions: ["raw", "6h"]});
  const {datasets} = await again({resources: [...resources.slice(0, 2), reduce, resources[3]!]});
  const [raw] = datasets[0]!.resolutions;
  expect(raw).toMatchObject({name: "raw", raw: true, widthMs: 3600e3, rows: 49});
  const rows = await Promise.all(
    raw!.shards.map(async ({file}) => parquetReadObjects({file: await asyncBufferFromFile(join(target, file))}))
  );
  expect(rows.flat().slice(-2)).toEqual([
    {timestamp: new Date("2026-01-11T23:00:00Z"), "Surface.DO.mg/L": 47},
    {timestamp: new Date((begin + 101 * hour) / 1000), "Surface.DO.mg/L": 7}
  ]);
});

test("of resolutions whose percentiles are kept it is told which are exact", async () => {
  const {again, pond} = await harbour();
  const spec = {
    input: "/in/mouth",
    output: "/reduced/Mouth",
    resolutions: ["1h", "1d", "1q", "1y"],
    statistics: ["p50"]
  };
  const told = async () => {
    const {datasets} = await again({resources: [resource("Reduce", "mouth", spec)]});
    return datasets[0]!.resolutions.map(({name, percentiles}) => [name, percentiles]);
  };
  await appendReadings(pond, "/in/mouth", hourly(60 * 24)); // so that a quarter has more than are kept
  const estimated = [
    ["1h", "exact"],
    ["1d", "exact"],
    ["1q", "exact"],
    ["1y", "estimated"]
  ];
  expect(await told()).toEqual(estimated);
  expect(await told()).toEqual(estimated);
  await appendReadings(pond, "/in/mouth", hourly(1, {from: 5000}));
  expect(await told()).toEqual(estimated); // of what is kept, and what is new
});

test("the same build twice rewrites no file, and a changed dataset only its own", async () => {
  const {again, target, pond} = await harbour();
  const first = await again();
  const before = await timesOf(target);
  expect(await again()).toEqual(first);
  expect(await timesOf(target)).toEqual(before);
  await appendReadings(pond, "/in/mouth", hourly(1, {from: 48}));
  const second = await again();
  const after = await timesOf(target);
  const kept = [...after].filter(([file, time]) => before.get(file) === time).map(([file]) => file);
  const overlay = filesOf(first, "~do").filter((file) => filesOf(second, "~do").includes(file));
  expect(overlay).toHaveLength(2); // those of February, of which the mouth has nothing
  expect(kept.sort()).toEqual([...filesOf(first, "Basin"), ...overlay].sort());
  const files = ["Basin", "Mouth", "~do"].flatMap((name) => filesOf(second, name));
  expect([...after.keys()].sort()).toEqual([...files, "catalogue.json", "details.json"].sort());
});

test("days without news tell what a publication from nothing would tell, and compute nothing", async () => {
  const {again, target, pond} = await harbour();
  await appendReadings(pond, "/in/mouth", hourly(1, {from: 51 * 24 + 5})); // two days ahead of the clock
  const spies = [vi.spyOn(Reduction.prototype, "build"), vi.spyOn(Duck.prototype, "rows")];
  const told = async (directory: string, time: number, cache = pond.cache) => {
    const effects: Effects = {now: () => time, env: {}, reporter: silent};
    const {datasets} = await again({effects, directory, cache});
    const details = JSON.parse(await readFile(join(directory, "details.json"), "utf8")) as Details;
    return {datasets, details: details.datasets};
  };
  const first = await told(target, now);
  const day = 86_400e3;
  for (const later of [0, 1, day / 24, day, 2 * day, 3 * day, 40 * day]) {
    spies.forEach((spy) => spy.mockClear());
    const kept = await told(target, now + later);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    expect(kept).toEqual(await told(await temporaryDirectory(), now + later, await temporaryDirectory()));
    if (later >= day) expect(kept).not.toEqual(first);
  }
  const [back, cache] = [await told(target, now - 10 * day), await temporaryDirectory()]; // somebody set the clock
  expect(back).toEqual(await told(await temporaryDirectory(), now - 10 * day, cache));
  vi.restoreAllMocks();
});

test("what is made of other files to the same content keeps its name", async () => {
  const {again, target, pond} = await harbour();
  const first = await again();
  await appendReadings(pond, "/in/mouth", hourly(1)); // as it was already
  const second = await again();
  expect(second.version).toBeGreaterThan(first.version);
  for (const name of ["Mouth", "~do"]) {
    expect(filesOf(second, name)).toEqual(filesOf(first, name));
    for (const file of filesOf(second, name)) expect(existsSync(join(target, file))).toBe(true);
  }
});

test("what several sites have of a parameter stands side by side too, value for value, and nothing else does", async () => {
  const {again, target} = await harbour();
  const {overlays, datasets} = await again();
  expect(overlays!.map(({name, parameter, datasets: of}) => [name, parameter, of])).toEqual([
    ["~do", "do", ["Basin", "Mouth"]]
  ]);
  for (const {name, shards, rows} of overlays![0]!.resolutions) {
    const {schema} = await parquetMetadataAsync(await asyncBufferFromFile(join(target, shards[0]!.file)));
    expect(schema[1]).toMatchObject({name: "timestamp", logical_type: {type: "TIMESTAMP", unit: "MILLIS"}});
    const found = await rowsOf(shards.map(({file}) => join(target, file)));
    expect(found).toHaveLength(rows);
    const own = datasets.map(({resolutions}) => resolutions.find((one) => one.name === name)!);
    expect(found.length).toBe(Math.max(...own.map((one) => one.rows)));
    for (const [index, dataset] of datasets.entries()) {
      const wanted = await rowsOf(own[index]!.shards.map(({file}) => join(target, file)));
      const prefix = `${dataset.name}/`;
      const told = found.map((row) =>
        Object.fromEntries(
          Object.entries(row).flatMap(([key, value]) =>
            key === "timestamp" ? [[key, value]] : key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : []
          )
        )
      );
      expect(
        told.filter((row) => row["Surface.DO.mg/L.count"] !== null && row["Surface.DO.mg/L.count"] !== undefined)
      ).toEqual(wanted);
    }
  }
});

async function rowsOf(files: readonly string[]): Promise<Record<string, unknown>[]> {
  const all = await Promise.all(files.map(async (file) => parquetReadObjects({file: await asyncBufferFromFile(file)})));
  return all.flat();
}

test("what was published is made again from the pond, or from nothing in the cache, with the same names and bytes", async () => {
  const {again, target, pond} = await harbour();
  const first = await again();
  const [name] = filesOf(first, "Mouth");
  const bytes = await readFile(join(target, name!));
  await rm(join(target, name!));
  expect(await again()).toEqual(first);
  await rm(pond.cache, {recursive: true});
  await rm(target, {recursive: true});
  await mkdir(pond.cache);
  expect(await again()).toEqual(first);
  expect(Buffer.compare(await readFile(join(target, name!)), bytes)).toBe(0);
});

test("a site whose dataset nothing makes yet is shown empty, and said", async () => {
  const {again, warnings} = await harbour();
  const lost = {name: "Lost", description: "", dataset: "/reduced/Lost"};
  const dashboard = {...resources[3]!, spec: {...(resources[3]!.spec as object), sites: [lost]}};
  const {sites, datasets} = await again({resources: [...resources.slice(0, 3), dashboard]});
  expect(datasets).toEqual([{name: "Lost", label: "Lost", intervalMs: 0, columns: [], resolutions: []}]);
  expect(sites[0]!.dataset).toBe("Lost");
  expect(warnings).toEqual(["The dashboard shows /reduced/Lost, which no Reduce makes yet: it has no charts."]);
});

test("a direction that nothing has, or that is no angle, is said", async () => {
  const {again, warnings} = await harbour();
  const spec = {...(resources[2]!.spec as object), directions: ["DO", "Wind"]};
  await again({resources: [...resources.slice(0, 2), {...resources[2]!, spec}, resources[3]!]});
  const [nowhere, ...empty] = warnings;
  expect(nowhere).toBe("Nothing that /sites/* matches has Wind, which directions names.");
  const isNoAngle = "Surface.DO.mg/L of /sites/Mouth is named among directions, and mg/L is no angle: take it out.";
  expect(empty).toContain(`/reduced/Mouth is shown empty: The column ${isNoAngle}`);
});

test("without a dashboard every reduced dataset is a site", async () => {
  const {again} = await harbour();
  const {title, sites, datasets} = await again({resources: resources.slice(0, 3)});
  expect(title).toBe("Duckpond");
  expect(sites.map(({name}) => name)).toEqual(["Basin", "Mouth"]);
  expect(datasets[0]!.columns.map(({name}) => name)).toEqual(["Surface.DO.mg/L", "Bottom.Battery.V"]);
});

function filesOf(catalogue: Catalogue, name: string): string[] {
  const entries = [...catalogue.datasets, ...(catalogue.overlays ?? [])];
  const {resolutions} = entries.find((entry) => entry.name === name)!;
  return resolutions.flatMap(({shards}) => shards.map(({file}) => file));
}

async function timesOf(directory: string): Promise<Map<string, number>> {
  const entries = await readdir(directory, {recursive: true, withFileTypes: true});
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const times = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  return new Map(files.map((file, index) => [file.slice(directory.length + 1), times[index]!]));
}
