import {mkdir, writeFile} from "node:fs/promises";
import {join} from "node:path";
import fc from "fast-check";
import type {Browser, Page} from "playwright-core";
import {afterAll, beforeAll, expect, test} from "vitest";
import {Duck} from "../../pond/duck.js";
import type {ChartElement} from "../../src/components/chart/chart.js";
import {launchBrowser, openPage, serveSite, settle} from "../browser.js";
import type {SiteServer} from "../browser.js";
import {copyProject} from "../project.js";
import type {Project} from "../project.js";

/**
 * What a reader sees is what was measured: charts of a site that was built from a pond, beside what DuckDB makes of the
 * instruments' own readings in it. Half a year of two sites, with readings that fail their tests, and gaps.
 */

const resources = `
apiVersion: duckpond/v1
kind: Simulator
metadata: {name: harbour}
spec:
  from: "2025-09-01T00:00:00Z"
  sites:
    - {name: pier, depth: 5.5, river: 0.3, shelter: 0.5}
    - {name: quay, depth: 4, river: 0.1, shelter: 0.2}
${["pier", "quay"]
  .map(
    (name) => `---
apiVersion: duckpond/v1
kind: Combine
metadata: {name: ${name}}
spec:
  output: /sites/${name}
  scopes:
    - {name: Surface, inputs: [{series: /instruments/${name}-surface}]}
    - {name: Bottom, inputs: [{series: /instruments/${name}-bottom}]}
`
  )
  .join("")}---
apiVersion: duckpond/v1
kind: Validate
metadata: {name: sites}
spec:
  input: /sites/*
  output: /checked/$0
  interval: 15m
  tests:
    - {parameter: Temperature, spike: {suspect: 1, fail: 2, method: differential}}
    - {parameter: DO, spike: {suspect: 0.4, fail: 1.6, method: differential}, flatLine: {suspect: 3h, fail: 6h}}
---
apiVersion: duckpond/v1
kind: Reduce
metadata: {name: pier}
spec: {input: /checked/pier, output: /reduced/pier, resolutions: [raw, 30m, 1h, 6h, 1d]}
---
apiVersion: duckpond/v1
kind: Reduce
metadata: {name: quay}
spec: {input: /checked/quay, output: /reduced/quay, resolutions: [raw, 30m, 1h, 6h, 1d], suspect: drop}
---
apiVersion: duckpond/v1
kind: Dashboard
metadata: {name: site}
spec:
  title: Two places
  timeZone: America/Los_Angeles
  sites:
    - {name: pier, label: Pier, dataset: /reduced/pier}
    - {name: quay, label: Quay, dataset: /reduced/quay}
`;

let browser: Browser;
let project: Project;
let server: SiteServer;
let duck: Duck;
beforeAll(async () => {
  [browser, project] = await Promise.all([launchBrowser(), copyProject()]);
  const env = {POND_NOW: "2026-03-01T00:00:00Z", POND_RESOURCES: "own"};
  await mkdir(join(project.directory, "own"));
  await writeFile(join(project.directory, "own/site.yaml"), resources);
  await project.build(env);
  const {code, stderr} = await project.pond(["copy", "/instruments/*", "/checked/*", "host:out"], env);
  expect(code, stderr).toBe(0);
  server = await serveSite(join(project.directory, "dist"));
  duck = new Duck();
  for (const name of ["pier-surface", "pier-bottom", "quay-surface", "quay-bottom", "pier", "quay"])
    await duck.run(`CREATE TABLE "${name}" AS FROM read_parquet('${join(project.directory, "out", name)}.parquet')`);
}, 180_000);
afterAll(async () => {
  await duck.close();
  await server.close();
  await browser.close();
  await project.dispose();
});

/** What a reader does to a page: two dates, closer and sideways by keys, a resolution; and the line that is looked at. */
interface Visit {
  readonly from: string;
  readonly to: string;
  readonly keys: readonly string[];
  readonly by: string; // "": what fits the pixels
  readonly line: number; // counted through all charts, and round
}

const day = 86_400_000;
const [first, last] = [Date.parse("2025-09-01"), Date.parse("2026-02-28")];
const evenly = (min: number, max: number) => fc.noBias(fc.integer({min, max}));

