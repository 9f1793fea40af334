import {existsSync} from "node:fs";
import {cp, mkdir, readdir, rename, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {Duck} from "../../pond/duck.js";
import {copyProject} from "../project.js";
import type {Project} from "../project.js";
import {harbourResolutions, harbourResources} from "./harbour.js";

/** How large a demonstration is. */
export interface Size {
  readonly sites: number;
  readonly years: number;
}

/** A deployment of simulated readings, built. */
export interface Demo {
  readonly size: Size;
  readonly project: Project;
  readonly today: string; // the site
  readonly tomorrow: string; // the site after its next nightly build
  readonly plain: string; // the site with the page `plain`, made the plain way
  dispose(): Promise<void>;
}

const last = Date.parse("2026-03-01T00:00:00Z");
const day = 86_400_000;

/** Builds a demonstration; into a directory that stays when one is given, where the next run takes over its data. */
export async function makeDemo(size: Size, keep?: string): Promise<Demo> {
  const folder = keep === undefined ? undefined : join(keep, `${size.sites}x${size.years}`);
  if (folder !== undefined) await mkdir(folder, {recursive: true});
  const project = await copyProject(folder);
  const of = (name: string) => join(project.directory, name);
  await writeFile(of("resources/harbour.yaml"), harbourResources({sites: size.sites, from: beginOf(size)}));
  if (!existsSync(of("data-tomorrow"))) await publishTwice(project);
  const build = (data: string, output: string) => project.observable({POND_PUBLISHED: of(data), POND_OUTPUT: output});
  for (const name of ["today", "tomorrow"]) await build(`data-${name}`, `dist-${name}`);
  await writePlainPage(project);
  await build("data-today", "dist-plain");
  await rm(of("src/plain"), {recursive: true}); // other builds are without it
  const dispose = async () => (folder === undefined ? project.dispose() : undefined);
  return {size, project, today: of("dist-today"), tomorrow: of("dist-tomorrow"), plain: of("dist-plain"), dispose};
}

/** ISO 8601. */
function beginOf({years}: Size): string {
  return new Date(Date.UTC(new Date(last).getUTCFullYear() - years, 2, 1)).toISOString();
}

/** What is published of today, and of tomorrow, each in a folder of its own. */
async function publishTwice(project: Project): Promise<void> {
  for (const [name, now] of [
    ["today", last],
    ["tomorrow", last + day]
  ] as const) {
    const {code, stderr} = await project.pond(["run"], {POND_NOW: new Date(now).toISOString()});
    if (code !== 0) throw new Error(`the demonstration could not be made:\n${stderr}`);
    await cp(join(project.directory, ".pond/cache/published"), join(project.directory, `data-${name}`), {
      recursive: true
    });
  }
}

/** The site that both kinds of pages show. */
const shown = "Mouth";

/** A page as Framework's documentation has it, of the same dataset: one Parquet file, one mark of Plot. */
async function writePlainPage({directory}: Project): Promise<void> {
  const folder = join(directory, "src/plain");
  await mkdir(folder, {recursive: true});
  const finest = join(directory, "data-today", shown, harbourResolutions[0], "*.parquet");
  const duck = new Duck();
  const format = {FORMAT: "parquet", COMPRESSION: "snappy"};
  const sql = `SELECT * FROM read_parquet('${finest}') ORDER BY timestamp`;
  await duck.copy(sql, join(folder, "readings.parquet"), format);
  await duck.close();
  await writeFile(join(folder, "index.md"), plainPage);
}

const plainPage = `# Plain

\`\`\`js
const readings = await FileAttachment("readings.parquet").parquet();
display(Plot.plot({width, marks: [Plot.lineY(readings, {x: "timestamp", y: "Surface.Temperature.C.avg"})]}));
\`\`\`
`;

/**
 * A copy of a demonstration's pages that Framework builds as it builds any site: no loaders, nothing but static files,
 * its own configuration.
 */
export async function makeStatic({project: {directory}}: Demo): Promise<Project> {
  const copy = await copyProject();
  const src = join(copy.directory, "src");
  await cp(join(directory, "src/.observablehq"), join(src, ".observablehq"), {recursive: true});
  const made = join(src, ".observablehq/cache");
  for (const name of ["index.md", "sites", "parameters", "data"]) {
    await rm(join(src, name === "index.md" ? "index.md.ts" : name), {recursive: true});
    await rename(join(made, name), join(src, name));
  }
  const names = await readdir(src, {recursive: true, encoding: "utf8"});
  const shards = names.filter((name) => name.endsWith(".parquet")).map((name) => `/${name}`);
  await writeFile(join(copy.directory, "observablehq.config.ts"), staticConfig([...shards, "/data/catalogue.json"]));
  return copy;
}

function staticConfig(paths: readonly string[]): string {
  const options = {root: "src", output: "dist", title: "Static", style: "style.css", pager: false, toc: false};
  const more = {globalStylesheets: [], duckdb: {extensions: {json: null, parquet: null}}, dynamicPaths: paths};
  return `export default ${JSON.stringify({...options, ...more})};\n`;
}
