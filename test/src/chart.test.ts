import {readdir, readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {afterAll, afterEach, beforeAll, describe, expect, test} from "vitest";
import {pack} from "../../loaders/site/pack.js";
import type {Catalogue} from "../../loaders/types.js";
import type {ChartElement} from "../../src/components/chart/chart.js";
import {formatReading, formatTime} from "../../src/components/data/format.js";
import {saturationOf} from "../../src/components/data/saturation.js";
import {openPage, settle} from "../browser.js";
import {plotted, servedSite, stored} from "./fixture.js";
import type {ServedSite} from "./fixture.js";

/** A chart and all that a reader can do with it, in a real browser. */

let site: ServedSite;
beforeAll(async () => {
  site = await servedSite();
}, 180_000);
afterAll(() => site.close());

test("plots what is stored, at every range", async () => {
  const page = await site.open("sites/mouth");
  for (const name of ["24h", "7d", "90d", "1y", "all", "30d"]) {
    await page.getByRole("button", {name, exact: true}).click();
    await settle(page);
    const [value] = await plotted(page);
    for (const line of [0, 1]) {
      expect(value!.lines[line]!.points.length, name).toBeGreaterThan(10);
      expect(value!.lines[line]!.points, name).toEqual(await stored(site, value!, line));
    }
  }
  await page.close();
}, 60_000);

test("marks its axis with different numbers, however little they differ", async () => {
  const page = await site.open("sites/mouth?range=7d");
  const axes = await page.evaluate(() =>
    [...document.querySelectorAll("figure.chart .values")].map((axis) =>
      [...axis.querySelectorAll("text")].map((text) => text.textContent)
    )
  );
  expect(axes).toHaveLength(3);
  for (const labels of axes) expect(new Set(labels).size).toBe(labels.length);
  expect(axes.flat().length).toBeGreaterThan(8);
  await page.close();
});

test("picks the resolution from range and width, and says which", async () => {
  const page = await site.open("sites/mouth?range=7d");
  expect((await plotted(page))[0]!.lines[0]!.resolution.name).toBe("1h");
  expect(await page.locator(".resolution").first().textContent()).toBe("hourly means");
  await page.getByRole("button", {name: "all", exact: true}).click();
  await settle(page);
  expect((await plotted(page))[0]!.lines[0]!.resolution.name).toBe("1d");
  expect(new URL(page.url()).search).toBe("?range=all");
  await page.close();
});

test("breaks its line where readings are missing", async () => {
  const page = await site.open("sites/mouth?range=30d");
  const subpaths = await page.evaluate(
    () => document.querySelector("figure.chart .line")!.getAttribute("d")!.split("M").length - 1
  );
  expect(subpaths).toBe(2);
  await page.close();
});

test("draws of crowded points a few to a pixel, and plots and tells all", async () => {
  const page = await site.open("sites/mouth?range=all&by=1h");
  const {points} = (await plotted(page))[0]!.lines[0]!;
  expect(points.length).toBeGreaterThan(17_000);
  const {corners, pixels} = await page.evaluate(() => {
    const [line, band] = [".line", ".band"].map((name) => document.querySelector<SVGPathElement>(`.chart ${name}`)!);
    const corners = [line!, band!].map((path) => path.getAttribute("d")!.split(/[ML]/).length - 1);
    return {corners, pixels: line!.getBoundingClientRect().width};
  });
  expect(corners[0]! / pixels).toBeGreaterThan(2);
  expect(corners[0]! / pixels).toBeLessThan(4.01);
  expect(corners[1]! / pixels).toBeLessThan(2.01);
  expect(await page.locator("figcaption").first().textContent()).toContain(
    `${(4 * points.length).toLocaleString("en")} readings`
  );
  await page.close();
});

test("zooms to what is brushed, moves by key, and shows everything on a double click", async () => {
  const page = await site.open("sites/mouth?range=30d");
  const box = (await page.locator("figure.chart").first().boundingBox())!;
  const before = (await plotted(page))[0]!.range;
  await page.mouse.move(box.x + box.width * 0.6, box.y + 80);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.8, box.y + 80, {steps: 4});
  await page.mouse.up();
  await settle(page);
  const zoomed = (await plotted(page))[0]!.range;
  expect((zoomed.end - zoomed.begin) / (before.end - before.begin)).toBeCloseTo(0.2, 1);
  expect(new URL(page.url()).searchParams.get("from")).toBe(new Date(zoomed.begin).toISOString());
  await page.locator("figure.chart").first().press("ArrowLeft");
  await settle(page);
  expect((await plotted(page))[1]!.range.begin).toBeLessThan(zoomed.begin); // all charts of a page move together
  await page.mouse.dblclick(box.x + box.width / 2, box.y + 80);
  await settle(page);
  expect((await plotted(page))[0]!.range).toEqual({
    begin: Date.parse(site.catalogue.datasets[0]!.begin!),
    end: Date.parse(site.catalogue.datasets[0]!.end!)
  });
  await page.close();
}, 60_000);

