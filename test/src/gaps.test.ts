import {expect, test} from "vitest";
import {lonely, withBreaks} from "../../src/components/gaps.js";

const hour = 3_600_000;
const point = (hours: number) => ({time: hours * hour, avg: hours, min: hours - 1, max: hours + 1, count: 4});

test("a missing bin breaks the line where it would stand", () => {
  const rows = withBreaks([0, 1, 3, 4].map(point), hour);
  expect(rows.map(({time, avg}) => [time.getTime() / hour, avg])).toEqual([
    [0, 0],
    [1, 1],
    [2, NaN],
    [3, 3],
    [4, 4]
  ]);
});

test("whole lines have no break, and no points have no rows", () => {
  expect(withBreaks([0, 1, 2].map(point), hour)).toHaveLength(3);
  expect(withBreaks([], hour)).toEqual([]);
});

test("a point alone between gaps is found", () => {
  const alone = lonely([0, 1, 5, 9, 10].map(point), hour);
  expect(alone.map(({time}) => time / hour)).toEqual([5]);
  expect(lonely([point(7)], hour)).toHaveLength(1);
});
