import {existsSync} from "node:fs";
import {mkdir, readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Browser} from "playwright-core";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import {newPage} from "../../loaders/site/new.js";
import {Duck} from "../../pond/duck.js";
import type {ChartElement} from "../../src/components/chart/chart.js";
import {launchBrowser, openPage, serveSite} from "../browser.js";
import type {SiteServer} from "../browser.js";
import {temporaryDirectory} from "../loaders/memory.js";
import {copyProject} from "../project.js";
import {guided} from "./authored.js";
import {builtSite} from "./fixture.js";
import type {BuiltSite} from "./fixture.js";

/** Pages as a new author writes them: those of the guide, word for word, and one of all else. */

let browser: Browser;
let site: BuiltSite;
let server: SiteServer;
beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), builtSite("/some-repo/")]);
  server = await serveSite(site.dist, "/some-repo/");
}, 300_000);
afterAll(async () => {
  await server.close();
  await browser.close();
});

async function open(path: string) {
  const {page, faults, requests} = await openPage(browser);
  await page.goto(server.url + path);
  const quiet = () => {
    expect(faults).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(server.origin) && !/^(data|blob):/.test(url))).toEqual([]);
  };
  return {page, quiet};
}

test("at most twelve lines, those of the guide, make a chart with range buttons of one parameter at two sites", async () => {
  expect(guided["src/oxygen.md"].trimEnd().split("\n").length).toBeLessThanOrEqual(12);
  const {page, quiet} = await open("oxygen");
  await page.locator("figure.chart .line").first().waitFor();
  const keys = () =>
    page.evaluate(() =>
      document.querySelector<ChartElement>("figure.chart > .plot")!.plotted.lines.map(({key}) => key)
    );
  expect(await keys()).toEqual(["Basin/Surface.DO.mg/L", "River/Surface.DO.mg/L"]);
  await page.getByRole("button", {name: "1y", exact: true}).click();
  await expect.poll(() => new URL(page.url()).search).toBe("?range=1y");
  const months = () =>
    page.evaluate(() => {
      const {begin, end} = document.querySelector<ChartElement>("figure.chart > .plot")!.plotted.range;
      return Math.round((end - begin) / 86_400_000);
    });
  await expect.poll(months).toBe(365);
  expect(await page.locator("nav").innerText()).toContain("Oxygen in the harbour");
  quiet();
  await page.close();
});

test("the guide's own chart of Plot follows its input", async () => {
  const {page, quiet} = await open("warm");
  await page.locator("main svg circle").first().waitFor();
  const dots = await page.locator("main svg circle").count();
  expect(dots).toBeGreaterThan(50);
  await page.locator("main input[type=number]").fill("16");
  await expect.poll(() => page.locator("main svg circle").count()).toBeLessThan(dots);
  quiet();
  await page.close();
});

test("the guide's SQL gives what DuckDB gives", async () => {
  const {page, quiet} = await open("months");
  const rows = page.locator("main table tbody tr");
  await expect.poll(() => rows.count(), {timeout: 20_000}).toBe(6);
  const duck = new Duck();
  const [, sql] = /```sql\n(.*?)```/s.exec(guided["src/months.md"])!;
  const files = join(site.published, "Mouth/1d/*.parquet");
  const [first] = await duck.rows(sql!.replace("FROM mouth", `FROM read_parquet('${files}')`));
  await duck.close();
  const shown = Number((await rows.first().locator("td").last().innerText()).replaceAll(",", ""));
  expect(shown).toBeCloseTo(first!.mean as number, 2);
  quiet();
  await page.close();
}, 40_000);

describe("a page in a folder, under a base path", () => {
  test("has newest values, rows, a table, downloads and charts that move together; and what Framework offers", async () => {
    const {page, quiet} = await open("more/all");
    const duck = new Duck();
    const [stored] = await duck.rows(
      `SELECT count(*)::INTEGER AS days FROM read_parquet('${join(site.published, "Mouth/1d/*.parquet")}')`
    );
    await duck.close();
    await expect
      .poll(() => page.locator("output").last().textContent(), {timeout: 20_000})
      .toBe(`3 ${stored!.days as number} 2 3`);
    expect(await page.locator(".latest tbody").count()).toBe(3);
    const days = page.getByRole("group", {name: "Days"}).locator("tbody tr");
    expect(await days.count()).toBe(9); // three days at three sites
    expect(await days.first().locator("td").first().innerText()).toBe("Basin");
    await page.locator("figure.chart .line").nth(1).waitFor();
    expect(await page.locator(".toolbar").count()).toBe(1);
    await page.getByRole("button", {name: "all", exact: true}).click();
    const lengths = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<ChartElement>("figure.chart > .plot")].map(({plotted: {range}}) => range.begin)
      );
    await expect.poll(async () => new Set(await lengths()).size).toBe(1);
    const group = page.getByRole("group", {name: "Download Battery"});
    const [file] = await Promise.all([page.waitForEvent("download"), group.getByRole("button").first().click()]);
    const path = join(await temporaryDirectory(), file.suggestedFilename());
    await file.saveAs(path);
    expect(await readFile(path, "utf8")).toContain("# licence: CC BY 4.0");
    quiet();
    await page.close();
  }, 60_000);

  test("is told what there is when it names what there is not", async () => {
    const {page} = await open("more/wrong");
    await page.locator(".observablehq--error").waitFor({timeout: 20_000});
    expect(await page.locator(".observablehq--error").innerText()).toContain(
      "There is no parameter “Oxygn”; there are: Temperature, DO, Battery."
    );
    await page.close();
  });
});

test("a new page is what the guide shows, about what the Dashboard has; nothing is overwritten", async () => {
  const root = await temporaryDirectory();
  await mkdir(join(root, "src"));
  const dashboard = {sites: [{name: "pier"}, {name: "quay"}, {name: "bay"}], parameters: [{name: "pH", hidden: false}]};
  const made = await newPage(root, "Über  the Tides!", dashboard as never);
  expect(made).toEqual({file: "src/uber-the-tides.md", listed: true});
  const text = await readFile(join(root, made.file), "utf8");
  expect(text).toContain("# Über  the Tides!\n");
  expect(text).toContain('parameter: "pH",\n  sites: ["pier","quay"]');
  await expect(newPage(root, "uber the tides")).rejects.toThrow("src/uber-the-tides.md is there already");
  await expect(newPage(root, "!?")).rejects.toThrow('"!?" has no letter or digit');
  expect((await newPage(root, "Other", {...dashboard, pages: ["sites"]} as never)).listed).toBe(false);
  expect(existsSync(join(root, "src/other.md"))).toBe(true);
});

test("npm run new says how it is used, and what it made", async () => {
  const project = await copyProject(await temporaryDirectory());
  const run = (...args: string[]) => project.node(["--import", "tsx", "loaders/site/new.ts", ...args]);
  expect(await run("page")).toMatchObject({code: 2, stderr: 'Usage: npm run new -- page "Name"\n'});
  expect(await run("page", "Tides")).toMatchObject({
    code: 0,
    stdout: "Made src/tides.md: npm run dev shows it. PAGES.md says what a page can do.\n"
  });
  expect(await readFile(join(project.directory, "src/tides.md"), "utf8")).toContain('sites: ["basin","mouth"]');
  expect((await run("page", "Tides")).stderr).toContain("src/tides.md is there already");
});
