import {nearest} from "../word.js";

/**
 * Units that readings come in, how they are spelled (by OpenTelemetry in UCUM), and what each is of its dimension's own:
 * value × factor + offset.
 * Factors are the exact ones of NIST Special Publication 811 (2008), appendix B, where it calls them exact.
 */

interface Unit {
  readonly dimension: string;
  readonly spellings: readonly string[]; // the first is how it is told
  readonly factor: number;
  readonly offset?: number;
}

const unitsOf = (dimension: string, units: readonly (readonly [string, number, number?])[]): readonly Unit[] =>
  units.map(([names, factor, offset]) => ({
    dimension,
    spellings: names.split(" "),
    factor,
    ...(offset ? {offset} : {})
  }));

const gallon = 231 * 0.0254 ** 3; // m³

const units: readonly Unit[] = [
  ...unitsOf("temperature", [
    ["C °C degC deg_C Celsius Cel", 1],
    ["K Kelvin", 1, -273.15],
    ["F °F degF deg_F Fahrenheit [degF]", 5 / 9, -160 / 9]
  ]),
  ...unitsOf("length", [
    ["m meter meters metre metres", 1],
    ["cm", 0.01],
    ["mm", 0.001],
    ["km", 1000],
    ["ft foot feet [ft_i]", 0.3048],
    ["in inch inches [in_i]", 0.0254],
    ["yd yard yards [yd_i]", 0.9144],
    ["fathom fathoms [fth_i]", 1.8288],
    ["mi mile miles [mi_i]", 1609.344],
    ["nmi [nmi_i]", 1852]
  ]),
  ...unitsOf("pressure", [
    ["Pa", 1],
    ["hPa mbar", 100],
    ["kPa", 1000],
    ["dbar", 1e4],
    ["bar", 1e5],
    ["atm", 101_325],
    ["psi PSI [psi]", (0.453_592_37 * 9.806_65) / 0.0254 ** 2], // pound-force on a square inch
    ["mmHg mm_Hg mm[Hg] Torr torr", 133.322_387_415],
    ["inHg in_Hg [in_i'Hg]", 25.4 * 133.322_387_415],
    ["cmH2O cm_H2O cm[H2O]", 98.0665],
    ["inH2O in_H2O [in_i'H2O]", 2.54 * 98.0665]
  ]),
  ...unitsOf("conductivity", [
    ["S/m", 1],
    ["mS/cm", 0.1],
    ["dS/m", 0.1],
    ["µS/cm μS/cm uS/cm", 1e-4] // both letters that look like mu
  ]),
  ...unitsOf("mass in a volume", [
    ["mg/L mg/l ppm [ppm]", 1], // parts per million of water that is nearly fresh
    ["µg/L μg/L ug/L ug/l ppb [ppb]", 1e-3],
    ["ng/L ng/l", 1e-6],
    ["g/L g/l", 1e3],
    ["kg/m³ kg/m3", 1e3],
    ["g/cm³ g/cm3", 1e6]
  ]),
  ...unitsOf("speed", [
    ["m/s", 1],
    ["cm/s", 0.01],
    ["km/h", 1 / 3.6],
    ["mm/s", 0.001],
    ["kn kt knot knots [kn_i]", 1852 / 3600],
    ["mph mi/h [mi_i]/h", 0.447_04],
    ["ft/s [ft_i]/s", 0.3048]
  ]),
  ...unitsOf("flow", [
    ["m³/s m3/s cms", 1],
    ["m³/h m3/h", 1 / 3600],
    ["m³/d m3/d", 1 / 86_400],
    ["L/s l/s", 1e-3],
    ["L/min l/min lpm", 1e-3 / 60],
    ["ft³/s ft3/s cfs", 0.3048 ** 3],
    ["gal/min gpm [gal_us]/min", gallon / 60], // of the United States, as those below
    ["Mgal/d MGD mgd", (1e6 * gallon) / 86_400]
  ]),
  ...unitsOf("volume", [
    ["m³ m3", 1],
    ["L l", 1e-3],
    ["mL ml", 1e-6],
    ["ft³ ft3", 0.3048 ** 3],
    ["gal [gal_us]", gallon],
    ["ac-ft acre-ft", 43_560 * 0.3048 ** 3]
  ]),
  ...unitsOf("time", [
    ["s sec", 1],
    ["ms", 1e-3],
    ["min", 60],
    ["h hr", 3600],
    ["d day days", 86_400]
  ]),
  ...unitsOf("angle", [
    ["° deg", 1],
    ["rad", 180 / Math.PI]
  ]),
  ...unitsOf("voltage", [
    ["V", 1],
    ["mV", 1e-3]
  ]),
  ...unitsOf("current", [
    ["A", 1],
    ["mA", 1e-3]
  ]),
  ...unitsOf("resistivity", [
    ["Ω-m Ω·m ohm-m", 1],
    ["Ω-cm Ω·cm ohm-cm", 0.01]
  ]),
  ...unitsOf("salinity", [["psu PSU PSS-78", 1]]),
  ...unitsOf("saturation", [["%_sat %sat %_saturation", 1]])
];