test("points at one instant in all charts: value, unit and spread in the legend, time in the site's own zone", async () => {
  const page = await site.open("sites/mouth?range=7d");
  const values = await plotted(page);
  const box = (await page.locator("figure.chart").first().boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + 80);
  const flags = await page.locator(".flag").allTextContents();
  expect(flags).toHaveLength(3);
  expect(new Set(flags).size).toBe(1);
  const at = values[0]!.lines[0]!.points.findIndex(({time}) => formatTime(time, "America/Los_Angeles") === flags[0]);
  const told = await page.locator(".legend .value").allTextContents();
  const wanted = values.flatMap(({lines, digits}) =>
    lines.map(({points, column}) => {
      const unit = {C: "°C", "mg/L": "mg/L", V: "V"}[column.split(".").at(-1)!]!;
      const [avg, min, max] = [points[at]!.avg, points[at]!.min, points[at]!.max].map((value) =>
        formatReading(value, digits)
      );
      return `${avg} ${unit}, ${min}–${max} of 4`;
    })
  );
  expect(told).toEqual(wanted);
  await page.mouse.move(box.x + box.width / 2, box.y - 200);
  expect(await page.locator(".flag").count()).toBe(0);
  await page.getByRole("button", {name: "times in UTC"}).click();
  await page.mouse.move(box.x + box.width / 2, box.y + 80);
  expect(await page.locator(".flag").first().textContent()).toMatch(/ UTC$/);
  expect(new URL(page.url()).searchParams.get("zone")).toBe("UTC");
  await page.close();
});

test("goes from reading to reading by key, and says each", async () => {
  const page = await site.open("sites/mouth?range=7d");
  const figure = page.locator("figure.chart").first();
  await figure.press("Shift+ArrowLeft");
  const last = await page.locator(".flag").first().textContent();
  await figure.press("Shift+ArrowLeft");
  const before = await page.locator(".flag").first().textContent();
  const {points} = (await plotted(page))[0]!.lines[0]!;
  const times = points.slice(-2).map(({time}) => formatTime(time, "America/Los_Angeles"));
  expect([before, last]).toEqual(times);
  expect(await page.locator("[aria-live=polite]").first().textContent()).toMatch(`${before}: Surface `);
  await figure.press("Escape");
  expect(await page.locator(".flag").count()).toBe(0);
  await page.close();
});

