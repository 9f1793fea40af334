import {mkdir, mkdtemp, rm, stat, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import type {Browser, Page} from "playwright-core";
import {foundIn} from "../../loaders/site/directory.js";
import {publishOverlays} from "../../loaders/site/overlay.js";
import {pack} from "../../loaders/site/pack.js";
import type {Catalogue, ColumnEntry, DatasetEntry, Details, ResolutionEntry} from "../../loaders/types.js";
import {Duck} from "../../pond/duck.js";
import type {ChartElement} from "../../src/components/chart/chart.js";
import {launchBrowser, openPage, serveSite, settle} from "../browser.js";
import type {PageOptions, SiteServer} from "../browser.js";
import {copyProject, projectIn} from "../project.js";
import {authored, guided} from "./authored.js";
import {once} from "./once.js";

/** Published files as the pipeline would leave them, small and of known shape, for tests of the pages alone. */

const begin = "2024-03-01T00:00:00.000Z";
const end = "2026-03-01T00:00:00.000Z";
const widths = {"1h": 3_600_000, "1d": 86_400_000} as const;
const positions: Readonly<Record<string, readonly [number, number]>> = {
  Basin: [-123.8036, 39.4261],
  Mouth: [-123.8117, 39.4249] // River has none
};
const gap = ["2026-02-10", "2026-02-13"]; // no readings in these days

const columns = [
  {name: "Surface.Temperature.C", scope: "Surface", parameter: "Temperature", unit: "C", label: "Temperature"},
  {name: "Bottom.Temperature.C", scope: "Bottom", parameter: "Temperature", unit: "C", label: "Temperature"},
  {name: "Surface.DO.mg/L", scope: "Surface", parameter: "DO", unit: "mg/L", label: "Dissolved oxygen"},
  {name: "Surface.Battery.V", scope: "Surface", parameter: "Battery", unit: "V", label: "Battery"}
];
const swings: Readonly<Record<string, number>> = {Battery: 0.002}; // how far values go from their mean; else 1

/** The fixture site, built and served, a browser to open it in, and DuckDB to ask about what is published. */
export interface ServedSite extends BuiltSite {
  readonly scratch: string; // directory
  readonly browser: Browser;
  readonly server: SiteServer;
  readonly duck: Duck;
  /** A page in a tab of its own, when everything on it is drawn. */
  open(path: string, options?: PageOptions): Promise<Page>;
  close(): Promise<void>;
}

export async function servedSite(): Promise<ServedSite> {
  const [browser, built] = await Promise.all([launchBrowser(), builtSite("/")]);
  const [server, duck, scratch] = [await serveSite(built.dist), new Duck(), await mkdtemp(join(tmpdir(), "duckpond-"))];
  const open = async (path: string, options?: PageOptions) => {
    const {page} = await openPage(browser, options);
    await page.goto(server.url + path);
    await settle(page);
    return page;
  };
  const close = async () => {
    for (const one of [duck, server, browser]) await one.close();
    await rm(scratch, {recursive: true});
  };
  return {...built, scratch, browser, server, duck, open, close};
}

/** The fixture site as it was built, once for all test files: it is only read. */
export interface BuiltSite {
  readonly catalogue: Catalogue;
  readonly directory: string; // of a copy of the project, with the fixture in the place of published data
  readonly published: string; // directory
  readonly dist: string; // directory
}

type Pages = Readonly<Record<string, string>>;

/** Under `/` with an author's page; then, in the same project, below another path, with those of the guide as well. */
export function builtSite(base: "/" | "/some-repo/"): Promise<BuiltSite> {
  if (base === "/") return once("fixture", (directory) => buildSite(directory));
  return once("fixture-repo", async () => {
    const {catalogue, directory, published} = await builtSite("/");
    const dist = await buildPages(directory, guided, {base, output: "dist-repo"});
    return {catalogue, directory, published, dist};
  });
}

async function buildSite(directory: string): Promise<BuiltSite> {
  await copyProject(directory);
  const published = publishedIn(directory);
  await mkdir(published);
  const catalogue = await writeFixture(published);
  const dist = await buildPages(directory, authored, {base: "/", output: "dist"});
  return {catalogue, directory, published, dist};
}

const publishedIn = (directory: string) => join(directory, "published");

/** Adds pages to a project and builds them all; where. */
async function buildPages(
  directory: string,
  pages: Pages,
  {base, output}: {readonly base: string; readonly output: string}
): Promise<string> {
  for (const [path, text] of Object.entries(pages)) {
    await mkdir(dirname(join(directory, path)), {recursive: true});
    await writeFile(join(directory, path), text);
  }
  await projectIn(directory).observable({POND_PUBLISHED: publishedIn(directory), POND_BASE: base, POND_OUTPUT: output});
  return join(directory, output);
}

/** What the charts of a page show. */
export function plotted(page: Page): Promise<ChartElement["plotted"][]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("figure.chart > .plot")].flatMap((chart) =>
      "plotted" in chart ? [(chart as ChartElement).plotted] : []
    )
  );
}

