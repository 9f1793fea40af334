import {existsSync} from "node:fs";
import {mkdir, readFile, readdir, rm, writeFile} from "node:fs/promises";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {build} from "esbuild";
import {linkOrCopy} from "../../pond/disk.js";

/**
 * Framework takes `npm:` imports from a content delivery network unless it finds them in its cache. We lay bundles made
 * from node_modules there, so that the lock file rules, and a build needs no network.
 */

interface Library {
  readonly name: string;
  readonly as?: string; // the version that Framework asks for, when not the package's own
  readonly entry?: string; // what to bundle, when not the package's own entry
  readonly shares?: readonly string[]; // libraries that it takes from the cache, so that a page has one of each
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
  {name: "hyparquet"},
  {
    // Framework asks for 1.29.0, which has no Parquet inside and fetches it from another host; 1.28.0 has.
    name: "@duckdb/duckdb-wasm",
    as: "1.29.0",
    entry: join(import.meta.dirname, "duckdb.js"),
    shares: ["apache-arrow"], // two of them would not know each other's tables
    files: Object.fromEntries(
      ["duckdb-mvp.wasm", "duckdb-eh.wasm", "duckdb-browser-mvp.worker.js", "duckdb-browser-eh.worker.js"].map(
        (name) => [`dist/${name}`, `dist/${name}`]
      )
    )
  }
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
  const found = await Promise.all(libraries.map(findLibrary));
  const marker = join(cache, "laid.json");
  const laid = JSON.stringify([unused, found.map(({name, version, as}) => [name, version, as])]);
  if (existsSync(marker) && (await readFile(marker, "utf8")) === laid) return;
  await rm(cache, {recursive: true, force: true}); // the highest cached version wins, so no other may stay
  for (const [name, version] of Object.entries(unused))
    await mkdir(join(cache, `${name}@${version}`), {recursive: true});
  const places = new Map(found.map((library) => [library.name, placeOf(library)]));
  await Promise.all(found.map((library) => layLibrary(library, cache, places)));
  await writeFile(marker, laid);
}

interface Found extends Library {
  readonly directory: string;
  readonly version: string;
}

async function findLibrary(library: Library): Promise<Found> {
  const directory = packageDirectory(library.name);
  const {version} = JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as {version: string};
  return {...library, directory, version};
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

/** Its directory in the cache. */
function placeOf({name, version, as = version}: Found): string {
  return `${name}@${as}`;
}

async function layLibrary(library: Found, cache: string, places: ReadonlyMap<string, string>): Promise<void> {
  const {directory, name, shares = []} = library;
  const target = join(cache, placeOf(library));
  await build({
    entryPoints: [library.entry ?? name],
    outfile: join(target, "_esm.js"),
    absWorkingDir: join(import.meta.dirname, "../.."),
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    plugins: shares.map((shared) => ({
      name: shared,
      setup: (bundle) =>
        bundle.onResolve({filter: new RegExp(`^${shared}$`)}, () => ({
          path: `${"../".repeat(placeOf(library).split("/").length)}${places.get(shared)!}/_esm.js`,
          external: true
        }))
    })),
    logLevel: "error"
  });
  for (const [to, from] of Object.entries(library.files ?? {})) {
    await mkdir(dirname(join(target, to)), {recursive: true});
    await linkOrCopy(join(directory, from), join(target, to));
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
