import type {Point} from "./point.js";
import {middleOf} from "./point.js";
import type {Width} from "./point.js";

/** Readings are missing between two bins that begin further apart than this many widths. */
const gapWidths = 1.5;

/** The points in runs without a gap between them, so that neither line nor band bridges one. */
export function runsOf(points: readonly Point[], widthMs: number): (readonly Point[])[] {
  const runs: (readonly Point[])[] = [];
  for (let first = 0, next = 1; first < points.length; next++) {
    if (next < points.length && points[next]!.time - points[next - 1]!.time <= gapWidths * widthMs) continue;
    runs.push(points.slice(first, next));
    first = next;
  }
  return runs;
}

/** The bin that holds an instant, or the nearest one within a gap's length; undefined where readings are missing. */
export function nearest(points: readonly Point[], time: number, resolution: Width): Point | undefined {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  const distance = (point: Point) => Math.abs(middleOf(point, resolution) - time);
  const found = [points[low - 1], points[low]].filter((point) => point !== undefined);
  const [best] = found.sort((a, b) => distance(a) - distance(b));
  return best && distance(best) <= gapWidths * resolution.widthMs ? best : undefined;
}

/** The index of the first one at a time or after it. */
export function firstFrom(all: readonly {readonly time: number}[], time: number): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]!.time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