const bySpelling = new Map(units.flatMap((unit) => unit.spellings.map((name) => [name, unit] as const)));

function find(name: string): Unit | undefined {
  return bySpelling.get(name.trim().replaceAll(" ", "_"));
}

/** How a number in one unit becomes one in another: × factor, + offset. */
export interface Conversion {
  readonly factor: number;
  readonly offset: number;
}

/** A column whose readings are to be told in another unit. */
interface Measured {
  readonly path: string; // of its series
  readonly name: string;
  readonly unit: string | undefined;
}

/**
 * What makes a column's readings readings in another unit; nothing when they are one unit, however spelled. Throws a
 * sentence that names both where one cannot become the other.
 */
export function conversionFor({path, name, unit}: Measured, wanted: string): Conversion | undefined {
  if (unit === undefined)
    throw new Error(
      `The column ${name} of ${path} has no unit, so it cannot be told in ${wanted}: Rename it with one.`
    );
  try {
    return conversionOf(unit, wanted);
  } catch (error) {
    throw new Error(`The column ${name} of ${path}: ${(error as Error).message}.`, {cause: error});
  }
}

/** What makes a number in one unit one in another: nothing to do is `× 1 + 0`; undefined where it cannot be done. */
export function conversionBetween(from: string, to: string): Conversion | undefined {
  const [source, target] = [find(from), find(to)];
  const convertible = from === to || (source && target && source.dimension === target.dimension);
  return convertible ? (conversionOf(from, to) ?? {factor: 1, offset: 0}) : undefined;
}

/** What readers may choose between; where one is told, so are the others. */
const choices = [
  ["C", "F"],
  ["m", "ft"],
  ["cm", "in"],
  ["m/s", "kn", "mph"],
  ["dbar", "kPa", "psi"],
  ["hPa", "mmHg", "inHg"],
  ["mS/cm", "µS/cm"],
  ["m³/s", "ft³/s"]
];

/** The units in which readers of a unit may see its values: itself first, and others that mean the same to them. */
export function choicesOf(unit: string): readonly string[] {
  const spellings = find(unit)?.spellings ?? [];
  const others = choices.find((choice) => choice.some((one) => spellings.includes(one))) ?? [];
  return [unit, ...others.filter((one) => !spellings.includes(one))];
}

/** In words that follow the name of what has the unit, where it throws. */
function conversionOf(from: string, to: string): Conversion | undefined {
  const [source, target] = [find(from), find(to)];
  if (from === to || (source && source === target)) return undefined;
  if (source === undefined || target === undefined || source.dimension !== target.dimension)
    throw new Error(`${from} cannot be converted to ${to}${hint(from, source) || hint(to, target)}`);
  const [before, after] = [source.offset ?? 0, target.offset ?? 0];
  return {factor: source.factor / target.factor, offset: (before - after) / target.factor};
}

function hint(name: string, unit: Unit | undefined): string {
  if (unit) return "";
  const near = nearest(name, [...bySpelling.keys()]);
  return near === undefined ? "" : ` (${name} is no unit that we know; is it ${near}?)`;
}

/** SQL of a converted value. */
export function convertedSql(sql: string, conversion: Conversion | undefined): string {
  if (!conversion) return sql;
  const {factor, offset} = conversion;
  return `(${sql} * ${factor}::DOUBLE${offset === 0 ? "" : ` + (${offset}::DOUBLE)`})`;
}
