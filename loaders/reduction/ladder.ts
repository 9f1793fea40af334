import {join} from "node:path";
import {seriesKey} from "../../pond/series.js";
import type {Range, Series} from "../../pond/types.js";
import {engine} from "./engine.js";
import {isFlag} from "../readings/flag.js";
import {readText, replaceFile} from "../file.js";
import {readingsSql} from "./partial.js";
import {isNumeric} from "./reduction.js";
import {keyOf} from "./shard.js";

/** Which resolutions suit a series, where its resource names none. */

/** How a series is sampled. */
export interface Sampling {
  readonly interval: number; // µs, the usual step from one reading to the next
  readonly span: number; // µs, from the first reading to the last
}

const [second, minute, hour, day] = [1e6, 60e6, 3600e6, 86_400e6];

/** Steps that loggers are set to; each divides a day, so that shards of readings begin where days do. */
const steps = [
  ...[1, 2, 5, 10, 15, 20, 30].map((count) => count * second),
  ...[1, 2, 5, 6, 10, 12, 15, 20, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12, 24].map((count) => count * hour)
];

/** Each is made of whole ones of the one before it, but for days and months of zones that no hour fits. */
const rungs = [
  ["10s", 10 * second],
  ["1m", minute],
  ["10m", 10 * minute],
  ["1h", hour],
  ["6h", 6 * hour],
  ["1d", day],
  ["1mo", 30 * day],
  ["1y", 365 * day]
] as const;

/** A bin is to hold this many readings, or it says no more than they do. */
const least = 4;

/** A level of no more rows fits on a screen: none need be coarser. */
const screen = 1000;

/** The usual step that is nearest to a measured one. */
export function stepNear(interval: number): number {
  const distance = (step: number) => Math.abs(Math.log(step / interval));
  return steps.reduce((best, step) => (distance(step) < distance(best) ? step : best));
}

/** The readings themselves, and bins from the width that holds several of them to the one that shows all on a screen. */
export function ladderFor({interval, span}: Sampling): readonly string[] {
  const fitting = rungs.filter(([, width]) => width >= least * stepNear(interval));
  const ladder: (typeof rungs)[number][] = [];
  for (const rung of fitting.length > 0 ? fitting : rungs.slice(-1))
    if (ladder.length === 0 || span / ladder.at(-1)![1] > screen) ladder.push(rung);
  return ["raw", ...ladder.map(([name]) => name)];
}

/** How a series is sampled now: its newest readings tell. Kept in the cache by what the series holds. */
export async function samplingOf(series: Series, cache: string): Promise<Sampling | undefined> {
  const file = join(cache, "sampling", `${keyOf("sampling", await seriesKey(series))}.json`);
  const kept = readText(file);
  if (kept !== undefined) return (JSON.parse(kept) as {sampling?: Sampling}).sampling;
  const sampling = await measured(series);
  await replaceFile(file, JSON.stringify({sampling}));
  return sampling;
}

async function measured(series: Series): Promise<Sampling | undefined> {
  const pieces = await series.pieces();
  if (pieces.length === 0) return undefined;
  const begin = pieces.reduce((time, {minTime}) => Math.min(time, minTime), Infinity);
  const last = pieces.reduce((time, {maxTime}) => Math.max(time, maxTime), -Infinity);
  for (let days = 3; ; days *= 10) {
    const range = {begin: Math.max(begin, last - days * day), end: last + 1};
    const isAll = range.begin === begin;
    const interval = stepOf(await stepsOf(series, range), isAll ? 1 : enough);
    if (interval !== undefined || isAll) return {interval: interval ?? day, span: last - begin};
  }
}

/** So many steps tell which is usual. */
const enough = 20;

/** Of each column the steps from one reading to the next, µs. */
async function stepsOf(series: Series, range: Range): Promise<readonly (readonly number[])[]> {
  const columns = (await series.columns()).filter((column) => isNumeric(column) && !isFlag(column));
  const rows = `${readingsSql(await series.relation(range), columns, range)} ORDER BY timestamp`;
  const steps = columns.map((): number[] => []);
  const last = columns.map(() => NaN);
  await engine.use(async (duck) => {
    for await (const chunk of duck.chunks(rows)) {
      const times = chunk.doubles(0);
      for (const index of columns.keys())
        for (const [row, value] of chunk.doubles(index + 1).entries()) {
          if (!Number.isFinite(value)) continue;
          if (!Number.isNaN(last[index])) steps[index]!.push(times[row]! - last[index]!);
          last[index] = times[row]!;
        }
    }
  });
  return steps;
}

/** The median step of the column that is sampled most often; undefined where there are fewer steps. */
function stepOf(steps: readonly (readonly number[])[], fewest: number): number | undefined {
  const medians = steps
    .filter((list) => list.length >= fewest)
    .map((list) => list.toSorted((a, b) => a - b)[list.length >> 1]!);
  return medians.length > 0 ? Math.min(...medians) : undefined;
}
