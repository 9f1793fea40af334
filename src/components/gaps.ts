import type {Point} from "./dataset.js";

/** A row of a chart; a row of NaN breaks its line and its band. */
export interface Row {
  readonly time: Date;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
}

/** Readings are missing between two bins that begin further apart than this many widths. */
const gapWidths = 1.5;

function apart(before: Point | undefined, after: Point | undefined, widthMs: number): boolean {
  return !before || !after || after.time - before.time > gapWidths * widthMs;
}

/** The points with a row of nothing in each gap, so that neither line nor band bridges it. */
export function withBreaks(points: readonly Point[], widthMs: number): Row[] {
  return points.flatMap(({time, avg, min, max}, index) => {
    const before = points[index - 1];
    const row = {time: new Date(time), avg, min, max};
    if (!before || !apart(before, points[index], widthMs)) return [row];
    return [{time: new Date(before.time + widthMs), avg: NaN, min: NaN, max: NaN}, row];
  });
}

/** Points with a gap on both sides: a line of one point has no length, so they are drawn as dots. */
export function lonely(points: readonly Point[], widthMs: number): Point[] {
  return points.filter((point, i) => apart(points[i - 1], point, widthMs) && apart(point, points[i + 1], widthMs));
}