test("is moved by one finger and zoomed by two, what is under them staying there", async () => {
  const {page} = await openPage(site.browser, {width: 360, touch: true});
  await page.goto(`${site.server.url}sites/mouth?range=90d`);
  await settle(page);
  const session = await page.context().newCDPSession(page);
  const box = (await page.locator("figure.chart").first().boundingBox())!;
  const touch = async (type: "touchStart" | "touchMove" | "touchEnd", ...xs: number[]) => {
    const touchPoints = xs.map((x, id) => ({x: box.x + x, y: box.y + 80, id}));
    await session.send("Input.dispatchTouchEvent", {type, touchPoints});
  };
  const rangeNow = async () => (await plotted(page))[0]!.range;
  const timeAt = async (x: number) =>
    page.evaluate((at) => document.querySelector<ChartElement>("figure.chart > .plot")!.invert(at), x);
  const [start, under] = [await rangeNow(), await timeAt(100)];
  await touch("touchStart", 100);
  for (const x of [120, 150, 180, 200]) await touch("touchMove", x);
  await touch("touchEnd");
  await settle(page);
  const moved = await rangeNow();
  expect(moved.begin).toBeLessThan(start.begin);
  expect(moved.end - moved.begin).toBe(start.end - start.begin);
  expect(Math.abs((await timeAt(200)) - under)).toBeLessThan(0.01 * (start.end - start.begin));
  const [left, right] = [await timeAt(120), await timeAt(180)];
  await touch("touchStart", 120, 180);
  for (const spread of [10, 20, 30]) await touch("touchMove", 120 - spread, 180 + spread);
  await touch("touchEnd");
  await settle(page);
  const pinched = await rangeNow();
  const length = pinched.end - pinched.begin;
  expect(length / (moved.end - moved.begin)).toBeCloseTo(0.5, 1);
  expect(Math.abs((await timeAt(90)) - left)).toBeLessThan(0.02 * length);
  expect(Math.abs((await timeAt(210)) - right)).toBeLessThan(0.02 * length);
  expect(new URL(page.url()).searchParams.get("from")).toBe(new Date(pinched.begin).toISOString());
  await page.touchscreen.tap(box.x + 150, box.y + 80);
  expect(await page.locator(".flag").count()).toBe(3);
  await page.close();
}, 60_000);

test("the wheel zooms with control about the pointer, and leaves the page alone without", async () => {
  const page = await site.open("sites/mouth?range=90d");
  const box = (await page.locator("figure.chart").first().boundingBox())!;
  const before = (await plotted(page))[0]!.range;
  await page.mouse.move(box.x + box.width / 2, box.y + 80);
  await page.mouse.wheel(0, 120);
  expect((await plotted(page))[0]!.range).toEqual(before);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -140);
  await page.keyboard.up("Control");
  await expect.poll(async () => (await plotted(page))[2]!.range.begin).toBeGreaterThan(before.begin);
  await settle(page);
  const [first, , third] = await plotted(page);
  expect((first!.range.end - first!.range.begin) / (before.end - before.begin)).toBeCloseTo(Math.exp(-0.7), 2);
  expect(third!.range).toEqual(first!.range);
  await page.close();
});

test("leaves a series out and takes a resolution when told to, and keeps both in the link", async () => {
  const page = await site.open("sites/mouth?range=30d");
  await page.locator(".legend button", {hasText: "Bottom"}).click();
  await page.getByLabel("Resolution").selectOption("1d");
  await settle(page);
  const link = page.url();
  await page.goto(site.server.url);
  await page.goto(link);
  await settle(page);
  const [value] = await plotted(page);
  expect(value!.lines.map(({label, resolution}) => [label, resolution.name])).toEqual([["Surface", "1d"]]);
  expect(await page.locator(".legend button", {hasText: "Bottom"}).getAttribute("aria-pressed")).toBe("false");
  await page.close();
});

test("has a table twin of the same numbers", async () => {
  const page = await site.open("sites/mouth?range=7d");
  await page.getByRole("button", {name: "Table"}).first().click();
  const rows = page.locator(".twin").first().locator("tbody tr");
  await expect.poll(() => rows.count()).toBe(100);
  const {lines, range} = (await plotted(page))[0]!;
  const [time, ...cells] = await rows.first().locator("th, td").allTextContents();
  const wanted = lines.map(({points}) => points.at(-1)!);
  expect(time).toBe(formatTime(wanted[0]!.time, "America/Los_Angeles"));
  expect(cells).toEqual(
    wanted.flatMap(({avg, min, max, count}) => [...[avg, min, max].map((value) => formatReading(value)), String(count)])
  );
  await page.getByRole("button", {name: "Show older rows"}).click();
  expect(await rows.count()).toBe(lines[0]!.points.length);
  expect(range.end - range.begin).toBe(7 * 86_400_000);
  await page.close();
});

