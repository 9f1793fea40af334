import fc from "fast-check";
import {expect, test} from "vitest";
import {parseResolution} from "../../loaders/time/resolution.js";
import {coverOf, pagesOver, spansOver} from "../../loaders/reduction/shard.js";
import {day, hour, micros} from "./memory.js";

const resolutionOf = (name: string) => parseResolution(name);

test.each([
  ["1s", "2025-05-17T13"],
  ["10s", "2025-05-17T12-quarter"],
  ["1m", "2025-05-17"],
  ["5m", "2025-05-15-week"],
  ["15m", "2025-05"],
  ["1h", "2025-Q2"],
  ["2h", "2025"],
  ["12h", "2025"],
  ["24h", "2020s"],
  ["30d", "2000-century"]
])("bins of %s are cut into shards such as %s", (name, span) => {
  const [time, {width}] = [micros("2025-05-17T13:30Z"), resolutionOf(name)];
  expect(spansOver(resolutionOf(name), {first: time, last: time + 20_000 * width})[0]!.name).toBe(span);
});

test.each([
  ["15m", "2025-04-24-week", "2025-05-01-week", "2025-05-08-week", "2025-05-15-week"],
  ["1h", "2025-03-13-20d", "2025-04-02-20d", "2025-04-22-20d", "2025-05-12-20d"],
  ["6h", "2024-H2", "2025-H1-until-2025-05", "2025-H1-from-2025-05"],
  ["1d", "2022-2023", "2024-2025-until-2025-Q2", "2024-2025-from-2025-Q2"],
  ["7d", "2010s", "2020s-until-2025", "2020s-from-2025"]
])("the newest shards of %s are shorter, the more so the newer", (name, ...spans) => {
  const extent = {first: micros("2005-05-17T13:30Z"), last: micros("2025-05-17T13:30Z")};
  expect(
    spansOver(resolutionOf(name), extent)
      .slice(-spans.length)
      .map((found) => found.name)
  ).toEqual(spans);
});

test("the coarsest resolution has long shards, for there is no other to show a whole record", () => {
  const ten = {first: micros("2016-03-01T00:00Z"), last: micros("2026-03-01T00:00Z"), coarsest: true};
  expect(spansOver(resolutionOf("1d"), ten).map(({name}) => name)).toEqual([
    "2010s",
    "2020s-until-2026",
    "2020s-from-2026"
  ]);
});

test("on most days, what a day adds falls into one small shard", () => {
  for (const [name, rows] of [
    ["15m", 672],
    ["1h", 480],
    ["6h", 124],
    ["1d", 92]
  ] as const) {
    const resolution = resolutionOf(name);
    const spansAt = (last: number) => spansOver(resolution, {first: micros("2024-03-01T00:00Z"), last});
    let kept = 0;
    for (let night = 0; night < 365; night++) {
      const last = micros("2025-03-01T04:00Z") + night * day;
      const [before, after] = [spansAt(last), spansAt(last + day)];
      const changed = after.filter(
        (span) => !before.slice(0, -1).some((other) => other.begin === span.begin && other.end === span.end)
      );
      expect((last - changed.at(-1)!.begin) / resolution.width).toBeLessThanOrEqual(rows);
      if (changed.length === 1) kept++;
    }
    expect(kept).toBeGreaterThan(300);
  }
});

test("the last thirty days of hours lie in three shards, and little else does", () => {
  for (let night = 0; night < 2000; night++) {
    const last = micros("2020-03-01T04:00Z") + night * day;
    const spans = spansOver(resolutionOf("1h"), {first: micros("2015-03-01T00:00Z"), last});
    const shown = spans.filter(({end}) => end > last - 30 * day);
    expect(shown.length).toBeLessThanOrEqual(3);
    expect(last - shown[0]!.begin).toBeLessThanOrEqual(50 * day);
  }
});

test("spans follow each other without gap or overlap, and every bin begins in one", () => {
  const first = micros("1969-06-01T00:00Z");
  const widths = fc.constantFrom("1h", "5h", "7h", "24h", "7d", "15m").map(resolutionOf);
  const coarsest = fc.boolean();
  fc.assert(
    fc.property(
      widths,
      fc.integer({min: 0, max: 60 * 365}),
      fc.integer({min: 0, max: 4000 * 24}),
      coarsest,
      (w, days, hours, c) => {
        const [begin, end] = [first + days * day, first + days * day + hours * hour];
        const covers = spansOver(w, {first: begin, last: end, coarsest: c}).map((span) => coverOf(span, w));
        expect(covers[0]!.begin).toBeLessThanOrEqual(begin);
        expect(covers.at(-1)!.end).toBeGreaterThan(end);
        for (const [index, cover] of covers.entries()) {
          expect(Math.abs(cover.begin % w.width)).toBe(0);
          if (index > 0) expect(cover.begin).toBe(covers[index - 1]!.end);
        }
      }
    ),
    {numRuns: 200}
  );
});

test("a shard has a few thousand rows at the most", () => {
  const first = micros("2024-07-01T00:00Z");
  for (const name of ["1s", "10s", "30s", "1m", "10m", "15m", "1h", "2h", "4h", "12h", "24h"])
    for (const coarsest of [false, true]) {
      const {width} = resolutionOf(name);
      const spans = spansOver(resolutionOf(name), {first, last: first + 20_000 * width, coarsest});
      for (const {begin, end} of spans) expect((end - begin) / width).toBeLessThanOrEqual(5000);
    }
});

test("pages lie alike wherever the newest of them ends, and have a few hundred rows", () => {
  const first = micros("2015-03-01T00:00Z");
  for (const name of ["1s", "10s", "1m", "5m", "10m", "15m", "1h", "2h", "6h", "24h", "7d"])
    for (const [rank, most] of [
      ["finest", 1440],
      ["coarser", 480]
    ] as const) {
      const [resolution, isShort] = [resolutionOf(name), name === "1s"]; // an hour of seconds is as short as they get
      const pagesAt = (last: number) => pagesOver(resolution, {first, last}, rank).map((page) => page.name);
      const last = first + 30_000 * resolution.width;
      expect(pagesAt(last + 20 * day).slice(0, pagesAt(last).length)).toEqual(pagesAt(last));
      for (const span of pagesOver(resolution, {first, last}, rank)) {
        const rows = (span.end - span.begin) / resolution.width;
        expect([name, rank, rows > 50 && rows <= (isShort ? 3600 : most)]).toEqual([name, rank, true]);
      }
    }
});

test("clocks that were never set still fall into a span", () => {
  expect(spansOver(resolutionOf("1h"), {first: 0, last: 0})[0]!.name).toBe("1970-01-01-20d");
  expect(spansOver(resolutionOf("24h"), {first: -1, last: -1})[0]!.name).toBe("1968-1969-until-1969-Q4");
});
