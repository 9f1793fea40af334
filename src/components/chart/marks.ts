import type {Flagged, Point} from "../data/point.js";
import {margins} from "./frame.js";
import {middleOf} from "../data/point.js";
import type {Backdrop, Frame, Line, Note, Threshold} from "./frame.js";
import {runsOf} from "../data/gaps.js";
import {columnsOf, lower, outline, upper} from "./outline.js";
import type {TimeRange} from "../time/range.js";

/** The marks of a chart as SVG text. */

/** The stretch that could not be fetched: it is not a gap in the record, and must not look like one. */
export function lackOf(lack: TimeRange, frame: Frame): string {
  return stretchOf("lack", lack, frame);
}

function stretchOf(name: string, {begin, end}: TimeRange, {range, innerHeight, x}: Frame): string {
  const [left, right] = [x(Math.max(begin, range.begin)), x(Math.min(end, range.end))];
  if (right <= left) return "";
  return `<rect class="${name}" x="${left.toFixed(1)}" y="${margins.top}" width="${(right - left).toFixed(1)}" height="${innerHeight}"/>`;
}

export function backdropOf({points, colour, opacity}: Backdrop, {x, y}: Frame): string {
  const there = points.map(({time, high}) => `${x(time).toFixed(1)},${y(high).toFixed(1)}`);
  const back = points.map(({time, low}) => `${x(time).toFixed(1)},${y(low).toFixed(1)}`).reverse();
  const middle = points.map((point) => `${x(point.time).toFixed(1)},${y(point.middle).toFixed(1)}`);
  return `<path class="backdrop" style="fill:${colour};fill-opacity:${opacity}" d="M${[...there, ...back].join("L")}Z"/>
    <path class="median" style="stroke:${colour}" d="M${middle.join("L")}"/>`;
}

/**
 * The paths of lines are told in tenths of a pixel, as whole numbers, which are quick to write and to read: they stand in
 * a group that is scaled, and their strokes are not (`svgOf`).
 */
function tenths(pixels: number): number {
  return Math.round(pixels * 10);
}

const still = `vector-effect="non-scaling-stroke"`;

/** The bands of a chart's lines, and before them the lines. */
export function linesOf(lines: readonly Line[], frame: Frame): string {
  const traced = lines.map((line) => ({
    line,
    runs: runsOf(line.points, line.resolution.widthMs).map((run) => traceOf(run, line, frame))
  }));
  const name = isCrowded(frame) ? "thin line" : "line";
  return [
    ...traced.map(({line, runs}) => bandOf(line, runs)),
    ...traced.map(({line, runs}) => lineOf(line, runs, name))
  ].join("");
}

const crowd = {line: 2, chart: 10}; // corners in a column of pixels, of one line and of all

/** Whether the lines of a chart are to be thin: so many are told apart better, and painted many times faster. */
function isCrowded({lines, innerWidth}: Frame): boolean {
  const corners = lines.map(({points}) => Math.min(points.length, 4 * innerWidth));
  const all = corners.reduce((sum, one) => sum + one, 0);
  return all > crowd.chart * innerWidth || corners.some((one) => one > crowd.line * innerWidth);
}

/** Where the points of a run are, in tenths of a pixel. */
interface Trace {
  readonly xs: Int32Array;
  readonly avg: Int32Array;
  readonly min: Int32Array;
  readonly max: Int32Array;
  readonly columns: readonly number[];
}

function traceOf(run: readonly Point[], {resolution}: Line, {x, y}: Frame): Trace {
  const [xs, avg, min, max] = [0, 1, 2, 3].map(() => new Int32Array(run.length)) as [Int32Array, ...Int32Array[]];
  for (let index = 0; index < run.length; index++) {
    const point = run[index]!;
    xs[index] = tenths(x(middleOf(point, resolution)));
    avg![index] = tenths(y(point.avg));
    min![index] = tenths(y(point.min));
    max![index] = tenths(y(point.max));
  }
  return {xs, avg: avg!, min: min!, max: max!, columns: columnsOf(xs)};
}

/** Where points crowd, as they are seen: in each column of pixels from the least to the greatest. */
function bandOf({resolution, colour, plain}: Line, runs: readonly Trace[]): string {
  if (resolution.raw || plain) return "";
  let path = "";
  for (const {xs, min, max, columns} of runs)
    if (xs.length > 1)
      path += `M${pathOf(upper(columns, max), xs, max)}L${pathOf(lower(columns, min).reverse(), xs, min)}Z`;
  return `<path class="band" style="fill:${colour}" d="${path}"/>`;
}

