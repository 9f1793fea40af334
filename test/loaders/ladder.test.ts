import {readdir} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {ladderFor, samplingOf, stepNear} from "../../loaders/reduction/ladder.js";
import {day, hour, micros, minute, type Reading, readingsSeries, temporaryDirectory} from "./memory.js";

test.each([
  ["ten years of minutes", minute, 3650 * day, ["raw", "10m", "1h", "6h", "1d", "1mo"]],
  ["two years of quarter hours", 15 * minute, 730 * day, ["raw", "1h", "6h", "1d"]],
  ["a week of quarter hours", 15 * minute, 7 * day, ["raw", "1h"]],
  ["a month of seconds", minute / 60, 30 * day, ["raw", "10s", "1m", "10m", "1h"]],
  ["twenty years of days", day, 7300 * day, ["raw", "1mo"]],
  ["a hundred years of months", 30 * day, 36_500 * day, ["raw", "1mo", "1y"]],
  ["nothing yet", hour, 0, ["raw", "6h"]]
])("the ladder of %s", (_, interval, span, names) => {
  expect(ladderFor({interval, span})).toEqual(names);
});

test("a step is the usual one nearest to what was measured", () => {
  expect([59.2, 61, 899, 14 * 60, 1e9, 0.01].map((seconds) => stepNear(seconds * 1e6) / 1e6)).toEqual([
    60, 60, 900, 900, 86_400, 1
  ]);
});

const begin = micros("2025-01-01T00:00Z");

function every(step: number, count: number, column: string, from = begin): readonly Reading[] {
  return Array.from({length: count}, (_, index) => ({time: from + index * step, values: {[column]: index}}));
}

test("how a series is sampled is told by the column that is sampled most often, of late", async () => {
  const cache = await temporaryDirectory();
  const old = every(hour, 24 * 300, "a");
  const late = every(10 * minute, 6 * 24 * 20, "a", begin + 300 * day);
  const other = every(15 * minute, 4 * 24 * 320, "b", begin + minute); // between the others
  const sampling = await samplingOf(readingsSeries("/x", [old, late, other]), cache);
  expect(sampling).toEqual({interval: 10 * minute, span: 320 * day - 10 * minute});
});

test("few readings tell as much as they can", async () => {
  const cache = await temporaryDirectory();
  const of = async (readings: readonly Reading[]) =>
    (await samplingOf(readingsSeries("/x", [readings]), cache))?.interval;
  expect(await of(every(40 * day, 3, "a"))).toBe(40 * day);
  expect(await of(every(hour, 1, "a"))).toBe(day);
  expect(await of([])).toBeUndefined();
  expect((await readdir(join(cache, "sampling"))).length).toBe(3);
});