describe("downloads", () => {
  async function download(page: Page, item: string): Promise<string> {
    await page.locator(".actions .menu summary").first().click();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", {name: item}).first().click()
    ]);
    const path = join(site.scratch, file.suggestedFilename());
    await file.saveAs(path);
    return path;
  }

  test("what is shown, as CSV with its units, terms and citation", async () => {
    const page = await site.open("sites/mouth?range=7d");
    const path = await download(page, "What is shown, CSV");
    const text = await readFile(path, "utf8");
    expect(text).toContain("# licence: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/\n");
    expect(text).toMatch(/# citation: Test Office \(2026\). Test Harbour. Data as of 28 Feb 2026, transaction 1. http/);
    const rows = await site.duck.rows(
      `SELECT epoch_ms(timestamp)::DOUBLE AS time, "Bottom.Temperature.C.avg"::DOUBLE AS avg, "Bottom.Temperature.C.count"::INTEGER AS count FROM read_csv('${path}', comment = '#', header = true)`
    );
    const {points} = (await plotted(page))[0]!.lines[1]!;
    expect(rows).toEqual(points.map(({time, avg, count}) => ({time, avg, count})));
    await page.close();
  });

  test("the whole record at its finest, as CSV and as Parquet, every reading of it", async () => {
    const page = await site.open("sites/mouth?range=7d");
    const glob = join(site.published, "Mouth/1h/*.parquet");
    const select = (from: string) =>
      site.duck.rows(
        `SELECT epoch_ms(timestamp)::DOUBLE AS time, "Surface.Temperature.C.avg"::DOUBLE AS a, "Bottom.Temperature.C.min"::DOUBLE AS b, "Surface.Temperature.C.count"::INTEGER AS n FROM ${from} ORDER BY 1`
      );
    const stored = await select(`read_parquet('${glob}')`);
    expect(stored.length).toBeGreaterThan(17_000);
    const csv = await download(page, "Whole record, CSV");
    expect(await select(`read_csv('${csv}', comment = '#', header = true)`)).toEqual(stored);
    const parquet = await download(page, "Whole record, Parquet");
    expect(await select(`read_parquet('${parquet}')`)).toEqual(stored);
    const [note] = await site.duck.rows(
      `SELECT decode(value) AS text FROM parquet_kv_metadata('${parquet}') WHERE decode(key) = 'licence'`
    );
    expect(note!.text).toContain("CC BY 4.0");
    await page.close();
  }, 60_000);

  test("never a whole with a part missing", async () => {
    site.server.faults.set("data/Mouth/1h/2024-01-01-0123abcd.parquet", 500);
    const page = await site.open("sites/mouth?range=7d");
    await page.locator(".actions .menu summary").first().click();
    await page.getByRole("button", {name: "Whole record, CSV"}).first().click();
    await expect
      .poll(() => page.locator(".actions .said").first().textContent())
      .toBe("The data file Mouth/1h/2024-01-01-0123abcd.parquet could not be fetched: the server answered 500.");
    site.server.faults.clear();
    await page.close();
  });
});

test("fills the screen with one chart, and copies the link", async () => {
  const page = await site.open("sites/mouth?range=7d");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", {name: "Copy link"}).first().click();
  await expect.poll(() => page.locator(".actions .said").first().textContent()).toBe("Link copied.");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
  await page.getByRole("button", {name: "Full screen"}).first().click();
  const height = () =>
    page.evaluate(() => document.querySelector("figure.chart > .plot")!.getBoundingClientRect().height);
  await expect.poll(height).toBeGreaterThan(500);
  await page.getByRole("button", {name: "Leave full screen"}).click();
  await expect.poll(height).toBeLessThan(270);
  await page.close();
});

