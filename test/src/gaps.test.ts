import fc from "fast-check";
import {expect, test} from "vitest";
import {nearest, runsOf} from "../../src/components/data/gaps.js";

const hour = 3_600_000;
const point = (hours: number) => ({time: hours * hour, avg: hours, min: hours - 1, max: hours + 1, count: 4});
const hoursOf = (runs: readonly (readonly {time: number}[])[]) => runs.map((run) => run.map(({time}) => time / hour));

test("a missing bin breaks the line, and a point alone is a run of its own", () => {
  expect(hoursOf(runsOf([0, 1, 3, 4, 9].map(point), hour))).toEqual([[0, 1], [3, 4], [9]]);
});

test("whole lines have no break, and no points have no runs", () => {
  expect(runsOf([0, 1, 2].map(point), hour)).toHaveLength(1);
  expect(runsOf([], hour)).toEqual([]);
});

test("the nearest bin to an instant is the one whose middle is nearest, unless readings are missing there", () => {
  const times = fc.uniqueArray(fc.integer({min: 0, max: 60}), {maxLength: 30}).map((all) => all.sort((a, b) => a - b));
  fc.assert(
    fc.property(times, fc.double({min: -5, max: 65, noNaN: true}), (hours, at) => {
      const distance = (hour: number) => Math.abs(hour + 0.5 - at);
      const least = Math.min(...hours.map(distance));
      const found = nearest(hours.map(point), at * hour, {widthMs: hour});
      if (least > 1.5 + 1e-9) expect(found).toBeUndefined();
      else if (least < 1.5 - 1e-9) expect(distance(found!.time / hour)).toBeCloseTo(least, 9);
    })
  );
});
