import fc from "fast-check";
import {expect, test} from "vitest";
import {scaleOf} from "../../src/components/chart/scale.js";

const labels = (low: number, high: number, count: number) => scaleOf(low, high, count).ticks.map(({label}) => label);

test("ticks are round, and written with the digits that their steps need", () => {
  expect(labels(3.1, 8.7, 5)).toEqual(["4", "6", "8"]);
  expect(labels(-0.011, 0.02, 5)).toEqual(["−0.01", "0.00", "0.01", "0.02"]);
  expect(labels(950, 2100, 3)).toEqual(["1000", "1500", "2000"]);
});

test("every scale holds its values, between ticks that all read differently", () => {
  const size = fc.double({min: -1e6, max: 1e6, noNaN: true});
  const spread = fc.double({min: 1e-3, max: 1e6, noNaN: true});
  fc.assert(
    fc.property(size, fc.oneof(spread, fc.constant(0)), fc.integer({min: 2, max: 9}), (low, length, count) => {
      const {ticks, ...scale} = scaleOf(low, low + length, count);
      expect(scale.low).toBeLessThanOrEqual(low);
      expect(scale.high).toBeGreaterThanOrEqual(low + length);
      expect(scale.high).toBeGreaterThan(scale.low);
      expect(ticks.length).toBeGreaterThanOrEqual(Math.floor(count / 2.5));
      expect(ticks.length).toBeLessThanOrEqual(count + 1);
      expect(new Set(ticks.map(({label}) => label)).size).toBe(ticks.length);
    })
  );
});