/** Lets the server answer with another catalogue, until its faults are cleared. */
async function recatalogue(change: (catalogue: Catalogue) => Catalogue): Promise<void> {
  const folder = join(site.dist, "_file/data");
  const file = (await readdir(folder)).find((name) => name.startsWith("catalogue."))!;
  site.server.faults.set(`_file/data/${file}`, Buffer.from(JSON.stringify(pack(change(site.catalogue)))));
}

/** Lets the server answer with another shard: the columns of the stored one, and what SQL makes of them. */
async function reshard(path: string, select: string): Promise<void> {
  const made = join(site.scratch, "made.parquet");
  const told = `SELECT ${select} FROM read_parquet('${join(site.published, path)}')`;
  await site.duck.copy(`SELECT * REPLACE (timestamp::TIMESTAMP_MS AS timestamp) FROM (${told})`, made, {
    FORMAT: "parquet"
  });
  site.server.faults.set(`data/${path}`, await readFile(made));
}

type Columns = Catalogue["datasets"][number]["columns"];

function withColumns(change: (columns: Columns) => Columns): (catalogue: Catalogue) => Catalogue {
  return (whole) => ({
    ...whole,
    datasets: whole.datasets.map((dataset) => ({...dataset, columns: change(dataset.columns)}))
  });
}

const newest = "Mouth/1h/2026-01-01-0123abcd.parquet";
const temperature = '"Surface.Temperature.C';

