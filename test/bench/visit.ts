import type {Browser, BrowserContext, CDPSession, Page} from "playwright-core";
import {settle} from "../browser.js";

/** What a reader waits for and downloads when a page is opened, in a real browser. Every byte over the wire counts. */

export interface Visit {
  readonly bytes: number;
  readonly dataBytes: number; // of Parquet files alone
  readonly requests: number; // that went over the wire
  readonly chartMs: number; // from the start until the first chart is drawn whole
  readonly paintMs: number; // largest contentful paint
  readonly blockingMs: number; // after the first contentful paint, of tasks what they take beyond 50 ms
  readonly shift: number; // cumulative layout shift
}

/** A browser's tab, fresh: nothing is in its cache. */
export interface Tab {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly session: CDPSession;
  readonly wire: Wire;
}

interface Wire {
  readonly sizes: Map<string, number>; // request -> bytes
  readonly urls: Map<string, string>;
}

/** What is remembered in the page; milliseconds since the visit began. */
interface Seen {
  paint: number; // largest contentful paint
  shift: number;
  first: number; // first contentful paint
  chart: number;
  readonly tasks: {begin: number; end: number}[]; // longer than 50 ms
}

/** What is looked for: the first chart of our pages, or Plot's of the plain one. */
const drawn = "figure.chart:not([aria-busy]) .line, main svg[class^='plot-'] path";

/** Runs in the page before anything else, and remembers what Lighthouse would look at. */
function observe(chart: string): void {
  const seen: Seen = {paint: 0, shift: 0, first: 0, chart: 0, tasks: []};
  Object.assign(window, {seen});
  const watch = (type: string, note: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({type, buffered: true});
  watch("paint", ({name, startTime}) => {
    if (name === "first-contentful-paint") seen.first = startTime;
  });
  watch("largest-contentful-paint", ({startTime}) => (seen.paint = startTime));
  watch("longtask", ({startTime, duration}) => seen.tasks.push({begin: startTime, end: startTime + duration}));
  watch("layout-shift", (entry) => (seen.shift += (entry as PerformanceEntry & {value: number}).value));
  const look = () => {
    if (document.querySelector(chart)) seen.chart = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** A phone with Lighthouse's settings: a quarter of the processor, 1.6 Mbit/s, 150 ms there and back. */
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

/** A desk's tab, or with `slow` a phone's. */
export async function openTab(browser: Browser, {slow = false} = {}): Promise<Tab> {
  const viewport = slow ? {width: 412, height: 823} : {width: 1440, height: 900};
  const context = await browser.newContext({viewport});
  const page = await context.newPage();
  await page.addInitScript("globalThis.__name = (value) => value"); // what the TypeScript runner wraps functions in
  await page.addInitScript(observe, drawn);
  const session = await context.newCDPSession(page);
  const wire: Wire = {sizes: new Map(), urls: new Map()};
  await session.send("Network.enable");
  session.on("Network.requestWillBeSent", ({requestId, request}) => wire.urls.set(requestId, request.url));
  session.on("Network.loadingFinished", ({requestId, encodedDataLength}) =>
    wire.sizes.set(requestId, encodedDataLength)
  );
  if (slow) await slowDown(session);
  return {context, page, session, wire};
}

/** Opens a page and waits until everything on it is drawn. */
export async function visit({page, wire}: Tab, url: string, timeout = 60_000): Promise<Visit> {
  wire.sizes.clear();
  await page.goto(url, {timeout});
  await settle(page, timeout);
  await page.waitForFunction(
    () => (window as unknown as {seen: {chart: number}}).seen.chart > 0 || !document.querySelector("figure.chart")
  );
  await page.waitForTimeout(300); // for the last entries of the observers
  const seen = await page.evaluate(() => (window as unknown as {seen: Seen}).seen);
  const sent = [...wire.sizes].filter(([, size]) => size > 0);
  const sum = (entries: readonly (readonly [string, number])[]) => entries.reduce((total, [, size]) => total + size, 0);
  return {
    bytes: sum(sent),
    dataBytes: sum(sent.filter(([id]) => wire.urls.get(id)!.includes(".parquet"))),
    requests: sent.length,
    chartMs: seen.chart,
    paintMs: seen.paint,
    blockingMs: blockingOf(seen),
    shift: seen.shift
  };
}

/** As Lighthouse counts: what a task takes beyond its first 50 ms, as far as it is after the first paint. */
function blockingOf({first, tasks}: Seen): number {
  return tasks.reduce((sum, {begin, end}) => sum + Math.max(0, end - Math.max(begin + 50, first)), 0);
}

/** The whole of a visit in a fresh tab. */
export async function coldVisit(browser: Browser, url: string, {slow = false, timeout = 60_000} = {}): Promise<Visit> {
  const tab = await openTab(browser, {slow});
  const seen = await visit(tab, url, timeout);
  await tab.context.close();
  return seen;
}
