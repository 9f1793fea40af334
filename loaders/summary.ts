import {type Duck, identifier} from "../pond/duck.js";
import type {Column, Range} from "../pond/types.js";
import {meanSql, type Reduced, within} from "./partial.js";
import type {Reduction, Shard} from "./reduction.js";
import {nextBin, type Resolution} from "./resolution.js";
import type {ColumnEntry} from "./types.js";

/** What the pages tell of a dataset beside its charts. Times are µs UTC. */
export interface Summary {
  readonly begin?: number; // the first reading
  readonly end?: number; // the last reading
  readonly interval?: number; // µs, the median step of the last weeks
  readonly columns: readonly ColumnSummary[]; // in the order asked for
}

type ColumnSummary = Pick<ColumnEntry, "latest" | "spark">;

const hour = 3600e6;
const day = 24 * hour;

/** Days in a spark, and days whose steps are looked at. */
const recent = 30;

/** Summarises the columns of a reduction; reads raw readings only where the finest shards say that the ends are. */
export async function summarise(
  duck: Duck,
  reduction: Reduction,
  {columns, now}: {readonly columns: readonly Column[]; readonly now: number}
): Promise<Summary> {
  const [level] = await reduction.levels();
  const shards = level ? await reduction.build(level) : [];
  const source = new Summarised(duck, {reduction, shards, resolution: level?.resolution, columns});
  const bins = await source.lastBins();
  const {begin, end} = await source.ends();
  return {
    begin,
    end,
    interval: end === undefined ? undefined : await source.interval(end),
    columns: await source.tell(bins, now)
  };
}

interface Parts {
  readonly reduction: Reduction;
  readonly shards: readonly Shard[];
  readonly resolution: Resolution | undefined; // of the shards' bins; none: there are none
  readonly columns: readonly Column[];
}

class Summarised {
  readonly #duck: Duck;
  readonly #parts: Parts;
  readonly #columns: readonly Reduced[];
  readonly #bins: string;

  constructor(duck: Duck, parts: Parts) {
    const {reduction, shards, columns} = parts;
    this.#duck = duck;
    this.#parts = parts;
    this.#columns = reduction.reduced(columns);
    this.#bins = reduction.partialsSql(shards, this.#columns);
  }

  /** The first and the last reading. */
  async ends(): Promise<{begin?: number; end?: number}> {
    const [bins] = await this.#duck.rows(
      `SELECT ${us("min(timestamp)")} AS a, ${us("max(timestamp)")} AS b FROM ${this.#bins}`
    );
    if (typeof bins!.a !== "number" || typeof bins!.b !== "number") return {};
    return {begin: await this.#raw("min", bins!.a), end: await this.#raw("max", bins!.b)};
  }

