import {createRequire} from "node:module";
import type * as Maths from "mathjs";
import type {BigNumber, Unit} from "mathjs";

/** How a number in one unit becomes one in another: × factor, + offset. */
export interface Conversion {
  readonly factor: number;
  readonly offset: number;
}

/**
 * What makes a number in one measure one in another, as mathjs has it; a measure is a number and a unit, such as
 * `231 in^3`. Its numbers have 64 digits here, so that what comes out is the double nearest to the exact one. Undefined
 * where there is no such unit, or the two are not of one dimension.
 */
export function converting(from: string, to: string): Conversion | undefined {
  const [source, target] = [measured(from), measured(to)];
  if (!source || !target || !source.unit.equalBase(target.unit)) return undefined;
  return {
    factor: source.width.div(target.width).toNumber(),
    offset: source.zero.minus(target.zero).div(target.width).toNumber()
  };
}

/** Whether the package knows a measure. */
export function isMeasure(text: string): boolean {
  return measured(text) !== undefined;
}

/** A measure in base units. */
interface Measured {
  readonly unit: Unit;
  readonly zero: BigNumber;
  readonly width: BigNumber; // from 0 to 1
}

const known = new Map<string, Measured | undefined>();

function measured(text: string): Measured | undefined {
  if (!known.has(text)) known.set(text, measure(text));
  return known.get(text);
}

function measure(text: string): Measured | undefined {
  const [amount = "", ...unit] = text.split(" ");
  const [zero, one] = ["0", amount].map((number) => parsed(number, unit.join(" ")));
  if (!zero || !one) return undefined;
  return {unit: one, zero: inBase(zero), width: inBase(one).minus(inBase(zero))};
}

function parsed(amount: string, unit: string): Unit | undefined {
  const math = (maths ??= load());
  const number = math.bignumber(amount);
  try {
    return math.unit(number, unit);
  } catch {
    return undefined; // it says only that it knows no such unit
  }
}

function inBase(unit: Unit): BigNumber {
  const base = unit.toSI();
  return base.toNumeric(base.formatUnits()) as BigNumber;
}

let maths: Pick<Maths.MathJsInstance, "bignumber" | "unit"> | undefined;

/** In one file, since it has seven hundred of them otherwise; and when first asked, since few runs need ask. */
function load() {
  const file = "mathjs/lib/browser/math.js";
  const {create, bignumberDependencies, unitDependencies} = createRequire(import.meta.url)(file) as typeof Maths;
  return create({bignumberDependencies: bignumberDependencies!, unitDependencies: unitDependencies!});
}
