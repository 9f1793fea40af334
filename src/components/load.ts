import type {DatasetEntry, ResolutionEntry} from "../../loaders/types.js";
import type {Source} from "./card.js";
import {knownPoints, prefetch, readPoints, readyPoints, recordOf} from "./dataset.js";
import type {Failure, Flagged, Point, Reading} from "./dataset.js";
import type {Line} from "./frame.js";
import type {TimeRange} from "./range.js";
import {pickResolution} from "./resolution.js";
import type {Season} from "./season.js";
import type {Choice} from "./units.js";
import type {View} from "./view.js";

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

/** The lines that a card wants, fetched where they are not here yet. */
export async function load({sources, choice, view, width}: Wanted): Promise<Loaded> {
  const found = await Promise.all(
    sources.map((source) =>
      loadLine(source, resolutionFor(source, view, width), {range: ownRange(source, view.range), choice})
    )
  );
  return {lines: found.map(({line}) => line), failures: found.flatMap(({failures}) => failures)};
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
  const wanted = columnsOf(source, choice).map((column) => ({...partOf(source, resolution), column}));
  const readings = await Promise.all(wanted.map((one) => readPoints(one, range)));
  const failures = readings.flatMap((one) => one.failures.map((failure) => placed(source, failure)));
  return {line: lineOf(source, resolution, {readings, choice}), failures};
}

/** Resolves when the files of what a card wants are here or cannot be had; nothing is decoded. */
export async function arrive({sources, view, width}: Wanted): Promise<void> {
  await Promise.all(
    sources.map((source) => readyPoints(resolutionFor(source, view, width), ownRange(source, view.range)))
  );
}

/** What is in memory of what a card wants: where that is not all, at the resolution that it showed last. */
export function known({sources, choice, view, width}: Wanted, shown: readonly Line[]): Loaded & {whole: boolean} {
  const found = sources.map((source) => {
    const ideal = knownLine(source, resolutionFor(source, view, width), {choice, view});
    const last = source.season ? undefined : shown.find(({key}) => key === source.key)?.resolution;
    return {line: ideal.whole || !last ? ideal.line : knownLine(source, last, {choice, view}).line, whole: ideal.whole};
  });
  return {lines: found.map(({line}) => line), failures: [], whole: found.every(({whole}) => whole)};
}

function knownLine(source: Source, resolution: ResolutionEntry, {choice, view}: Pick<Wanted, "choice" | "view">) {
  const wanted = columnsOf(source, choice).map((column) => ({...partOf(source, resolution), column}));
  const readings = wanted.map((one) => knownPoints(one, ownRange(source, view.range)));
  return {line: lineOf(source, resolution, {readings, choice}), whole: readings.every(({whole}) => whole)};
}

/** Fetches what lies beside what a card shows. */
export function anticipate({sources, view, width}: Wanted): void {
  const {begin, end} = view.range;
  const around = {begin: begin - (end - begin), end: end + (end - begin)};
  const timed = sources.filter(({season}) => !season); // of a year all is here
  const resolutions = timed.map((source) => resolutionFor(source, view, width));
  for (const resolution of new Set(resolutions)) prefetch(resolution, around);
}

/** What the reader insists on, where the dataset has it, else what fits the pixels; of a year, days. */
function resolutionFor({dataset, season}: Source, {range, resolution: wanted}: View, width: number): ResolutionEntry {
  const {resolutions} = dataset;
  if (season) return dailyOf(dataset);
  const insisted = resolutions.find(({name}) => name === wanted);
  return insisted ?? pickResolution(resolutions, range.end - range.begin, width);
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

function partOf({column}: Source, resolution: ResolutionEntry) {
  return {resolution, drops: column.quality?.suspect === "drop"};
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
