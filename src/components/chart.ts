import * as Plot from "npm:@observablehq/plot";
import type {ResolutionEntry} from "../../loaders/types.js";
import type {Point} from "./dataset.js";
import {formatReading, formatTime, formatUnit} from "./format.js";
import {lonely, withBreaks} from "./gaps.js";
import type {TimeRange} from "./range.js";
import {ticksOf} from "./ticks.js";

/** One line of a chart: the bins of one column at one resolution, in order of time. */
export interface Line {
  readonly label: string;
  readonly colour: string; // CSS
  readonly dash: string; // stroke-dasharray
  readonly resolution: ResolutionEntry;
  readonly column: string;
  readonly points: readonly Point[];
}

export interface ChartOptions {
  readonly lines: readonly Line[];
  readonly range: TimeRange;
  readonly width: number; // CSS pixels
  readonly parameter: string; // for the reader, e.g. "Dissolved oxygen"
  readonly unit: string;
  readonly timeZone: string; // IANA name
}

/** What a chart shows, for those who read it without eyes: tests, and programs on the page. */
export interface ChartValue {
  readonly lines: readonly Line[];
  readonly range: TimeRange;
}

/** A chart's element: its `plotted` is what it shows (Plot keeps `value` for what is pointed at), `invert` turns a pixel of its width into a time. */
export type ChartElement = Element & {plotted: ChartValue; invert(x: number): number};

/** The mean as a line within the band from least to greatest, broken where readings are missing. */
export function chart(options: ChartOptions): ChartElement {
  const {lines, range, width, unit, parameter, timeZone} = options;
  const height = Math.round(Math.min(260, Math.max(170, width * 0.32)));
  const ticks = ticksOf(range, width / 80, timeZone);
  const labels = new Map(ticks.map(({time, label}) => [time, label]));
  const bins = allBins(lines);
  const plot = Plot.plot({
    width,
    height,
    marginLeft: 44,
    marginRight: 10,
    marginTop: 12,
    marginBottom: 34,
    style: {fontSize: "11px", overflow: "visible"},
    ariaLabel: `${parameter} over time`,
    ariaDescription: describe(options),
    x: {type: "utc", domain: [new Date(range.begin), new Date(range.end)], label: null},
    y: {label: null, nice: true, grid: true, zero: false, ticks: 5, tickSize: 0},
    marks: [
      Plot.axisX(
        ticks.map(({time}) => new Date(time)),
        {
          tickFormat: (time: Date) => labels.get(time.getTime()) ?? "",
          tickSize: 4,
          lineHeight: 1.25
        }
      ),
      ...lines.flatMap((line) => marksOf(line, options)),
      Plot.ruleX(bins, Plot.pointerX({x: "time", stroke: "var(--theme-foreground-muted)"})),
      Plot.tip(bins, {
        ...Plot.pointerX({x: "time", y: "avg", title: (bin: Bin) => bin}),
        stroke: "var(--theme-foreground-faint)",
        format: {title: (bin: Bin) => tipText(bin, formatUnit(unit, parameter), timeZone)} // only for the bin pointed at
      })
    ]
  });
  const scale = plot.scale("x") as {invert(x: number): Date};
  return Object.assign(plot, {plotted: {lines, range}, invert: (x: number) => scale.invert(x).getTime()});
}

function marksOf(line: Line, {range}: ChartOptions): Plot.Markish[] {
  const {widthMs} = line.resolution;
  const rows = withBreaks(line.points, widthMs);
  const clip = "frame" as const;
  const visible = line.points.filter(({time}) => time >= range.begin && time <= range.end);
  return [
    Plot.areaY(rows, {x: "time", y1: "min", y2: "max", fill: line.colour, fillOpacity: 0.18, clip, className: "band"}),
    Plot.lineY(rows, {x: "time", y: "avg", stroke: line.colour, strokeWidth: 1.5, strokeDasharray: line.dash, clip}),
    Plot.dot(lonely(visible, widthMs), {x: "time", y: "avg", r: 1.6, fill: line.colour, clip})
  ];
}

interface Bin extends Point {
  readonly line: Line;
}

function allBins(lines: readonly Line[]): Bin[] {
  return lines.flatMap((line) => line.points.map((point) => ({...point, line})));
}

function tipText({line, time, avg, min, max, count}: Bin, unit: string, timeZone: string): string {
  const spread = min === max ? "" : `\n${formatReading(min)} to ${formatReading(max)} ${unit} in ${count} readings`;
  return `${line.label}\n${formatTime(time, timeZone)}\n${formatReading(avg)} ${unit}${spread}`;
}

/** The chart in a sentence per line, for those who cannot see it. */
function describe({lines, range, parameter, unit, timeZone}: ChartOptions): string {
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
  return `between ${formatReading(low)} and ${formatReading(high)} ${unit}, last ${formatReading(points.at(-1)!.avg)}`;
}
