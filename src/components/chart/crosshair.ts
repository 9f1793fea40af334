import type {ChartElement} from "./chart.js";
import type {Flagged, Point} from "../data/point.js";
import {formatReading} from "../data/format.js";
import {margins} from "./frame.js";
import {middleOf} from "../data/point.js";
import type {Line} from "./frame.js";
import {nearest} from "../data/gaps.js";

/** What one line has at the instant that is pointed at: nothing, where readings are missing. */
export interface Mark {
  readonly line: Line;
  readonly point?: Point;
  readonly flag?: Flagged;
  readonly digits: number; // after the point, that tell the chart's values apart
}

/** The bins of a chart's lines at an instant. */
export function marksAt({plotted: {lines, digits}}: ChartElement, time: number): Mark[] {
  return lines.map((line) => {
    const point = nearest(line.points, time, line.resolution);
    const bin = point?.time ?? binAt(line, time);
    return {line, digits, point, flag: line.flagged?.find((flag) => flag.time === bin)};
  });
}

/** Where all readings failed there is no mean to be near to. */
function binAt({flagged = [], resolution}: Line, time: number): number | undefined {
  return flagged.find((flag) => Math.abs(middleOf(flag, resolution) - time) <= resolution.widthMs / 2)?.time;
}

/** A value with its unit and, where its bin has several readings, their spread: "8.31 mg/L, 8.10–8.52 of 4". */
export function markText({line, point, flag, digits}: Mark, unit: string): string {
  return [point ? valueText(point, digits, unit) : "no reading", ...(flag ? [flagText(flag, line)] : [])].join(", ");
}

function valueText(point: Point, least: number, unit: string): string {
  const [avg, min, max] = [point.avg, point.min, point.max].map((value) => formatReading(value, least));
  const value = `${avg} ${unit}`.trim();
  return min === max ? value : `${value}, ${min}–${max} of ${point.count}`;
}

function flagText({suspect, fail, value}: Flagged, {resolution}: Line): string {
  if (resolution.raw) return fail > 0 ? `failed: ${formatReading(value!)}` : "suspect";
  return [suspect > 0 ? [`${suspect} suspect`] : [], fail > 0 ? [`${fail} failed`] : []].flat().join(", ");
}

/** When the marked bins begin; the instant itself where no line has one. */
export function markTime(marks: readonly Mark[], time: number): number {
  return marks.find(({point}) => point)?.point?.time ?? time;
}

/** A rule across a chart at an instant, with a dot on each line and the time on a flag. Empty when out of view. */
export function crosshair(chart: ChartElement, marks: readonly Mark[], {time, label}: {time: number; label: string}) {
  const cross = document.createElement("div");
  cross.className = "cross";
  cross.setAttribute("aria-hidden", "true");
  const {begin, end} = chart.plotted.range;
  const [x, width] = [chart.toX(time), chart.width.baseVal.value];
  if (time < begin || time > end) return cross;
  cross.append(part("rule", x, margins.top), ...marks.flatMap((mark) => dot(chart, mark)));
  const flag = part("flag", Math.min(Math.max(x, margins.left + 60), width - margins.right - 60), 0);
  flag.textContent = label;
  cross.append(flag);
  return cross;
}

function dot(chart: ChartElement, {line, point}: Mark): HTMLElement[] {
  if (!point) return [];
  const {range, values} = chart.plotted;
  const time = middleOf(point, line.resolution);
  if (time < range.begin || time > range.end || point.avg < values[0] || point.avg > values[1]) return [];
  const element = part("dot", chart.toX(time), chart.toY(point.avg));
  element.style.background = line.colour;
  return [element];
}

function part(name: string, left: number, top: number): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  Object.assign(element.style, {left: `${left}px`, top: `${top}px`});
  return element;
}
