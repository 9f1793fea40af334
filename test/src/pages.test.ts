import {execFile} from "node:child_process";
import {mkdtemp, readFile, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {promisify} from "node:util";
import type {Browser, Page} from "playwright-core";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import type {Catalogue} from "../../loaders/types.js";
import {Duck} from "../../pond/duck.js";
import {launchBrowser, openPage, serveSite, settle} from "../browser.js";
import type {SiteServer} from "../browser.js";
import {examinePage, faintTexts, violations} from "../examine.js";
import {differenceFrom, otherDrawer, pictureOf} from "../pixels.js";
import {builtSite} from "./fixture.js";
import type {BuiltSite} from "./fixture.js";

/** The pages, built from a fixture and opened in a real browser. */

let browser: Browser;
let sites: Record<Base, BuiltSite>;
let catalogue: Catalogue;
let published: string;
let scratch: string;
let other: string | undefined; // why pictures cannot be compared

const bases = ["/", "/some-repo/"] as const;
type Base = (typeof bases)[number];

beforeAll(async () => {
  browser = await launchBrowser();
  sites = {"/": await builtSite("/"), "/some-repo/": await builtSite("/some-repo/")};
  ({catalogue, published} = sites["/"]);
  scratch = await mkdtemp(join(tmpdir(), "duckpond-"));
  const {page} = await openPage(browser);
  other = await otherDrawer(browser, page);
  await page.close();
}, 300_000);

afterAll(async () => {
  await browser.close();
  await rm(scratch, {recursive: true});
});

function pathsOf({sites, parameters}: Catalogue): string[] {
  return [
    "",
    "compare",
    "explore",
    "status",
    "about",
    ...sites.map(({slug}) => `sites/${slug}`),
    ...parameters.map(({slug}) => `parameters/${slug}`)
  ];
}

/** What is kept of pages in pictures: one of each kind. */
const pictured = ["", "sites/mouth", "parameters/temperature", "compare", "explore", "status", "about"];

describe.each([
  ["/", pictured],
  ["/some-repo/", []]
] as const)("every page under %s", (base, drawn: readonly string[]) => {
  let server: SiteServer;
  beforeAll(async () => {
    server = await serveSite(sites[base].dist, base);
  });
  afterAll(() => server.close());

  test.each([360, 768, 1440])(
    "at %i px, light and dark: whole, quiet, from its own host alone, open to all readers, and as it looked",
    async (width) => {
      const wrong: string[] = [];
      const links = new Set<string>();
      const now = Date.parse(catalogue.now) + 3_600_000;
      for (const path of pathsOf(catalogue))
        await examinePage(browser, server, {
          path,
          width,
          now,
          then: async (page, scheme) => {
            const name = [path.split("/")[0] || "home", width, scheme].join("-");
            const isCompared = other === undefined && drawn.includes(path);
            if (isCompared) wrong.push(...(await differenceFrom(name, await pictureOf(page))));
            const isRead = base === "/" && width === 1440; // a page's words do not depend on where it is served
            if (isRead) wrong.push(...(await barriersOf(page)).map((one) => `${path}, ${scheme}: ${one}`));
            for (const link of await linksOf(page)) links.add(link);
          }
        });
      expect(links.size).toBeGreaterThanOrEqual(pathsOf(catalogue).length);
      for (const link of links) {
        const {status} = await fetch(link);
        if (status !== 200) wrong.push(`${link}: ${status}`);
      }
      expect(wrong).toEqual([]);
    },
    120_000
  );

  /** What keeps readers out: by axe's rules, and by the contrast of texts in charts. */
  async function barriersOf(page: Page): Promise<string[]> {
    return [...(await violations(page)), ...(await page.evaluate<string[]>(faintTexts))];
  }

  /** Where a page leads, on its own host. */
  async function linksOf(page: Page): Promise<string[]> {
    const all = await page.evaluate(() =>
      [...document.querySelectorAll("a[href]")].map((a) => new URL(a.getAttribute("href")!, location.href).href)
    );
    return all.filter((link) => link.startsWith(server.origin)).map((link) => link.split("#")[0]!);
  }
});

test("the pictures that are kept were drawn by this browser, with its letters", ({skip}) => {
  if (other !== undefined) skip(other);
});

describe("what the pages tell", () => {
  let server: SiteServer;
  beforeAll(async () => {
    server = await serveSite(sites["/"].dist);
  });
  afterAll(() => server.close());

  async function open(path: string) {
    const {page} = await openPage(browser);
    await page.goto(server.url + path);
    await settle(page);
    return page;
  }

  test("home has the sites on a map, how each fares, and values beyond their thresholds", async () => {
    const page = await open("");
    const markers = page.locator(".map a");
    expect(await markers.evaluateAll((links) => links.map((link) => link.getAttribute("aria-label")))).toEqual([
      "Basin: readings are fresh",
      "Mouth: readings are fresh"
    ]);
    expect(await page.locator(".key").textContent()).toContain("Without a position: River");
    expect(await page.locator(".alerts").allTextContents()).toEqual([
      expect.stringMatching(/^\s*Hypoxia: Dissolved oxygen, Surface\s*$/)
    ]);
    expect(await page.locator("h1").textContent()).toBe("Test Harbour");
    await markers.last().click();
    await page.waitForURL(/\/sites\/mouth$/);
    await page.close();
  });

  test("status tells how resources fared, how fresh and whole the data is, and of the pond", async () => {
    const page = await open("status");
    const text = (await page.locator("main").innerText()).replace(/\s+/g, " ");
    for (const sentence of [
      "harbour had trouble in the last run; what could be read is shown. sites went on with the last good data.",
      "It was last checked 27 Feb 2026, 19:00 PST (1 transactions and 20 records, 4 contents hashed): all was well.",
      "an error",
      "Waits for Simulator/harbour.",
      "and a catalogue of 12.3 kB"
    ])
      expect(text).toContain(sentence);
    const rows = page.getByRole("group", {name: "Datasets"}).locator("tbody tr");
    const cells = await rows.first().locator("td").allInnerTexts();
    expect(cells.slice(3)).toEqual(["10 minutes", "99.5 %", "90.0 %", expect.stringMatching(/^2\s*6 days in all$/)]);
    await page.close();
  });

  test("about the data tells terms, sensors, thresholds, gaps and annotations, and its links to files work", async () => {
    const page = await open("about");
    const text = (await page.locator("main").innerText()).replace(/\s+/g, " ");
    for (const words of [
      "CC BY 4.0",
      "Test Office (2026). Test Harbour.",
      "Hypoxia: below 14.0 mg/L (Basin)",
      "/instruments/second",
      "3 days from 9 Feb 2026, 17:00 PST",
      "The mooring was on land.",
      "Mouth Surface Temperature"
    ])
      expect(text).toContain(words);
    const [deployed] = await page.getByRole("group", {name: "Sensors"}).locator("tbody tr").allInnerTexts();
    expect(deployed!.split("\t").map((cell) => cell.trim())).toEqual([
      "Basin",
      "Surface",
      "/instruments/first",
      "its first reading",
      "28 Feb 2025, 16:00 PST",
      "Temperature, Dissolved oxygen, Battery"
    ]);
    await page.locator("summary", {hasText: "DuckDB"}).click();
    const sql = (await page.locator("pre").innerText()).replace("SELECT *", "SELECT count(*)::INTEGER AS n");
    const [, url] = /'(http[^']+)'/.exec(sql)!;
    expect((await fetch(url!)).status).toBe(200);
    const catalogueUrl = await page.getByRole("link", {name: "catalogue.json"}).getAttribute("href");
    expect(((await (await fetch(catalogueUrl!)).json()) as Catalogue).title).toBe("Test Harbour");
    await page.close();
  });
});

