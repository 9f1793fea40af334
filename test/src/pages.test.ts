import {execFile} from "node:child_process";
import {join} from "node:path";
import {promisify} from "node:util";
import type {Browser} from "playwright-core";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import type {Catalogue} from "../../loaders/types.js";
import {launchBrowser, openPage, serveSite, settle} from "../browser.js";
import type {SiteServer} from "../browser.js";
import {examinePage, faintTexts} from "../examine.js";
import type {Project} from "../project.js";
import {fixtureSite} from "./fixture.js";
import type {FixtureSite} from "./fixture.js";

/** The pages, built from a fixture and opened in a real browser. */

let browser: Browser;
let site: FixtureSite;
let project: Project;
let catalogue: Catalogue;
let published: string;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), fixtureSite({"src/author.md": authored})]);
  ({project, catalogue, published} = site);
  await site.build("/", "dist");
  await site.build("/some-repo/", "dist-repo");
}, 180_000);

afterAll(async () => {
  await browser.close();
  await project.dispose();
});

/** A page as Framework's own documentation would have it. */
const authored = `# By an author

\`\`\`js
const file = FileAttachment("data/Mouth/1d/2025-01-01-0123abcd.parquet");
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

function pathsOf({sites, parameters}: Catalogue): string[] {
  return ["", "status", ...sites.map(({slug}) => `sites/${slug}`), ...parameters.map(({slug}) => `parameters/${slug}`)];
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
    await page.waitForSelector("figure.chart .line");
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
