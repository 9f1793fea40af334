import type {Source} from "./source.js";
import {recordOf} from "../data/dataset.js";
import {formatDay} from "../data/format.js";
import type {Backdrop} from "../chart/frame.js";
import {loadDays} from "./load.js";
import type {TimeRange} from "../time/range.js";
import {placeOf, wallIn, yearAxis} from "../chart/season.js";
import type {Choice} from "./units.js";
import {fewest, indexOf, usualOf} from "../chart/usual.js";
import type {UsualYear} from "../chart/usual.js";

const day = 86_400_000;

/** What a card needs to draw what is usual behind its lines, and to say what it is made of. */
export interface Backing {
  /** Fetches what it takes in a unit; says why where a part cannot be had. */
  ready(choice: Choice): Promise<string | undefined>;
  /** What is known, over a range of the chart's axis. */
  backdrops(range: TimeRange, choice: Choice, hides: (series: string) => boolean): readonly Backdrop[];
  words(choice: Choice): string;
}

export interface BackingOptions {
  readonly timeZone: string; // IANA name, whose days they are
  readonly seasons: boolean; // whether the chart's axis is that of a year
}

/** What is usual for each of some series. */
export function backingOf(sources: readonly Source[], options: BackingOptions): Backing {
  const known = new Map<string, UsualYear>(); // by unit and series
  const keyOf = ({key}: Source, {unit}: Choice) => `${unit} ${key}`;
  return {
    ready: async (choice) => {
      const lacking = sources.filter((source) => !known.has(keyOf(source, choice)));
      const failures = await Promise.all(
        lacking.map(async (source) => {
          const {points, width, failures} = await loadDays(source, choice);
          if (failures.length === 0) known.set(keyOf(source, choice), usualOf(points, width, options.timeZone));
          return failures;
        })
      );
      return failures.flat()[0]?.reason;
    },
    backdrops: (range, choice, hides) =>
      sources
        .filter(({key}) => !hides(key))
        .flatMap((source) => drawn(known.get(keyOf(source, choice)) ?? [], {range, source, ...options})),
    words: (choice) =>
      [
        "Shaded: what is usual for the season, the middle 80 % of the daily means of all years within a week of each day; the broad line in it is their median.",
        ...sources.flatMap((source) => {
          const usual = known.get(keyOf(source, choice));
          return usual ? `${source.label}: ${yearWords(usual)}, ${recordWords(source, options.timeZone)}.` : [];
        })
      ].join(" ")
  };
}

function yearWords(usual: UsualYear): string {
  const counts = usual.map((one) => one?.years ?? 0);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most === 0) return `nothing shaded, for it takes the readings of ${fewest} years`;
  if (least === 0) return `up to ${most} years, nothing shaded where there are fewer than ${fewest}`;
  return least === most ? `of ${most} years` : `of ${least} to ${most} years`;
}

function recordWords({dataset}: Source, timeZone: string): string {
  const record = recordOf(dataset);
  if (!record) return "no readings yet";
  return [record.begin, record.end].map((time) => formatDay(time, timeZone)).join(" – ");
}

interface Drawn extends BackingOptions {
  readonly range: TimeRange;
  readonly source: Source;
}

/** Bands without the days of which too little is known; noon of each day stands for it. */
function drawn(usual: UsualYear, {range, source: {colour}, seasons, timeZone}: Drawn): Backdrop[] {
  const wall = seasons ? (time: number) => time : wallIn(timeZone);
  const runs: Backdrop["points"][number][][] = [];
  let open = false;
  for (let time = noonOf(range.begin - day, wall); time <= range.end + day; time = noonOf(time + day, wall)) {
    const its = usual[indexOf(placeOf(seasons ? within(time) : wall(time)))];
    if (its && !open) runs.push([]);
    if (its) runs.at(-1)!.push({time, low: its.low, middle: its.middle, high: its.high});
    open = its !== undefined;
  }
  return runs.map((points) => ({points, colour, opacity: 0.16}));
}

function noonOf(time: number, wall: (time: number) => number): number {
  return time - (((wall(time) % day) + day) % day) + day / 2;
}

/** The axis of a year goes round. */
function within(time: number): number {
  const length = yearAxis.end - yearAxis.begin;
  return yearAxis.begin + ((((time - yearAxis.begin) % length) + length) % length);
}
