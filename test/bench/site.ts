import process from "node:process";
import type {Browser} from "playwright-core";
import {formatRows} from "../../loaders/format.js";
import {launchBrowser, serveSite} from "../browser.js";
import type {SiteServer} from "../browser.js";
import {makeDemo, makeStatic} from "./demo.js";
import type {Demo, Size} from "./demo.js";
import {frames} from "./frames.js";
import {changes} from "./change.js";
import {atLeast, atMost, shown, told} from "./row.js";
import type {Row} from "./row.js";
import {coldVisit, openTab, visit} from "./visit.js";
import type {Visit} from "./visit.js";

/**
 * What a reader of the site waits for and downloads, in a real browser, from a server that gzips as GitHub Pages does:
 * `npm run bench:site`, or `npm run bench:site -- 3x2` for one of the demonstrations (3 sites of 2 years, 10 of 10).
 * Beside each figure is what it must be, and what it is for the page made the plain way, in the same run. With
 * `DEMOS=<directory>` what is simulated is kept there for the next run; `ROUNDS` says how often each is measured.
 */

const rounds = Number(process.env.ROUNDS ?? 3);
const chosen = process.env.PARTS?.split(",");

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

/** Several visits as one, each figure the median. */
async function medianVisit(make: () => Promise<Visit>, count = rounds): Promise<Visit> {
  const all: Visit[] = [];
  for (let round = 0; round < count; round++) all.push(await make());
  const names = Object.keys(all[0]!) as (keyof Visit)[];
  return Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name]))])) as unknown as Visit;
}

const unknown: Visit = {
  bytes: NaN,
  dataBytes: NaN,
  requests: NaN,
  chartMs: NaN,
  paintMs: NaN,
  blockingMs: NaN,
  shift: NaN
};

interface Bench {
  readonly demo: Demo;
  readonly browser: Browser;
  readonly site: SiteServer;
  readonly plain: string; // the address of the page that is made the plain way
  readonly other: Visit; // of it, cold, at a desk
}

const [kB, seconds] = [(bytes: number) => bytes / 1000, (millis: number) => millis / 1000];
const paths = {"a site": "sites/mouth", "a parameter of all sites": "parameters/temperature"};

/** Pages that a reader has never seen, at a desk; and beside them the page that is made the plain way. */
async function cold({browser, site, other}: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, path] of Object.entries(paths)) {
    const seen = await medianVisit(() => coldVisit(browser, site.url + path));
    rows.push(atMost(`${name}, cold`, "kB", {value: kB(seen.bytes), most: 450, plain: kB(other.bytes)}));
    if (name !== "a site") continue;
    const [sooner, fewer] = [other.chartMs / seen.chartMs, other.bytes / seen.bytes];
    const [value, plain] = [seconds(seen.chartMs), seconds(other.chartMs)];
    rows.push(told(`${name}, cold`, "first chart, s", {value, plain}));
    rows.push(atLeast("against the plain way", "first chart, times sooner", {value: sooner, least: 3}));
    rows.push(atLeast("against the plain way", "times fewer bytes", {value: fewer, least: 10}));
  }
  return rows;
}

/** The same on a slow phone. Ten years the plain way take minutes there, and are measured once, in a whole run. */
async function phone({browser, site, plain}: Bench): Promise<Row[]> {
  const other = chosen ? unknown : await coldVisit(browser, plain, {slow: true, timeout: 400_000});
  const rows: Row[] = [];
  for (const [name, path] of Object.entries(paths)) {
    const seen = await medianVisit(() => coldVisit(browser, site.url + path, {slow: true}));
    const what = `${name}, slow phone`;
    rows.push(
      atMost(what, "kB", {value: kB(seen.bytes), most: 450, plain: kB(other.bytes)}),
      atMost(what, "largest paint, s", {value: seconds(seen.paintMs), most: 1.8, plain: seconds(other.paintMs)}),
      atMost(what, "first chart, s", {value: seconds(seen.chartMs), most: 2.5, plain: seconds(other.chartMs)}),
      atMost(what, "blocking, ms", {value: seen.blockingMs, most: 150, plain: other.blockingMs}),
      atMost(what, "layout shift", {value: seen.shift, most: 0.02, plain: other.shift})
    );
  }
  return rows;
}

/** A second page of the site, in a browser that has seen the first. */
async function next({browser, site, other}: Bench): Promise<Row[]> {
  const seen = await medianVisit(async () => {
    const tab = await openTab(browser);
    await visit(tab, `${site.url}sites/mouth`);
    const second = await visit(tab, `${site.url}sites/basin`);
    await tab.context.close();
    return second;
  });
  return [
    atMost("the next site, warm", "first chart, s", {
      value: seconds(seen.chartMs),
      most: 0.5,
      plain: seconds(other.chartMs)
    }),
    atMost("the next site, warm", "kB", {value: kB(seen.bytes), most: 120, plain: kB(other.bytes)})
  ];
}

