import {createHash} from "node:crypto";
import {existsSync, readdirSync, readFileSync} from "node:fs";
import {mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes} from "node:fs/promises";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

/**
 * The program compiled: TypeScript and packages as one file of JavaScript, which starts five times as fast as the
 * hundreds that it is made of. It is kept in `.compiled/` under the hash of all that it is made of, so that
 * what runs is always what stands in the sources; delete it at any time. Plain JavaScript, since it runs before all else.
 */

const week = 7 * 24 * 60 * 60 * 1000;

/** The file to run for `loaders/main.ts`, or the one for its threads; undefined where nothing can be written. */
export async function compiled(root, file = "main.js") {
  const kept = join(root, ".compiled");
  const directory = join(kept, keyOf(root));
  try {
    if (existsSync(directory)) await utimes(directory, new Date(), new Date());
    else await compile(root, kept, directory);
    return join(directory, file);
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes(error.code)) return undefined;
    throw error;
  }
}

/** Of the sources, where they are, and the packages, of which npm keeps a list beside them. */
function keyOf(root) {
  const sources = ["loaders", "pond"].flatMap((folder) =>
    readdirSync(join(root, folder), {recursive: true})
      .filter((name) => /\.[jt]s$/.test(name))
      .sort()
      .map((name) => join(folder, name))
  );
  const lists = ["package.json", "node_modules/.package-lock.json"].filter((name) => existsSync(join(root, name)));
  const hash = createHash("sha256").update(root);
  for (const file of [...sources, ...lists]) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Whole, or not there; whoever is second has the first one's. */
async function compile(root, kept, directory) {
  await mkdir(kept, {recursive: true});
  const staged = await mkdtemp(join(kept, "new-"));
  try {
    await bundle(root, staged);
    await rename(staged, directory).catch((error) => {
      if (!existsSync(directory)) throw error;
    });
  } finally {
    await rm(staged, {recursive: true, force: true});
  }
  await sweep(kept);
}

async function bundle(root, outdir) {
  const {build} = await import("esbuild");
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20.19",
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 120, // the line that an error is in may be shown
    sourcemap: "linked",
    sourcesContent: false,
    external: ["@duckdb/*", "esbuild", "parquet-wasm"], // they bring files of their own
    plugins: [places],
    logLevel: "silent" // its errors are thrown
  };
  const main = build({
    ...shared,
    entryPoints: [join(root, "loaders/main.ts")],
    outdir,
    format: "cjs", // which V8 can be given as it left it: see program.js
    supported: {"dynamic-import": false}, // what stays apart is CommonJS too
    banner: {js: `(function (exports, require, module, __filename, __dirname) {"use strict"; ${address}`},
    footer: {js: "})"},
    define: {"import.meta.url": "__importMetaUrl", __conversions: await conversions(root)}
  });
  const thread = build({
    ...shared,
    entryPoints: {thread: join(root, "loaders/reduction/worker.ts")},
    outdir,
    format: "esm",
    splitting: true, // what a thread never needs stays apart
    banner: {js: 'import {createRequire as requireOf} from "node:module"; const require = requireOf(import.meta.url);'}
  });
  const results = await Promise.allSettled([main, thread]); // neither writes any more, even where one fails
  for (const {status, reason} of results) if (status === "rejected") throw reason;
}

/** What one unit is in another, worked out here by the package of units, so that a run need not load it. */
async function conversions(root) {
  const {build} = await import("esbuild");
  const file = join(root, "loaders/readings/unit.ts");
  const {outputFiles} = await build({
    ...{entryPoints: [file], bundle: true, platform: "node", format: "esm", write: false, logLevel: "silent"},
    define: {"import.meta.url": JSON.stringify(pathToFileURL(file).href)}
  });
  const unit = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return JSON.stringify(unit.conversions());
}

/** What modules of packages get that ask for their address. */
const address = 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;';

/** Modules that ask where they are get told where their sources are. */
const places = {
  name: "places",
  setup: (bundle) =>
    bundle.onLoad({filter: /[\\/](loaders|pond)[\\/]([a-z]+[\\/])?[^\\/]+\.ts$/}, async ({path}) => {
      const text = await readFile(path, "utf8");
      const contents = text
        .replaceAll("import.meta.dirname", JSON.stringify(join(path, "..")))
        .replaceAll("import.meta.filename", JSON.stringify(path));
      return {contents, loader: "ts"};
    })
};

/** What nobody began with for a week goes; a program at work may yet import of what is younger. */
async function sweep(kept) {
  for (const name of await readdir(kept)) {
    const {mtimeMs} = await stat(join(kept, name)).catch(() => ({mtimeMs: Infinity})); // gone already
    if (Date.now() - mtimeMs > week) await rm(join(kept, name), {recursive: true, force: true});
  }
}
