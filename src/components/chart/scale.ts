/** The vertical axis: round numbers that hold the values, written with as many digits as their steps need. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly digits: number; // after the point, of the labels
  readonly ticks: readonly {readonly value: number; readonly label: string}[];
}

/** A scale that holds `[low, high]` with a little room on both sides, and has about `count` ticks. */
export function scaleOf(low: number, high: number, count: number): Scale {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const still = high - low <= size * 1e-9; // noise of floating point, if anything
  const room = still ? (size > 1e-6 ? size * 0.05 : 1) : (high - low) * 0.05;
  return scaleWithin(low - room, high + room, count);
}

/** A scale that shows `[from, to]` and nothing else. */
export function scaleWithin(from: number, to: number, count: number): Scale {
  const step = stepOf((to - from) / Math.max(2, count));
  const [first, last] = [Math.ceil(from / step - 1e-9), Math.floor(to / step + 1e-9)];
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const values = Array.from({length: last - first + 1}, (_, index) => (first + index) * step);
  return {low: from, high: to, digits, ticks: values.map((value) => ({value, label: labelOf(value, digits)}))};
}

/** The smallest of 1, 2, 5 times a power of ten that is not less. */
function stepOf(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= wanted * (1 - 1e-9))!;
}

function labelOf(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text; // a true minus
}