describe("what a chart says beside its lines", () => {
  afterEach(() => site.server.faults.clear());

  const threshold = {parameter: "Temperature", unit: "C", label: "Warm <er>", kind: "warning", side: "above"} as const;

  test("thresholds: in the chart where its values reach them, in the legend always, in the unit that is shown", async () => {
    await recatalogue((whole) => ({
      ...whole,
      thresholds: [
        {...threshold, value: 15},
        {...threshold, value: 400, label: "Boiling"},
        {...threshold, value: 15, label: "Elsewhere", datasets: ["Basin"]}
      ],
      parameters: whole.parameters.map((parameter) =>
        parameter.unit === "C"
          ? {...parameter, units: [...parameter.units, {unit: "F", factor: 1.8, offset: 32}]}
          : parameter
      )
    }));
    const page = await site.open("sites/mouth?range=7d");
    const drawn = page.locator(".threshold text");
    expect(await drawn.allTextContents()).toEqual(["Warm <er>"]);
    const rules = page.locator(".legend .rule");
    expect(await rules.allTextContents()).toEqual(["Warm <er> above 15.0 °C", "Boiling above 400 °C"]);
    await page.getByLabel("Unit of Temperature").selectOption("F");
    await settle(page);
    expect(await drawn.allTextContents()).toEqual(["Warm <er>"]);
    expect(await rules.first().textContent()).toBe("Warm <er> above 59.0 °F");
    await page.close();
  });

  test("another unit: in the chart, the legend, the link and the file", async () => {
    await recatalogue((whole) => ({
      ...whole,
      parameters: whole.parameters.map((parameter) =>
        parameter.unit === "C"
          ? {...parameter, units: [...parameter.units, {unit: "F", factor: 1.8, offset: 32}]}
          : parameter
      )
    }));
    const page = await site.open("sites/mouth?range=7d");
    const before = (await plotted(page))[0]!.lines[0]!.points;
    await page.getByLabel("Unit of Temperature").selectOption("F");
    await settle(page);
    expect(new URL(page.url()).searchParams.get("unit")).toBe("F");
    await page.reload();
    await settle(page);
    const [line] = (await plotted(page))[0]!.lines;
    expect(line!.points.map(({avg}) => avg)).toEqual(before.map(({avg}) => avg * 1.8 + 32));
    expect(line!.header).toBe("Surface.Temperature.F");
    expect(await page.locator(".legend .value").first().textContent()).toMatch(/^52\.3\s*°F/);
    await page.close();
  });

  test("oxygen as a share of what the water would hold, where temperature and salinity are measured beside it", async () => {
    const salinity = {
      name: "Surface.Salinity.psu",
      scope: "Surface",
      parameter: "Salinity",
      unit: "psu",
      label: "Salinity"
    };
    await recatalogue(withColumns((columns) => [...columns, {...salinity, spark: []}]));
    const counts =
      '35.0 AS "Surface.Salinity.psu.min", 35.0 AS "Surface.Salinity.psu.max", 4 AS "Surface.Salinity.psu.count"';
    await reshard(newest, `*, 35.0 AS "Surface.Salinity.psu.avg", ${counts}`);
    const page = await site.open("sites/mouth?range=7d");
    const lines = async () => (await plotted(page)).flatMap((value) => value.lines);
    const found = async (column: string) => (await lines()).find((line) => line.column === column)!.points;
    const [oxygen, warmth] = [await found("Surface.DO.mg/L"), await found("Surface.Temperature.C")];
    await page.getByLabel("Unit of Dissolved oxygen").selectOption("%");
    await settle(page);
    const share = await found("Surface.DO.mg/L");
    expect(share).toHaveLength(oxygen.length);
    for (const [index, {avg}] of share.entries())
      expect(avg).toBeCloseTo((100 * oxygen[index]!.avg) / saturationOf(warmth[index]!.avg, 35), 9);
    await page.close();
  });

  test("suspect and failed readings: marked where they are, unless the reader wants none of it", async () => {
    await recatalogue(
      withColumns((columns) =>
        columns.map((column) =>
          column.parameter === "Temperature"
            ? {
                ...column,
                quality: {suspect: "keep" as const, flags: {}, tests: []} as unknown as Columns[number]["quality"]
              }
            : column
        )
      )
    );
    const hour = (text: string) => `timestamp = TIMESTAMP '2026-02-25 ${text}'`;
    await reshard(
      newest,
      `* REPLACE (CASE WHEN ${hour("06:00")} THEN 0 ELSE ${temperature}.count" END AS ${temperature}.count"),
       CASE WHEN ${hour("03:00")} THEN 2 ELSE 0 END AS ${temperature}.suspect",
       CASE WHEN ${hour("06:00")} THEN 4 ELSE 0 END AS ${temperature}.fail"`
    );
    const page = await site.open("sites/mouth?range=7d");
    const flags = page.locator(".plot .flags");
    expect(await flags.count()).toBe(1);
    const shapes = (await flags.getAttribute("d"))!;
    expect([shapes.split("z").length - 1, shapes.split("l6,6").length - 1]).toEqual([1, 1]);
    const [line] = (await plotted(page))[0]!.lines;
    expect(line!.points.some(({time}) => time === Date.parse("2026-02-25T06:00Z"))).toBe(false);
    expect(line!.flagged).toEqual([
      {time: Date.parse("2026-02-25T03:00Z"), suspect: 2, fail: 0},
      {time: Date.parse("2026-02-25T06:00Z"), suspect: 0, fail: 4}
    ]);
    expect(await page.locator("figcaption").first().textContent()).toContain("2 suspect, 4 failed");
    await page.getByRole("button", {name: "mark suspect and failed readings"}).click();
    await settle(page);
    expect(await flags.count()).toBe(0);
    expect(new URL(page.url()).searchParams.get("flags")).toBe("off");
    await page.close();
  });

  test("what is known of a stretch: numbered in the chart, told under it, only where it concerns", async () => {
    const remark = {kind: "remark", begin: "2026-02-24T00:00:00Z", end: "2026-02-25T00:00:00Z"} as const;
    await recatalogue((whole) => ({
      ...whole,
      annotations: [
        {
          ...remark,
          text: "Long gone.",
          begin: "2025-02-24T00:00:00Z",
          end: "2025-02-25T00:00:00Z",
          series: ["Mouth/Surface.Temperature.C"]
        },
        {
          ...remark,
          text: "Deployed.",
          kind: "deployment",
          begin: "2024-03-01T00:00:00Z",
          end: undefined,
          series: ["Mouth/Surface.Temperature.C"]
        },
        {...remark, text: "Barnacles & <mud>.", series: ["Mouth/Surface.Temperature.C"]},
        {...remark, text: "Not here.", series: ["Basin/Surface.DO.mg/L"]}
      ]
    }));
    const page = await site.open("sites/mouth?range=7d");
    expect(await page.locator(".plot .note text").allTextContents()).toEqual(["1"]);
    const told = await page.locator(".notes li").allTextContents();
    expect(told).toEqual(["23 Feb 2026, 16:00 PST – 24 Feb 2026, 16:00 PST Barnacles & <mud>."]);
    await page.close();
  });

  test("poor coverage: a hatch where fewer than half of the readings that were due came", async () => {
    await recatalogue((whole) => ({
      ...whole,
      datasets: whole.datasets.map((dataset) => ({...dataset, intervalMs: 900_000}))
    }));
    const poor = "timestamp BETWEEN TIMESTAMP '2026-02-25' AND TIMESTAMP '2026-02-25 04:00'";
    await reshard(newest, `* REPLACE (CASE WHEN ${poor} THEN 1 ELSE 4 END AS ${temperature}.count")`);
    const page = await site.open("sites/mouth?range=7d");
    const hatches = await page.locator(".plot .poor").evaluateAll((all) => all.map((one) => one.getAttribute("d")));
    expect(hatches).toHaveLength(1);
    expect(hatches[0]!.split("M").length - 1).toBe(5);
    expect(await page.locator("figcaption").first().textContent()).toContain(
      "fewer than half of those due in 5 of 168 bins"
    );
    await page.close();
  });
});

