import fc from "fast-check";
import {expect, test} from "vitest";
import {conversionBetween, conversionFor, conversions} from "../../loaders/readings/unit.js";
import {scales, units} from "../../loaders/readings/vocabulary.js";

const listed = Object.values(units).flat();

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

/**
 * What each unit is of the first of its list: exact numbers, from NIST Special Publication 811 (2008), appendix B, where
 * it calls them exact, and from what is defined in other units.
 */
const exact: readonly Readonly<Record<string, string>>[] = [
  {
    ...{m: "1", cm: "0.01", mm: "0.001", km: "1000", ft: "0.3048", in: "0.0254", yd: "0.9144", fathom: "1.8288"},
    ...{mi: "1609.344", nmi: "1852"}
  },
  {
    ...{Pa: "1", hPa: "100", kPa: "1000", dbar: "10000", bar: "100000", atm: "101325"},
    psi: "0.45359237 * 9.80665 / 0.0254 / 0.0254",
    ...{mmHg: "133.322387415", inHg: "25.4 * 133.322387415", cmH2O: "98.0665", inH2O: "2.54 * 98.0665"}
  },
  {"S/m": "1", "mS/cm": "0.1", "dS/m": "0.1", "µS/cm": "0.0001"},
  {"Ω-m": "1", "Ω-cm": "0.01"},
  {"mg/L": "1", "µg/L": "0.001", "ng/L": "0.000001", "g/L": "1000", "kg/m³": "1000", "g/cm³": "1000000"},
  {"mol/L": "1", "mmol/L": "0.001", "µmol/L": "0.000001"},
  {
    ...{"m/s": "1", "cm/s": "0.01", "km/h": "1 / 3.6", "mm/s": "0.001", kn: "1852 / 3600", mph: "0.44704"},
    ...{"ft/s": "0.3048", "mm/h": "0.001 / 3600", "in/h": "0.0254 / 3600"}
  },
  {
    ...{"m³/s": "1", "m³/h": "1 / 3600", "m³/d": "1 / 86400", "L/s": "0.001", "L/min": "0.001 / 60"},
    ...{"ft³/s": "0.028316846592", "gal/min": "0.003785411784 / 60", "Mgal/d": "3785.411784 / 86400"}
  },
  {"m³": "1", L: "0.001", mL: "0.000001", "ft³": "0.028316846592", gal: "0.003785411784", "ac-ft": "1233.48183754752"},
  {s: "1", ms: "0.001", min: "60", h: "3600", d: "86400"},
  {V: "1", mV: "0.001"},
  {A: "1", mA: "0.001"},
  {"W/m²": "1"}
];

type Ratio = readonly [over: bigint, under: bigint];

function ratio(text: string): Ratio {
  const parts = text.split(" ");
  return parts.reduce<Ratio>(
    ([over, under], part, index) => {
      if (index % 2 === 1) return [over, under];
      const [whole = "", digits = ""] = part.split(".");
      const [value, scale] = [BigInt(whole + digits), 10n ** BigInt(digits.length)];
      return parts[index - 1] === "/" ? [over * scale, under * value] : [over * value, under * scale];
    },
    [1n, 1n]
  );
}

/** How many doubles lie from one to another, both positive. */
function apart(a: number, b: number): number {
  const [x, y] = new BigInt64Array(Float64Array.of(a, b).buffer);
  return Number(x! > y! ? x! - y! : y! - x!);
}

/** The double nearest to a ratio of positive numbers: of 128 bits of it. */
function nearest([over, under]: Ratio): number {
  const shift = 128 + under.toString(2).length - over.toString(2).length;
  return shift >= 0
    ? Number((over << BigInt(shift)) / under) / 2 ** shift
    : Number(over / (under << BigInt(-shift))) * 2 ** -shift;
}

