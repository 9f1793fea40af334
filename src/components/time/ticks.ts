import {clockIn} from "./clock.js";
import type {Clock} from "./clock.js";
import type {TimeRange} from "./range.js";

/** Where a time axis is marked, and with what words, in a time zone: days begin at local midnight. */
export interface Tick {
  readonly time: number; // ms since 1970
  readonly label: string; // two lines at a turn of day or year, else one
}

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const steps = [15 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 4 * day, 7 * day, 14 * day];
const monthSteps = [1, 2, 3, 6, 12, 24, 60];

/** Marks for a range, about `count` of them, at whole hours, days, months or years of the zone. */
export function ticksOf(range: TimeRange, count: number, timeZone: string): Tick[] {
  const wanted = (range.end - range.begin) / Math.max(1, count);
  const step = steps.find((candidate) => candidate >= wanted);
  const clock = clockIn(timeZone);
  const times = step ? everyStep(range, step, clock) : everyMonths(range, wanted / (30 * day), clock);
  return times.map((time, index) => ({time, label: labelOf(time, times[index - 1], {step: step ?? 31 * day, clock})}));
}

function everyStep({begin, end}: TimeRange, step: number, {wall, instant}: Clock): number[] {
  const times: number[] = [];
  for (let shown = Math.ceil(wall(begin) / step) * step; shown <= wall(end); shown += step) times.push(instant(shown));
  return times.filter((time) => time >= begin && time <= end);
}

function everyMonths({begin, end}: TimeRange, wanted: number, {wall, instant}: Clock): number[] {
  const months = monthSteps.find((candidate) => candidate >= wanted) ?? 120;
  const start = new Date(wall(begin));
  const first = start.getUTCFullYear() * 12 + start.getUTCMonth();
  const times: number[] = [];
  for (let month = Math.floor(first / months) * months; ; month += months) {
    const time = instant(Date.UTC(Math.floor(month / 12), month % 12));
    if (time > end) return times;
    if (time >= begin) times.push(time);
  }
}

const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function labelOf(time: number, before: number | undefined, {step, clock}: {step: number; clock: Clock}): string {
  const [date, last] = [new Date(clock.wall(time)), before === undefined ? undefined : new Date(clock.wall(before))];
  const [month, year] = [monthNames[date.getUTCMonth()]!, String(date.getUTCFullYear())];
  if (step < day) {
    const shown = date.toISOString().slice(11, 16);
    return last?.getUTCDate() === date.getUTCDate() ? shown : `${shown}\n${date.getUTCDate()} ${month}`;
  }
  const shown = step < 31 * day ? `${date.getUTCDate()} ${month}` : month;
  return last?.getUTCFullYear() === date.getUTCFullYear() ? shown : `${shown}\n${year}`;
}
