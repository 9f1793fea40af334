import {readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {afterAll, afterEach, beforeAll, expect, test} from "vitest";
import type {ChartElement} from "../../src/components/chart/chart.js";
import {openPage, settle} from "../browser.js";
import type {PageOptions} from "../browser.js";
import {plotted, servedSite} from "./fixture.js";
import type {ServedSite} from "./fixture.js";

/** The page Compare, in a real browser. The fixture has the daily means of two sites from March 2024 to February 2026. */

let site: ServedSite;
beforeAll(async () => {
  site = await servedSite();
}, 180_000);
afterEach(() => site.server.faults.clear());
afterAll(() => site.close());

const warmth = "series=Mouth/Surface.Temperature.C";

function open(query: string, options?: PageOptions): Promise<Page> {
  return site.open(`compare?${query}`, options);
}

/** What is published of the daily means; the day of Los Angeles that holds the middle of a bin is that of UTC. */
function stored(select: string): Promise<Record<string, unknown>[]> {
  return site.duck.rows(
    `WITH days AS (SELECT *, timestamp AS t, "Surface.Temperature.C.avg" AS v FROM read_parquet('${join(site.published, "Mouth/1d/*.parquet")}')) ${select}`
  );
}

test("this year over last year: each year its own line of daily means, on the days of one year", async () => {
  const page = await open(`${warmth}&mode=years&years=all`);
  const [value] = await plotted(page);
  expect(value!.lines.map(({label}) => label)).toEqual(["2024", "2025", "2026"]);
  for (const {label, points, resolution} of value!.lines) {
    expect(resolution.name).toBe("1d");
    const rows = await stored(
      `SELECT epoch_ms(make_timestamp(2001, month(t), day(t), 0, 0, 0))::DOUBLE AS time, v AS avg FROM days WHERE year(t) = ${label} ORDER BY t`
    );
    expect(rows.length).toBeGreaterThan(50);
    expect(points.map(({time, avg}) => ({time, avg}))).toEqual(rows);
  }
  const ticks = await page.locator(".plot .times text").allTextContents();
  expect(ticks.slice(0, 3)).toEqual(["Jan", "Feb", "Mar"]);
  await page.close();
});

test("what is usual: the percentiles of the record, told with the number of its years, on both axes", async () => {
  const page = await open(`${warmth}&mode=years`);
  const [{backdrops}] = (await plotted(page)) as [ChartElement["plotted"]];
  expect(backdrops).toHaveLength(1);
  const at = (month: number, date: number) =>
    backdrops[0]!.points.find(({time}) => time === Date.UTC(2001, month - 1, date, 12))!;
  for (const [month, date] of [
    [7, 15],
    [1, 2],
    [12, 31]
  ] as const) {
    const day = `DATE '2001-${month}-${date}'`;
    const [row] = await stored(
      `SELECT quantile_cont(v, 0.1) AS low, quantile_cont(v, 0.5) AS middle, quantile_cont(v, 0.9) AS high FROM days
       WHERE least(abs(make_date(2001, month(t), day(t)) - ${day}), 365 - abs(make_date(2001, month(t), day(t)) - ${day})) <= 7`
    );
    for (const name of ["low", "middle", "high"] as const)
      expect(at(month, date)[name], `${name} ${date}.${month}.`).toBeCloseTo(row![name] as number, 9);
  }
  expect(await page.locator(".card .help").innerText()).toContain(
    "Mouth, Surface: of 2 to 3 years, 29 Feb 2024 – 28 Feb 2026."
  );
  const noon = at(7, 15);
  await page.getByRole("button", {name: "Along time"}).click();
  await settle(page);
  const [along] = await plotted(page);
  const [same] = along!.backdrops.flatMap(({points}) =>
    points.filter(({time}) => time === Date.parse("2025-07-15T19:00Z"))
  );
  expect({...same, time: 0}).toEqual({...noon, time: 0});
  await page.getByRole("button", {name: "What is usual"}).click();
  await settle(page);
  expect((await plotted(page))[0]!.backdrops).toEqual([]);
  await page.close();
});

test("series are added and taken away by keys alone; those of one unit share an axis, others get their own", async () => {
  const page = await open(`${warmth}&mode=time`);
  await page.getByLabel("Series", {exact: true}).selectOption("Basin/Surface.Temperature.C");
  await page.getByRole("button", {name: "Add"}).press("Enter");
  await page.getByLabel("Series", {exact: true}).selectOption("Mouth/Surface.DO.mg/L");
  await page.getByRole("button", {name: "Add"}).press("Enter");
  await settle(page);
  const keys = async () => (await plotted(page)).map(({lines}) => lines.map(({key}) => key));
  expect(await keys()).toEqual([
    ["Mouth/Surface.Temperature.C", "Basin/Surface.Temperature.C"],
    ["Mouth/Surface.DO.mg/L"]
  ]);
  const colours = await page
    .locator(".plot .line")
    .evaluateAll((lines) => lines.map((line) => getComputedStyle(line).stroke));
  expect(colours[0]).toBe(colours[2]); // a site keeps its colour
  expect(colours[0]).not.toBe(colours[1]);
  await page.getByRole("button", {name: "Remove Mouth: Temperature, Surface"}).press("Enter");
  await settle(page);
  expect(await keys()).toEqual([["Basin/Surface.Temperature.C"], ["Mouth/Surface.DO.mg/L"]]);
  expect(await page.evaluate(() => document.activeElement!.getAttribute("aria-label"))).toBe(
    "Remove Basin: Temperature, Surface"
  );
  await page.close();
});

test("the link keeps it all; what a link asks for and is no more is said", async () => {
  const page = await open(`${warmth}&mode=time&usual=off&range=90d&series=Nowhere/x`);
  expect(await page.locator(".chosen").innerText()).toContain("There is no series “Nowhere/x”.");
  await page.getByRole("button", {name: "Year over year"}).click();
  await page.getByLabel("Years").selectOption("Infinity");
  await settle(page);
  await page.locator("figure.chart").press("+");
  await settle(page);
  const before = await plotted(page);
  expect(before[0]!.range.end - before[0]!.range.begin).toBeLessThan(183 * 86_400_000);
  expect(new URL(page.url()).searchParams.get("range")).toBe(null);
  await page.reload();
  await settle(page);
  expect(await plotted(page)).toEqual(before);
  await page.close();
});

test("table twin and crosshair tell days, and a download has the instants of the record", async () => {
  const page = await open(`${warmth}&mode=years&usual=off`);
  const figure = page.locator("figure.chart");
  await figure.press("Shift+ArrowLeft");
  expect(await page.locator(".flag").textContent()).toBe("31 Dec");
  await page.getByRole("button", {name: "Table"}).click();
  const first = page.locator(".twin tbody tr").first();
  expect((await first.innerText()).split("\t").slice(0, 2)).toEqual(["31 Dec", expect.stringMatching(/^\d+\.\d+$/)]);
  await page.locator(".actions .menu summary").first().click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", {name: "What is shown, CSV"}).click()
  ]);
  const path = join(site.scratch, file.suggestedFilename());
  await file.saveAs(path);
  expect(file.suggestedFilename()).toBe("temperature-2025-01-01-to-2026-02-28.csv");
  expect(await readFile(path, "utf8")).toContain("# title: Test Harbour: Temperature, Mouth, Surface\n");
  const rows = await site.duck.rows(
    `SELECT timestamp::TIMESTAMP AS t, "Surface.Temperature.C.avg"::DOUBLE AS v FROM read_csv('${path}', comment = '#', header = true)`
  );
  expect(rows).toEqual(await stored("SELECT t::TIMESTAMP AS t, v FROM days WHERE year(t) >= 2025 ORDER BY t"));
  await page.close();
});

