import {timeAxis, valueAxis} from "./axes.js";
import {frameOf, margins} from "./frame.js";
import type {Backdrop, ChartOptions, Frame, Line} from "./frame.js";
import {firstFrom} from "./gaps.js";
import {backdropOf, coverageOf, flagsOf, lackOf, linesOf, noteOf, thresholdOf} from "./marks.js";
import type {TimeRange} from "./range.js";
import {describe} from "./summary.js";

export type {Backdrop, ChartOptions, Line} from "./frame.js";

/** What a chart shows, for those who read it without eyes: tests, and programs on the page. */
export interface ChartValue {
  readonly lines: readonly Line[];
  readonly backdrops: readonly Backdrop[];
  readonly range: TimeRange;
  readonly values: readonly [low: number, high: number]; // of the value axis
  readonly digits: number; // after the point, that tell its values apart
}

/**
 * A chart's element: its `plotted` is what it shows, `invert` turns a pixel of its width into a time and `valueAt` one of
 * its height into a value, `toX` and `toY` turn a time and a value into pixels.
 */
export type ChartElement = SVGSVGElement & {
  plotted: ChartValue;
  invert(x: number): number;
  valueAt(y: number): number;
  toX(time: number): number;
  toY(value: number): number;
};

/**
 * The mean as a line within the band from least to greatest, broken where readings are missing. Drawn as text by
 * ourselves: it is redrawn at each frame of a gesture, and a library of marks would be most of the page's bytes.
 */
export function chart(options: ChartOptions): ChartElement {
  const frame = frameOf(options);
  const template = document.createElement("template");
  template.innerHTML = svgOf(frame);
  const element = template.content.firstElementChild as SVGSVGElement;
  element.setAttribute("aria-label", describe(options));
  return scaled(element, frame, frame);
}

const frames = new WeakMap<Element, Frame>(); // what the lines of a chart are drawn to

/**
 * Shows a chart to another scale, in place: its lines are stretched, which costs no more for many readings than for few,
 * and all else is drawn anew. False, and nothing done, where the lines that are drawn do not show all that is wanted.
 */
export function rescale(element: ChartElement, options: ChartOptions): boolean {
  const drawn = frames.get(element)!;
  const frame = {...frameOf(options), clip: drawn.clip};
  if (!covers(drawn, frame)) return false;
  for (const [name, text] of Object.entries(partsOf(frame))) element.querySelector(`.${name}`)!.innerHTML = text;
  element.querySelector(".lines")!.setAttribute("transform", stretch(drawn, frame));
  scaled(element, frame, drawn);
  return true;
}

function scaled(element: SVGSVGElement, frame: Frame, drawn: Frame) {
  const {lines, backdrops = [], range, scale, innerWidth, innerHeight, x, y} = frame;
  frames.set(element, drawn);
  return Object.assign(element, {
    plotted: {
      lines,
      backdrops,
      range,
      values: [scale.low, scale.high] as const,
      digits: scale.digits
    },
    invert: (at: number) => range.begin + ((at - margins.left) / innerWidth) * (range.end - range.begin),
    valueAt: (at: number) => scale.high - ((at - margins.top) / innerHeight) * (scale.high - scale.low),
    toX: x,
    toY: y
  });
}

const furthest = 4; // times: a tenth of a pixel is still less than half of one

/** Whether lines that are drawn to one frame show just what another would, stretched. */
function covers(drawn: Frame, frame: Frame): boolean {
  if (drawn.width !== frame.width || drawn.height !== frame.height) return false;
  const [across, up] = factorsOf(drawn, frame);
  if (![across, up].every((factor) => factor < furthest && factor > 1 / furthest)) return false;
  const lines = drawn.drawn ?? drawn.lines;
  return lines.length === frame.lines.length && frame.lines.every((line, index) => holds(lines[index]!, line));
}

/** Whether a line has the points of another, and none between them. */
function holds(drawn: Line, {key, resolution, points}: Line): boolean {
  if (drawn.key !== key || drawn.resolution !== resolution) return false;
  if (points.length === 0) return true;
  const [first, end] = [firstFrom(drawn.points, points[0]!.time), firstFrom(drawn.points, points.at(-1)!.time + 1)];
  return end - first === points.length;
}

/** How many times as long as before a stretch of time and one of values are. */
function factorsOf(from: Frame, to: Frame): readonly [across: number, up: number] {
  const [length, height] = [({range}: Frame) => range.end - range.begin, ({scale}: Frame) => scale.high - scale.low];
  return [length(from) / length(to), height(from) / height(to)];
}

/** The transformation of what is drawn to one frame, in tenths of a pixel, to another. */
function stretch(from: Frame, to: Frame): string {
  const [across, up] = factorsOf(from, to);
  const [left, top] = [to.x(from.range.begin) - across * margins.left, to.y(from.scale.high) - up * margins.top];
  return `matrix(${[across / 10, 0, 0, up / 10, left, top].join(" ")})`;
}

/** The chart as SVG text. */
export function svgOf(frame: Frame): string {
  const {width, height, clip, innerWidth, innerHeight, lines, drawn = lines} = frame;
  const {axes, behind, marked, said} = partsOf(frame);
  const box = `x="${margins.left}" y="${margins.top}" width="${innerWidth}" height="${innerHeight}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
    <clipPath id="${clip}"><rect ${box}/></clipPath>
    <g class="axes">${axes}</g>
    <g clip-path="url(#${clip})"><g class="behind">${behind}</g><g class="lines" transform="scale(.1)">${linesOf(drawn, frame)}</g><g class="marked">${marked}</g></g>
    <g class="said">${said}</g></svg>`;
}

/** All of a chart but its lines, by the groups that it stands in. */
function partsOf(frame: Frame) {
  const {lines, failures, backdrops = [], thresholds = [], notes = [], flags = true} = frame;
  return {
    axes: `${valueAxis(frame)}${timeAxis(frame)}`,
    behind: `${each(failures, frame, lackOf)}${each(backdrops, frame, backdropOf)}`,
    marked: `${each(lines, frame, coverageOf)}${flags ? each(lines, frame, flagsOf) : ""}`,
    said: `${each(thresholds, frame, thresholdOf)}${each(notes, frame, noteOf)}`
  };
}

function each<T>(all: readonly T[], frame: Frame, mark: (one: T, frame: Frame) => string): string {
  return all.map((one) => mark(one, frame)).join("");
}
