import {readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Browser, Page} from "playwright-core";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import type {Catalogue} from "../../loaders/types.js";
import {Duck} from "../../pond/duck.js";
import type {ChartElement} from "../../src/components/chart.js";
import {formatReading, formatTime} from "../../src/components/format.js";
import {launchBrowser, openPage, serveSite, settle} from "../browser.js";
import type {SiteServer} from "../browser.js";
import {fixtureSite} from "./fixture.js";
import type {FixtureSite} from "./fixture.js";

/** A chart and all that a reader can do with it, in a real browser. */

let browser: Browser;
let site: FixtureSite;
let catalogue: Catalogue;
let server: SiteServer;
let duck: Duck;
beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), fixtureSite()]);
  catalogue = site.catalogue;
  await site.build("/", "dist");
  server = await serveSite(join(site.project.directory, "dist"));
  duck = new Duck();
}, 180_000);
afterAll(async () => {
  await duck.close();
  await server.close();
  await browser.close();
  await site.project.dispose();
});

/** The values of the charts of a page, as they are plotted. */
async function plotted(page: Page): Promise<ChartElement["plotted"][]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("figure.chart > *")].flatMap((chart) =>
      "plotted" in chart ? [(chart as ChartElement).plotted] : []
    )
  );
}

async function open(path: string): Promise<Page> {
  const {page} = await openPage(browser);
  await page.goto(server.url + path);
  await settle(page);
  return page;
}

/** What DuckDB finds in the published shards for a plotted line. */
async function stored(value: ChartElement["plotted"], line: number) {
  const {resolution, column} = value.lines[line]!;
  const glob = join(site.published, "Mouth", resolution.name, "*.parquet");
  const rows = await duck.rows(`
    SELECT epoch_ms(timestamp)::DOUBLE AS time, "${column}.avg" AS avg, "${column}.min" AS min, "${column}.max" AS max, "${column}.count"::INTEGER AS count
    FROM read_parquet('${glob}')
    WHERE epoch_ms(timestamp) > ${value.range.begin - resolution.widthMs} AND epoch_ms(timestamp) <= ${value.range.end}
    ORDER BY timestamp`);
  return rows;
}

test("plots what is stored, at every range", async () => {
  const page = await open("sites/mouth");
  for (const name of ["24h", "7d", "90d", "1y", "all", "30d"]) {
    await page.getByRole("button", {name, exact: true}).click();
    await settle(page);
    const [value] = await plotted(page);
    for (const line of [0, 1]) {
      expect(value!.lines[line]!.points.length, name).toBeGreaterThan(10);
      expect(value!.lines[line]!.points, name).toEqual(await stored(value!, line));
    }
  }
  await page.close();
}, 60_000);

test("marks its axis with different numbers, however little they differ", async () => {
  const page = await open("sites/mouth?range=7d");
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
  const page = await open("sites/mouth?range=7d");
  expect((await plotted(page))[0]!.lines[0]!.resolution.name).toBe("1h");
  expect(await page.locator(".resolution").first().textContent()).toBe("hourly means");
  await page.getByRole("button", {name: "all", exact: true}).click();
  await settle(page);
  expect((await plotted(page))[0]!.lines[0]!.resolution.name).toBe("1d");
  expect(new URL(page.url()).search).toBe("?range=all");
  await page.close();
});

test("breaks its line where readings are missing", async () => {
  const page = await open("sites/mouth?range=30d");
  const subpaths = await page.evaluate(
    () => document.querySelector("figure.chart .line")!.getAttribute("d")!.split("M").length - 1
  );
  expect(subpaths).toBe(2);
  await page.close();
});

test("zooms to what is brushed, moves by key, and shows everything on a double click", async () => {
  const page = await open("sites/mouth?range=30d");
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
    begin: Date.parse(catalogue.datasets[0]!.begin!),
    end: Date.parse(catalogue.datasets[0]!.end!)
  });
  await page.close();
}, 60_000);

