import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {afterAll, beforeAll, expect, test} from "vitest";
import {settle} from "../browser.js";
import {plotted, servedSite, stored} from "./fixture.js";
import type {ServedSite} from "./fixture.js";

/** Which files a chart fetches, and what it does where they are late, damaged or not there, in a real browser. */

let site: ServedSite;
beforeAll(async () => {
  site = await servedSite();
}, 180_000);
afterAll(() => site.close());

const newest = "Mouth/1h/2026-01-01-0123abcd.parquet";

test("fetches what lies beside the view once the reader points at a chart, and not before", async () => {
  site.server.requests.length = 0;
  const page = await site.open("sites/mouth?from=2026-01-03T00:00:00Z&to=2026-01-08T00:00:00Z");
  const shards = () => site.server.requests.filter((path) => path.endsWith(".parquet"));
  expect(shards()).toEqual([`/data/${newest}`]);
  await page.locator("figure.chart").first().hover();
  await expect.poll(shards).toEqual([`/data/${newest}`, "/data/Mouth/1h/2025-01-01-0123abcd.parquet"]);
  await page.close();
});

test("fetches only the shards in view", async () => {
  site.server.requests.length = 0;
  const page = await site.open("sites/mouth?range=7d");
  const shards = site.server.requests.filter((path) => path.endsWith(".parquet"));
  expect(shards).toEqual(["/data/Mouth/1h/2026-01-01-0123abcd.parquet"]);
  await page.close();
});

test("fetches one file for all sites of a parameter, which holds what their own files hold", async () => {
  site.server.requests.length = 0;
  const page = await site.open("parameters/temperature?range=7d");
  const shards = () => site.server.requests.filter((path) => path.endsWith(".parquet"));
  expect(shards()).toEqual([expect.stringMatching(/^\/data\/~temperature\/1h\/2026-01-01-[0-9a-f]{8}\.parquet$/)]);
  const values = await plotted(page);
  expect(values.map(({lines}) => lines.map(({key}) => key))).toEqual(
    ["Surface", "Bottom"].map((scope) => site.catalogue.sites.map(({dataset}) => `${dataset}/${scope}.Temperature.C`))
  );
  const mouth = values[0]!.lines.findIndex(({key}) => key.startsWith("Mouth/"));
  expect(values[0]!.lines[mouth]!.points).toEqual(await stored(site, values[0]!, mouth));
  for (const name of ["90d", "1y", "all", "24h"]) {
    site.server.requests.length = 0;
    await page.getByRole("button", {name, exact: true}).click();
    await settle(page);
    expect(shards().length, name).toBeLessThanOrEqual(3);
  }
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
    site.server.faults.set(shard, fault);
    const page = await site.open("sites/mouth?range=7d");
    expect(await page.locator(".failure").first().textContent()).toContain(sentence);
    expect(await page.locator(".newest").count()).toBe(4);
    site.server.faults.delete(shard);
    await page.locator(".failure button").first().click();
    await settle(page);
    expect((await plotted(page))[0]!.lines[0]!.points.length).toBeGreaterThan(10);
    await page.close();
  }
}, 60_000);

test("draws what it has when one of its files is missing, and shades what is not there", async () => {
  site.server.faults.set("data/Mouth/1d/2025-01-01-0123abcd.parquet", 404);
  const page = await site.open("sites/mouth?range=all");
  const {points} = (await plotted(page))[0]!.lines[0]!;
  expect(points.length).toBeGreaterThan(300);
  expect(points.filter(({time}) => new Date(time).getUTCFullYear() === 2025)).toEqual([]);
  expect(await page.locator(".lack").count()).toBeGreaterThan(0);
  expect(await page.locator(".notices .failure").first().textContent()).toContain(
    "The data file Mouth/1d/2025-01-01-0123abcd.parquet could not be fetched: the server answered 404. The shaded stretch lacks it."
  );
  site.server.faults.clear();
  await page.getByRole("button", {name: "Try again"}).first().click();
  await settle(page);
  expect(await page.locator(".lack, .failure").count()).toBe(0);
  expect((await plotted(page))[0]!.lines[0]!.points.length).toBeGreaterThan(700);
  await page.close();
});

test("says when a file is slow, and asks for it anew when told to", async () => {
  const page = await site.open("sites/mouth?range=7d");
  let held = 0;
  await page.route("**/1d/*.parquet", async (route) => {
    if (held++ < 3) return; // never answered
    await route.continue();
  });
  await page.getByRole("button", {name: "all", exact: true}).click();
  await page.getByText("Slow: its data files have not come yet.").first().waitFor({timeout: 8000});
  expect(await page.locator(".chart.pale").count()).toBe(3);
  const [value] = await plotted(page);
  expect(value!.range.begin).toBe(Date.parse(site.catalogue.datasets[0]!.begin!)); // to the scale of now, not of before
  await page.getByRole("button", {name: "Try again"}).first().click();
  await settle(page);
  expect((await plotted(page))[0]!.lines[0]!.resolution.name).toBe("1d");
  expect(await page.locator(".failure, .chart.pale").count()).toBe(0);
  await page.close();
}, 40_000);

test("goes on without a network with what it has, and fetches the rest when there is one again", async () => {
  const page = await site.open("sites/mouth?range=7d");
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
