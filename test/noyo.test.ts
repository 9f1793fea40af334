import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {afterAll, beforeAll, expect, test} from "vitest";
import type {Catalogue} from "../loaders/types.js";
import type {ChartElement} from "../src/components/chart.js";
import {launchBrowser, openPage, serveSite, settle} from "./browser.js";
import {copyProject} from "./project.js";
import type {Project} from "./project.js";
import {describeShared, shared} from "./shared.js";

/** Real measurements the whole way: from the files of an instrument cloud to the plotted line. */

describeShared("a real harbour", "noyo/hydrovu", () => {
  let project: Project;
  const env = {POND_NOW: "2026-03-01T00:00:00Z", POND_RESOURCES: "test/noyo", NOYO: shared("noyo/hydrovu")};

  beforeAll(async () => {
    project = await copyProject();
    await project.build(env);
  }, 180_000);
  afterAll(() => project.dispose());

  async function ask(sql: string): Promise<Record<string, number>[]> {
    const {stdout} = await project.pond(["cat", "--format", "json", "--sql", sql], env);
    return JSON.parse(stdout) as Record<string, number>[];
  }

  test("readings from unset clocks are kept, and set aside", async () => {
    const aside = ["Vulink_1", "AT500_1"].map((name) => `SELECT timestamp FROM "/sys/aside/hydrovu/${name}"`);
    const before = `timestamp < TIMESTAMPTZ '2000-01-01T00:00:00Z'`;
    const sql = `SELECT count(DISTINCT timestamp) AS n, count(*) FILTER (NOT ${before}) AS odd FROM (${aside.join(" UNION ALL ")})`;
    expect(await ask(sql)).toEqual([{n: 23, odd: 0}]);
  });

  test("the series of the site has each reading once", async () => {
    const column = `"AT500_Surface.DO.mg/L"`;
    const sql = `SELECT count(*) AS rows, count(DISTINCT timestamp) AS times, count(${column}) AS n, avg(${column}) AS mean, min(${column}) AS low, max(${column}) AS high FROM "/sites/BDock"`;
    const [row] = await ask(sql);
    expect(row).toMatchObject({rows: 12_699, times: 12_699, n: 12_699});
    expect(row!.mean).toBeCloseTo(7.213032, 6);
    expect(row!.low).toBeCloseTo(2.154813, 6);
    expect(row!.high).toBeCloseTo(14.390777, 6);
  });

  test("every resolution has its rows", async () => {
    const catalogue = JSON.parse(
      await readFile(join(project.directory, ".pond/cache/published/catalogue.json"), "utf8")
    ) as Catalogue;
    const rows = catalogue.datasets[0]!.resolutions.map(({name, rows}) => [name, rows]);
    expect(Object.fromEntries(rows)).toEqual({"1h": 12_693, "2h": 6_349, "4h": 3_176, "12h": 1_060, "24h": 531});
  });

  test("the chart plots the daily mean", async () => {
    const server = await serveSite(join(project.directory, "dist"));
    const browser = await launchBrowser();
    try {
      const {page, faults} = await openPage(browser);
      await page.goto(`${server.url}sites/bdock?range=all`);
      await settle(page);
      const means = await page.evaluate(() => {
        const charts = [...document.querySelectorAll("figure.chart > *")] as unknown as ChartElement[];
        const lines = charts.flatMap(({plotted}) => plotted.lines);
        const line = lines.find(({column}) => column === "AT500_Surface.DO.mg/L")!;
        return {
          resolution: line.resolution.name,
          day: line.points.find(({time}) => time === Date.parse("2025-06-01T00:00:00Z"))
        };
      });
      expect(faults).toEqual([]);
      expect(means.resolution).toBe("24h");
      expect(means.day!.avg).toBeCloseTo(10.230319, 6);
    } finally {
      await browser.close();
      await server.close();
    }
  }, 60_000);
});
