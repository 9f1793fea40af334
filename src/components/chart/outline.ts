/**
 * Which points of many in a column of pixels are drawn: those by which one sees what one would see of all of them. Places
 * are in tenths of a CSS pixel, in order of x, y downwards; what is given are indices, in order.
 */

const pixel = 10;

/** Where each column of pixels that has points begins, and the end of the last. */
export function columnsOf(xs: Int32Array): readonly number[] {
  const begins: number[] = [];
  let last = -Infinity;
  for (let index = 0; index < xs.length; index++) {
    const column = Math.floor(xs[index]! / pixel);
    if (column !== last) begins.push(index);
    last = column;
  }
  begins.push(xs.length);
  return begins;
}

/**
 * The first, the least, the greatest and the last of each column: through these a line covers the same pixels as through
 * all (M4: Jugel, Jerzak, Hackenbroich, Markl, "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014).
 */
export function outline(columns: readonly number[], ys: Int32Array): readonly number[] {
  const chosen: number[] = [];
  for (let column = 0; column + 1 < columns.length; column++) {
    const [first, last] = [columns[column]!, columns[column + 1]! - 1];
    chosen.push(first);
    if (last - first > 1) {
      const [one, other] = [highest(ys, first, last), lowest(ys, first, last)];
      for (const index of [Math.min(one, other), Math.max(one, other)])
        if (index > chosen.at(-1)! && index < last) chosen.push(index);
    }
    if (last > first) chosen.push(last);
  }
  return chosen;
}

/** The highest of each column. */
export function upper(columns: readonly number[], ys: Int32Array): number[] {
  const chosen: number[] = [];
  for (let column = 0; column + 1 < columns.length; column++)
    chosen.push(highest(ys, columns[column]!, columns[column + 1]! - 1));
  return chosen;
}

/** The lowest of each column. */
export function lower(columns: readonly number[], ys: Int32Array): number[] {
  const chosen: number[] = [];
  for (let column = 0; column + 1 < columns.length; column++)
    chosen.push(lowest(ys, columns[column]!, columns[column + 1]! - 1));
  return chosen;
}

function highest(ys: Int32Array, first: number, last: number): number {
  let found = first;
  for (let index = first + 1; index <= last; index++) if (ys[index]! < ys[found]!) found = index;
  return found;
}

function lowest(ys: Int32Array, first: number, last: number): number {
  let found = first;
  for (let index = first + 1; index <= last; index++) if (ys[index]! > ys[found]!) found = index;
  return found;
}
