import {mkdir, mkdtemp, readFile, readdir, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {beforeEach, expect, onTestFinished, test} from "vitest";
import {joinModules} from "../../loaders/site/modules.js";

/** A built site as Framework leaves it: two pages that share a component, a library, and a module of an author. */
const files = {
  "index.html": `<head>
<link rel="modulepreload" href="./_observablehq/client.1.js">
<link rel="modulepreload" href="./_import/components/home.aaaa.js">
<link rel="modulepreload" href="./_import/components/shared.bbbb.js">
<link rel="modulepreload" href="./_npm/htl@1.0.0/1.js">
<script type="module">
registerFile("./data/catalogue.json", {"path":"./_file/data/catalogue.0a1b.json"});
define({body: async () => { const {home} = await import("./_import/components/home.aaaa.js"); }});
</script>`,
  "sites/mouth.html": `<head>
<link rel="modulepreload" href="../_import/components/site.cccc.js">
<link rel="modulepreload" href="../_import/components/shared.bbbb.js">
<script type="module">
define({body: async () => { const {site} = await import("../_import/components/site.cccc.js"); }});
</script>`,
  "_import/components/home.aaaa.js":
    'import {shared} from "./shared.bbbb.js"; export const home = () => `home ${shared}`;',
  "_import/components/site.cccc.js":
    'import {shared} from "./shared.bbbb.js"; import "../../_observablehq/client.1.js"; import {drawn} from "./chart/drawn.gggg.js"; export const site = () => [shared, drawn, import("./late.dddd.js")];',
  "_import/components/chart/drawn.gggg.js":
    'import {wasm} from "../../../_npm/parquet-wasm@1.0.0/1.js"; export const drawn = [wasm, import.meta.resolve("../../../_npm/parquet-wasm@1.0.0/1.wasm")];',
  "_import/components/shared.bbbb.js":
    'import {html} from "../../_npm/htl@1.0.0/1.js"; export const shared = html + new URL("../../data/", import.meta.url);',
  "_import/components/late.dddd.js": 'import "../../_npm/parquet-wasm@1.0.0/1.js"; export const late = "later";',
  "_import/authored.eeee.js": 'import {table} from "./components/table.ffff.js"; export const authored = table;',
  "_import/components/table.ffff.js": 'export const table = "a table";',
  "_npm/htl@1.0.0/1.js": 'export const html = "htl";',
  "_npm/parquet-wasm@1.0.0/1.js": 'export const wasm = "large";',
  "_observablehq/client.1.js": "export const define = 1;"
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "pond-modules-"));
  onTestFinished(() => rm(directory, {recursive: true}));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), {recursive: true});
    await writeFile(join(directory, name), text);
  }
});

const read = (name: string) => readFile(join(directory, name), "utf8");

test("what two pages share is one chunk, which both announce in place of what is in it", async () => {
  joinModules(directory);
  const preloads = async (page: string) =>
    [...(await read(page)).matchAll(/<link rel="(\w+)"[^>]* href="([^"]+)">/g)].map(([, , path]) => path!);
  const [home, site] = [await preloads("index.html"), await preloads("sites/mouth.html")];
  const chunk = home.find((path) => path.includes("chunk."))!;
  expect(home).toEqual([
    "./_observablehq/client.1.js",
    "./_import/components/home.aaaa.js",
    chunk,
    "./_file/data/catalogue.0a1b.json"
  ]);
  expect(site).toEqual(["../_import/components/site.cccc.js", `.${chunk}`]);
  expect(await read(chunk)).toContain('"htl"');
  expect(await read(chunk)).toContain('new URL("../../data/",import.meta.url)');
});

test("what is fetched later stays apart, and libraries that are large, and what authors wrote", async () => {
  joinModules(directory);
  const site = await read("_import/components/site.cccc.js");
  const [, late] = /import\("\.\/(chunk\.[^"]+)"\)/.exec(site)!;
  expect(site).toContain('"../../_observablehq/client.1.js"');
  expect(site).toContain('from"../../_npm/parquet-wasm@1.0.0/1.js"'); // as written in a room, which is one deeper
  expect(site).toContain('import.meta.resolve("../../_npm/parquet-wasm@1.0.0/1.wasm")');
  expect(site).not.toContain("later");
  expect(await read(`_import/components/${late}`)).toContain('"../../_npm/parquet-wasm@1.0.0/1.js"');
  expect(await read("_import/authored.eeee.js")).toBe(files["_import/authored.eeee.js"]);
  expect(await read("_import/components/table.ffff.js")).toContain("a table");
});

test("joined, the modules still do what they did", async () => {
  joinModules(directory);
  const {home} = (await import(join(directory, "_import/components/home.aaaa.js"))) as {home: () => string};
  expect(home()).toBe(`home htlfile://${directory}/data/`);
});

test("joining twice changes nothing more", async () => {
  const snapshot = async () => {
    const names = await readdir(directory, {recursive: true, withFileTypes: true});
    const paths = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
    return Promise.all(paths.sort().map(async (path) => [path, await readFile(path, "utf8")]));
  };
  joinModules(directory);
  const once = await snapshot();
  joinModules(directory);
  expect(await snapshot()).toEqual(once);
});

test("a site without modules of ours is left as it is", async () => {
  await rm(join(directory, "_import"), {recursive: true});
  await writeFile(join(directory, "index.html"), "<head></head>");
  await rm(join(directory, "sites"), {recursive: true});
  joinModules(directory);
  expect(await read("index.html")).toBe("<head></head>");
});
