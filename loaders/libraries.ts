import {existsSync} from "node:fs";
import {copyFile, mkdir, readFile, readdir, rm, writeFile} from "node:fs/promises";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {build} from "esbuild";

/**
 * Framework takes `npm:` imports from a content delivery network unless it finds them in its cache. We lay bundles made
 * from node_modules there, so that the lock file rules, and a build needs no network.
 */

interface Library {
  readonly name: string;
  readonly entry?: string; // what to bundle, when not the package's own entry
  readonly files?: Readonly<Record<string, string>>; // path in the cache -> path in the package, as it is
}

/** What our pages and their authors' use, each bundled with just what it needs of the others. */
const libraries: readonly Library[] = [
  {name: "@observablehq/plot"},
  {name: "d3"},
  {name: "htl"},
  {name: "isoformat"},
  {name: "d3-dsv"},
  {name: "apache-arrow", entry: "apache-arrow/Arrow.dom"},
  {
    name: "parquet-wasm",
    entry: "parquet-wasm/esm/parquet_wasm.js",
    files: {"esm/parquet_wasm_bg.wasm": "esm/parquet_wasm_bg.wasm"}
  },
  {name: "hyparquet"}
];

/** Framework looks up a version of each of these, used or not; an empty directory that is named for one is enough. */
const unused: Readonly<Record<string, string>> = {
  "@observablehq/sample-datasets": "1.0.1",
  arquero: "8.0.3",
  echarts: "6.0.0",
  leaflet: "1.9.4",
  lodash: "4.17.21",
  "mapbox-gl": "3.15.0",
  react: "19.1.1",
  "react-dom": "19.1.1",
  "topojson-client": "3.1.0"
};

const require = createRequire(import.meta.url);

/** Lays the libraries into Framework's cache below `source` (the pages' directory); does nothing where they lie already. */
export async function layLibraries(source: string): Promise<void> {
  const cache = join(source, ".observablehq/cache/_npm");
  const versions = await versionsOf(libraries);
  const marker = join(cache, "laid.json");
  const laid = JSON.stringify({...unused, ...versions});
  if (existsSync(marker) && (await readFile(marker, "utf8")) === laid) return;
  await rm(cache, {recursive: true, force: true}); // the highest cached version wins, so no other may stay
  for (const [name, version] of Object.entries(unused))
    await mkdir(join(cache, `${name}@${version}`), {recursive: true});
  await Promise.all(libraries.map((library) => layLibrary(library, cache, versions)));
  await writeFile(marker, laid);
}

async function versionsOf(wanted: readonly Library[]): Promise<Record<string, string>> {
  const entries = wanted.map(async ({name}) => [name, (await manifestOf(name)).version] as const);
  return Object.fromEntries(await Promise.all(entries));
}

interface Manifest {
  readonly directory: string;
  readonly version: string;
}

async function manifestOf(name: string): Promise<Manifest> {
  const directory = packageDirectory(name);
  const {version} = JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as {version: string};
  return {directory, version};
}

/** Packages need not export their package.json, so it is looked for where Node would look for the package. */
function packageDirectory(name: string): string {
  const found = require.resolve
    .paths(name)
    ?.map((path) => join(path, name))
    .find((path) => existsSync(join(path, "package.json")));
  if (!found) throw new Error(`the package ${name} is not installed: run npm ci`);
  return found;
}

async function layLibrary(library: Library, cache: string, versions: Record<string, string>): Promise<void> {
  const {directory} = await manifestOf(library.name);
  const target = join(cache, `${library.name}@${versions[library.name]}`);
  await build({
    entryPoints: [library.entry ?? library.name],
    outfile: join(target, "_esm.js"),
    absWorkingDir: dirname(dirname(import.meta.filename)),
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "error"
  });
  for (const [to, from] of Object.entries(library.files ?? {})) {
    await mkdir(dirname(join(target, to)), {recursive: true});
    await copyFile(join(directory, from), join(target, to));
  }
}

/** What lies in the cache, for tests: `<name>@<version>` of each library with a bundle. */
export async function laidLibraries(source: string): Promise<string[]> {
  const cache = join(source, ".observablehq/cache/_npm");
  const names = await readdir(cache, {recursive: true});
  return names
    .filter((name) => name.endsWith("_esm.js"))
    .map(dirname)
    .sort();
}