test("points at one instant in all charts: value, unit and spread in the legend, time in the site's own zone", async () => {
  const page = await open("sites/mouth?range=7d");
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
  const page = await open("sites/mouth?range=7d");
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
  const {page} = await openPage(browser, {width: 360, touch: true});
  await page.goto(`${server.url}sites/mouth?range=90d`);
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
  const page = await open("sites/mouth?range=90d");
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
  const page = await open("sites/mouth?range=30d");
  await page.locator(".legend button", {hasText: "Bottom"}).click();
  await page.getByLabel("Resolution").selectOption("1d");
  await settle(page);
  const link = page.url();
  await page.goto(server.url);
  await page.goto(link);
  await settle(page);
  const [value] = await plotted(page);
  expect(value!.lines.map(({label, resolution}) => [label, resolution.name])).toEqual([["Surface", "1d"]]);
  expect(await page.locator(".legend button", {hasText: "Bottom"}).getAttribute("aria-pressed")).toBe("false");
  await page.close();
});

test("has a table twin of the same numbers", async () => {
  const page = await open("sites/mouth?range=7d");
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
    await page.locator(".menu summary").first().click();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", {name: item}).first().click()
    ]);
    const path = join(site.project.directory, file.suggestedFilename());
    await file.saveAs(path);
    return path;
  }

  test("what is shown, as CSV with its units, terms and citation", async () => {
    const page = await open("sites/mouth?range=7d");
    const path = await download(page, "What is shown, CSV");
    const text = await readFile(path, "utf8");
    expect(text).toContain("# licence: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/\n");
    expect(text).toMatch(/# citation: Test Office \(2026\). Test Harbour. Data as of 28 Feb 2026, transaction 1. http/);
    const rows = await duck.rows(
      `SELECT epoch_ms(timestamp)::DOUBLE AS time, "Bottom.Temperature.C.avg"::DOUBLE AS avg, "Bottom.Temperature.C.count"::INTEGER AS count FROM read_csv('${path}', comment = '#', header = true)`
    );
    const {points} = (await plotted(page))[0]!.lines[1]!;
    expect(rows).toEqual(points.map(({time, avg, count}) => ({time, avg, count})));
    await page.close();
  });

  test("the whole record at its finest, as CSV and as Parquet, every reading of it", async () => {
    const page = await open("sites/mouth?range=7d");
    const glob = join(site.published, "Mouth/1h/*.parquet");
    const select = (from: string) =>
      duck.rows(
        `SELECT epoch_ms(timestamp)::DOUBLE AS time, "Surface.Temperature.C.avg"::DOUBLE AS a, "Bottom.Temperature.C.min"::DOUBLE AS b, "Surface.Temperature.C.count"::INTEGER AS n FROM ${from} ORDER BY 1`
      );
    const stored = await select(`read_parquet('${glob}')`);
    expect(stored.length).toBeGreaterThan(17_000);
    const csv = await download(page, "Whole record, CSV");
    expect(await select(`read_csv('${csv}', comment = '#', header = true)`)).toEqual(stored);
    const parquet = await download(page, "Whole record, Parquet");
    expect(await select(`read_parquet('${parquet}')`)).toEqual(stored);
    const [note] = await duck.rows(
      `SELECT decode(value) AS text FROM parquet_kv_metadata('${parquet}') WHERE decode(key) = 'licence'`
    );
    expect(note!.text).toContain("CC BY 4.0");
    await page.close();
  }, 60_000);

  test("never a whole with a part missing", async () => {
    server.faults.set("data/Mouth/1h/2024-01-01-0123abcd.parquet", 500);
    const page = await open("sites/mouth?range=7d");
    await page.locator(".menu summary").first().click();
    await page.getByRole("button", {name: "Whole record, CSV"}).first().click();
    await expect
      .poll(() => page.locator(".actions .said").first().textContent())
      .toBe("The data file Mouth/1h/2024-01-01-0123abcd.parquet could not be fetched: the server answered 500.");
    server.faults.clear();
    await page.close();
  });
});