test("costs few bytes: a series' daily means, whatever the number of years", async () => {
  site.server.requests.length = 0;
  const page = await open(`${warmth}&mode=years&years=all`);
  const shards = site.server.requests.filter((path) => path.endsWith(".parquet"));
  expect(shards.every((path) => path.startsWith("/data/Mouth/1d/"))).toBe(true);
  expect(new Set(shards).size).toBe(shards.length);
  await page.close();
});

test("says when what is usual cannot be told, shows the rest, and tries again", async () => {
  site.server.faults.set("data/Mouth/1d/2024-01-01-0123abcd.parquet", 404);
  const page = await open(`${warmth}&mode=years`);
  const failure = page.locator(".failure");
  expect(await failure.innerText()).toContain(
    "What is usual cannot be told. The data file Mouth/1d/2024-01-01-0123abcd.parquet could not be fetched: the server answered 404."
  );
  expect((await plotted(page))[0]!.lines[0]!.points).toHaveLength(365);
  site.server.faults.clear();
  await failure.getByRole("button", {name: "Try again"}).click();
  await expect.poll(() => failure.count()).toBe(0);
  await settle(page);
  expect((await plotted(page))[0]!.backdrops).toHaveLength(1);
  await page.close();
});

test("every chart of sites and parameters leads here, with its series", async () => {
  const {page} = await openPage(site.browser, {width: 360, touch: true});
  await page.goto(`${site.server.url}parameters/do`);
  await settle(page);
  await page.locator(".actions a").first().click();
  await page.waitForURL(/compare/);
  await settle(page);
  expect((await plotted(page))[0]!.lines.map(({label}) => label)).toEqual([
    "Basin, Surface, 2025",
    "Basin, Surface, 2026",
    "Mouth, Surface, 2025",
    "Mouth, Surface, 2026",
    "River, Surface, 2025",
    "River, Surface, 2026"
  ]);
  expect(await page.locator(".actions a").count()).toBe(0); // here they are
  await page.close();
});