describe("the value axis", () => {
  const valuesNow = async (page: Page) => (await plotted(page))[0]!.values;

  test("is zoomed by a drag up or down, kept in the link, and reset by a double click", async () => {
    const page = await site.open("sites/mouth?range=7d");
    const [before, others] = [await valuesNow(page), (await plotted(page))[1]!.values];
    const box = (await page.locator("figure.chart").first().boundingBox())!;
    await page.mouse.move(box.x + 300, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 310, box.y + 120, {steps: 3});
    await page.mouse.up();
    await settle(page);
    const zoomed = await valuesNow(page);
    expect(zoomed[0]).toBeGreaterThan(before[0]);
    expect(zoomed[1]).toBeLessThan(before[1]);
    expect((await plotted(page))[1]!.values).toEqual(others);
    await page.reload();
    await settle(page);
    expect((await valuesNow(page))[0]).toBeCloseTo(zoomed[0], 3);
    await page.mouse.dblclick(box.x + 300, box.y + 80);
    await settle(page);
    expect(new URL(page.url()).search).toBe("?range=all");
    await page.close();
  });

  test("is zoomed and moved by keys, and by the menu", async () => {
    const page = await site.open("sites/mouth?range=7d");
    const figure = page.locator("figure.chart").first();
    const length = ([low, high]: readonly [number, number]) => high - low;
    const before = await valuesNow(page);
    await figure.press("Shift+ArrowUp");
    await settle(page);
    expect(length(await valuesNow(page))).toBeCloseTo(length(before) / 2, 9);
    await figure.press("Alt+ArrowUp");
    await settle(page);
    const moved = await valuesNow(page);
    expect((moved[0] + moved[1]) / 2).toBeCloseTo((before[0] + before[1]) / 2 + length(before) / 8, 9);
    await page.locator(".actions .menu summary", {hasText: "Scale"}).first().click();
    await page.getByRole("button", {name: "Wider", exact: true}).first().click();
    await settle(page);
    expect(length(await valuesNow(page))).toBeCloseTo(length(before), 9);
    await page.getByRole("button", {name: "To the readings"}).first().click();
    await settle(page);
    expect(await valuesNow(page)).toEqual(before);
    await page.close();
  });
});

