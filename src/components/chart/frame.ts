import type {ResolutionEntry, ThresholdEntry} from "../../../loaders/types.js";
import type {Failure} from "../data/dataset.js";
import type {Flagged, Point} from "../data/point.js";
import type {TimeRange} from "../time/range.js";
import {scaleOf, scaleWithin} from "./scale.js";
import type {Scale} from "./scale.js";
import type {Tick} from "../time/ticks.js";

/** What a chart is drawn from, and where its scales put it. */

/** One line of a chart: the bins (or readings) of one column at one resolution, in order of time. */
export interface Line {
  readonly key: string; // of the series on every page: "<dataset>/<column>"
  readonly label: string;
  readonly colour: string; // CSS
  readonly dash: string; // stroke-dasharray
  readonly resolution: ResolutionEntry;
  readonly column: string;
  readonly header?: string; // of its columns in files; the column's name unless given
  readonly points: readonly Point[];
  readonly flagged?: readonly Flagged[];
  readonly tested?: boolean; // its readings are flagged
  readonly plain?: boolean; // without the band from least to greatest
  readonly origin?: Line; // as the record has it, where it is laid on the axis of a year
  readonly due?: Due; // none: coverage is not told
}

/** When readings are due: every so many milliseconds while the record lasts. */
export interface Due extends TimeRange {
  readonly every: number;
}

/** Values between two others at each instant, behind the lines, e.g. what is usual for the season. */
export interface Backdrop {
  readonly points: readonly {
    readonly time: number;
    readonly low: number;
    readonly middle: number;
    readonly high: number;
  }[];
  readonly colour: string; // CSS
  readonly opacity: number;
}

/** A value that matters, in the unit of the chart. */
export type Threshold = Pick<ThresholdEntry, "value" | "label" | "kind" | "side">;

/** What people said of a stretch of time; its number stands in the chart and beside its words. */
export interface Note {
  readonly begin: number; // ms since 1970
  readonly end?: number; // none: it still holds
  readonly number: number;
}

export interface ChartOptions {
  readonly lines: readonly Line[];
  readonly backdrops?: readonly Backdrop[];
  readonly failures: readonly Failure[];
  readonly thresholds?: readonly Threshold[];
  readonly notes?: readonly Note[];
  readonly flags?: boolean; // whether flagged readings are marked
  readonly range: TimeRange;
  readonly values?: readonly [low: number, high: number]; // what the value axis shows; as the lines need unless given
  readonly width: number; // CSS pixels
  readonly height: number; // CSS pixels
  readonly parameter: string; // for the reader, e.g. "Dissolved oxygen"
  readonly unit: string;
  readonly timeZone: string; // IANA name
  readonly ticks?: readonly Tick[]; // of the time axis; those of the range unless given
  readonly tell?: (time: number) => string; // a time in words; date, time and zone unless given
}

/** Where the frame of the readings is, in CSS pixels from the chart's sides. */
export const margins = {left: 44, right: 10, top: 14, bottom: 34} as const;

/** A chart with its scales: what the marks are drawn with. */
export interface Frame extends ChartOptions {
  readonly scale: Scale;
  readonly clip: string; // the name of its clipping path, of which a page has but one
  readonly innerWidth: number;
  readonly innerHeight: number;
  readonly x: (time: number) => number;
  readonly y: (value: number) => number;
}

let count = 0;

/** The scales of a chart. */
export function frameOf(options: ChartOptions): Frame {
  const {range, width, height, values} = options;
  const scale = values ? scaleWithin(...values, 5) : scaleOf(...extentOf(options), 5);
  const [innerWidth, innerHeight] = [width - margins.left - margins.right, height - margins.top - margins.bottom];
  return {
    ...options,
    scale,
    clip: `frame-${++count}`,
    innerWidth,
    innerHeight,
    x: across(range, innerWidth),
    y: (value) => margins.top + ((scale.high - value) / (scale.high - scale.low)) * innerHeight
  };
}

/** Where a time is across a frame of a width, in CSS pixels from the chart's side. */
export function across({begin, end}: TimeRange, innerWidth: number): (time: number) => number {
  const perTime = innerWidth / (end - begin);
  return (time) => margins.left + (time - begin) * perTime;
}

function extentOf({lines, backdrops = []}: ChartOptions): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  const widen = (least: number, greatest: number) => {
    if (least < low) low = least;
    if (greatest > high) high = greatest;
  };
  for (const {points, plain} of lines)
    for (const {avg, min, max} of points) widen(plain ? avg : min, plain ? avg : max);
  for (const {points} of backdrops) for (const point of points) widen(point.low, point.high);
  return low > high ? [0, 1] : [low, high];
}