/** A point with a gap on both sides has no length as a line, so it is a dot. */
function lineOf({colour, dash}: Line, runs: readonly Trace[], name: string): string {
  let [lines, dots] = ["", ""];
  for (const {xs, avg, columns} of runs) {
    const path = `M${pathOf(outline(columns, avg), xs, avg)}`;
    if (xs.length > 1) lines += path;
    else dots += `${path}h0`;
  }
  return `<path class="${name}" ${still} style="stroke:${colour}" stroke-dasharray="${dash}" d="${lines}"/>
    <path class="dots" ${still} style="stroke:${colour}" d="${dots}"/>`;
}

function pathOf(indices: readonly number[], xs: Int32Array, ys: Int32Array): string {
  let path = "";
  for (let step = 0; step < indices.length; step++) {
    const index = indices[step]!;
    if (step > 0) path += "L";
    path += xs[index]! + "," + ys[index]!;
  }
  return path;
}

// ---- Coverage ----

/** A bin with fewer than this share of the readings that were due says so. */
const poor = 0.5;

/** Whether fewer than half of the readings that were due made a bin. */
export function isPoor({time, count}: Point, {resolution: {widthMs, raw}, due}: Pick<Line, "resolution" | "due">) {
  if (raw || !due) return false;
  const length = Math.min(time + widthMs, due.end + due.every) - Math.max(time, due.begin);
  return count < Math.floor((poor * length) / due.every);
}

const coverageHeight = 4;

/** A hatch on the time axis below bins that few readings made. */
export function coverageOf(line: Line, {x, height, innerWidth}: Frame): string {
  const {points, resolution} = line;
  const top = height - margins.bottom - coverageHeight / 2;
  const bins = points.filter((point) => isPoor(point, line));
  if (bins.length === 0) return "";
  const path = bins.map(({time}) => {
    const [left, right] = [x(time), x(time + resolution.widthMs)];
    return `M${left.toFixed(1)},${top}h${Math.min(innerWidth, Math.max(1, right - left)).toFixed(1)}`;
  });
  return `<path class="poor" style="stroke:${line.colour}" d="${path.join("")}"/>`;
}

// ---- Flags ----

/** Triangles at what is suspect, crosses at what failed: at the reading itself, or where the mean of its bin is. */
export function flagsOf({points, flagged = [], resolution, colour}: Line, frame: Frame): string {
  if (flagged.length === 0) return "";
  const means = new Map(points.map(({time, avg}) => [time, avg]));
  const at = (flag: Flagged) => {
    const value = flag.value ?? means.get(flag.time);
    return [frame.x(middleOf(flag, resolution)), placeOf(value, frame)] as const;
  };
  const shapes = flagged.map((flag) => (flag.fail > 0 ? cross : triangle)(...at(flag)));
  return `<path class="flags" style="stroke:${colour}" d="${shapes.join("")}"/>`;
}

/** At the edge of the frame where the value is beyond it, at the top where it is not known. */
function placeOf(value: number | undefined, {y, height}: Frame): number {
  const [top, bottom] = [margins.top + 5, height - margins.bottom - 5];
  return value === undefined ? top : Math.min(bottom, Math.max(top, y(value)));
}

function cross(x: number, y: number): string {
  return `M${(x - 3).toFixed(1)},${(y - 3).toFixed(1)}l6,6m0,-6l-6,6`;
}

function triangle(x: number, y: number): string {
  return `M${(x - 3.5).toFixed(1)},${(y + 2.5).toFixed(1)}h7l-3.5,-6z`;
}

// ---- Thresholds and annotations ----

/** A rule at a value that matters, with its name, where the frame shows it. */
export function thresholdOf({value, label, kind, side}: Threshold, {scale, width, y}: Frame): string {
  if (value <= scale.low || value >= scale.high) return "";
  const at = y(value);
  const text = at + (side === "above" ? -5 : 12); // on the side that the words are about
  return `<g class="threshold ${kind}"><path d="M${margins.left},${at.toFixed(1)}H${width - margins.right}"/>
    <text x="${width - margins.right - 4}" y="${text.toFixed(1)}" text-anchor="end">${escaped(label)}</text></g>`;
}

/** A stretch that something is known of, with the number of its words. */
export function noteOf({begin, end, number}: Note, frame: Frame): string {
  const {range, x, width, height} = frame;
  const [first, last] = [Math.max(begin, range.begin), Math.min(end ?? range.end, range.end)];
  if (first > range.end || last < range.begin) return "";
  const at = Math.min(width - margins.right - 7, Math.max(margins.left + 7, x(first)));
  return `<g class="note">${stretchOf("stretch", {begin: first, end: last}, frame)}
    <path d="M${x(first).toFixed(1)},${margins.top}V${height - margins.bottom}"/>
    <circle cx="${at.toFixed(1)}" cy="8" r="7"/><text x="${at.toFixed(1)}" y="11.5" text-anchor="middle">${number}</text></g>`;
}

/** What a resource says, as text within markup or in a quoted attribute. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
