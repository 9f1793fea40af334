import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {afterAll, beforeAll, expect, test} from "vitest";
import type {PackedCatalogue} from "../loaders/types.js";
import type {ChartElement} from "../src/components/chart/chart.js";
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

  test("web exports in feet and a cloud in metres are one series, and no column is lost", async () => {
    const sql = `SELECT count(*) AS rows, count(DISTINCT timestamp) AS times FROM "/sites/FieldStation"`;
    expect(await ask(sql)).toEqual([{rows: 9_309, times: 9_309}]);
    const names = (await ask(`DESCRIBE SELECT * FROM "/sites/FieldStation"`)).map((one) => String(one.column_name));
    expect(names.filter((name) => name.includes("Depth."))).toEqual(["AT500.Depth.m"]);
    const parts = [`"/htm/FB-Bottom*"`, `"/hydrovu/AT500_1"`].map((path) => `DESCRIBE SELECT * FROM ${path}`);
    const told = (await Promise.all(parts.map(ask))).flat().map((one) => String(one.column_name).split(".")[0]);
    const parameters = new Set(names.map((name) => name.replace(/^AT500\./, "").split(".")[0]));
    expect([...new Set(told)].filter((parameter) => !parameters.has(parameter))).toEqual([]);
  });

  test("each depth in feet is told in metres, once, and each in metres as it is", async () => {
    const away = (told: string) =>
      `count(*) AS n, max(abs("AT500.Depth.m" - ${told})) AS most FROM "/sites/FieldStation"`;
    const exports = (await ask(`SELECT ${away(`"Depth.ft" * 0.3048`)} JOIN "/htm/FB-Bottom*" USING (timestamp)`))[0]!;
    const cloud = `SELECT ${away(`"Depth.m"`)} JOIN "/hydrovu/AT500_1" USING (timestamp)`;
    const [since] = await ask(`${cloud} WHERE timestamp >= TIMESTAMPTZ '2025-10-16 21:00:00Z'`);
    expect([exports.n, since!.n]).toEqual([815, 2_767]);
    expect(exports.most).toBeLessThan(1e-12);
    expect(since!.most).toBe(0);
  });

  test("every resolution has its rows", async () => {
    const catalogue = JSON.parse(
      await readFile(join(project.directory, ".pond/cache/published/catalogue.json"), "utf8")
    ) as PackedCatalogue;
    const rows = catalogue.datasets.map(({resolutions}) => resolutions.map(({name, rows}) => [name, rows]));
    expect(rows.map((one) => Object.fromEntries(one) as object)).toEqual([
      {"1h": 12_693, "2h": 6_349, "4h": 3_176, "12h": 1_060, "24h": 531},
      {"1h": 9_302, "2h": 4_654, "4h": 2_329, "12h": 780, "24h": 393}
    ]);
  });

  test("the chart plots the daily mean", async () => {
    const server = await serveSite(join(project.directory, "dist"));
    const browser = await launchBrowser();
    try {
      const {page, faults} = await openPage(browser);
      await page.goto(`${server.url}sites/bdock?range=all`);
      await settle(page);
      const means = await page.evaluate(() => {
        const charts = [...document.querySelectorAll("figure.chart > .plot")] as unknown as ChartElement[];
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
