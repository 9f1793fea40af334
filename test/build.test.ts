import {mkdir, readdir, readFile, rm, stat, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import type {Catalogue, Details, PackedCatalogue} from "../loaders/types.js";
import {unpack} from "../src/components/data/shards.js";
import {launchBrowser, serveSite} from "./browser.js";
import {examinePage} from "./examine.js";
import {copyProject} from "./project.js";
import type {Project} from "./project.js";
import {triedOf} from "./thorough.js";

/** The whole way, as a new user goes it: a copy of the tree, the real commands, a clock that we set. */

const day1 = "2026-03-01T00:00:00Z";
const day2 = "2026-03-02T00:00:00Z";

async function catalogueOf(project: Project): Promise<Catalogue> {
  const path = join(project.directory, ".pond/cache/published/catalogue.json");
  return unpack(JSON.parse(await readFile(path, "utf8")) as PackedCatalogue);
}

async function countReadings(project: Project): Promise<number> {
  const {stdout} = await project.pond([
    "cat",
    "--format",
    "json",
    "--sql",
    'SELECT count(*) AS n FROM "/instruments/*"'
  ]);
  return (JSON.parse(stdout) as {n: number}[])[0]!.n;
}

async function countTransactions(project: Project): Promise<number> {
  const {stdout} = await project.pond(["log", "--json", "--count", "1000"]);
  return (JSON.parse(stdout) as unknown[]).length;
}

/** Path to modification time and size of all files below a folder. */
async function filesOf(project: Project, folder: string): Promise<Map<string, string>> {
  const entries = await readdir(join(project.directory, folder), {recursive: true, withFileTypes: true});
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const stats = await Promise.all(files.map(async (file) => [file, await stat(file)] as const));
  return new Map(
    stats.map(([file, {mtimeMs, size}]) => [file.slice(project.directory.length + 1), `${mtimeMs} ${size}`])
  );
}

const offline = `--import ${join(import.meta.dirname, "offline.js")}`;

describe("a fresh clone becomes a dashboard, with no network at all", () => {
  let project: Project;
  beforeAll(async () => {
    project = await copyProject();
    await project.build({POND_NOW: day1, NODE_OPTIONS: offline});
  }, 300_000);
  afterAll(() => project.dispose());

  test("the network is really cut", async () => {
    const ask = "fetch('http://192.0.2.1').catch((error) => console.log(error.cause.message))";
    const {stdout} = await project.node(["-e", ask], {NODE_OPTIONS: offline});
    expect(stdout).toContain("there is no network in this test");
  });

  test("the site has its pages and its data", async () => {
    const dist = [...(await filesOf(project, "dist")).keys()];
    for (const page of ["dist/index.html", "dist/status.html"]) expect(dist).toContain(page);
    const {datasets} = await catalogueOf(project);
    expect(datasets).toHaveLength(3);
    for (const {resolutions} of datasets)
      for (const {shards} of resolutions) for (const {file} of shards) expect(dist).toContain(`dist/data/${file}`);
  });

  test("every page is whole in a real browser", () => examineSite(project, "/", [360, 1440]), 120_000);

  test("the same build again adds no transaction and rewrites no data file", async () => {
    const before = await snapshot(project);
    await project.build({POND_NOW: day1});
    expect(await snapshot(project)).toEqual(before);
  }, 300_000);

  test("the next day adds only the next day", async () => {
    const readings = await countReadings(project);
    const transactions = await countTransactions(project);
    await project.build({POND_NOW: day2}, ["--base", "/some-repo/"]);
    const added = (await countReadings(project)) - readings;
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThanOrEqual(6 * 96); // six instruments, four readings an hour
    expect(await countTransactions(project)).toBe(transactions + 2); // the readings, and what is known of the run
    for (const {end} of (await catalogueOf(project)).datasets) expect(end! > "2026-03-01T12").toBe(true);
  }, 300_000);

  test(
    "and its pages are whole under a base path, as GitHub Pages has it",
    () => examineSite(project, "/some-repo/", [360]),
    120_000
  );
});

/** Opens every page of a built site, at each width, light and dark. */
async function examineSite(project: Project, base: string, widths: readonly number[]): Promise<void> {
  const dist = join(project.directory, "dist");
  const [server, browser] = await Promise.all([serveSite(dist, base), launchBrowser()]);
  try {
    const pages = [...(await filesOf(project, "dist")).keys()].filter((file) => file.endsWith(".html"));
    expect(pages.length).toBeGreaterThanOrEqual(11);
    for (const page of pages) {
      const path = page.slice("dist/".length, -".html".length).replace(/^index$/, "");
      for (const width of widths) await examinePage(browser, server, {path, width});
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

/** What a build that finds nothing new may not touch. */
async function snapshot(project: Project) {
  return {
    transactions: await countTransactions(project),
    log: await filesOf(project, ".pond/oplog"),
    blobs: await filesOf(project, ".pond/blobs"),
    published: await filesOf(project, ".pond/cache/published"),
    outputs: await filesOf(project, "src/.observablehq/cache/data")
  };
}

const inbox = `
apiVersion: duckpond/v1
kind: Inbox
metadata: {name: files}
spec: {files: ../data/*.csv, into: /instruments/$0}
---
apiVersion: duckpond/v1
kind: Reduce
metadata: {name: all}
spec: {input: "/instruments/*", output: /reduced/$0, resolutions: [1h]}
---
apiVersion: duckpond/v1
kind: Dashboard
metadata: {name: site}
spec: {title: Files, sites: [{name: pier, dataset: /reduced/pier}]}
`;

describe("trouble", () => {
  let project: Project;
  const put = (file: string, text: string) => writeFile(join(project.directory, file), text);

  beforeAll(async () => {
    project = await copyProject();
    await rm(join(project.directory, "resources"), {recursive: true});
    for (const folder of ["resources", "data"]) await mkdir(join(project.directory, folder));
    await put("resources/files.yaml", inbox);
    await put("data/pier.csv", "timestamp,DO.mg/L\n2026-02-28T00:00:00Z,8.5\n2026-02-28T01:00:00Z,8.6\n");
  });
  afterAll(() => project.dispose());

  test("a file that cannot be read is named, and the rest goes on: exit status 1, and the status page says so", async () => {
    await put("data/torn.csv", "no times\nand no readings\n");
    const first = await project.pond(["build"], {POND_NOW: day1});
    expect(first.code).toBe(1);
    expect(first.stderr).toContain("data/torn.csv was skipped");
    const {datasets} = await catalogueOf(project);
    const {resources} = JSON.parse(
      await readFile(join(project.directory, ".pond/cache/published/details.json"), "utf8")
    ) as Details;
    expect(resources.find(({name}) => name === "files")!.errors[0]).toContain("data/torn.csv");
    expect(datasets[0]!.end).toBe("2026-02-28T01:00:00.000Z");
    const before = await countTransactions(project);
    const again = await project.pond(["run"], {POND_NOW: day1});
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("data/torn.csv was skipped");
    expect(await countTransactions(project)).toBe(before);
    expect((await project.pond(["status"])).code).toBe(1);
    await rm(join(project.directory, "data/torn.csv"));
    expect((await project.pond(["run"], {POND_NOW: day1})).code).toBe(0);
  }, 120_000);

  test("pages that cannot be built leave the site before as it was", async () => {
    const before = await filesOf(project, "dist");
    await put("src/broken.md", "[nowhere](./nowhere)\n");
    const {code, stderr} = await project.pond(["build"], {POND_NOW: day1});
    expect(code).toBe(1);
    expect(stderr).toContain("nowhere");
    expect(await filesOf(project, "dist")).toEqual(before);
    await rm(join(project.directory, "src/broken.md"));
  }, 120_000);

  test("a wrong resource is named by file, line and column, and nothing is changed", async () => {
    const before = await filesOf(project, ".pond/oplog");
    await put(
      "resources/wrong.yaml",
      "apiVersion: duckpond/v1\nkind: Inbox\nmetadata: {name: more}\nspec:\n  file: x\n"
    );
    const {code, stderr} = await project.pond(["build"], {POND_NOW: day1});
    expect(code).toBe(1);
    expect(stderr).toMatch(/resources\/wrong\.yaml:5:3: there is no field "file" here \(did you mean files\?\)/);
    expect(await filesOf(project, ".pond/oplog")).toEqual(before);
  }, 60_000);
});

/** The deployment with two months of readings instead of two years. */
async function copyShort(): Promise<Project> {
  const project = await copyProject();
  const file = join(project.directory, "resources/harbour.yaml");
  const text = await readFile(file, "utf8");
  const short = text.replace(/^ {2}seed: 1$/m, '$&\n  from: "2026-01-01T00:00:00Z"');
  expect(short).not.toBe(text);
  await writeFile(file, short);
  return project;
}

describe("whatever comes between, and whoever builds, it comes to the same", () => {
  let alone: Project; // Framework and our loaders, with no command of ours before them
  let killed: Project;
  let took: number; // ms
  beforeAll(async () => {
    [alone, killed] = [await copyShort(), await copyShort()];
    took = await timeOf(() => alone.observable({POND_NOW: day1}));
  }, 300_000);
  afterAll(async () => {
    for (const project of [alone, killed]) await project.dispose();
  });

  test("killed builds are followed by one that succeeds, and nothing is stored twice", async () => {
    // What a build has collected stays, so that each of these is sooner at its pages than the one before.
    for (const share of triedOf([0.1, 0.15, 0.2, 0.3, 0.45, 0.6], 2))
      await killed.killBuild(took * share, {POND_NOW: day1});
    await killed.build({POND_NOW: day1});
    expect(await storedIn(killed)).toEqual(await storedIn(alone));
    expect(await sitesTwice(killed)).toBe(0);
  }, 300_000);

  test("the loaders alone make the same site", async () => {
    const [helped, made] = [await contentOf(killed, "dist"), await contentOf(alone, "dist")];
    const own = (files: ReadonlyMap<string, Buffer>) => [...files.keys()].filter((file) => !isModule(file));
    expect(own(made)).toEqual(own(helped));
    for (const [file, bytes] of helped)
      if (file.endsWith(".parquet")) expect(bytes.equals(made.get(file)!), file).toBe(true);
    for (const page of ["index.html", "sites/mouth.html"])
      expect(named(made.get(page)!.toString())).toBe(named(helped.get(page)!.toString()));
  });

  test("one loader alone drives the whole pipeline", async () => {
    const project = await copyShort();
    try {
      const {code, stdout} = await project.node(["--import", "tsx", "src/data/catalogue.json.ts"], {POND_NOW: day1});
      expect(code).toBe(0);
      const {datasets} = JSON.parse(stdout) as Catalogue;
      expect(datasets.map(({end}) => end)).toEqual(Array.from({length: 3}, () => new Date(day1).toISOString()));
      expect(await storedIn(project)).toEqual(await storedIn(alone));
      expect(await countTransactions(project)).toBe(4); // the pond's own beginning, the resources, the readings, and what is known of the run
    } finally {
      await project.dispose();
    }
  }, 120_000);
});

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Per instrument: readings, and a sum that changes with any of them. */
async function storedIn(project: Project): Promise<unknown> {
  const {stdout} = await project.pond(["list", "--json", "/instruments/*"]);
  const found = JSON.parse(stdout) as {path: string; rows: number; sha256: string; minTime: number; maxTime: number}[];
  return found.map(({path, rows, sha256, minTime, maxTime}) => ({path, rows, sha256, minTime, maxTime}));
}

async function sitesTwice(project: Project): Promise<number> {
  const sql = 'SELECT count(*) - count(DISTINCT timestamp) AS twice FROM "/sites/Mouth"';
  const {stdout} = await project.pond(["cat", "--format", "json", "--sql", sql]);
  return (JSON.parse(stdout) as {twice: number}[])[0]!.twice;
}

/** Framework names modules by the time of their making, and the catalogue tells how long a run took. */
function isModule(file: string): boolean {
  return /\.[0-9a-f]{8}\.(js|css|json)$|^_/.test(file);
}

function named(html: string): string {
  return html.replace(/\b[0-9a-f]{8}\b|(?<=\bchunk\.)[A-Z0-9]{8}\b/g, "").replace(/"(lastModified|size)":\d+/g, "");
}

async function contentOf(project: Project, folder: string): Promise<Map<string, Buffer>> {
  const root = join(project.directory, folder);
  const entries = await readdir(root, {recursive: true, withFileTypes: true});
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return new Map(
    await Promise.all(files.map(async (file) => [file.slice(root.length + 1), await readFile(file)] as const))
  );
}
