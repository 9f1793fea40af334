import {existsSync, readFileSync, readdirSync, writeFileSync} from "node:fs";
import {join, posix, relative, resolve} from "node:path";
import {buildSync, type Metafile} from "esbuild";

/**
 * Joins the modules of a built site: Framework writes each component as a file of its own, and a page that asks for forty
 * of them waits. What pages import keeps its name, which changes with anything that it is made of; what several share is
 * in chunks beside it. Each page is told ahead of its chunks, and of the catalogue. Synchronous, so that it can run while
 * a process ends; doing it twice changes nothing more.
 */
export function joinModules(site: string): void {
  const directory = resolve(site);
  const pages = readdirSync(directory, {recursive: true, encoding: "utf8"}).filter((name) => name.endsWith(".html"));
  const texts = new Map(pages.map((page) => [page, readFileSync(join(directory, page), "utf8")]));
  const authored = modulesBeside(directory);
  const entries = new Set([...texts, ...authored].flatMap(([file, text]) => importedBy(text, file)));
  const bundle = entries.size > 0 ? bundleOf(directory, [...entries]) : {outputs: {}, joined: new Set<string>()};
  for (const [page, html] of texts) {
    const linked = relink(html, page, bundle);
    if (linked !== html) writeFileSync(join(directory, page), linked);
  }
}

/** The components that a page or a module beside them imports, below the site's directory. */
function importedBy(text: string, file: string): string[] {
  const found = [...text.matchAll(/\b(?:import\(|from )"([^"]+)"/g)].map(([, path]) => resolved(file, path!));
  return found.filter((path) => path.startsWith(components));
}

/** Modules of authors, which stay as they are: they may tell files by where they are themselves. */
function modulesBeside(directory: string): [file: string, text: string][] {
  const folder = join(directory, "_import");
  const names = existsSync(folder) ? readdirSync(folder, {recursive: true, encoding: "utf8"}) : [];
  const files = names.map((name) => posix.join("_import", name.replaceAll("\\", "/")));
  const beside = files.filter((file) => file.endsWith(".js") && !file.startsWith(components));
  return beside.map((file) => [file, readFileSync(join(directory, file), "utf8")]);
}

function resolved(page: string, path: string): string {
  return posix.normalize(posix.join(posix.dirname(page.replaceAll("\\", "/")), path));
}

interface Bundle {
  readonly outputs: Metafile["outputs"]; // by file below the site's directory
  readonly joined: ReadonlySet<string>; // files that are part of another now
}

const components = "_import/components/";

const marker = "/* joined */";

/** Small enough, and used by every page, that it is part of what pages fetch at first; the rest stays apart. */
const within = ["htl@", "hyparquet@", "d3-dsv@"];

function bundleOf(directory: string, entries: readonly string[]): Bundle {
  const heads = entries.map((entry) => readFileSync(join(directory, entry), "utf8").slice(0, marker.length));
  if (heads.every((head) => head === marker)) return {outputs: {}, joined: new Set()};
  const {metafile, outputFiles} = buildSync({
    absWorkingDir: directory,
    entryPoints: [...entries],
    outbase: ".",
    outdir: ".",
    chunkNames: `${components}chunk.[hash]`, // as deep as what tells files by where it is itself
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    banner: {js: marker},
    external: apartIn(directory),
    metafile: true,
    write: false,
    allowOverwrite: true,
    logLevel: "silent"
  });
  for (const {path, text} of outputFiles) writeFileSync(path, led(text, relative(directory, path)));
  const {inputs, outputs} = metafile;
  return {outputs, joined: new Set(Object.keys(inputs).filter((path) => !(path in outputs)))};
}

/** Code that was written in rooms of the components may stand elsewhere now: libraries are told from there. */
function led(text: string, file: string): string {
  const up = "../".repeat(file.split(/[\\/]/).length - 1);
  return text.replace(/"(?:\.\.\/)+(?=_(?:observablehq|node|duckdb|npm)\/)/g, `"${up}`);
}

/** As components write them: what Framework's own pages share, and libraries that are fetched when they are needed. */
function apartIn(directory: string): string[] {
  const libraries = existsSync(join(directory, "_npm")) ? readdirSync(join(directory, "_npm")) : [];
  const large = libraries.filter((name) => !within.some((library) => name.startsWith(library)));
  const folders = ["_observablehq", "_node", "_duckdb", ...large.map((name) => `_npm/${name}`)];
  return folders.flatMap((folder) => [`../../${folder}/*`, `../../../${folder}/*`]);
}

/** A page that announces the chunks that it needs in place of the modules in them, and the catalogue. */
function relink(html: string, page: string, {outputs, joined}: Bundle): string {
  const link = (path: string) => posix.relative(posix.dirname(page.replaceAll("\\", "/")), path);
  const announced = [...new Set(importedBy(html, page).flatMap((entry) => chunksOf(entry, outputs)))];
  const chunks = announced.map((path) => `<link rel="modulepreload" href="${addressed(link(path))}">\n`);
  const catalogue = /"path":"([^"]*\/catalogue\.[0-9a-f]+\.json)"/.exec(html)?.[1];
  const data = catalogue ? `<link rel="preload" as="fetch" crossorigin href="${catalogue}">\n` : "";
  return html
    .replace(/<link rel="modulepreload" href="([^"]+)">\n/g, (tag, path: string) =>
      joined.has(resolved(page, path)) ? "" : tag
    )
    .replace(/<link rel="preload" as="fetch"[^>]*>\n/g, "")
    .replace(/(?=<script type="module">)/, `${chunks.join("")}${data}`);
}

function addressed(path: string): string {
  return path.startsWith(".") ? path : `./${path}`;
}

function chunksOf(entry: string, outputs: Metafile["outputs"], seen = new Set<string>()): string[] {
  for (const {path, kind, external} of outputs[entry]?.imports ?? [])
    if (kind === "import-statement" && !external && !seen.has(path)) {
      seen.add(path);
      chunksOf(path, outputs, seen);
    }
  return [...seen];
}
