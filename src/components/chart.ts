import type {ResolutionEntry} from "../../loaders/types.js";
import type {Failure, Point} from "./dataset.js";
import {formatReading, formatTime, formatUnit} from "./format.js";
import {runsOf} from "./gaps.js";
import type {TimeRange} from "./range.js";
import {scaleOf} from "./scale.js";
import type {Scale} from "./scale.js";
import type {Tick} from "./ticks.js";
import {ticksOf} from "./ticks.js";

/** One line of a chart: the bins of one column at one resolution, in order of time. */
export interface Line {
  readonly key: string; // of the series on every page: "<dataset>/<column>"
  readonly label: string;
  readonly colour: string; // CSS
  readonly dash: string; // stroke-dasharray
  readonly resolution: ResolutionEntry;
  readonly column: string;
  readonly points: readonly Point[];
}

/** Values between two others at each instant, behind the lines, e.g. what is usual for the season. */
export interface Backdrop {
  readonly points: readonly {readonly time: number; readonly low: number; readonly high: number}[];
  readonly colour: string; // CSS
  readonly opacity: number;
}

export interface ChartOptions {
  readonly lines: readonly Line[];
  readonly backdrops?: readonly Backdrop[];
  readonly failures: readonly Failure[];
  readonly range: TimeRange;
  readonly width: number; // CSS pixels
  readonly height: number; // CSS pixels
  readonly parameter: string; // for the reader, e.g. "Dissolved oxygen"
  readonly unit: string;
  readonly timeZone: string; // IANA name
  readonly ticks?: readonly Tick[]; // of the time axis; those of the range unless given
}

/** What a chart shows, for those who read it without eyes: tests, and programs on the page. */
export interface ChartValue {
  readonly lines: readonly Line[];
  readonly range: TimeRange;
  readonly digits: number; // after the point, that tell its values apart
}

/**
 * A chart's element: its `plotted` is what it shows, `invert` turns a pixel of its width into a time, `toX` and `toY` turn a
 * time and a value into pixels.
 */
export type ChartElement = SVGSVGElement & {
  plotted: ChartValue;
  invert(x: number): number;
  toX(time: number): number;
  toY(value: number): number;
};

/** Where the frame of the readings is, in CSS pixels from the chart's sides. */
export const margins = {left: 44, right: 10, top: 14, bottom: 34} as const;

/**
 * The mean as a line within the band from least to greatest, broken where readings are missing. Drawn as text by
 * ourselves: it is redrawn at each frame of a gesture, and a library of marks would be most of the page's bytes.
 */
export function chart(options: ChartOptions): ChartElement {
  const {lines, range, width, height} = options;
  const scale = scaleOf(...extentOf(options), 5);
  const [innerWidth, innerHeight] = [width - margins.left - margins.right, height - margins.top - margins.bottom];
  const frame: Frame = {
    ...options,
    scale,
    clip: `frame-${++count}`,
    innerWidth,
    innerHeight,
    x: (time) => margins.left + ((time - range.begin) / (range.end - range.begin)) * innerWidth,
    y: (value) => margins.top + ((scale.high - value) / (scale.high - scale.low)) * innerHeight
  };
  const element = parse(svgOf(frame));
  element.setAttribute("aria-label", describe(options));
  const invert = (x: number) => range.begin + ((x - margins.left) / innerWidth) * (range.end - range.begin);
  return Object.assign(element, {plotted: {lines, range, digits: scale.digits}, invert}, {toX: frame.x, toY: frame.y});
}

interface Frame extends ChartOptions {
  readonly scale: Scale;
  readonly clip: string; // the name of its clipping path, of which a page has but one
  readonly innerWidth: number;
  readonly innerHeight: number;
  readonly x: (time: number) => number;
  readonly y: (value: number) => number;
}

let count = 0;

/** Only numbers and our own words go in as text; what a resource says is set as an attribute. */
function parse(text: string): SVGSVGElement {
  const template = document.createElement("template");
  template.innerHTML = text;
  return template.content.firstElementChild as SVGSVGElement;
}

function extentOf({lines, backdrops = []}: ChartOptions): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  const widen = (least: number, greatest: number) => {
    if (least < low) low = least;
    if (greatest > high) high = greatest;
  };
  for (const {points} of lines) for (const {min, max} of points) widen(min, max);
  for (const {points} of backdrops) for (const point of points) widen(point.low, point.high);
  return low > high ? [0, 1] : [low, high];
}

function svgOf(frame: Frame): string {
  const {width, height, clip, innerWidth, innerHeight, lines, backdrops = [], failures} = frame;
  const box = `x="${margins.left}" y="${margins.top}" width="${innerWidth}" height="${innerHeight}"`;
  return `<svg class="plot" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
    <clipPath id="${clip}"><rect ${box}/></clipPath>
    ${valueAxis(frame)}${timeAxis(frame)}
    <g clip-path="url(#${clip})">
      ${failures.map((failure) => lackOf(failure, frame)).join("")}
      ${backdrops.map((backdrop) => backdropOf(backdrop, frame)).join("")}
      ${lines.map((line) => bandOf(line, frame)).join("")}
      ${lines.map((line) => lineOf(line, frame)).join("")}
    </g></svg>`;
}