test("fills the screen with one chart, and copies the link", async () => {
  const page = await open("sites/mouth?range=7d");
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

test("says when the pages themselves are old, by the reader's clock", async () => {
  for (const [hours, count] of [
    [47, 0],
    [72, 1]
  ] as const) {
    const {page} = await openPage(browser);
    await page.clock.setFixedTime(Date.parse(catalogue.now) + hours * 3_600_000);
    await page.goto(`${server.url}sites/mouth`);
    await settle(page);
    const warning = page.getByText("These pages were built 3 days ago: newer readings are not here yet.");
    expect(await warning.count(), `${hours} h`).toBe(count);
    await page.close();
  }
});

test("fetches only the shards in view", async () => {
  server.requests.length = 0;
  const page = await open("sites/mouth?range=7d");
  const shards = server.requests.filter((path) => path.endsWith(".parquet"));
  expect(shards).toEqual(["/data/Mouth/1h/2026-01-01-0123abcd.parquet"]);
  await page.close();
});

test("says when its file is missing or damaged, offers to try again, and leaves the rest of the page alone", async () => {
  const shard = "data/Mouth/1h/2026-01-01-0123abcd.parquet";
  const whole = await readFile(join(site.published, "Mouth/1h/2026-01-01-0123abcd.parquet"));
  for (const [fault, sentence] of [
    [404, `The data file Mouth/1h/2026-01-01-0123abcd.parquet could not be fetched: the server answered 404.`],
    [
      whole.subarray(0, 5000),
      `The data file Mouth/1h/2026-01-01-0123abcd.parquet could not be read: it is damaged or not whole.`
    ]
  ] as const) {
    server.faults.set(shard, fault);
    const page = await open("sites/mouth?range=7d");
    expect(await page.locator(".failure").first().textContent()).toContain(sentence);
    expect(await page.locator(".newest").count()).toBe(4);
    server.faults.delete(shard);
    await page.locator(".failure button").first().click();
    await settle(page);
    expect((await plotted(page))[0]!.lines[0]!.points.length).toBeGreaterThan(10);
    await page.close();
  }
}, 60_000);

test("draws what it has when one of its files is missing, and shades what is not there", async () => {
  server.faults.set("data/Mouth/1d/2025-01-01-0123abcd.parquet", 404);
  const page = await open("sites/mouth?range=all");
  const {points} = (await plotted(page))[0]!.lines[0]!;
  expect(points.length).toBeGreaterThan(300);
  expect(points.filter(({time}) => new Date(time).getUTCFullYear() === 2025)).toEqual([]);
  expect(await page.locator(".lack").count()).toBeGreaterThan(0);
  expect(await page.locator(".notices .failure").first().textContent()).toContain(
    "The data file Mouth/1d/2025-01-01-0123abcd.parquet could not be fetched: the server answered 404. The shaded stretch lacks it."
  );
  server.faults.clear();
  await page.getByRole("button", {name: "Try again"}).first().click();
  await settle(page);
  expect(await page.locator(".lack, .failure").count()).toBe(0);
  expect((await plotted(page))[0]!.lines[0]!.points.length).toBeGreaterThan(700);
  await page.close();
});

test("says when a file is slow, and asks for it anew when told to", async () => {
  const page = await open("sites/mouth?range=7d");
  let held = 0;
  await page.route("**/1d/*.parquet", async (route) => {
    if (held++ < 3) return; // never answered
    await route.continue();
  });
  await page.getByRole("button", {name: "all", exact: true}).click();
  await page.getByText("Slow: its data files have not come yet.").first().waitFor({timeout: 8000});
  const [value] = await plotted(page);
  expect(value!.range.begin).toBe(Date.parse(catalogue.datasets[0]!.begin!)); // to the scale of now, not of before
  await page.getByRole("button", {name: "Try again"}).first().click();
  await settle(page);
  expect((await plotted(page))[0]!.lines[0]!.resolution.name).toBe("1d");
  expect(await page.locator(".failure").count()).toBe(0);
  await page.close();
}, 40_000);

test("goes on without a network with what it has, and fetches the rest when there is one again", async () => {
  const page = await open("sites/mouth?range=7d");
  await page.context().setOffline(true);
  await page.getByRole("button", {name: "24h", exact: true}).click();
  await settle(page);
  expect(await page.locator(".failure").count()).toBe(0);
  await page.getByRole("button", {name: "all", exact: true}).click();
  await expect.poll(() => page.locator(".failure").first().textContent()).toContain("is this device offline?");
  await page.context().setOffline(false);
  await expect.poll(() => page.locator(".failure").count()).toBe(0);
  await settle(page);
  expect((await plotted(page))[0]!.lines[0]!.points.length).toBeGreaterThan(700);
  await page.close();
});
