import {spawn} from "node:child_process";
import {existsSync} from "node:fs";
import {readdir, rename, rm, stat} from "node:fs/promises";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import process from "node:process";
import {formatBytes} from "../format.js";

/** What is built, and from which published data. */
export interface SiteOptions {
  readonly root: string; // the project's directory
  readonly published: string; // the directory that `pipeline` filled
  readonly base?: string; // the path that the site is served under
}

/** What a build made. */
export interface Built {
  readonly pages: number;
  readonly files: number;
  readonly bytes: string; // for people: "12.3 MB"
}

/**
 * Builds the pages with Observable Framework into `dist/`, which is replaced only by a whole site: a build that fails
 * leaves the one before as it was. Rejects with Framework's own words when it fails or when it warns of a broken link.
 */
export async function buildSite(options: SiteOptions): Promise<Built> {
  const staged = join(options.root, "dist.next");
  const output = await runFramework(["build"], options, {POND_OUTPUT: "dist.next"});
  refuseWarnings(output);
  const site = join(options.root, "dist");
  await replaceDirectory(site, staged);
  return countSite(site);
}

/** Puts `next` in the place of `directory`, which is whole before and after. */
async function replaceDirectory(directory: string, next: string): Promise<void> {
  const old = `${directory}.old`;
  await rm(old, {recursive: true, force: true});
  if (existsSync(directory)) await rename(directory, old);
  await rename(next, directory);
  await rm(old, {recursive: true, force: true});
}

/** Serves the site live until it is interrupted. */
export async function previewSite(options: SiteOptions & {readonly port?: string}): Promise<void> {
  const child = startFramework(["preview", ...(options.port ? ["--port", options.port] : [])], options, {}, "inherit");
  const code = await exitOf(child);
  if (code !== 0) throw new Error(`the preview stopped with exit status ${code}: its own words above say why`);
}

async function runFramework(args: string[], options: SiteOptions, env: Record<string, string>): Promise<string> {
  const child = startFramework(args, options, env, "pipe");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += String(chunk)));
  const code = await exitOf(child);
  if (code !== 0) throw new Error(`the pages could not be built (exit status ${code}); Framework says:\n${output}`);
  return output;
}

function startFramework(args: string[], options: SiteOptions, env: Record<string, string>, stdio: "pipe" | "inherit") {
  return spawn(process.execPath, [observable(), ...args], {
    cwd: options.root,
    stdio: ["ignore", stdio, stdio],
    env: {
      ...process.env,
      ...(options.base === undefined ? {} : {POND_BASE: options.base}),
      POND_PUBLISHED: options.published,
      OBSERVABLE_TELEMETRY_DISABLE: "true",
      ...env
    }
  });
}

function exitOf(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

/** Framework's own executable, wherever npm has put it. */
function observable(): string {
  const manifest = createRequire(import.meta.url).resolve("@observablehq/framework/package.json");
  return join(dirname(manifest), "dist/bin/observable.js");
}

/** Framework ends with 0 though a link is broken; we do not. */
function refuseWarnings(output: string): void {
  const warnings = output.split("\n").filter((line) => /Warning:/.test(line));
  if (warnings.length > 0) throw new Error(`the pages have a fault that Framework only warns of; it says:\n${output}`);
}

async function countSite(directory: string): Promise<Built> {
  const entries = await readdir(directory, {recursive: true, withFileTypes: true});
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const pages = files.filter((file) => file.endsWith(".html")).length;
  return {pages, files: files.length, bytes: formatBytes(sizes.reduce((sum, size) => sum + size, 0))};
}