const visits = fc
  .record({
    days: fc.oneof(evenly(0, 3), evenly(3, 30), evenly(30, 180)),
    at: evenly(0, 1000),
    keys: fc.array(fc.constantFrom("+", "+", "ArrowLeft", "ArrowRight", "-"), {maxLength: 4}),
    by: fc.constantFrom("", "", "", "30m", "1d"),
    line: evenly(0, 1000)
  })
  .map(({days, at, by, ...visit}): Visit => {
    const from = first + Math.floor(((last - first) / day - days) * (at / 1000)) * day;
    const [begin, end] = [from, from + days * day].map((time) => new Date(time).toISOString().slice(0, 10));
    return {...visit, from: begin!, to: end!, by: days <= 3 && by === "30m" ? "raw" : by};
  });

type Line = ChartElement["plotted"]["lines"][number];
type Seen = Pick<ChartElement["plotted"], "range"> & {readonly line: Line};

/** What the page shows then, of one of its lines. */
function visit(page: Page, one: Visit): Promise<Seen | undefined> {
  return page.evaluate(async ({from, to, keys, by, line}) => {
    const select = document.querySelector<HTMLSelectElement>('select[aria-label="Resolution"]')!;
    select.value = by;
    select.dispatchEvent(new Event("change"));
    const form = document.querySelector<HTMLFormElement>(".toolbar form")!;
    [...form.querySelectorAll("input")].forEach((input, index) => (input.value = [from, to][index]!));
    form.requestSubmit();
    const figures = [...document.querySelectorAll<HTMLElement>("figure.chart")];
    for (const key of keys) figures[0]!.dispatchEvent(new KeyboardEvent("keydown", {key}));
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    do await frame();
    while (document.querySelector("[aria-busy]"));
    const charts = figures.flatMap((figure) => figure.querySelector<ChartElement>(".plot")?.plotted ?? []);
    const all = charts.flatMap(({range, lines}) => lines.map((one) => ({range, line: one})));
    return all[line % all.length];
  }, one);
}

/** The same from the instruments' readings: those that failed left out, and suspect ones where that is said. */
function measured(place: string, {range, line: {column, resolution}}: Seen): Promise<Record<string, unknown>[]> {
  const [, scope, name] = /^(\w+)\.(.*)$/.exec(column)!;
  const flag = `"${column}.flag"`;
  const tested = /Temperature|DO/.test(column);
  const refused = place === "quay" ? "(3, 4)" : "(4)";
  const flags = `SELECT timestamp FROM "${place}" WHERE ${tested ? `${flag} IN ${refused}` : "false"}`;
  const readings = `SELECT epoch_ms(timestamp) AS t, "${name}" AS v FROM "${place}-${scope!.toLowerCase()}"
    WHERE "${name}" IS NOT NULL AND timestamp NOT IN (${flags})`;
  const {widthMs, raw} = resolution;
  const bin = raw ? "t" : `t // ${widthMs} * ${widthMs}`;
  return duck.rows(`SELECT (${bin})::DOUBLE AS time, avg(v) AS avg, min(v) AS min, max(v) AS max, count(*)::INTEGER AS count
    FROM (${readings}) GROUP BY 1 HAVING time > ${range.begin - (raw ? 1 : widthMs)} AND time <= ${range.end} ORDER BY 1`);
}

test("what is plotted is what DuckDB finds in the readings, for 200 random series and ranges", async () => {
  const seen = {resolutions: new Set<string>(), series: new Set<string>(), lines: 0, points: 0};
  const read = async (place: string) => {
    const {page, faults} = await openPage(browser);
    await page.goto(`${server.url}sites/${place}`);
    await settle(page);
    await fc.assert(
      fc.asyncProperty(visits, async (one) => {
        const shown = await visit(page, one);
        if (!shown) return; // in a gap of all
        const {points, resolution, key} = shown.line;
        const wanted = await measured(place, shown);
        const exact = ({time, min, max, count}: Record<string, unknown>) => ({time, min, max, count});
        expect(points.map((point) => exact({...point}))).toEqual(wanted.map(exact));
        const apart = points.map(({avg}, index) => Math.abs(avg - (wanted[index]!.avg as number)));
        expect(Math.max(0, ...apart)).toBeLessThan(1e-9); // sums are added in another order
        seen.resolutions.add(resolution.name);
        seen.series.add(key);
        seen.lines++;
        seen.points += points.length;
      }),
      {numRuns: 105, endOnFailure: true}
    );
    expect(faults).toEqual([]);
    await page.close();
  };
  await Promise.all(["pier", "quay"].map(read));
  expect(seen.lines).toBeGreaterThanOrEqual(200);
  expect([...seen.resolutions].sort()).toEqual(["1d", "1h", "30m", "6h", "raw"]);
  expect(seen.series.size).toBeGreaterThan(12);
  expect(seen.points).toBeGreaterThan(10_000);
}, 120_000);
