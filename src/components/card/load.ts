import type {DatasetEntry, OverlayEntry, ResolutionEntry} from "../../../loaders/types.js";
import type {Source} from "./source.js";
import {catalogue} from "../catalogue.js";
import {knownPoints, prefetch, readPoints, readyPoints, recordOf} from "../data/dataset.js";
import type {Failure, Reading} from "../data/dataset.js";
import type {Flagged, Point} from "../data/point.js";
import type {Line} from "../chart/frame.js";
import type {TimeRange} from "../time/range.js";
import {pickResolution} from "../data/resolution.js";
import type {Season} from "../chart/season.js";
import {breathe} from "../data/turn.js";
import type {Choice} from "./units.js";
import type {View} from "../chart/view.js";

/** What a card could get of what it wants to show. */
export interface Loaded {
  readonly lines: readonly Line[];
  readonly failures: readonly Failure[];
}

/** What a card wants to show. */
export interface Wanted {
  readonly sources: readonly Source[];
  readonly choice: Choice; // of units
  readonly view: View;
  readonly width: number; // CSS pixels
}

/** The lines that a card wants, of files that have arrived; read one after another, in short tasks. */
export async function load(wanted: Wanted): Promise<Loaded> {
  const {sources, choice, view} = wanted;
  const {range} = view; // which may move on meanwhile
  const [lines, failures]: [Line[], Failure[]] = [[], []];
  for (const source of sources) {
    const resolution = resolutionFor(source, wanted);
    const loaded = await loadLine(source, resolution, {range: ownRange(source, range), choice});
    lines.push(loaded.line);
    failures.push(...loaded.failures);
  }
  return {lines, failures};
}

/** The daily means of the whole record of a series, or what is finer and nearest to them. */
export async function loadDays(source: Source, choice: Choice) {
  const resolution = dailyOf(source.dataset);
  const range = recordOf(source.dataset) ?? {begin: 0, end: 0};
  const {line, failures} = await loadLine({...source, season: undefined}, resolution, {range, choice});
  return {points: line.points, width: resolution, failures};
}

async function loadLine(
  source: Source,
  resolution: ResolutionEntry,
  {range, choice}: {range: TimeRange; choice: Choice}
): Promise<{line: Line; failures: readonly Failure[]}> {
  const readings: Reading[] = [];
  for (const column of columnsOf(source, choice)) {
    await breathe();
    readings.push(await readPoints(partOf(source, resolution, column), range));
  }
  const failures = readings.flatMap((one) => one.failures.map((failure) => placed(source, failure)));
  return {line: lineOf(source, resolution, {readings, choice}), failures};
}

/** Resolves when the files of what a card wants are here or cannot be had; nothing is decoded. */
export async function arrive(wanted: Wanted): Promise<void> {
  const {sources, view} = wanted;
  await Promise.all(sources.map((source) => readyPoints(resolutionFor(source, wanted), ownRange(source, view.range))));
}

/** What is in memory of what a card wants: where that is not all, at the resolution that it showed last. */
export function known(wanted: Wanted, shown: readonly Line[]): Loaded & {whole: boolean} {
  const {sources, choice, view} = wanted;
  const {range} = view;
  const found = sources.map((source) => {
    const ideal = knownLine(source, resolutionFor(source, wanted), {choice, range});
    const last = source.season ? undefined : shown.find(({key}) => key === source.key)?.resolution;
    return {
      line: ideal.whole || !last ? ideal.line : knownLine(source, last, {choice, range}).line,
      whole: ideal.whole
    };
  });
  return {lines: found.map(({line}) => line), failures: [], whole: found.every(({whole}) => whole)};
}

/** What is in memory of lines that are shown, in any range. */
export function knownIn({sources, choice}: Wanted, shown: readonly Line[], range: TimeRange): readonly Line[] {
  return sources.map((source, index) => knownLine(source, shown[index]!.resolution, {choice, range}).line);
}

function knownLine(
  source: Source,
  resolution: ResolutionEntry,
  {choice, range}: Pick<Wanted, "choice"> & {range: TimeRange}
) {
  const columns = columnsOf(source, choice);
  const readings = columns.map((column) => knownPoints(partOf(source, resolution, column), ownRange(source, range)));
  return {line: lineOf(source, resolution, {readings, choice}), whole: readings.every(({whole}) => whole)};
}

/** Fetches what lies beside what a card shows. */
export function anticipate(wanted: Wanted): void {
  const {begin, end} = wanted.view.range;
  const around = {begin: begin - (end - begin), end: end + (end - begin)};
  const timed = wanted.sources.filter(({season}) => !season); // of a year all is here
  const resolutions = timed.map((source) => resolutionFor(source, wanted));
  for (const resolution of new Set(resolutions)) prefetch(resolution, around);
}

/**
 * What the reader insists on, where the dataset has it, else what fits the pixels; of a year, days. Lines of one parameter of several
 * datasets come from the shards that these share, unless they take other parameters to be told in the chosen unit.
 */
