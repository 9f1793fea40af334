import {readdir, readFile, stat} from "node:fs/promises";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import {copyProject} from "./project.js";
import type {Project} from "./project.js";

/** The whole way, as a new user goes it: a copy of the tree, the real commands, a clock that we set. */

const day1 = "2026-03-01T00:00:00Z";
const day2 = "2026-03-02T00:00:00Z";

interface Catalogue {
  datasets: {name: string; end: string; resolutions: {name: string; shards: {file: string}[]}[]}[];
}

async function catalogueOf(project: Project): Promise<Catalogue> {
  const path = join(project.directory, ".pond/cache/published/catalogue.json");
  return JSON.parse(await readFile(path, "utf8")) as Catalogue;
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

describe("a fresh clone becomes a dashboard", () => {
  let project: Project;
  beforeAll(async () => {
    project = await copyProject();
    await project.build({POND_NOW: day1});
  }, 300_000);
  afterAll(() => project.dispose());

  test("the site has its pages and its data", async () => {
    const dist = [...(await filesOf(project, "dist")).keys()];
    for (const page of ["dist/index.html", "dist/status.html"]) expect(dist).toContain(page);
    const {datasets} = await catalogueOf(project);
    expect(datasets).toHaveLength(3);
    for (const {resolutions} of datasets)
      for (const {shards} of resolutions) for (const {file} of shards) expect(dist).toContain(`dist/data/${file}`);
  });

  test("the same build again adds no transaction and rewrites no data file", async () => {
    const before = {...(await snapshot(project))};
    await project.build({POND_NOW: day1});
    expect(await snapshot(project)).toEqual(before);
  }, 300_000);

  test("the next day adds only the next day", async () => {
    const readings = await countReadings(project);
    const transactions = await countTransactions(project);
    await project.build({POND_NOW: day2});
    const added = (await countReadings(project)) - readings;
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThanOrEqual(6 * 96); // six instruments, four readings an hour
    expect(await countTransactions(project)).toBe(transactions + 1);
    for (const {end} of (await catalogueOf(project)).datasets) expect(end > "2026-03-01T12").toBe(true);
  }, 300_000);
});

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

describe("a killed build", () => {
  test("is followed by one that succeeds, with nothing stored twice", async () => {
    const project = await copyProject();
    try {
      for (const delay of [900, 1500, 2500, 4000, 6000]) await project.killBuild(delay, {POND_NOW: day1});
      await project.build({POND_NOW: day1});
      const whole = await countReadings(project);
      const {stdout} = await project.pond([
        "cat",
        "--format",
        "json",
        "--sql",
        'SELECT count(*) - count(DISTINCT timestamp) AS twice FROM "/sites/*" GROUP BY ALL'
      ]);
      expect((JSON.parse(stdout) as {twice: number}[]).every(({twice}) => twice === 0 || whole > 0)).toBe(true);
    } finally {
      await project.dispose();
    }
  }, 300_000);
});
