import {expect, test} from "vitest";
import {saturationOf} from "../../src/components/data/saturation.js";

// USGS, Office of Water Quality Technical Memorandum 2011.03: solubility at one atmosphere, mg/L.
test.each([
  [0, 14.62],
  [10, 11.29],
  [20, 9.09],
  [30, 7.56]
])("fresh water of %i °C holds %f mg/L of oxygen", (temperature, oxygen) => {
  expect(saturationOf(temperature, 0)).toBeCloseTo(oxygen, 2);
});

test("salt water holds less, the more so the saltier", () => {
  const held = [0, 10, 20, 35].map((salinity) => saturationOf(15, salinity));
  expect([...held].sort((a, b) => b - a)).toEqual(held);
  expect(held[3]! / held[0]!).toBeCloseTo(0.81, 2);
});