function resolutionFor(source: Source, {sources, choice, view, width}: Wanted): ResolutionEntry {
  const {dataset, season} = source;
  if (season) return dailyOf(dataset);
  const {begin, end} = view.range;
  const insisted = dataset.resolutions.find(({name}) => name === view.resolution);
  const own = insisted ?? pickResolution(dataset.resolutions, end - begin, width);
  const overlay = choice.beside(source).length > 0 ? undefined : overlayOf(source);
  const isAlone = sources.every((one) => one.dataset === dataset || overlayOf(one) !== overlay);
  return (isAlone ? undefined : overlay?.resolutions.find(({name}) => name === own.name)) ?? own;
}

function overlayOf({dataset: {name}, column}: Source): OverlayEntry | undefined {
  const {overlays = [], parameters} = catalogue;
  const parameter = parameters.find((one) => one.name === column.parameter && one.unit === column.unit);
  return overlays.find((overlay) => overlay.parameter === parameter?.slug && overlay.datasets.includes(name));
}

const day = 86_400_000;

/** Daily means, or bins from which days can be made; what there is where all are longer. */
function dailyOf({resolutions}: DatasetEntry): ResolutionEntry {
  const bins = resolutions.filter(({raw}) => !raw);
  return bins.findLast(({widthMs}) => widthMs <= day) ?? bins[0] ?? resolutions[0]!;
}

/** The instants of a series' own that a range of the chart's axis stands for. */
function ownRange({season}: Source, range: TimeRange): TimeRange {
  return season ? season.own(range) : range;
}

function placed<T extends TimeRange>({season}: Source, span: T): T {
  return season ? {...span, begin: season.place(span.begin), end: season.place(span.end)} : span;
}

function columnsOf(source: Source, choice: Choice): readonly string[] {
  return [source.column.name, ...choice.beside(source)];
}

/** Where a column of a source's dataset stands. */
function partOf({dataset, column: own}: Source, resolution: ResolutionEntry, column: string) {
  const isOwn = dataset.resolutions.includes(resolution);
  return {resolution, column: isOwn ? column : `${dataset.name}/${column}`, drops: own.quality?.suspect === "drop"};
}

/** The readings of a series, and those beside it, as a line in the chosen unit. */
function lineOf(
  {dataset, column, season, ...source}: Source,
  resolution: ResolutionEntry,
  {readings: [own, ...beside], choice}: {readings: readonly Reading[]; choice: Choice}
): Line {
  const record = recordOf(dataset);
  const line = {
    ...source,
    column: column.name,
    header: headerOf(column, choice.unit),
    resolution,
    tested: column.quality !== undefined,
    ...(choice.unit === column.unit ? own! : toldReading(own!, teller(beside, choice))),
    ...(record ? {due: {...record, every: dataset.intervalMs}} : {})
  };
  if (!season) return line;
  const origin = {...line, key: `${dataset.name}/${column.name}`, label: `${dataset.label}, ${column.scope}`};
  return laidOf(origin, source, season);
}

/** A line on the axis of a year, which remembers what it is made of. */
function laidOf(origin: Line, {key, label}: Pick<Line, "key" | "label">, season: Season): Line {
  const {raw: _, ...resolution} = origin.resolution;
  const {begin, end, every} = origin.due ?? {begin: 0, end: 0, every: day};
  return {
    ...origin,
    key,
    label,
    origin,
    resolution: {...resolution, name: "1d", widthMs: day},
    ...season.lay({points: origin.points, flagged: origin.flagged ?? []}, origin.resolution),
    due: {begin: season.place(begin), end: season.place(end), every}
  };
}

function toldReading({points, flagged}: Reading, tell: Teller): Pick<Line, "points" | "flagged"> {
  return {
    points: points.flatMap((point) => tellPoint(point, tell)),
    flagged: flagged.flatMap((flag) => tellFlag(flag, tell))
  };
}

/** What makes a value at a time one in another unit; undefined where what it depends on is not known. */
type Teller = (value: number, time: number) => number | undefined;

function teller(beside: readonly Reading[], choice: Choice): Teller {
  if (beside.length === 0) return (value) => choice.tell(value, []);
  const means = beside.map(({points}) => new Map(points.map(({time, avg}) => [time, avg])));
  return (value, time) => {
    const values = means.map((mean) => mean.get(time));
    return values.every((one) => one !== undefined) ? choice.tell(value, values) : undefined;
  };
}

function tellPoint({time, count, ...values}: Point, tell: Teller): Point[] {
  const [avg, min, max] = [tell(values.avg, time), tell(values.min, time), tell(values.max, time)];
  return avg === undefined || min === undefined || max === undefined ? [] : [{time, avg, min, max, count}];
}

function tellFlag({value, ...flag}: Flagged, tell: Teller): Flagged[] {
  if (value === undefined) return [flag];
  const told = tell(value, flag.time);
  return told === undefined ? [] : [{...flag, value: told}];
}

/** "Surface.Temperature.C" seen in °F is "Surface.Temperature.F". */
function headerOf({name, unit}: Source["column"], shown: string): string {
  if (shown === unit) return name;
  return name.endsWith(`.${unit}`) ? `${name.slice(0, -unit.length)}${shown}` : `${name}.${shown}`;
}
