/** Days, weeks, months, quarters and years as the clocks of a time zone show them. */

/** Weeks begin on Monday (ISO 8601). */
export const periods = ["day", "week", "month", "quarter", "year"] as const;
export type Period = (typeof periods)[number];

/** How time is cut: a day lasts 23 or 25 hours where clocks change, and one that a zone skipped does not exist. */
export interface Calendar {
  readonly period: Period;
  readonly timeZone: string; // IANA name
}

const day = 86_400e3; // ms

/** The start of the period that holds an instant, µs UTC. */
export function periodStart(calendar: Calendar, time: number): number {
  const starts = startsAround(calendar, time);
  return starts[after(starts, time) - 1]!;
}

/** The start of the first period that begins at an instant or after it, µs UTC. */
export function nextPeriod(calendar: Calendar, time: number): number {
  const starts = startsAround(calendar, time);
  return starts[after(starts, time - 1)]!;
}

/** Where periods begin, ascending, from the one that holds `begin` up to `end`, exclusive; µs UTC. */
export function periodsOver(calendar: Calendar, begin: number, end: number): readonly number[] {
  const starts: number[] = [];
  for (let start = periodStart(calendar, begin); start < end; start = nextPeriod(calendar, start + 1))
    starts.push(start);
  return starts;
}

/** Whether each period of the coarser calendar is made of whole ones of the finer. */
export function holds(coarse: Calendar, fine: Calendar): boolean {
  if (coarse.timeZone !== fine.timeZone) return false;
  if (fine.period === "week") return coarse.period === "week";
  if (coarse.period === "week") return fine.period === "day";
  return periods.indexOf(fine.period) <= periods.indexOf(coarse.period);
}

/** How many of the ascending numbers are not greater. */
function after(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Kept for the process: datasets share zones and years. */
const around = new Map<string, readonly number[]>();
const yearly = new Map<string, readonly number[]>();
const zones = new Map<string, Zone>();

/** The starts in the year that holds an instant, with those of the year before and the two after: some period is always there. */
function startsAround(calendar: Calendar, time: number): readonly number[] {
  const year = yearOf(time / 1000);
  return recalled(around, `${calendar.timeZone} ${calendar.period} ${year}`, () =>
    [-1, 0, 1, 2].flatMap((step) => startsIn(calendar, year + step))
  );
}

/** µs UTC. */
function startsIn({period, timeZone}: Calendar, year: number): readonly number[] {
  return recalled(yearly, `${timeZone} ${period} ${year}`, () => {
    const zone = recalled(zones, timeZone, () => new Zone(timeZone));
    const starts: number[] = [];
    for (let date = firstDate(period, year); yearOf(date) === year; date = nextDate(period, date)) {
      const start = zone.startOf(date) * 1000;
      if (start !== zone.startOf(nextDate(period, date)) * 1000) starts.push(start); // else the zone skipped the day
    }
    return starts;
  });
}

function recalled<T>(kept: Map<string, T>, name: string, make: () => T): T {
  const found = kept.get(name) ?? make();
  kept.set(name, found);
  return found;
}

/** Dates are told as UTC midnights, ms. */
function firstDate(period: Period, year: number): number {
  const date = dateOf(year, 0);
  return period === "week" ? date + ((8 - new Date(date).getUTCDay()) % 7) * day : date;
}

function nextDate(period: Period, date: number): number {
  if (period === "day") return date + day;
  if (period === "week") return date + 7 * day;
  return dateOf(yearOf(date), new Date(date).getUTCMonth() + {month: 1, quarter: 3, year: 12}[period]);
}

function yearOf(date: number): number {
  return new Date(date).getUTCFullYear();
}

/** Date.UTC takes the years 0 to 99 for the twentieth century; a clock may well be that wrong. */
function dateOf(year: number, month: number): number {
  return new Date(0).setUTCFullYear(year, month, 1);
}

/** What the clocks of a time zone show. */
class Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #known = new Map<number, number>();

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric"
    });
  }

  /** The first instant at which clocks show a date or a later one, ms UTC; the date is told as a UTC midnight. */
  startOf(date: number): number {
    const [before, later] = [date - this.#offset(date - day), date - this.#offset(date + day)];
    if (before === later) return before; // no zone changes its clocks twice in two days
    const midnights = [before, later].filter((time) => time + this.#offset(time) === date);
    if (midnights.length > 0) return Math.min(...midnights);
    return this.#skip(Math.min(before, later) - day, Math.max(before, later)); // clocks jump over midnight
  }

  /** The instant in `(from, to]` at which the offset changes, ms UTC. */
  #skip(from: number, to: number): number {
    const offset = this.#offset(to);
    let [low, high] = [from, to];
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (this.#offset(middle) === offset) high = middle;
      else low = middle;
    }
    return high;
  }

  /** What clocks show less what UTC is, ms. */
  #offset(time: number): number {
    const offset = this.#known.get(time) ?? this.#ask(time);
    this.#known.set(time, offset);
    return offset;
  }

  #ask(time: number): number {
    const parts = Object.fromEntries(this.#format.formatToParts(time).map(({type, value}) => [type, value]));
    const number = (type: string) => Number(parts[type]);
    const year = parts.era === "BC" ? 1 - number("year") : number("year");
    const shown = new Date(0).setUTCFullYear(year, number("month") - 1, number("day"));
    return (
      shown + (number("hour") * 3600 + number("minute") * 60 + number("second")) * 1000 - Math.floor(time / 1000) * 1000
    );
  }
}