/** What DuckDB finds in the published shards of Mouth for a plotted line. */
export function stored({published, duck}: ServedSite, value: ChartElement["plotted"], line: number) {
  const {resolution, column} = value.lines[line]!;
  const glob = join(published, "Mouth", resolution.name, "*.parquet");
  return duck.rows(`
    SELECT epoch_ms(timestamp)::DOUBLE AS time, "${column}.avg" AS avg, "${column}.min" AS min, "${column}.max" AS max, "${column}.count"::INTEGER AS count
    FROM read_parquet('${glob}')
    WHERE epoch_ms(timestamp) > ${value.range.begin - resolution.widthMs} AND epoch_ms(timestamp) <= ${value.range.end}
    ORDER BY timestamp`);
}

/** Writes `catalogue.json`, `details.json` and the shards of three sites into a directory, and gives the catalogue. */
export async function writeFixture(directory: string): Promise<Catalogue> {
  const duck = new Duck();
  try {
    const names = ["Basin", "Mouth", "River"];
    const datasets = await Promise.all(names.map((name, index) => writeDataset(duck, directory, {name, index})));
    const listed = catalogueOf(datasets);
    const keys = new Map(datasets.map(({name, resolutions}) => [name, JSON.stringify(resolutions)]));
    const place = {directory, cache: `${directory}.cache`, found: foundIn(directory), keys};
    const catalogue = {...listed, overlays: await publishOverlays(listed, place)};
    await writeFile(join(directory, "catalogue.json"), JSON.stringify(pack(catalogue)));
    await writeFile(join(directory, "details.json"), JSON.stringify(detailsOf(catalogue)));
    return catalogue;
  } finally {
    await duck.close();
  }
}

async function writeDataset(duck: Duck, directory: string, site: {name: string; index: number}): Promise<DatasetEntry> {
  const resolutions = await Promise.all(
    (Object.keys(widths) as (keyof typeof widths)[]).map((name) =>
      writeResolution(duck, directory, {...site, resolution: name})
    )
  );
  return {
    name: site.name,
    label: site.name,
    begin,
    end,
    intervalMs: widths["1h"],
    columns: columns.map(entryOf),
    resolutions
  };
}

function entryOf(column: (typeof columns)[number], index: number): ColumnEntry {
  const spark = Array.from({length: 30}, (_, day) => (day === 12 ? null : 10 + index + Math.sin(day / 3)));
  return {...column, latest: {time: end, value: 11.25 + index, dayBefore: 11}, spark};
}

async function writeResolution(
  duck: Duck,
  directory: string,
  {name, index, resolution}: {name: string; index: number; resolution: keyof typeof widths}
): Promise<ResolutionEntry> {
  const widthMs = widths[resolution];
  const shards = await Promise.all(
    [2024, 2025, 2026].map(async (year) => {
      const file = `${name}/${resolution}/${year}-01-01-0123abcd.parquet`;
      await mkdir(dirname(join(directory, file)), {recursive: true});
      await duck.copy(shardSql(year, widthMs, index), join(directory, file), {
        FORMAT: "parquet",
        COMPRESSION: "snappy"
      });
      const [row] = await duck.rows(`SELECT count(*) AS n FROM read_parquet('${join(directory, file)}')`);
      const {size} = await stat(join(directory, file));
      return {
        entry: {file, begin: `${year}-01-01T00:00:00.000Z`, end: `${year + 1}-01-01T00:00:00.000Z`},
        rows: Number(row!.n),
        bytes: size
      };
    })
  );
  return {
    name: resolution,
    widthMs,
    rows: shards.reduce((sum, {rows}) => sum + rows, 0),
    bytes: shards.reduce((sum, {bytes}) => sum + bytes, 0),
    shards: shards.map(({entry}) => entry)
  };
}

