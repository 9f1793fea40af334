import {execFile} from "node:child_process";
import {mkdir, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {promisify} from "node:util";
import type {Browser, Page} from "playwright-core";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import type {Catalogue} from "../../loaders/types.js";
import {Duck} from "../../pond/duck.js";
import type {ChartElement} from "../../src/components/chart.js";
import {formatReading, formatTime} from "../../src/components/format.js";
import {launchBrowser, openPage, serveSite, settle} from "../browser.js";
import {examinePage, faintTexts} from "../examine.js";
import type {SiteServer} from "../browser.js";
import {copyProject} from "../project.js";
import type {Project} from "../project.js";
import {writeFixture} from "./fixture.js";

/** The pages, built from a fixture and opened in a real browser. */

let browser: Browser;
let project: Project;
let catalogue: Catalogue;
let published: string;

beforeAll(async () => {
  [browser, project] = await Promise.all([launchBrowser(), copyProject()]);
  published = join(project.directory, "published");
  await mkdir(published);
  catalogue = await writeFixture(published);
  await writeFile(join(project.directory, "src/author.md"), authored);
  await build("/", "dist");
  await build("/some-repo/", "dist-repo");
}, 180_000);

afterAll(async () => {
  await browser.close();
  await project.dispose();
});

/** A page as Framework's own documentation would have it. */
const authored = `# By an author

\`\`\`js
const file = FileAttachment("data/Mouth/1d/2025-0123abcd.parquet");
const days = await file.parquet();
const warmth = view(Inputs.range([0, 30], {label: "Warmer than", value: 10, step: 1}));
\`\`\`

\`\`\`js
const rows = [...days].filter((row) => row["Surface.Temperature.C.avg"] > warmth);
display(Plot.plot({marks: [Plot.dot(rows, {x: "timestamp", y: "Surface.Temperature.C.avg"})]}));
display(html\`<output>\${days.numRows}</output>\`);
display(d3.csvParse("a\\n1").length);
\`\`\`
`;

async function build(base: string, output: string): Promise<void> {
  await project.observable({POND_PUBLISHED: published, POND_BASE: base, POND_OUTPUT: output});
}

function pathsOf({sites, parameters}: Catalogue): string[] {
  return ["", "status", ...sites.map(({slug}) => `sites/${slug}`), ...parameters.map(({slug}) => `parameters/${slug}`)];
}

/** The values of the charts of a page, as they are plotted. */
async function plotted(page: Page): Promise<ChartElement["plotted"][]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("figure.chart > *")].map((chart) => (chart as ChartElement).plotted)
  );
}

describe.each([
  ["/", "dist"],
  ["/some-repo/", "dist-repo"]
])("every page under %s", (base, output) => {
  let server: SiteServer;
  beforeAll(async () => {
    server = await serveSite(join(project.directory, output), base);
  });
  afterAll(() => server.close());

  test.each([
    [360, false],
    [768, true],
    [1440, false]
  ])(
    "at %i px, dark %s: whole, quiet, and from its own host alone",
    async (width, dark) => {
      for (const path of pathsOf(catalogue)) {
        await examinePage(browser, server, {path, width, dark});
      }
    },
    60_000
  );

  test.each([false, true])("text stands out from its ground, dark %s", async (dark) => {
    for (const path of ["", "sites/mouth", "status"]) {
      const {page} = await openPage(browser, {dark});
      await page.goto(server.url + path);
      await settle(page);
      expect(await page.evaluate(faintTexts), path).toEqual([]);
      await page.close();
    }
  });

  test("no link and no asset is broken", async () => {
    const {page} = await openPage(browser);
    const links = new Set<string>();
    for (const path of pathsOf(catalogue)) {
      await page.goto(server.url + path);
      await settle(page);
      for (const link of await page.evaluate(() => [...document.querySelectorAll("a")].map((a) => a.href)))
        if (link.startsWith(server.origin)) links.add(link.split("#")[0]!);
    }
    expect(links.size).toBeGreaterThanOrEqual(pathsOf(catalogue).length);
    for (const link of links) expect((await fetch(link)).status, link).toBe(200);
    await page.close();
  }, 60_000);
});

describe("a chart", () => {
  let server: SiteServer;
  let duck: Duck;
  beforeAll(async () => {
    server = await serveSite(join(project.directory, "dist"));
    duck = new Duck();
  });
  afterAll(async () => {
    await duck.close();
    await server.close();
  });

  async function open(path: string): Promise<Page> {
    const {page} = await openPage(browser);
    await page.goto(server.url + path);
    await settle(page);
    return page;
  }

  /** What DuckDB finds in the published shards for a plotted line. */
  async function stored(value: ChartElement["plotted"], line: number) {
    const {resolution, column} = value.lines[line]!;
    const glob = join(published, "Mouth", resolution.name, "*.parquet");
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
      [...document.querySelectorAll('figure.chart [aria-label="y-axis tick label"]')].map((axis) =>
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
      () => document.querySelector('figure.chart [aria-label="line"] path')!.getAttribute("d")!.split("M").length - 1
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

  test("tells the reading that is pointed at, in the site's own zone", async () => {
    const page = await open("sites/mouth?range=7d");
    const [value] = await plotted(page);
    const box = (await page.locator("figure.chart").first().boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 80);
    const told = page.locator('figure.chart [aria-label="tip"] text').first().locator("tspan");
    const [label, time, avg] = (await told.allTextContents()).map((text) => text.replace("\u200b", "")); // Plot's own
    const line = value!.lines.find((one) => one.label === label);
    const bins = line!.points.map((point) => [formatTime(point.time, "America/Los_Angeles"), formatReading(point.avg)]);
    expect(bins).toContainEqual([time, avg!.split(" ")[0]]);
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
    expect(shards).toEqual(["/data/Mouth/1h/2026-0123abcd.parquet"]);
    await page.close();
  });

  test("says when its file is missing or damaged, offers to try again, and leaves the rest of the page alone", async () => {
    const shard = "data/Mouth/1h/2026-0123abcd.parquet";
    const whole = await readFile(join(published, "Mouth/1h/2026-0123abcd.parquet"));
    for (const [fault, sentence] of [
      [404, `The data file Mouth/1h/2026-0123abcd.parquet could not be fetched: the server answered 404.`],
      [
        whole.subarray(0, 5000),
        `The data file Mouth/1h/2026-0123abcd.parquet could not be read: it is damaged or not whole.`
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
});

test.each(["/", "/some-repo/"])(
  "an author's page under %s has all of Framework, from its own host alone",
  async (base) => {
    const server = await serveSite(join(project.directory, base === "/" ? "dist" : "dist-repo"), base);
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

test("the preview serves pages, charts and shards", async () => {
  const bin = join(project.directory, "node_modules/@observablehq/framework/dist/bin/observable.js");
  const port = 3900 + (process.pid % 90);
  const child = execFile(process.execPath, [bin, "preview", "--port", String(port), "--no-open"], {
    cwd: project.directory,
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
    await page.waitForSelector('figure.chart [aria-label="line"] path');
    expect(faults).toEqual([]);
    await page.close();
  } finally {
    child.kill();
  }
}, 60_000);

test("a direct build again leaves the outputs of the loaders alone", async () => {
  const {stdout} = await promisify(execFile)("find", [
    join(project.directory, "src/.observablehq/cache/data"),
    "-newer",
    published,
    "-name",
    "*.parquet"
  ]);
  expect(stdout).toBe("");
});
