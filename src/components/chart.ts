import {timeAxis, valueAxis} from "./axes.js";
import {frameOf, margins} from "./frame.js";
import type {Backdrop, ChartOptions, Frame, Line} from "./frame.js";
import {backdropOf, bandOf, coverageOf, flagsOf, lackOf, lineOf, noteOf, thresholdOf} from "./marks.js";
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
  const {lines, range, scale, innerWidth, innerHeight, x, y} = frame;
  const template = document.createElement("template");
  template.innerHTML = svgOf(frame);
  const element = template.content.firstElementChild as SVGSVGElement;
  element.setAttribute("aria-label", describe(options));
  return Object.assign(element, {
    plotted: {
      lines,
      backdrops: options.backdrops ?? [],
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

/** The chart as SVG text. */
export function svgOf(frame: Frame): string {
  const {width, height, clip, innerWidth, innerHeight, lines, failures} = frame;
  const {backdrops = [], thresholds = [], notes = [], flags = true} = frame;
  const box = `x="${margins.left}" y="${margins.top}" width="${innerWidth}" height="${innerHeight}"`;
  const each = <T>(all: readonly T[], mark: (one: T, frame: Frame) => string) =>
    all.map((one) => mark(one, frame)).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
    <clipPath id="${clip}"><rect ${box}/></clipPath>
    ${valueAxis(frame)}${timeAxis(frame)}
    <g clip-path="url(#${clip})">${each(failures, lackOf)}${each(backdrops, backdropOf)}${each(lines, bandOf)}${each(
      lines,
      lineOf
    )}${each(lines, coverageOf)}${flags ? each(lines, flagsOf) : ""}</g>
    ${each(thresholds, thresholdOf)}${each(notes, noteOf)}</svg>`;
}
