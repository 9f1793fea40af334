import {formatCount, formatReading, formatTime, formatUnit} from "../data/format.js";
import type {ChartOptions, Line} from "./frame.js";
import {isPoor} from "./marks.js";

/** A chart in words, for those who cannot see it: a sentence for the whole, and one for each line. */
export function describe({lines, range, parameter, unit, timeZone, flags = true, ...options}: ChartOptions): string {
  const {tell = (time: number) => formatTime(time, timeZone)} = options;
  const span = `from ${tell(range.begin)} to ${tell(range.end)}`;
  return [
    `${parameter} ${span}.`,
    ...lines.map((line) => `${line.label}: ${summaryOf(line, formatUnit(unit, parameter), flags)}.`)
  ].join(" ");
}

function summaryOf(line: Line, unit: string, flags: boolean): string {
  const {points} = line;
  if (points.length === 0) return "no readings";
  let [low, high, readings, sum, few] = [Infinity, -Infinity, 0, 0, 0];
  for (const point of points) {
    low = Math.min(low, point.min);
    high = Math.max(high, point.max);
    readings += point.count;
    sum += point.avg * point.count;
    if (isPoor(point, line)) few++;
  }
  return [
    `between ${formatReading(low)} and ${formatReading(high)} ${unit}`.trim(),
    `mean ${formatReading(sum / readings)}`,
    `last ${formatReading(points.at(-1)!.avg)}`,
    `${formatCount(readings)} readings`,
    ...(few > 0 ? [`fewer than half of those due in ${few} of ${points.length} bins`] : []),
    ...(flags ? flagWords(line) : [])
  ].join(", ");
}

function flagWords({flagged = []}: Line): string[] {
  const [suspect, fail] = (["suspect", "fail"] as const).map((flag) =>
    flagged.reduce((sum, one) => sum + one[flag], 0)
  );
  return [
    ...(suspect! > 0 ? [`${formatCount(suspect!)} suspect`] : []),
    ...(fail! > 0 ? [`${formatCount(fail!)} failed`] : [])
  ];
}