describe.each(bases)("SQL in the browser under %s", (base) => {
  let server: SiteServer;
  beforeAll(async () => {
    server = await serveSite(sites[base].dist, base);
  });
  afterAll(() => server.close());

  const whole = 'SELECT count(*)::INTEGER AS n, avg("Surface.Temperature.C.avg") AS mean FROM mouth_1d';

  test("Explore loads its engine only when asked, answers as DuckDB does, and draws, lists and hands out what it gives", async () => {
    const {page, faults, requests} = await openPage(browser);
    await page.goto(`${server.url}explore`);
    await settle(page);
    const isHeavy = (url: string) => /duckdb|apache-arrow|plot|\.parquet/.test(url);
    expect(requests.filter(isHeavy)).toEqual([]);
    const answered = (words: RegExp) => page.getByText(words).first().waitFor({timeout: 20_000});
    const buttons = page.getByRole("group", {name: "Examples"}).getByRole("button");
    expect(await buttons.count()).toBe(5);
    for (const button of await buttons.all()) {
      await button.click();
      await page.waitForFunction(() => !document.querySelector("[aria-busy]"), undefined, {timeout: 20_000});
      expect(await page.getByRole("alert").count(), await button.innerText()).toBe(0);
      await page.locator(".drawn svg").first().waitFor(); // drawn once its width is known
      expect(await page.locator(".result tbody tr").count()).toBeGreaterThan(4);
    }
    await page.getByLabel("Query", {exact: true}).fill(whole);
    await page.getByLabel("Query", {exact: true}).press("Control+Enter");
    await answered(/^1 row in /);
    const duck = new Duck();
    const [row] = await duck.rows(
      whole.replace("mouth_1d", `read_parquet('${join(published, "Mouth/1d/*.parquet")}')`)
    );
    await duck.close();
    expect(await page.locator(".result td").allInnerTexts()).toEqual([
      String(row!.n),
      (row!.mean as number).toFixed(3)
    ]);
    await page.getByLabel("Query", {exact: true}).fill("SELECT * FROM mouth_1d WHERE nope = 1");
    await page.getByRole("button", {name: "Run"}).click();
    await page.getByRole("alert").waitFor();
    expect((await page.getByRole("alert").innerText()).trim()).toMatch(
      /^Referenced column "nope" not found .*; did you mean "mouth_1d/
    );
    expect(faults).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(server.origin) && !/^(data|blob):/.test(url))).toEqual([]);
    await page.close();
  }, 60_000);

  test("a link asks its query again, and what it gave is handed out as CSV, JSON and Parquet with its terms", async () => {
    const {page} = await openPage(browser);
    const sql = 'SELECT timestamp, "Surface.DO.mg/L.avg" AS "DO.mg/L" FROM basin_1d ORDER BY timestamp LIMIT 20';
    await page.goto(`${server.url}explore?mark=dot&sql=${encodeURIComponent(sql)}`);
    await page.locator(".drawn svg circle").first().waitFor({timeout: 20_000});
    expect(await page.locator(".drawn svg circle").count()).toBe(20);
    const paths: string[] = [];
    for (const form of ["CSV", "JSON", "Parquet"]) {
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", {name: form}).click()]);
      const path = join(scratch, file.suggestedFilename());
      await file.saveAs(path);
      paths.push(path);
    }
    const [csv, json, parquet] = paths as [string, string, string];
    const duck = new Duck();
    const read = (from: string) =>
      duck.rows(`SELECT epoch_ms(timestamp::TIMESTAMP)::DOUBLE AS t, "DO.mg/L"::DOUBLE AS v FROM ${from} ORDER BY 1`);
    const wanted = await read(
      `(${sql.replace("basin_1d", `read_parquet('${join(published, "Basin/1d/*.parquet")}')`)})`
    );
    expect(wanted).toHaveLength(20);
    expect(await read(`read_csv('${csv}', comment = '#', header = true)`)).toEqual(wanted);
    expect(await read(`read_parquet('${parquet}')`)).toEqual(wanted);
    const {rows, licence} = JSON.parse(await readFile(json, "utf8")) as {rows: {timestamp: string}[]; licence: string};
    expect(rows.map(({timestamp}) => Date.parse(timestamp))).toEqual(wanted.map(({t}) => t));
    expect(licence).toContain("CC BY 4.0");
    const notes = await duck.rows(`SELECT decode(key) AS key FROM parquet_kv_metadata('${parquet}')`);
    expect(notes.map(({key}) => key)).toEqual(expect.arrayContaining(["licence", "citation", "query"]));
    await duck.close();
    await page.close();
  }, 60_000);
});

