import {expect, test} from "vitest";
import {frameOf} from "../../src/components/chart/frame.js";
import type {Line} from "../../src/components/chart/frame.js";
import {linesOf} from "../../src/components/chart/marks.js";

const day = 86_400_000;

function lineOf(days: number): Line {
  const points = Array.from({length: days}, (_, index) => ({time: index * day, avg: 1, min: 0, max: 2, count: 4}));
  const resolution = {name: "1d", widthMs: day, rows: days, bytes: 0, shards: []};
  return {key: "a/b", label: "a", colour: "red", dash: "none", column: "b", resolution, points};
}

/** How many of some lines are thin, all of as many days. */
function thinOf(count: number, days: number): number {
  const lines = Array.from({length: count}, () => lineOf(days));
  const range = {begin: 0, end: days * day};
  const frame = frameOf({
    lines,
    failures: [],
    range,
    width: 1054,
    height: 200,
    parameter: "",
    unit: "",
    timeZone: "UTC"
  });
  const text = linesOf(lines, frame);
  expect(text.match(/class="(thin )?line"/g)).toHaveLength(count);
  return text.match(/class="thin line"/g)?.length ?? 0;
}

test("lines are thin where one or all of them have many corners to a pixel", () => {
  expect(thinOf(10, 800)).toBe(0);
  expect(thinOf(10, 1200)).toBe(10);
  expect(thinOf(2, 1800)).toBe(0);
  expect(thinOf(2, 2200)).toBe(2);
});
