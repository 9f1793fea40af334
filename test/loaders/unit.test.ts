import fc from "fast-check";
import {expect, test} from "vitest";
import {conversionFor} from "../../loaders/readings/unit.js";

function converted(value: number, from: string, to: string): number {
  const conversion = conversionFor({path: "/s", name: "x", unit: from}, to);
  return conversion ? value * conversion.factor + conversion.offset : value;
}

test.each([
  [1, "ft", "m", 0.3048],
  [32, "F", "C", 0],
  [212, "°F", "C", 100],
  [0, "C", "F", 32],
  [0, "K", "C", -273.15],
  [1, "psi", "kPa", 6.894757293168361],
  [1, "mm Hg", "Pa", 133.322387415],
  [1, "kn", "m/s", 0.5144444444444445],
  [1, "mS/cm", "µS/cm", 1000],
  [1, "μS/cm", "µS/cm", 1],
  [3, "ppm", "mg/L", 3],
  [1.02, "g/cm³", "kg/m³", 1020],
  [100, "Cel", "[degF]", 212],
  [2, "fathom", "ft", 12],
  [1, "nmi", "km", 1.852],
  [10, "cmH2O", "Pa", 980.665],
  [1, "mm[Hg]", "mmHg", 1],
  [1, "gpm", "L/min", 3.785411784],
  [1, "MGD", "gpm", 1e6 / 1440],
  [1, "ac-ft", "m³", 1233.48183754752],
  [90, "min", "h", 1.5],
  [Math.PI, "rad", "deg", 180]
])("%f %s in %s", (value, from, to, expected) => {
  expect(converted(value, from, to)).toBeCloseTo(expected, 10);
});

test("there and back is where it was", () => {
  const pairs = fc.constantFrom(["F", "C"], ["K", "F"], ["psi", "mbar"], ["in", "km"], ["cfs", "L/s"]);
  fc.assert(
    fc.property(pairs, fc.double({min: -1e4, max: 1e4, noNaN: true}), ([a, b], value) => {
      expect(Math.abs(converted(converted(value, a, b), b, a) - value)).toBeLessThan(1e-8);
    })
  );
});

test("one unit, however spelled, is not converted, whether we know it or not", () => {
  expect(conversionFor({path: "/s", name: "x", unit: "PSU"}, "psu")).toBeUndefined();
  expect(conversionFor({path: "/s", name: "x", unit: "furlong"}, "furlong")).toBeUndefined();
});

test("what cannot be converted is named, with what may have been meant", () => {
  const fail = (unit: string | undefined, wanted: string) => () =>
    conversionFor({path: "/s", name: "DO", unit}, wanted);
  expect(fail("% sat", "mg/L")).toThrow("The column DO of /s: % sat cannot be converted to mg/L.");
  expect(fail("mg/L", "mg/I")).toThrow("mg/L cannot be converted to mg/I (mg/I is no unit that we know; is it mg/L?).");
  expect(fail(undefined, "m")).toThrow(
    "The column DO of /s has no unit, so it cannot be told in m: Rename it with one."
  );
});