test("shows the days between two dates, in the zone of the site", async () => {
  const page = await site.open("sites/mouth?range=7d");
  await page.locator(".toolbar .menu summary").click();
  await page.getByLabel("From", {exact: true}).fill("2025-07-01");
  await page.getByLabel("to", {exact: true}).fill("2025-07-03");
  await page.getByRole("button", {name: "Show", exact: true}).click();
  await settle(page);
  const {range} = (await plotted(page))[0]!;
  expect(new Date(range.begin).toISOString()).toBe("2025-07-01T07:00:00.000Z");
  expect(new Date(range.end).toISOString()).toBe("2025-07-04T07:00:00.000Z");
  expect(await page.locator(".toolbar .menu").getAttribute("open")).toBe(null);
  await page.close();
});

test("says when the pages themselves are old, by the reader's clock", async () => {
  for (const [hours, count] of [
    [47, 0],
    [72, 1]
  ] as const) {
    const {page} = await openPage(site.browser);
    await page.clock.setFixedTime(Date.parse(site.catalogue.now) + hours * 3_600_000);
    await page.goto(`${site.server.url}sites/mouth`);
    await settle(page);
    const warning = page.getByText("These pages were built 3 days ago: newer readings are not here yet.");
    expect(await warning.count(), `${hours} h`).toBe(count);
    await page.close();
  }
});

test("moves its lines without drawing them anew, each reading where its scale says", async () => {
  const page = await site.open("sites/mouth?range=90d");
  const box = (await page.locator("figure.chart").first().boundingBox())!;
  await page.mouse.move(box.x + 100, box.y + 80);
  await page.keyboard.down("Shift");
  await page.mouse.down();
  const drawn = new Set<string>();
  for (const by of [20, 60, 120, 200]) {
    await page.mouse.move(box.x + 100 + by, box.y + 80);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const {paths, astray, seen} = await page.evaluate(placing);
    expect(paths).toEqual(expect.arrayContaining([...drawn]));
    paths.forEach((path) => drawn.add(path));
    expect(seen).toBeGreaterThan(50);
    expect(astray).toBeLessThan(0.3); // pixels
  }
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await settle(page);
  const {paths, astray} = await page.evaluate(placing);
  expect(paths).toHaveLength(1);
  expect(drawn.has(paths[0]!)).toBe(false);
  expect(await page.locator(".strip").count()).toBe(0);
  expect(astray).toBeLessThan(0.3);
  await page.close();
});

/** How far from where it should be the farthest mean of the first chart's first line is, in pixels. */
function placing(): {paths: string[]; seen: number; astray: number} {
  const chart = document.querySelector<ChartElement>("figure.chart > .plot")!;
  const {left, top} = chart.getBoundingClientRect();
  const groups = [...chart.parentElement!.querySelectorAll(".lines:has(.line)")];
  const lines = groups.map((group) => group.querySelector<SVGPathElement>(".line")!);
  const places = lines.flatMap((line) => {
    const {a, d, e, f} = line.getScreenCTM()!;
    const path = [...line.getAttribute("d")!.matchAll(/(-?\d+),(-?\d+)/g)];
    return path.map(([, x, y]) => [a * Number(x) + e - left, d * Number(y) + f - top]);
  });
  const {points, resolution} = chart.plotted.lines[0]!;
  const off = points.map(({time, avg}) => {
    const [x, y] = [chart.toX(time + resolution.widthMs / 2), chart.toY(avg)];
    return Math.min(...places.map(([across, down]) => Math.hypot(across! - x, down! - y)));
  });
  return {paths: lines.map((line) => line.getAttribute("d")!), seen: points.length, astray: Math.max(...off)};
}