test.each(bases)(
  "an author's page under %s has all of Framework, from its own host alone",
  async (base) => {
    const server = await serveSite(sites[base].dist, base);
    const {page, faults, requests} = await openPage(browser);
    await page.goto(`${server.url}author`);
    await settle(page);
    await page.waitForSelector("svg circle");
    expect(faults).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(server.origin) && !url.startsWith("data:"))).toEqual([]);
    expect(await page.locator("output").last().textContent()).toBe("365");
    const dots = await page.locator("svg circle").count();
    await page.locator("main input[type=number]").fill("14");
    await expect.poll(() => page.locator("svg circle").count()).toBeLessThan(dots);
    await page.close();
    await server.close();
  },
  30_000
);

describe.each(bases)("under %s", (base) => {
  let server: SiteServer;
  beforeAll(async () => {
    server = await serveSite(sites[base].dist, base);
  });
  afterAll(() => server.close());

  test("without scripts, sites and parameters have pictures of their last thirty days, in words as well", async () => {
    const context = await browser.newContext({javaScriptEnabled: false, viewport: {width: 360, height: 900}});
    const page = await context.newPage();
    for (const [path, titles] of [
      ["sites/mouth", ["Temperature °C", "Dissolved oxygen mg/L", "Battery V"]],
      ["parameters/do", ["Dissolved oxygen mg/L"]]
    ] as const) {
      await page.goto(server.url + path);
      const stills = page.locator(".still");
      expect(await stills.locator("h2").allInnerTexts()).toEqual(titles);
      const picture = stills.first().getByRole("img");
      await picture.scrollIntoViewIfNeeded();
      expect((await picture.boundingBox())!.height).toBeGreaterThan(100);
      expect(await picture.getAttribute("aria-label")).toMatch(
        /daily means from 31 Jan 2026 to 1 Mar 2026\. .*: between [\d.]+ and [\d.]+ (°C|mg\/L), at last [\d.]+\./
      );
      expect(await stills.first().locator(".line").first().getAttribute("d")).toMatch(/^M[\d.]+,[\d.]+L/);
      expect(await stills.first().locator("li").first().innerText()).toMatch(
        /: 1\d\.\d (°C|mg\/L) on 28 Feb 2026, 16:00 PST/
      );
      expect(await page.locator("observablehq-loading:visible").count()).toBe(0);
    }
    await context.close();
  });

  test("on paper there are charts, words and whole tables, and nothing to press", async () => {
    const {page} = await openPage(browser, {width: 768});
    await page.goto(`${server.url}sites/mouth?range=7d`);
    await settle(page);
    await page.getByRole("button", {name: "Table"}).first().click();
    await page.locator(".twin tbody tr").first().waitFor();
    await page.emulateMedia({media: "print"});
    expect(await page.locator("button:visible, select:visible, summary:visible").count()).toBe(
      await page.locator(".legend button:visible, .twin button:visible").count()
    );
    expect(await page.locator("figure.chart .plot:visible").count()).toBe(3);
    expect(await page.locator(".toolbar .span").innerText()).toBe("21 Feb 2026, 16:00 PST – 28 Feb 2026, 16:00 PST");
    const heights = await page
      .locator(".twin .scroll")
      .first()
      .evaluate((one) => [one.clientHeight, one.scrollHeight]);
    expect(heights[0]).toBe(heights[1]);
    await page.close();
  });
});

test("the preview serves pages, charts and shards", async () => {
  const {directory} = sites["/"];
  const bin = join(directory, "node_modules/@observablehq/framework/dist/bin/observable.js");
  const port = 3900 + (process.pid % 90);
  const child = execFile(process.execPath, [bin, "preview", "--port", String(port), "--no-open"], {
    cwd: directory,
    env: {...process.env, POND_PUBLISHED: published, OBSERVABLE_TELEMETRY_DISABLE: "true"}
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(
        () =>
          fetch(`${url}/sites/mouth`).then(
            (response) => response.status,
            () => 0
          ),
        {timeout: 20_000}
      )
      .toBe(200);
    const {page, faults} = await openPage(browser);
    await page.goto(`${url}/sites/mouth`);
    await page.waitForSelector("figure.chart .line");
    expect(faults).toEqual([]);
    await page.close();
  } finally {
    child.kill();
  }
}, 60_000);

test("a direct build again leaves the outputs of the loaders alone", async () => {
  const {stdout} = await promisify(execFile)("find", [
    join(sites["/"].directory, "src/.observablehq/cache/data"),
    "-newer",
    published,
    "-name",
    "*.parquet"
  ]);
  expect(stdout).toBe("");
});