/** A reader who comes again after a night: what has changed is fetched, the rest is asked for and has not. */
async function again({browser, demo}: Bench): Promise<Row[]> {
  const server = await serveSite(demo.today, "/", {maxAge: 0});
  const rows: Row[] = [];
  for (const [name, path] of Object.entries(paths)) {
    server.directory = demo.today;
    const tab = await openTab(browser);
    await visit(tab, server.url + path);
    server.directory = demo.tomorrow;
    const seen = await visit(tab, server.url + path);
    const charts = await tab.page.locator("figure.chart").count();
    await tab.context.close();
    rows.push(
      atMost(`${name}, after a night`, "kB of data a chart", {value: kB(seen.dataBytes) / charts, most: 60}),
      told(`${name}, after a night`, "kB, everything", {value: kB(seen.bytes)})
    );
  }
  await server.close();
  return rows;
}

/** Buttons for ranges and zooms, on a page that is open. */
async function ranges({browser, site}: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, path] of Object.entries(paths)) {
    const tab = await openTab(browser);
    await visit(tab, site.url + path);
    const made = await changes(tab.page);
    await tab.context.close();
    rows.push(
      atMost(`${name}, any range or zoom`, "data requests, most", {
        value: Math.max(...made.map((one) => one.requests)),
        most: 3
      }),
      atMost(`${name}, any range or zoom`, "redrawn after last byte, ms, most", {
        value: Math.max(...made.map((one) => one.redrawMs)),
        most: 150
      }),
      told(`${name}, any range or zoom`, "kB of data, most", {value: kB(Math.max(...made.map((one) => one.bytes)))})
    );
    if (process.env.VERBOSE) process.stderr.write(`${JSON.stringify(made)}\n`);
  }
  return rows;
}

/** Moving a chart over the whole record. */
async function panning({browser, site}: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, path] of Object.entries(paths)) {
    const tab = await openTab(browser);
    await visit(tab, `${site.url}${path}?range=1y`);
    const seen = await frames(tab.page);
    await tab.context.close();
    const what = `${name}, a year panned over the record`;
    rows.push(
      atLeast(what, "frames a second", {value: seen.perSecond, least: 58}),
      told(what, "work a frame, ms, 95 of 100", {value: seen.workMs})
    );
  }
  return rows;
}

/** A build with nothing new, beside Framework's own of the same pages without loaders. */
async function building({demo}: Bench): Promise<Row[]> {
  const still = {POND_NOW: "2026-03-02T00:00:00Z"};
  const copy = await makeStatic(demo);
  await demo.project.build(still);
  const [own, plain]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    own.push(await secondsOf(() => demo.project.build(still)));
    plain.push(await secondsOf(() => copy.observable({})));
  }
  await copy.dispose();
  const ratio = median(own) / median(plain);
  return [
    told("a build with nothing new", "s", {value: median(own), plain: median(plain)}),
    atMost("a build with nothing new", "times observable build", {value: ratio, most: 1.3})
  ];
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

const parts = {cold, phone, next, again, ranges, panning, building};

async function measure(size: Size, browser: Browser): Promise<void> {
  const demo = await makeDemo(size, process.env.DEMOS);
  const [site, other] = [await serveSite(demo.today), await serveSite(demo.plain)];
  const plain = `${other.url}plain/`;
  const bench = {demo, browser, site, plain, other: await medianVisit(() => coldVisit(browser, plain))};
  const rows: Row[] = [];
  for (const [name, part] of Object.entries(parts))
    if (chosen?.includes(name) ?? true) rows.push(...(await part(bench)));
  for (const server of [site, other]) await server.close();
  await demo.dispose();
  process.stdout.write(`${size.sites} sites, ${size.years} years; medians of ${rounds} rounds.\n`);
  process.stdout.write(`${formatRows(rows.map(shown), "table")}\n\n`);
}

function sizesFrom(words: readonly string[]): Size[] {
  return (words.length > 0 ? words : ["3x2", "10x10"]).map((word) => {
    const [, sites, years] = /^(\d+)x(\d+)$/.exec(word) ?? [];
    if (sites === undefined) throw new Error(`“${word}” is no size: write one such as 3x2, sites and years.`);
    return {sites: Number(sites), years: Number(years)};
  });
}

const browser = await launchBrowser();
try {
  for (const size of sizesFrom(process.argv.slice(2))) await measure(size, browser);
} finally {
  await browser.close();
}