function valueAxis({scale, width, y}: Frame): string {
  const rules = scale.ticks.map(({value}) => `M${margins.left},${y(value).toFixed(1)}H${width - margins.right}`);
  const labels = scale.ticks.map(
    ({value, label}) => `<text x="${margins.left - 6}" y="${y(value).toFixed(1)}" dy="0.32em">${label}</text>`
  );
  return `<path class="grid" d="${rules.join("")}"/><g class="values" text-anchor="end">${labels.join("")}</g>`;
}

function timeAxis({range, width, height, timeZone, x, ticks}: Frame): string {
  const base = height - margins.bottom;
  const marked = ticks ?? ticksOf(range, width / 80, timeZone);
  const rules = marked.map(({time}) => `M${x(time).toFixed(1)},${base}v4`).join("");
  const labels = marked.flatMap(({time, label}) => {
    const at = Math.min(width - 14, x(time)).toFixed(1);
    return label.split("\n").map((text, line) => `<text x="${at}" y="${base + 15 + 14 * line}">${text}</text>`);
  });
  return `<path class="ticks" d="M${margins.left},${base}H${width - margins.right}${rules}"/>
    <g class="times" text-anchor="middle">${labels.join("")}</g>`;
}

/** The stretch that could not be fetched: it is not a gap in the record, and must not look like one. */
function lackOf({begin, end}: TimeRange, {range, innerHeight, x}: Frame): string {
  const [left, right] = [x(Math.max(begin, range.begin)), x(Math.min(end, range.end))];
  if (right <= left) return "";
  return `<rect class="lack" x="${left.toFixed(1)}" y="${margins.top}" width="${(right - left).toFixed(1)}" height="${innerHeight}"/>`;
}

function backdropOf({points, colour, opacity}: Backdrop, {x, y}: Frame): string {
  const there = points.map(({time, high}) => `${x(time).toFixed(1)},${y(high).toFixed(1)}`);
  const back = points.map(({time, low}) => `${x(time).toFixed(1)},${y(low).toFixed(1)}`).reverse();
  return `<path class="backdrop" style="fill:${colour};fill-opacity:${opacity}" d="M${[...there, ...back].join("L")}Z"/>`;
}

function bandOf(line: Line, {x, y}: Frame): string {
  const runs = runsOf(line.points, line.resolution.widthMs).filter((run) => run.length > 1);
  const parts = runs.map((run) => {
    const there = run.map(({time, max}) => `${x(time).toFixed(1)},${y(max).toFixed(1)}`);
    const back = run.map(({time, min}) => `${x(time).toFixed(1)},${y(min).toFixed(1)}`).reverse();
    return `M${[...there, ...back].join("L")}Z`;
  });
  return `<path class="band" style="fill:${line.colour}" d="${parts.join("")}"/>`;
}

/** A point with a gap on both sides has no length as a line, so it is a dot. */
function lineOf(line: Line, {x, y}: Frame): string {
  const runs = runsOf(line.points, line.resolution.widthMs);
  const at = ({time, avg}: Point) => `${x(time).toFixed(1)},${y(avg).toFixed(1)}`;
  const lines = runs.filter((run) => run.length > 1).map((run) => `M${run.map(at).join("L")}`);
  const dots = runs.filter((run) => run.length === 1).map(([point]) => `M${at(point!)}h0`);
  return `<path class="line" style="stroke:${line.colour}" stroke-dasharray="${line.dash}" d="${lines.join("")}"/>
    <path class="dots" style="stroke:${line.colour}" d="${dots.join("")}"/>`;
}

/** The chart in a sentence, and one per line, for those who cannot see it. */
export function describe({lines, range, parameter, unit, timeZone}: ChartOptions): string {
  const span = `from ${formatTime(range.begin, timeZone)} to ${formatTime(range.end, timeZone)}`;
  return [
    `${parameter} ${span}.`,
    ...lines.map((line) => `${line.label}: ${summary(line, formatUnit(unit, parameter))}.`)
  ].join(" ");
}

function summary({points}: Line, unit: string): string {
  if (points.length === 0) return "no readings";
  const low = points.reduce((least, {min}) => Math.min(least, min), Infinity);
  const high = points.reduce((greatest, {max}) => Math.max(greatest, max), -Infinity);
  const readings = points.reduce((sum, {count}) => sum + count, 0);
  const mean = points.reduce((sum, {avg, count}) => sum + avg * count, 0) / readings;
  return [
    `between ${formatReading(low)} and ${formatReading(high)} ${unit}`.trim(),
    `mean ${formatReading(mean)}`,
    `last ${formatReading(points.at(-1)!.avg)}`,
    `${readings.toLocaleString("en-US")} readings`
  ].join(", ");
}