  async #raw(side: "min" | "max", bin: number): Promise<number> {
    const range = this.#rangeOf(bin);
    const relation = await this.#parts.reduction.source.relation(range);
    const [row] = await this.#duck.rows(
      `SELECT ${us(`${side}(timestamp)`)} AS t FROM ${relation} WHERE ${within(range)} AND (${this.#said()})`
    );
    return row!.t as number;
  }

  /** The instants in the bin that begins there. */
  #rangeOf(bin: number): Required<Range> {
    return {begin: bin, end: nextBin(bin + 1, this.#parts.resolution!)};
  }

  /** Some column has a reading. */
  #said(): string {
    return this.#columns.map(({name}) => finite(name)).join(" OR ");
  }

  /** µs; the median step. */
  async interval(end: number): Promise<number | undefined> {
    const range = {begin: end - recent * day, end: end + 1};
    const times = `SELECT ${us("timestamp")} AS t FROM ${await this.#parts.reduction.source.relation(range)} WHERE ${within(range)} AND (${this.#said()})`;
    const [row] = await this.#duck.rows(
      `SELECT median(step) AS step FROM (SELECT t - lag(t) OVER (ORDER BY t) AS step FROM (${times}))`
    );
    return (row!.step as number | null) ?? undefined;
  }

  /** Per column the start of the last bin with a reading in it. */
  async lastBins(): Promise<readonly (number | null)[]> {
    const columns = this.#columns;
    if (columns.length === 0) return [];
    const bins = columns.map(({name}, index) => {
      return `${us(`max(timestamp) FILTER (WHERE ${identifier(`${name}.count`)} > 0)`)} AS c${index}`;
    });
    const [row] = await this.#duck.rows(`SELECT ${bins.join(", ")} FROM ${this.#bins}`);
    return columns.map((_, index) => row![`c${index}`] as number | null);
  }

  async tell(bins: readonly (number | null)[], now: number): Promise<readonly ColumnSummary[]> {
    const columns = this.#columns.map(({name}) => name);
    const latest = new Map<string, ColumnSummary["latest"]>();
    for (const bin of new Set(bins))
      if (bin !== null)
        await this.#latest(
          columns.filter((_, index) => bins[index] === bin),
          {bin, latest}
        );
    const sparks = await this.#sparks(now);
    return columns.map((name, index) => ({latest: latest.get(name), spark: sparks[index]!}));
  }

  /** The newest value of columns whose last readings are in one bin, and the one nearest to a day before, within an hour. */
  async #latest(names: readonly string[], {bin, latest}: {bin: number; latest: Map<string, ColumnSummary["latest"]>}) {
    const range = this.#rangeOf(bin);
    const newest = await this.#nearest(names, range, range.end);
    for (const [time, group] of groupBy(names, (name) => newest.get(name)!.time)) {
      const before = await this.#nearest(group, {begin: time - day - hour, end: time - day + hour + 1}, time - day);
      for (const name of group) {
        const dayBefore = before.get(name)?.value;
        latest.set(name, {
          time: new Date(time / 1000).toISOString(),
          value: newest.get(name)!.value,
          ...(dayBefore === undefined ? {} : {dayBefore})
        });
      }
    }
  }

  /** Per column the reading in the range that is nearest to an instant; columns without one are left out. */
  async #nearest(names: readonly string[], range: {begin: number; end: number}, to: number) {
    const distance = `abs(${us("timestamp")} - ${to})`;
    const asked = names.flatMap((name, index) => {
      const where = `FILTER (WHERE ${finite(name)})`;
      return [
        `arg_min(${identifier(name)}::DOUBLE, ${distance}) ${where} AS v${index}`,
        `arg_min(${us("timestamp")}, ${distance}) ${where} AS t${index}`
      ];
    });
    const relation = await this.#parts.reduction.source.relation(range);
    const [row] = await this.#duck.rows(`SELECT ${asked.join(", ")} FROM ${relation} WHERE ${within(range)}`);
    const found = names.map((name, index) => [name, {value: row![`v${index}`], time: row![`t${index}`]}] as const);
    return new Map(
      found.filter((entry): entry is [string, {value: number; time: number}] => typeof entry[1].value === "number")
    );
  }

  /** Daily means of the last days up to now, oldest first; days of UTC. */
  async #sparks(now: number): Promise<readonly (readonly (number | null)[])[]> {
    const columns = this.#columns;
    if (columns.length === 0) return [];
    const begin = (Math.floor(now / day) - recent + 1) * day;
    const means = columns.map((column, index) => `${meanSql(column)} AS c${index}`);
    const rows = await this.#duck.rows(
      `SELECT floor((${us("timestamp")} - ${begin}) / ${day})::INTEGER AS day, ${means.join(", ")} FROM ${this.#bins} WHERE ${within({begin, end: begin + recent * day})} GROUP BY day`
    );
    const byDay = new Map(rows.map((row) => [row.day as number, row]));
    return columns.map((_, index) =>
      Array.from({length: recent}, (_, number) => (byDay.get(number)?.[`c${index}`] as number | null) ?? null)
    );
  }
}

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

/** A number, which JavaScript holds exactly. */
function us(time: string): string {
  return `epoch_us(${time})::DOUBLE`;
}

function finite(column: string): string {
  return `coalesce(isfinite(${identifier(column)}::DOUBLE), false)`;
}
