import {identifier} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {type Bins, binsWithin} from "./bins.js";
import {engine} from "./engine.js";
import {groupBy} from "../group.js";
import type {Level, Page} from "./level.js";
import {type Partials, passesSql, type Reduced, within} from "./partial.js";
import type {Measured, Reduction} from "./reduction.js";
import {nextBin} from "../time/resolution.js";
import {direction} from "./statistic.js";
import type {ColumnEntry} from "../types.js";

/** What the pages tell of a dataset beside its charts. Times are µs UTC. */
export interface Summary {
  readonly begin?: number; // the first reading
  readonly end?: number; // the last reading
  readonly interval?: number; // µs, the median step of the last weeks
  readonly columns: readonly ColumnSummary[]; // in the order asked for
}

interface ColumnSummary extends Pick<ColumnEntry, "latest"> {
  readonly days: readonly DailyMean[]; // by time, from the thirtieth before the summary was made
}

/** The mean of a day of UTC; days are counted since 1970. */
type DailyMean = readonly [day: number, mean: number];

const hour = 3600e6;
const day = 24 * hour;

/** Days in a spark, and days whose steps are looked at. */
const recent = 30;

/** Daily means of the last days up to an instant (µs UTC) not before the summary was made; null where nothing was measured. */
export function sparkOf({days}: ColumnSummary, now: number): ColumnEntry["spark"] {
  const means = new Map(days);
  const first = Math.floor(now / day) - recent + 1;
  return Array.from({length: recent}, (_, index) => means.get(first + index) ?? null);
}

/** Summarises the columns of a reduction; reads readings only where bins say that the ends are. */
export async function summarise(
  reduction: Reduction,
  {columns, now}: {readonly columns: readonly Measured[]; readonly now: number}
): Promise<Summary> {
  const source = new Summarised(reduction, columns);
  const {begin, end} = await source.ends();
  return {
    begin,
    end,
    interval: end === undefined ? undefined : await source.interval(end),
    columns: await source.tell(now)
  };
}

type Side = "first" | "last";

interface Search {
  readonly level: Level;
  readonly range: Range;
  readonly names: readonly string[]; // of columns
}

class Summarised {
  readonly #reduction: Reduction;
  readonly #columns: readonly Reduced[];
  readonly #known = new Map<string, Promise<Bins>>(); // by the page's key: all columns ask for the same few

  constructor(reduction: Reduction, columns: readonly Measured[]) {
    this.#reduction = reduction;
    this.#columns = reduction.reduced(columns);
  }

  /** The first and the last reading. */
  async ends(): Promise<{begin?: number; end?: number}> {
    const names = this.#columns.map(({name}) => name);
    const [first, last] = [await this.#bin("first", names), await this.#bin("last", names)];
    if (!first || !last) return {};
    return {begin: await this.#raw("min", first), end: await this.#raw("max", last)};
  }

  /**
   * The first or the last bin of the finest resolution in which any of the columns has a reading. It is looked for from
   * coarse to fine: a column that ended years ago costs no look at all that came since.
   */
  async #bin(side: Side, names: readonly string[]): Promise<Required<Range> | undefined> {
    let found: Required<Range> | undefined;
    for (const level of (await this.#reduction.levels()).toReversed()) {
      const start = await this.#startOf(side, {level, range: found ?? {}, names});
      if (start === undefined) return undefined;
      found = {begin: start, end: nextBin(start + 1, level.resolution)};
    }
    return found;
  }

  async #startOf(side: Side, {level, range, names}: Search): Promise<number | undefined> {
    const pages = await this.#reduction.build(level, range);
    for (const page of side === "first" ? pages : pages.toReversed()) {
      const bins = await this.#binsOf(level, page);
      const starts = bins.starts.filter((start, bin) => {
        const meets =
          start < (range.end ?? Infinity) && nextBin(start + 1, level.resolution) > (range.begin ?? -Infinity);
        return meets && names.some((name) => (bins.columns.get(name)?.count[bin] ?? 0) > 0);
      });
      if (starts.length > 0) return side === "first" ? starts[0] : starts.at(-1);
    }
    return undefined;
  }

  #binsOf(level: Level, page: Page): Promise<Bins> {
    const bins = this.#known.get(page.key) ?? this.#reduction.bins(level, page);
    this.#known.set(page.key, bins);
    return bins;
  }