test("each conversion is the double nearest to the exact one", () => {
  let seen = 0;
  for (const list of exact)
    for (const [from, ours] of Object.entries(list))
      for (const [to, theirs] of Object.entries(list)) {
        const [[a, b], [c, d]] = [ratio(ours), ratio(theirs)];
        const {factor, offset} = conversionBetween(from, to)!;
        const expected = nearest([a * d, b * c]);
        expect(apart(factor, expected), `${from} in ${to}: ${factor}, not ${expected}`).toBe(0);
        expect(offset).toBe(0);
        seen++;
      }
  const counted = ["C", "K", "F", "°", "rad"]; // below
  const told = listed.map(([names]) => names.split(" ")[0]!).filter((name) => !counted.includes(name));
  expect(exact.flatMap((list) => Object.keys(list)).sort()).toEqual(told.sort());
  expect(seen).toBeGreaterThan(400);
});

test.each([
  ["F", "C", 5 / 9, -160 / 9],
  ["C", "F", 1.8, 32],
  ["K", "C", 1, -273.15],
  ["C", "K", 1, 273.15],
  ["F", "K", 5 / 9, 45_967 / 180],
  ["K", "F", 1.8, -459.67],
  ["rad", "°", 180 / Math.PI, 0],
  ["°", "rad", Math.PI / 180, 0]
])("of %s in %s both numbers are the nearest", (from, to, factor, offset) => {
  expect(conversionBetween(from, to)).toEqual({factor, offset});
});

test("what is worked out when the command is compiled is all that can be between units of the vocabulary", () => {
  const names = listed.map(([names]) => names.split(" ")[0]!);
  const pairs = names.flatMap((from) => names.map((to) => (from === to ? undefined : conversionBetween(from, to))));
  expect(Object.values(conversions())).toEqual(pairs.filter((one) => one !== undefined));
});

test("a unit that is not in the vocabulary is asked of the package", () => {
  expect(converted(2, "kW/m²", "W/m²")).toBe(2000);
  expect(converted(3, "µmol/m³", "nmol/L")).toBe(3);
  expect(converted(1, "lbf/ft^2", "Pa")).toBeCloseTo(47.880258980336, 10);
  expect(() => converted(1, "kW/m²", "m/s")).toThrow("The column x of /s: kW/m² cannot be converted to m/s.");
});

test("a scale is told in itself alone, whatever its name would be to the package", () => {
  for (const names of scales)
    for (const name of names.split(" "))
      for (const other of [
        "H",
        "g/kg",
        "mg/L",
        ...scales.filter((one) => one !== names).map((one) => one.split(" ")[0]!)
      ]) {
        expect(conversionBetween(name, other), `${name} in ${other}`).toBeUndefined();
        expect(conversionBetween(name, names.split(" ")[0]!)).toEqual({factor: 1, offset: 0});
      }
});

test("no spelling stands for two units", () => {
  const names = [...listed.map(([names]) => names), ...scales].flatMap((names) => names.split(" "));
  expect(new Set(names).size).toBe(names.length);
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

test.each([
  ["avg", "C", "F", {factor: 1.8, offset: 32}],
  ["stddev", "C", "F", {factor: 1.8, offset: 0}], // how far apart, not how warm
  ["stddev.max", "C", "F", {factor: 1.8, offset: 0}],
  ["sum", "ft", "m", {factor: 0.3048, offset: 0}],
  ["sum", "C", "F", undefined],
  ["count", "ft", "m", undefined],
  ["coverage.min", "C", "F", undefined]
])("the %s of readings in %s is told in %s: %o", (statistic, unit, wanted, expected) => {
  expect(conversionBetween(unit, wanted, statistic)).toEqual(expected);
  const convert = () => conversionFor({path: "/s", name: "x", unit, statistic}, wanted);
  if (expected) expect(convert()).toEqual(expected);
  else
    expect(convert).toThrow(
      `The column x of /s: ${statistic} of readings in ${unit} cannot be converted to ${wanted}: Rename the readings before Reduce.`
    );
});
