import type {DatasetEntry, ResolutionEntry} from "../../loaders/types.js";
import type {Source} from "./card.js";
import {knownPoints, prefetch, readPoints, readyPoints, recordOf} from "./dataset.js";
import type {Failure, Flagged, Point, Reading} from "./dataset.js";
import type {Line} from "./frame.js";
import {pickResolution} from "./resolution.js";
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
    sources.map(async (source) => {
      const resolution = resolutionFor(source.dataset, view, width);
      const wanted = columnsOf(source, choice).map((column) => ({...partOf(source, resolution), column}));
      const readings = await Promise.all(wanted.map((one) => readPoints(one, view.range)));
      return {line: lineOf(source, resolution, {readings, choice}), failures: readings.flatMap((one) => one.failures)};
    })
  );
  return {lines: found.map(({line}) => line), failures: found.flatMap(({failures}) => failures)};
}

/** Resolves when the files of what a card wants are here or cannot be had; nothing is decoded. */
export async function arrive({sources, view, width}: Wanted): Promise<void> {
  const resolutions = sources.map(({dataset}) => resolutionFor(dataset, view, width));
  await Promise.all([...new Set(resolutions)].map((resolution) => readyPoints(resolution, view.range)));
}

/** What is in memory of what a card wants: where that is not all, at the resolution that it showed last. */
export function known({sources, choice, view, width}: Wanted, shown: readonly Line[]): Loaded & {whole: boolean} {
  const found = sources.map((source) => {
    const ideal = knownLine(source, resolutionFor(source.dataset, view, width), {choice, view});
    const last = shown.find(({key}) => key === source.key)?.resolution;
    return {line: ideal.whole || !last ? ideal.line : knownLine(source, last, {choice, view}).line, whole: ideal.whole};
  });
  return {lines: found.map(({line}) => line), failures: [], whole: found.every(({whole}) => whole)};
}

function knownLine(source: Source, resolution: ResolutionEntry, {choice, view}: Pick<Wanted, "choice" | "view">) {
  const wanted = columnsOf(source, choice).map((column) => ({...partOf(source, resolution), column}));
  const readings = wanted.map((one) => knownPoints(one, view.range));
  return {line: lineOf(source, resolution, {readings, choice}), whole: readings.every(({whole}) => whole)};
}

/** Fetches what lies beside what a card shows. */
export function anticipate({sources, view, width}: Wanted): void {
  const {begin, end} = view.range;
  const around = {begin: begin - (end - begin), end: end + (end - begin)};
  const resolutions = sources.map(({dataset}) => resolutionFor(dataset, view, width));
  for (const resolution of new Set(resolutions)) prefetch(resolution, around);
}

/** What the reader insists on, where the dataset has it, else what fits the pixels. */
function resolutionFor({resolutions}: DatasetEntry, {range, resolution: wanted}: View, width: number): ResolutionEntry {
  const insisted = resolutions.find(({name}) => name === wanted);
  return insisted ?? pickResolution(resolutions, range.end - range.begin, width);
}

function columnsOf(source: Source, choice: Choice): readonly string[] {
  return [source.column.name, ...choice.beside(source)];
}

function partOf({column}: Source, resolution: ResolutionEntry) {
  return {resolution, drops: column.quality?.suspect === "drop"};
}

/** The readings of a series, and those beside it, as a line in the chosen unit. */
function lineOf(
  {dataset, column, ...source}: Source,
  resolution: ResolutionEntry,
  {readings: [own, ...beside], choice}: {readings: readonly Reading[]; choice: Choice}
): Line {
  const record = recordOf(dataset);
  return {
    ...source,
    column: column.name,
    header: headerOf(column, choice.unit),
    resolution,
    tested: column.quality !== undefined,
    ...(choice.unit === column.unit ? own! : toldReading(own!, teller(beside, choice))),
    ...(record ? {due: {...record, every: dataset.intervalMs}} : {})
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
