import fc from "fast-check";
import {expect, test} from "vitest";
import {parseResolution} from "../../loaders/resolution.js";
import {coverOf, spansOver} from "../../loaders/shard.js";
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
  const time = micros("2025-05-17T13:30Z");
  expect(spansOver(resolutionOf(name), time, time).map((found) => found.name)).toEqual([span]);
});

test("spans follow each other without gap or overlap, and every bin begins in one", () => {
  const first = micros("1969-06-01T00:00Z");
  const widths = fc.constantFrom("1h", "5h", "7h", "24h", "7d", "15m").map(resolutionOf);
  fc.assert(
    fc.property(widths, fc.integer({min: 0, max: 60 * 365}), fc.integer({min: 0, max: 4000 * 24}), (w, days, hours) => {
      const [begin, end] = [first + days * day, first + days * day + hours * hour];
      const covers = spansOver(w, begin, end).map((span) => coverOf(span, w));
      expect(covers[0]!.begin).toBeLessThanOrEqual(begin);
      expect(covers.at(-1)!.end).toBeGreaterThan(end);
      for (const [index, cover] of covers.entries()) {
        expect(Math.abs(cover.begin % w.width)).toBe(0);
        if (index > 0) expect(cover.begin).toBe(covers[index - 1]!.end);
      }
    }),
    {numRuns: 200}
  );
});

test("a shard has a few thousand rows at the most", () => {
  for (const name of ["1s", "10s", "30s", "1m", "10m", "15m", "1h", "2h", "4h", "12h", "24h"]) {
    const [span] = spansOver(resolutionOf(name), micros("2024-07-01T00:00Z"), micros("2024-07-01T00:00Z"));
    expect((span!.end - span!.begin) / resolutionOf(name).width).toBeLessThanOrEqual(5000);
  }
});

test("clocks that were never set still fall into a span", () => {
  expect(spansOver(resolutionOf("1h"), 0, 0)[0]!.name).toBe("1970-Q1");
  expect(spansOver(resolutionOf("24h"), -1, -1)[0]!.name).toBe("1960s");
});
