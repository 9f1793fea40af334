import {timeAxis, valueAxis} from "./axes.js";
import {frameOf, margins} from "./frame.js";
import type {Backdrop, ChartOptions, Frame, Line} from "./frame.js";
import {backdropOf, coverageOf, flagsOf, lackOf, linesOf, noteOf, thresholdOf} from "./marks.js";
import type {TimeRange} from "../time/range.js";
import {Strip} from "./strip.js";
import type {Known, Stretch} from "./strip.js";
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
  const texts = partsOf(frame);
  template.innerHTML = svgOf(frame, texts);
  const element = template.content.firstElementChild as SVGSVGElement;
  element.setAttribute("aria-label", describe(options));
  const groups = [...Object.keys(texts), "lines"].map((name) => [name, element.querySelector(`.${name}`)!] as const);
  made.set(element, {frame, texts, groups: Object.fromEntries(groups) as Made["groups"]});
  return scaled(element, frame);
}

/** What stands in a chart's groups but the lines, as SVG text. */
type Texts = Record<"axes" | "behind" | "marked" | "said", string>;

/** What a chart is made of, for it to be moved. */
interface Made {
  readonly frame: Frame; // what its lines are drawn to
  texts: Texts;
  readonly groups: Readonly<Record<keyof Texts | "lines", Element>>;
  strip?: Strip;
}

const made = new WeakMap<Element, Made>();

/**
 * Shows a chart to another scale, in place: its lines are moved as they are drawn, those beside them come from what is
 * known, and all else is drawn anew. False, and nothing done, where that does not show just what is wanted.
 */
export function glide(element: ChartElement, options: ChartOptions, known: Known): boolean {
  const its = made.get(element)!;
  const frame = {...frameOf(options), clip: its.frame.clip};
  if (!suits(its.frame, frame)) return false;
  its.strip ??= stripOf(element, its);
  its.strip.show(frame.range, stretch(its.frame, frame), known);
  const texts = partsOf(frame);
  for (const name of Object.keys(texts) as (keyof Texts)[])
    if (texts[name] !== its.texts[name]) its.groups[name].innerHTML = texts[name];
  its.texts = texts;
  scaled(element, frame);
  return true;
}

/** Lets a chart that is moved show what is known by now. */
export function renew(element: ChartElement): void {
  made.get(element)!.strip?.renew();
}

function stripOf(element: ChartElement, {frame, groups}: Made): Strip {
  const clipped = groups.marked.parentElement!.cloneNode() as Element;
  clipped.append(groups.marked);
  groups.lines.replaceChildren();
  return new Strip(element, frame, [clipped, groups.said]);
}

function scaled(element: SVGSVGElement, frame: Frame): ChartElement {
  const {lines, backdrops = [], range, scale, innerWidth, innerHeight, x, y} = frame;
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

const furthest = 2; // times: what is painted once and stretched further is no longer sharp

/** Whether lines that are drawn to one frame can be moved to another. */
function suits(drawn: Frame, frame: Frame): boolean {
  if (drawn.width !== frame.width || drawn.height !== frame.height || drawn.unit !== frame.unit) return false;
  if (!factorsOf(drawn, frame).every((factor) => factor < furthest && factor > 1 / furthest)) return false;
  const same = ({key, resolution}: Line, index: number) =>
    drawn.lines[index]!.key === key && drawn.lines[index]!.resolution === resolution;
  return drawn.lines.length === frame.lines.length && frame.lines.every(same);
}

/** How many times as long as before a stretch of time and one of values are. */
function factorsOf(from: Frame, to: Frame): readonly [across: number, up: number] {
  const [length, height] = [({range}: Frame) => range.end - range.begin, ({scale}: Frame) => scale.high - scale.low];
  return [length(from) / length(to), height(from) / height(to)];
}

function stretch(from: Frame, to: Frame): Stretch {
  const [across, up] = factorsOf(from, to);
  const [left, top] = [to.x(from.range.begin) - margins.left, to.y(from.scale.high) - margins.top];
  return {across, up, left, top};
}

/** The chart as SVG text. */
export function svgOf(frame: Frame, texts: Texts = partsOf(frame)): string {
  const {width, height, clip, innerWidth, innerHeight, lines} = frame;
  const {axes, behind, marked, said} = texts;
  const box = `x="${margins.left}" y="${margins.top}" width="${innerWidth}" height="${innerHeight}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
    <clipPath id="${clip}"><rect ${box}/></clipPath>
    <g class="axes">${axes}</g>
    <g clip-path="url(#${clip})"><g class="behind">${behind}</g><g class="lines" transform="scale(.1)">${linesOf(lines, frame)}</g><g class="marked">${marked}</g></g>
    <g class="said">${said}</g></svg>`;
}

/** All of a chart but its lines, by the groups that it stands in. */
function partsOf(frame: Frame): Texts {
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
