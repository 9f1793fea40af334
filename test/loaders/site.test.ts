import {existsSync} from "node:fs";
import {mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {afterEach, beforeEach, expect, test, vi} from "vitest";
import {layOutputs, prepareSite} from "../../loaders/site/site.js";
import {writeFixture} from "../src/fixture.js";

/** What Framework builds from: the loaders' outputs, in line with what is published. */

let directory: string;
let published: string;
let outputs: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "pond-site-"));
  [published, outputs] = [join(directory, "published"), join(directory, "outputs")];
  await put(published, {"catalogue.json": "{}", "A/1h/2025-aa.parquet": "a", "B/1h/2025-bb.parquet": "b"});
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, {recursive: true});
});

async function put(root: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(root, name, ".."), {recursive: true});
    await writeFile(join(root, name), text);
  }
}

async function filesOf(root: string): Promise<string[]> {
  return (await readdir(root, {recursive: true})).sort();
}

test("what is published is laid for Framework, shards without a copy", async () => {
  await layOutputs(published, outputs);
  expect(await filesOf(outputs)).toEqual(await filesOf(published));
  const shard = "A/1h/2025-aa.parquet";
  expect((await stat(join(outputs, shard))).ino).toBe((await stat(join(published, shard))).ino);
});

test("what is the same stays untouched, what is gone goes, what changed is replaced", async () => {
  await layOutputs(published, outputs);
  const long = new Date("2025-01-01");
  for (const name of ["catalogue.json", "A/1h/2025-aa.parquet"]) await utimes(join(outputs, name), long, long);
  await layOutputs(published, outputs);
  for (const name of ["catalogue.json", "A/1h/2025-aa.parquet"])
    expect((await stat(join(outputs, name))).mtime, name).toEqual(long);

  await rm(join(published, "B"), {recursive: true});
  await put(published, {"catalogue.json": '{"new": true}', "A/1h/2026-cc.parquet": "c"});
  await layOutputs(published, outputs);
  expect(await filesOf(outputs)).toEqual(await filesOf(published));
  expect(await readFile(join(outputs, "catalogue.json"), "utf8")).toBe('{"new": true}');
});

test("an output that a loader writes later does not reach what is published", async () => {
  await layOutputs(published, outputs);
  await writeFile(join(outputs, "catalogue.json"), "changed");
  expect(await readFile(join(published, "catalogue.json"), "utf8")).toBe("{}");
});

test("a site has the pages of its catalogue, and drops those made from an older one", async () => {
  vi.stubEnv("POND_PUBLISHED", published);
  await put(join(directory, "src"), {"index.md.ts": "", "sites/[site].md.ts": "", "parameters/[parameter].md.ts": ""});
  await rm(published, {recursive: true});
  await mkdir(published);
  const catalogue = await writeFixture(published);
  const {paths} = await prepareSite(directory);
  expect(paths).toEqual(
    expect.arrayContaining([
      "/sites/mouth",
      "/parameters/temperature",
      "/data/River/1d/2026-01-01-0123abcd.parquet",
      expect.stringMatching(/^\/data\/~temperature\/1d\/2026-01-01-\w+\.parquet$/),
      "/data/catalogue.json"
    ])
  );
  const {datasets, overlays = []} = catalogue;
  const shards = [...datasets, ...overlays].flatMap(({resolutions}) => resolutions.flatMap(({shards}) => shards));
  expect(paths).toHaveLength(3 + 3 + shards.length + 1);

  const [page, authored] = ["sites/mouth.md", "tides.json"].map((name) =>
    join(directory, "src/.observablehq/cache", name)
  ) as [string, string];
  await put(join(directory, "src/.observablehq/cache"), {"sites/mouth.md": "# Mouth", "tides.json": "[]"});
  await prepareSite(directory);
  expect(existsSync(page)).toBe(true);
  expect(existsSync(authored)).toBe(false); // an author's loader is run anew
  const sites = catalogue.sites.map((site) => ({...site, label: `The ${site.label}`}));
  await writeFile(join(published, "catalogue.json"), JSON.stringify({...catalogue, sites}));
  await prepareSite(directory);
  expect(existsSync(page)).toBe(false);
  expect(process.env.POND_PUBLISHED).toBe(published);
}, 30_000);
