import {join} from "node:path";
import process from "node:process";
import type {Browser, BrowserContext, CDPSession, Page} from "playwright-core";
import {formatRows} from "../../loaders/format.js";
import {launchBrowser, serveSite, settle} from "../browser.js";
import type {SiteServer} from "../browser.js";
import {copyProject} from "../project.js";

/**
 * What a reader of the default deployment waits for and downloads, in a real browser, from a server that gzips as
 * GitHub Pages does: `npm run bench:site`. Every byte over the wire counts. The slow phone has Lighthouse's settings: a
 * quarter of the processor, 1.6 Mbit/s, 150 ms there and back.
 */

const rounds = Number(process.env.ROUNDS ?? 3);

interface Visit {
  readonly bytes: number;
  readonly dataBytes: number; // of Parquet files alone
  readonly requests: number;
  readonly chartMs: number; // from the start until the first chart is drawn whole
  readonly paintMs: number; // largest contentful paint
  readonly blockingMs: number; // of tasks, what they take beyond 50 ms
  readonly shift: number; // cumulative layout shift
}

interface Wire {
  readonly sizes: Map<string, number>; // request -> bytes
  readonly urls: Map<string, string>;
}

async function listen(session: CDPSession): Promise<Wire> {
  const wire: Wire = {sizes: new Map(), urls: new Map()};
  await session.send("Network.enable");
  session.on("Network.requestWillBeSent", ({requestId, request}) => wire.urls.set(requestId, request.url));
  session.on("Network.loadingFinished", ({requestId, encodedDataLength}) =>
    wire.sizes.set(requestId, encodedDataLength)
  );
  return wire;
}

async function slowDown(session: CDPSession): Promise<void> {
  const throughput = (1.6 * 1024 * 1024) / 8;
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 150,
    downloadThroughput: throughput,
    uploadThroughput: throughput / 2
  });
  await session.send("Emulation.setCPUThrottlingRate", {rate: 4});
}

