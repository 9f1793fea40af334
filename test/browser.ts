import {createHash} from "node:crypto";
import {existsSync, statSync} from "node:fs";
import {readFile} from "node:fs/promises";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {extname, join, normalize} from "node:path";
import process from "node:process";
import {gzipSync} from "node:zlib";
import {chromium} from "playwright-core";
import type {Browser, Page} from "playwright-core";

/** A real browser, and a server that answers as GitHub Pages does. */

const installed = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable"
];
const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run"
];

const executablePath =
  [process.env.CHROME, ...installed].find((path) => path && existsSync(path)) ?? (await unpacked());

/** The browser in the npm package, unpacked where it is found again: not in the folder of one run of the tests. */
async function unpacked(): Promise<string> {
  const {TMPDIR, LASTING_TMPDIR} = process.env;
  if (LASTING_TMPDIR !== undefined) process.env.TMPDIR = LASTING_TMPDIR;
  process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs20.x"; // or the package does not unpack its libraries
  process.env.AWS_LAMBDA_JS_RUNTIME ??= "nodejs20.x";
  const {default: packaged} = await import("@sparticuz/chromium");
  const path = await packaged.executablePath();
  if (LASTING_TMPDIR !== undefined) process.env.TMPDIR = TMPDIR;
  return path;
}

/** The Chrome or Chromium of the system ($CHROME, or where it usually is), else the one in the npm package. */
export function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({executablePath, args: [...quiet, ...more]});
}

export interface SiteServer {
  readonly origin: string; // "http://127.0.0.1:12345"
  readonly url: string; // of the home page, base path included
  /** Files that are answered otherwise: path below the base to status, or to bytes. */
  readonly faults: Map<string, number | Uint8Array>;
  /** Paths asked for, in order. */
  readonly requests: string[];
  /** Where the site lies: another directory is the site after its next build. */
  directory: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".wasm": "application/wasm",
  ".parquet": "application/octet-stream"
};

/**
 * Serves a built site on loopback under a base path, gzipped, `/page` as `/page.html`, 404 for what is not there. What a
 * browser has is good for `maxAge` seconds, and then for as long as it has not changed.
 */
export async function serveSite(directory: string, base = "/", {maxAge = 600} = {}): Promise<SiteServer> {
  const faults = new Map<string, number | Uint8Array>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
    requests.push(path);
    const asked = path.startsWith(base) ? path.slice(base.length) : undefined;
    void answer(site.directory, asked, faults).then(({status, type, packed, tag}) => {
      const known = status === 200 && request.headers["if-none-match"] === tag;
      const headers = {etag: tag, "cache-control": `max-age=${maxAge}`};
      if (known) return response.writeHead(304, headers).end();
      // Its length is told, as GitHub Pages does, also to who asks for the length alone.
      const length = {"content-type": type, "content-encoding": "gzip", "content-length": packed.length};
      response.writeHead(status, {...headers, ...length});
      response.end(request.method === "HEAD" ? undefined : packed);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => void (server.close(() => resolve()), server.closeAllConnections()));
  const site: SiteServer = {origin, url: `${origin}${base}`, faults, requests, directory, close};
  return site;
}

interface Answer extends Packed {
  readonly status: number;
  readonly type: string;
}

/** What goes over the wire, and what tells it from what went before. */
interface Packed {
  readonly packed: Uint8Array;
  readonly tag: string;
}

const notFound = pack(new TextEncoder().encode("not found"));

async function answer(directory: string, path: string | undefined, faults: SiteServer["faults"]): Promise<Answer> {
  const nothing = {status: 404, type: "text/plain", ...notFound};
  if (path === undefined || normalize(path).startsWith("..")) return nothing;
  const fault = faults.get(path);
  if (typeof fault === "number") return {...nothing, status: fault};
  const file = [path, `${path}.html`, join(path, "index.html")].map((name) => join(directory, name)).find(isFile);
  if (!file) return nothing;
  const body = fault ? pack(fault) : await packedFile(file);
  return {status: 200, type: types[extname(file)] ?? "application/octet-stream", ...body};
}

function pack(body: Uint8Array): Packed {
  return {packed: gzipSync(body), tag: `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`};
}

const packedFiles = new Map<string, Packed>(); // by file, size and time: what takes long is done once, as hosts do

async function packedFile(file: string): Promise<Packed> {
  const {size, mtimeMs} = statSync(file);
  const key = [file, size, mtimeMs].join(" ");
  const made = packedFiles.get(key) ?? pack(await readFile(file));
  packedFiles.set(key, made);
  return made;
}

function isFile(path: string): boolean {
  return existsSync(path) && extname(path) !== "";
}

export interface PageOptions {
  readonly width?: number; // CSS pixels, 1440 unless given
  readonly dark?: boolean;
  readonly touch?: boolean;
}

/** A page that remembers everything that went wrong while it was open. */
export async function openPage(
  browser: Browser,
  options: PageOptions = {}
): Promise<{page: Page; faults: string[]; requests: string[]}> {
  const {width = 1440, dark = false, touch = false} = options;
  const page = await browser.newPage({
    viewport: {width, height: 900},
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    hasTouch: touch
  });
  const faults: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => requests.push(request.url()));
  return {page, faults, requests};
}

/** Waits until the page's cells have run and its charts are drawn. */
export async function settle(page: Page, timeout = 20_000): Promise<void> {
  await page.waitForFunction(
    () =>
      document.readyState === "complete" &&
      [...document.querySelectorAll(".observablehq--block")].every((cell) => cell.childElementCount > 0) &&
      !document.querySelector("observablehq-loading, [aria-busy], figure.chart:empty"),
    undefined,
    {timeout}
  );
}
