/** One figure beside what it must be. */
export interface Row {
  readonly what: string;
  readonly figure: string; // what is measured
  readonly value: number;
  readonly wanted: string;
  readonly holds: boolean;
  readonly plain: number; // the same the plain way; NaN where there is no such thing
}

/** What a figure must be at the most. */
export function atMost(
  what: string,
  figure: string,
  {value, most, plain = NaN}: {value: number; most: number; plain?: number}
): Row {
  return {what, figure, value, wanted: `≤ ${most}`, holds: value <= most, plain};
}

/** What a figure must be at the least. */
export function atLeast(
  what: string,
  figure: string,
  {value, least, plain = NaN}: {value: number; least: number; plain?: number}
): Row {
  return {what, figure, value, wanted: `≥ ${least}`, holds: value >= least, plain};
}

/** A figure that nobody has set a bound to. */
export function told(what: string, figure: string, {value, plain = NaN}: {value: number; plain?: number}): Row {
  return {what, figure, value, wanted: "", holds: true, plain};
}

/** As it is printed. */
export function shown({what, figure, value, wanted, holds, plain}: Row): Record<string, unknown> {
  return {
    what,
    figure,
    here: short(value),
    wanted,
    holds: wanted === "" ? "" : holds ? "yes" : "no",
    "the plain way": short(plain)
  };
}

function short(value: number): string {
  if (Number.isNaN(value)) return "";
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