/** A year of bins: a seasonal wave with a daily one on it, three days missing. */
function shardSql(year: number, widthMs: number, site: number): string {
  const values = columns.map(({name, parameter}, index) => {
    const swing = swings[parameter] ?? 1;
    const mean = `${10 + site + index} + ${swing} * (5 * sin(epoch(t) / 5022000) + sin(epoch(t) / 13751))`;
    const [min, max] = [`${mean} - ${swing / 2}`, `${mean} + ${swing / 2}`];
    return `${mean} AS "${name}.avg", ${min} AS "${name}.min", ${max} AS "${name}.max", 4 AS "${name}.count"`;
  });
  const span = `GREATEST(TIMESTAMP '${year}-01-01', TIMESTAMP '${begin.slice(0, 10)}'), LEAST(TIMESTAMP '${year + 1}-01-01', TIMESTAMP '${end.slice(0, 10)}')`;
  return `SELECT t::TIMESTAMP_MS AS timestamp, ${values.join(", ")} FROM (
    SELECT unnest(range(${span}, INTERVAL ${widthMs} MILLISECOND)) AS t
  ) WHERE t NOT BETWEEN TIMESTAMP '${gap[0]}' AND TIMESTAMP '${gap[1]}' ORDER BY t`;
}

function catalogueOf(datasets: readonly DatasetEntry[]): Catalogue {
  const slug = (name: string) => name.toLowerCase();
  const sites = datasets.map(({name}) => ({
    name,
    slug: slug(name),
    label: name,
    description: `What ${name} measures.`,
    dataset: name,
    ...(positions[name] ? {position: positions[name]} : {})
  }));
  const parameters = [...new Set(columns.map(({parameter}) => parameter))].map((name) => {
    const own = columns.filter(({parameter}) => parameter === name);
    const {label, unit} = own[0]!;
    const places = datasets.flatMap((dataset) => own.map((column) => ({dataset: dataset.name, column: column.name})));
    return {name, slug: slug(name), label, unit, units: [{unit, factor: 1, offset: 0}], columns: places};
  });
  return {
    title: "Test Harbour",
    description: "Three sites that do not exist.",
    timeZone: "America/Los_Angeles",
    publisher: "Test Office",
    licence: {name: "CC BY 4.0", url: "https://creativecommons.org/licenses/by/4.0/"},
    now: "2026-03-01T00:10:00.000Z",
    sites,
    parameters,
    thresholds: [
      {parameter: "DO", unit: "mg/L", value: 14, label: "Hypoxia", kind: "alarm", side: "below", datasets: ["Basin"]},
      {parameter: "Temperature", unit: "C", value: 30, label: "Heat", kind: "note", side: "above"}
    ],
    annotations: [
      {
        kind: "outage",
        begin: `${gap[0]}T00:00:00.000Z`,
        end: `${gap[1]}T00:00:00.000Z`,
        flag: 9,
        text: "The mooring was on land.",
        series: ["Mouth/Surface.Temperature.C"]
      }
    ],
    datasets,
    version: 1
  };
}

function detailsOf({datasets}: Catalogue): Details {
  const names = datasets.map(({name}) => name);
  const resource = {
    kind: "Simulator",
    name: "harbour",
    description: "",
    lastRun: end,
    lastNews: end,
    tookMs: 812,
    read: 10,
    stored: 8,
    aside: 2,
    notes: ["a note"],
    errors: ["an error"],
    stale: [],
    newest: end,
    datasets: names
  };
  const quiet = {read: 0, stored: 0, aside: 0, notes: [], errors: []};
  const reduce = {
    kind: "Reduce",
    name: "sites",
    description: "",
    ...quiet,
    stale: ["Simulator/harbour"],
    datasets: names
  };
  const transaction = {version: 1, time: end, command: "pond run", user: "test", tookMs: 912, operations: 7, rows: 8};
  const longest = [{begin: `${gap[0]}T01:00:00.000Z`, end: `${gap[1]}T01:00:00.000Z`}];
  return {
    resources: [resource, reduce],
    transactions: [transaction],
    check: {time: "2026-02-28T03:00:00.000Z", commits: 1, records: 20, hashed: 4, problems: 0},
    datasets: names.map((name) => ({
      name,
      columns: columns.map(() => ({readings: 17_446, coverage: 0.9958, recent: 0.9})),
      gaps: ["Surface", "Bottom"].map((scope) => ({scope, count: 1, missingMs: 3 * widths["1d"], longest})),
      deployments: [
        {scope: "Surface", series: "/instruments/first", end: "2025-03-01T00:00:00.000Z"},
        {scope: "Surface", series: "/instruments/second", begin: "2025-03-01T00:00:00.000Z"},
        {scope: "Bottom", series: "/instruments/third"}
      ]
    })),
    catalogueBytes: 12_345
  };
}