  async #raw(side: "min" | "max", range: Required<Range>): Promise<number> {
    const relation = await this.#reduction.source.relation(range);
    const [row] = await ask(
      `SELECT ${us(`${side}(timestamp)`)} AS t FROM ${relation} WHERE ${within(range)} AND (${this.#said()})`
    );
    return (row!.t as number | null) ?? this.#missing(range);
  }

  /** Bins are made of a series' readings: where they have one, the series has. */
  #missing({begin}: Required<Range>): never {
    const from = new Date(begin / 1000).toISOString();
    throw new Error(
      `${this.#reduction.source.path} had readings from ${from} on when all were read, and has none when those are: make what computes it give for a part what it gives for the whole.`
    );
  }

  /** Some column has a reading. */
  #said(): string {
    return this.#columns.map(({name}) => finite(name)).join(" OR ");
  }

  /** µs; the median step. */
  async interval(end: number): Promise<number | undefined> {
    const range = {begin: end - recent * day, end: end + 1};
    const times = `SELECT ${us("timestamp")} AS t FROM ${await this.#reduction.source.relation(range)} WHERE ${within(range)} AND (${this.#said()})`;
    const [row] = await ask(
      `SELECT median(step) AS step FROM (SELECT t - lag(t) OVER (ORDER BY t) AS step FROM (${times}))`
    );
    return (row!.step as number | null) ?? undefined;
  }

  async tell(now: number): Promise<readonly ColumnSummary[]> {
    const last = new Map<number, {bin: Required<Range>; names: string[]}>();
    for (const {name} of this.#columns) {
      const bin = await this.#bin("last", [name]);
      if (bin) last.set(bin.begin, {bin, names: [...(last.get(bin.begin)?.names ?? []), name]});
    }
    const latest = new Map<string, ColumnSummary["latest"]>();
    for (const {bin, names} of last.values()) await this.#latest(names, {bin, latest});
    const days = await this.#days(now);
    return this.#columns.map(({name}, index) => ({latest: latest.get(name), days: days[index]!}));
  }

  /** The newest value of columns whose last readings are in one bin, and the one nearest to a day before, within an hour. */
  async #latest(
    names: readonly string[],
    {bin, latest}: {bin: Required<Range>; latest: Map<string, ColumnSummary["latest"]>}
  ) {
    const newest = await this.#nearest(names, bin, bin.end);
    const told = (name: string) => newest.get(name) ?? this.#missing(bin);
    for (const [time, group] of groupBy(names, (name) => told(name).time)) {
      const before = await this.#nearest(group, {begin: time - day - hour, end: time - day + hour + 1}, time - day);
      for (const name of group) {
        const dayBefore = before.get(name)?.value;
        latest.set(name, {
          time: new Date(time / 1000).toISOString(),
          value: told(name).value,
          ...(dayBefore === undefined ? {} : {dayBefore})
        });
      }
    }
  }

  /** Per column the reading in the range that is nearest to an instant; columns without one are left out. */
  async #nearest(names: readonly string[], range: {begin: number; end: number}, to: number) {
    const distance = `abs(${us("timestamp")} - ${to})`;
    const asked = names.flatMap((name, index) => {
      const {flags} = this.#columns.find((column) => column.name === name)!;
      const where = `FILTER (WHERE ${finite(name)} AND ${passesSql(flags)})`;
      return [
        `arg_min(${identifier(name)}::DOUBLE, ${distance}) ${where} AS v${index}`,
        `arg_min(${us("timestamp")}, ${distance}) ${where} AS t${index}`
      ];
    });
    const relation = await this.#reduction.source.relation(range);
    const [row] = await ask(`SELECT ${asked.join(", ")} FROM ${relation} WHERE ${within(range)}`);
    const found = names.map((name, index) => [name, {value: row![`v${index}`], time: row![`t${index}`]}] as const);
    return new Map(
      found.filter((entry): entry is [string, {value: number; time: number}] => typeof entry[1].value === "number")
    );
  }

  /** Daily means from the last days on; what clocks that run ahead tell is of days that are yet to come. */
  async #days(now: number): Promise<readonly (readonly DailyMean[])[]> {
    const range = {begin: (Math.floor(now / day) - recent + 1) * day};
    const levels = await this.#reduction.levels();
    const level = levels.findLast(({resolution: {width, calendar}}) => !calendar && day % width === 0) ?? levels[0];
    const days = this.#columns.map(() => new Map<number, Day>());
    for (const page of level ? await this.#reduction.build(level, range) : []) {
      const {starts, columns} = binsWithin(await this.#binsOf(level!, page), range);
      for (const [index, {name}] of this.#columns.entries())
        for (const [bin, start] of starts.entries()) {
          const at = Math.floor(start / day);
          const one = days[index]!.get(at) ?? new Day();
          days[index]!.set(at, one);
          one.add(columns.get(name), bin);
        }
    }
    return this.#columns.map((column, index) => [...days[index]!].flatMap(([at, one]) => one.mean(at, column)));
  }
}

/** What the bins of a day come to. */
class Day {
  #count = 0;
  #sum = 0;
  #sine = 0;
  #cosine = 0;

  add(partials: Partials | undefined, bin: number): void {
    if (!partials || partials.count[bin] === 0) return;
    this.#count += partials.count[bin]!;
    this.#sum += partials.sum[bin]!;
    this.#sine += partials.sine?.[bin] ?? 0;
    this.#cosine += partials.cosine?.[bin] ?? 0;
  }

  /** None where nothing was measured, or directions cancel each other out. */
  mean(day: number, {turn}: Reduced): DailyMean[] {
    const vectors = {sine: this.#sine, cosine: this.#cosine, count: this.#count};
    const mean = turn ? direction(vectors, turn) : this.#sum / this.#count;
    return Number.isNaN(mean) ? [] : [[day, mean]];
  }
}

/** A number, which JavaScript holds exactly. */
function us(time: string): string {
  return `epoch_us(${time})::DOUBLE`;
}

/** No DuckDB is held in between: bins may have to be made anew, which needs one. */
function ask(sql: string): Promise<readonly Record<string, unknown>[]> {
  return engine.use((duck) => duck.rows(sql));
}

function finite(column: string): string {
  return `coalesce(isfinite(${identifier(column)}::DOUBLE), false)`;
}
