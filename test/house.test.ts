import {readFile, readdir} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {parse} from "yaml";
import {mutants} from "./mutants/mutants.js";

const root = join(import.meta.dirname, "..");
const layers = ["pond", "loaders", "src"];

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), {recursive: true, withFileTypes: true});
  return entries
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name) && !entry.parentPath.includes(".observablehq"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

/** The files that a file imports, as the paths of its imports say. */
async function imported(file: string): Promise<string[]> {
  const text = await readFile(join(root, file), "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]!);
  return specifiers.map((specifier) => join(file, "..", specifier));
}

test("imports point down: src, loaders, pond", async () => {
  let seen = 0;
  for (const [height, layer] of layers.entries()) {
    for (const file of await sources(layer)) {
      for (const target of await imported(file)) {
        seen++;
        expect(layers.slice(0, height + 1), `${file} imports ${target}`).toContain(target.split("/")[0]!);
      }
    }
  }
  expect(seen).toBeGreaterThan(20);
});

/** Rooms of a place, with the prefix that CONTRIBUTING.md names them by, and the room that a file is in, if in any. */
const places = [
  {place: "loaders", prefix: "", least: 100, roomOf: /^loaders\/(?:([a-z]+)\/|(kinds)\.)/},
  {place: "src/components", prefix: "components/", least: 60, roomOf: /^src\/components\/([a-z]+)\//}
];

test.each(places)("each room of $place imports from those before it in CONTRIBUTING.md", async (one) => {
  const {place, prefix, least} = one;
  const roomOf = (file: string) => one.roomOf.exec(file)?.slice(1).find(Boolean);
  const guide = await readFile(join(root, "CONTRIBUTING.md"), "utf8");
  const rooms = [...guide.matchAll(new RegExp(`^- \`${prefix}([a-z]+)/\`: `, "gm"))].map((match) => match[1]!);
  const found = await readdir(join(root, place), {withFileTypes: true});
  const folders = found.filter((entry) => entry.isDirectory()).map(({name}) => name);
  expect([...rooms].sort()).toEqual(folders.sort());
  let seen = 0;
  for (const file of await sources(place)) {
    const room = roomOf(file);
    if (room === undefined) continue;
    for (const target of (await imported(file)).filter((path) => path.startsWith(`${place}/`)).map(roomOf)) {
      if (target === undefined || target === room) continue;
      seen++;
      expect(rooms.slice(0, rooms.indexOf(room)), `${file} imports from ${target}/`).toContain(target);
    }
  }
  expect(seen).toBeGreaterThan(least);
});

test("what tells files by where it stands is no deeper than the chunks that it becomes part of", async () => {
  const telling: string[] = [];
  for (const file of await sources("src/components"))
    if (/FileAttachment\(|import\.meta\.url/.test(await readFile(join(root, file), "utf8"))) telling.push(file);
  expect(telling.sort()).toEqual(["catalogue.ts", "details.ts", "stdlib.d.ts"].map((name) => `src/components/${name}`));
});

test("each dependency has its reason in CONTRIBUTING.md", async () => {
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Record<string, object>;
  const guide = await readFile(join(root, "CONTRIBUTING.md"), "utf8");
  const rows = guide.split("\n").filter((line) => line.startsWith("| `"));
  const told = rows.flatMap((line) => [...line.split("|")[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
  expect(told.sort()).toEqual(
    [...Object.keys(manifest.dependencies!), ...Object.keys(manifest.devDependencies!)].sort()
  );
});

test("the lock file names the packages of every platform, and no host", async () => {
  const text = await readFile(join(root, "package-lock.json"), "utf8");
  const {packages} = JSON.parse(text) as {packages: Record<string, {optionalDependencies?: Record<string, string>}>};
  const known = Object.keys(packages);
  const optional = Object.values(packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}));
  expect(optional.length).toBeGreaterThan(50);
  for (const name of optional)
    expect(
      known.some((path) => path.endsWith(`node_modules/${name}`)),
      name
    ).toBe(true);
  expect(text).not.toContain('"resolved"');
});

interface Workflow {
  on: Record<string, unknown>;
  concurrency?: {group: string; "cancel-in-progress": boolean};
  jobs: Record<string, {defaults?: {run?: {shell?: string}}; steps: {uses?: string; run?: string}[]}>;
}

async function workflow(name: string): Promise<Workflow> {
  return parse(await readFile(join(root, ".github/workflows", name), "utf8")) as Workflow;
}

test("a push runs what CI runs", async () => {
  const {jobs} = await workflow("push.yml");
  expect(jobs.check!.steps.map((step) => step.run)).toContain(".ci/run");
  const script = await readFile(join(root, ".ci/run"), "utf8");
  expect(script.match(/^npm .*$/gm)).toEqual(["npm ci", "npm run check", "npm test", "npm run build"]);
});

test("the nightly build runs alone, is never cut off, and keeps its pond", async () => {
  const nightly = await workflow("nightly.yml");
  expect(nightly.concurrency).toEqual({group: "pond", "cancel-in-progress": false});
  const [minute] = (nightly.on.schedule as {cron: string}[])[0]!.cron.split(" ");
  expect(minute).not.toBe("0");
  const uses = nightly.jobs.site!.steps.flatMap((step) => step.uses ?? []).map((name) => name.split("@")[0]);
  for (const action of [
    "actions/cache/restore",
    "actions/cache/save",
    "actions/upload-pages-artifact",
    "actions/deploy-pages"
  ])
    expect(uses).toContain(action);
  for (const job of Object.values(nightly.jobs)) expect(job.defaults?.run?.shell).toBe("bash"); // for pipefail
});

test("what a mutant takes away stands in the pond, once", async () => {
  for (const {name, file, find} of mutants) {
    const text = await readFile(join(root, "pond", file), "utf8");
    expect(text.split(find).length - 1, name).toBe(1);
  }
});