/** Runs in the page before anything else, and remembers what Lighthouse would look at. */
function observe(): void {
  const seen = {paint: 0, shift: 0, blocking: 0, chart: 0};
  Object.assign(window, {seen});
  const watch = (type: string, note: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({type, buffered: true});
  watch("largest-contentful-paint", (entry) => (seen.paint = entry.startTime));
  watch("longtask", (entry) => (seen.blocking += Math.max(0, entry.duration - 50)));
  watch("layout-shift", (entry) => (seen.shift += (entry as PerformanceEntry & {value: number}).value));
  const look = () => {
    if (document.querySelector("figure.chart .line")) seen.chart = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function visit(page: Page, session: CDPSession, url: string): Promise<Visit> {
  const wire = await listen(session);
  await page.goto(url);
  await settle(page);
  await page.waitForTimeout(200); // for the last entries of the observers
  const seen = await page.evaluate(() => (window as unknown as {seen: Record<string, number>}).seen);
  const data = [...wire.sizes].filter(([id]) => wire.urls.get(id)!.includes(".parquet"));
  const sum = (entries: readonly (readonly [string, number])[]) => entries.reduce((total, [, size]) => total + size, 0);
  return {
    bytes: sum([...wire.sizes]),
    dataBytes: sum(data),
    requests: wire.sizes.size,
    chartMs: seen.chart!,
    paintMs: seen.paint!,
    blockingMs: seen.blocking!,
    shift: seen.shift!
  };
}

async function openFresh(
  browser: Browser,
  slow: boolean
): Promise<{context: BrowserContext; page: Page; session: CDPSession}> {
  const viewport = slow ? {width: 412, height: 823} : {width: 1440, height: 900};
  const context = await browser.newContext({viewport});
  const page = await context.newPage();
  await page.addInitScript("globalThis.__name = (value) => value"); // what the TypeScript runner wraps functions in
  await page.addInitScript(observe);
  const session = await context.newCDPSession(page);
  if (slow) await slowDown(session);
  return {context, page, session};
}

interface Row {
  readonly what: string;
  readonly visit: Visit;
}

async function coldVisits(browser: Browser, server: SiteServer): Promise<Row[]> {
  const rows: Row[] = [];
  for (const slow of [false, true])
    for (const path of ["", "sites/mouth", "parameters/do"]) {
      const {context, page, session} = await openFresh(browser, slow);
      const name = `${path === "" ? "home" : path}, cold${slow ? ", slow phone" : ""}`;
      rows.push({what: name, visit: await visit(page, session, server.url + path)});
      await context.close();
    }
  return rows;
}

/** A second page of the site, and the first again after a night's rebuild. */
async function warmVisits(browser: Browser, days: readonly SiteServer[]): Promise<Row[]> {
  const [today, tomorrow] = days;
  const {context, page, session} = await openFresh(browser, false);
  await visit(page, session, `${today!.url}sites/mouth`);
  const next = await visit(page, session, `${today!.url}sites/basin`);
  const rows = [{what: "sites/basin, after sites/mouth", visit: next}];
  await context.close();
  const known = new Set(await fetchedBy(browser, today!, "sites/mouth"));
  const changed = (await fetchedBy(browser, tomorrow!, "sites/mouth")).filter((path) => !known.has(path));
  const sizes = await Promise.all(changed.map((path) => compressedSize(tomorrow!, path)));
  const data = changed.flatMap((path, index) => (path.endsWith(".parquet") ? [sizes[index]!] : []));
  const total = (numbers: readonly number[]) => numbers.reduce((sum, size) => sum + size, 0);
  const zero = {requests: changed.length, chartMs: NaN, paintMs: NaN, blockingMs: NaN, shift: NaN};
  return [
    ...rows,
    {what: "sites/mouth, again after a night", visit: {...zero, bytes: total(sizes), dataBytes: total(data)}}
  ];
}

/** The paths that a page asks for; those with a hash in their name need not be asked for twice. */
async function fetchedBy(browser: Browser, server: SiteServer, path: string): Promise<string[]> {
  const {context, page, session} = await openFresh(browser, false);
  server.requests.length = 0;
  await visit(page, session, server.url + path);
  await context.close();
  return [...server.requests];
}

async function compressedSize(server: SiteServer, path: string): Promise<number> {
  const response = await fetch(server.origin + path, {headers: {"accept-encoding": "identity"}});
  const {gzipSync} = await import("node:zlib");
  const body = Buffer.from(await response.arrayBuffer());
  return gzipSync(body).length;
}

/** What each range button costs on a page that is open: requests for data, and the time to redraw. */
async function ranges(browser: Browser, server: SiteServer): Promise<Record<string, unknown>[]> {
  const {context, page, session} = await openFresh(browser, false);
  await visit(page, session, `${server.url}sites/mouth`);
  const rows: Record<string, unknown>[] = [];
  for (const name of ["24h", "7d", "90d", "1y", "all"]) {
    server.requests.length = 0;
    const started = performance.now();
    await page.getByRole("button", {name, exact: true}).click();
    await settle(page);
    const data = server.requests.filter((path) => path.endsWith(".parquet")).length;
    rows.push({range: name, "data requests": data, "ms until redrawn": Math.round(performance.now() - started)});
  }
  await context.close();
  return rows;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

function told(all: readonly Row[][]): Record<string, unknown>[] {
  const shown = (number: number, digits = 0) => (Number.isNaN(number) ? "" : number.toFixed(digits));
  return all[0]!.map(({what}, index) => {
    const of = (pick: (visit: Visit) => number) => median(all.map((rows) => pick(rows[index]!.visit)));
    return {
      visit: what,
      kB: shown(of(({bytes}) => bytes / 1000)),
      "data kB": shown(of(({dataBytes}) => dataBytes / 1000)),
      requests: of(({requests}) => requests),
      "first chart ms": what.startsWith("home") ? "" : shown(of(({chartMs}) => chartMs)),
      "largest paint ms": shown(of(({paintMs}) => paintMs)),
      "blocking ms": shown(of(({blockingMs}) => blockingMs)),
      shift: shown(
        of(({shift}) => shift),
        3
      )
    };
  });
}

const project = await copyProject();
const browser = await launchBrowser();
try {
  await project.build({POND_NOW: "2026-03-01T00:00:00Z"});
  await project.node(["-e", "require('fs').cpSync('dist', 'dist-today', {recursive: true})"]);
  await project.build({POND_NOW: "2026-03-02T00:00:00Z"});
  const servers = [
    await serveSite(join(project.directory, "dist-today")),
    await serveSite(join(project.directory, "dist"))
  ];
  const all: Row[][] = [];
  for (let round = 0; round < rounds; round++)
    all.push([...(await coldVisits(browser, servers[0]!)), ...(await warmVisits(browser, servers))]);
  process.stdout.write(`Medians of ${rounds} rounds; 3 sites, 2 years.\n${formatRows(told(all), "table")}\n\n`);
  process.stdout.write(`${formatRows(await ranges(browser, servers[0]!), "table")}\n`);
  for (const server of servers) await server.close();
} finally {
  await browser.close();
  await project.dispose();
}
