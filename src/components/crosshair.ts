import type {ChartElement, Line} from "./chart.js";
import {margins} from "./chart.js";
import type {Point} from "./dataset.js";
import {formatReading, formatTime} from "./format.js";
import {nearest} from "./gaps.js";

/** What one line has at the instant that is pointed at: nothing, where readings are missing. */
export interface Mark {
  readonly line: Line;
  readonly point?: Point;
  readonly digits: number; // after the point, that tell the chart's values apart
}

/** The bins of a chart's lines at an instant. */
export function marksAt({plotted: {lines, digits}}: ChartElement, time: number): Mark[] {
  return lines.map((line) => ({line, digits, point: nearest(line.points, time, line.resolution.widthMs)}));
}

/** A value with its unit and, where its bin has several readings, their spread: "8.31 mg/L, 8.10–8.52 of 4". */
export function markText({point, digits}: Mark, unit: string): string {
  if (!point) return "no reading";
  const [avg, min, max] = [point.avg, point.min, point.max].map((value) => formatReading(value, digits));
  const value = `${avg} ${unit}`.trim();
  return min === max ? value : `${value}, ${min}–${max} of ${point.count}`;
}

/** When the marked bins begin; the instant itself where no line has one. */
export function markTime(marks: readonly Mark[], time: number, timeZone: string): string {
  return formatTime(marks.find(({point}) => point)?.point?.time ?? time, timeZone);
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
  const {begin, end} = chart.plotted.range;
  if (point.time < begin || point.time > end) return [];
  const element = part("dot", chart.toX(point.time), chart.toY(point.avg));
  element.style.background = line.colour;
  return [element];
}

function part(name: string, left: number, top: number): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  Object.assign(element.style, {left: `${left}px`, top: `${top}px`});
  return element;
}
