import {createHash} from "node:crypto";
import {existsSync} from "node:fs";
import {copyFile, mkdir, readFile, readdir, rm, rmdir, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {linkOrCopy} from "../../pond/disk.js";
import {layLibraries} from "./libraries.js";
import {listPages} from "./pages.js";
import type {Listed} from "./pages.js";
import {published} from "./published.js";
import type {PackedCatalogue} from "../types.js";

/** What Framework's configuration needs to know of the site. */
export interface Site {
  readonly catalogue: PackedCatalogue;
  readonly pages: readonly Listed[]; // of the sidebar
  readonly paths: readonly string[]; // pages and files that no link in a page leads Framework to
}

/**
 * Readies everything that Framework builds from: libraries, published data and the outputs of the data loaders, so that
 * `observable build` and `observable preview` need no network and run no loader whose output is there already. Runs the
 * pipeline first unless a build has done so (see `published`).
 */
export async function prepareSite(root: string): Promise<Site> {
  const source = join(root, "src");
  await layLibraries(source);
  const directory = await published();
  const catalogue = JSON.parse(await readFile(join(directory, "catalogue.json"), "utf8")) as PackedCatalogue;
  await layOutputs(directory, join(source, ".observablehq/cache/data"));
  await dropStaleOutputs(source, catalogue);
  const pages = await listPages(source, catalogue);
  return {catalogue, pages, paths: [...pagePaths(catalogue), ...(await filePaths(directory, catalogue))]};
}

function pagePaths({sites, parameters}: PackedCatalogue): string[] {
  return [...sites.map(({slug}) => `/sites/${slug}`), ...parameters.map(({slug}) => `/parameters/${slug}`)];
}

async function filePaths(published: string, {logo}: PackedCatalogue): Promise<string[]> {
  const shards = (await filesBelow(published)).filter((file) => file.endsWith(".parquet")).sort();
  const others = ["catalogue.json", ...(logo === undefined ? [] : [logo])]; // the catalogue for programs, at an address that stays
  return [...shards, ...others].map((file) => `/data/${file}`);
}

/** Makes the loaders' outputs the published files: what is missing is linked, what changed replaced, the rest removed. */
export async function layOutputs(published: string, outputs: string): Promise<void> {
  await mkdir(outputs, {recursive: true});
  const wanted = new Set(await filesBelow(published));
  for (const file of await filesBelow(outputs)) if (!wanted.has(file)) await rm(join(outputs, file));
  for (const file of wanted) await layOutput(join(published, file), join(outputs, file));
  await dropEmpty(outputs);
}

/** Shards carry a hash in their names, so only a file without one can have changed under its name. */
async function layOutput(from: string, to: string): Promise<void> {
  if (existsSync(to)) {
    if (to.endsWith(".parquet")) return;
    if ((await readFile(from)).equals(await readFile(to))) return;
    await rm(to);
  }
  await mkdir(dirname(to), {recursive: true});
  if (to.endsWith(".parquet")) await linkOrCopy(from, to);
  else await copyFile(from, to);
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, {recursive: true, withFileTypes: true});
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

async function dropEmpty(directory: string): Promise<void> {
  for (const entry of await readdir(directory, {withFileTypes: true})) {
    if (!entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    await dropEmpty(path);
    if ((await readdir(path)).length === 0) await rmdir(path);
  }
}

/** Our page loaders: what each makes, in Framework's cache and below the pages' directory. */
const pageLoaders = [
  {output: "index.md", source: "index.md.ts"},
  {output: "sites", source: "sites/[site].md.ts"},
  {output: "parameters", source: "parameters/[parameter].md.ts"}
];

/**
 * Framework keeps a loader's output for ever. Those of our pages are dropped when what they are made from has changed,
 * those of authors' loaders always: what they are made from is not ours to know.
 */
async function dropStaleOutputs(source: string, catalogue: PackedCatalogue): Promise<void> {
  const cache = join(source, ".observablehq/cache");
  const marker = "pages.sha256";
  const ours = [marker, "data", ...pageLoaders.map(({output}) => output)];
  const drop = (name: string) => rm(join(cache, name), {recursive: true, force: true});
  for (const name of await readdir(cache)) if (!name.startsWith("_") && !ours.includes(name)) await drop(name);
  const fingerprint = await fingerprintOf(source, catalogue);
  if (existsSync(join(cache, marker)) && (await readFile(join(cache, marker), "utf8")) === fingerprint) return;
  for (const {output} of pageLoaders) await drop(output);
  await writeFile(join(cache, marker), fingerprint);
}

async function fingerprintOf(directory: string, {title, sites, parameters}: PackedCatalogue): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([title, sites, parameters]));
  for (const {source} of pageLoaders) hash.update(await readFile(join(directory, source)));
  return hash.digest("hex");
}
