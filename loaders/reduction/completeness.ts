import {join} from "node:path";
import type {Column} from "../../pond/types.js";
import type {Bins} from "./bins.js";
import {readText, replaceFile} from "../file.js";
import type {Reduction} from "./reduction.js";
import {keyOf} from "./shard.js";
import type {ColumnDetails, GapsEntry} from "../types.js";

/** How complete the record of a dataset is. */
export interface Completeness {
  readonly unit: number; // µs, an hour: what is counted, since 1970
  readonly columns: readonly (Present | null)[]; // in the order asked for; null: without a reading
  readonly gaps: readonly GapsEntry[]; // a scope each
}

/** In which hours a column has readings. */
interface Present extends Pick<ColumnDetails, "readings" | "coverage"> {
  readonly first: number;
  readonly recent: readonly Run[]; // by time, from the thirtieth day before this was told
}

/** Hours that follow each other, both inclusive. */
type Run = readonly [first: number, last: number];

interface Asked {
  readonly columns: readonly Column[];
  readonly now: number; // µs UTC
  readonly interval: number; // µs, the usual step between readings
  readonly cache: string; // host directory
}

const hour = 3600e6; // µs
const recent = 30 * 24 * hour;
const gapSteps = 3; // so many readings in a row have to be missing
const longestShown = 10;

/**
 * Tells how much of its time each column has readings for, and where a scope has none, from the finest bins. What a shard
 * has of that is kept, so that a day which changes one shard does not have all of them read.
 */
export async function completenessOf(reduction: Reduction, asked: Asked): Promise<Completeness> {
  const {columns, now, interval, cache} = asked;
  const [level] = await reduction.levels();
  const {width} = level?.resolution ?? {width: hour};
  const unit = Math.max(hour, width);
  const due = dueAt(now, unit);
  const presences = columns.map(({name}) => new Presence(name, {unit, from: due.first}));
  const least = Math.max(width / 2, gapSteps * interval);
  const scopes = [...new Set(columns.map(scopeOf))].map((scope) => {
    const names = columns.filter((column) => scopeOf(column) === scope).map(({name}) => name);
    return new Gaps(scope, {names, width, least});
  });
  const notes = Notes.of(reduction.source.path, cache);
  const recipe = keyOf(
    generation,
    presences.map(({name}) => name),
    scopes.map((one) => one.scope),
    unit
  );
  for (const shard of level?.shards ?? []) {
    const key = keyOf(recipe, shard.key);
    const isDue = shard.cover.end > due.first * unit;
    const known = notes.find(key);
    const tell = async (bins: Bins): Promise<Note> => {
      if (isDue) for (const one of presences) one.addRecent(bins);
      return known ?? {columns: presences.map((one) => one.note(bins)), scopes: scopes.map((one) => one.note(bins))};
    };
    const note = known && !isDue ? known : await reduction.use(level!, shard, tell);
    notes.use(key, note);
    for (const [index, one] of presences.entries()) one.add(note.columns[index]!);
    for (const [index, one] of scopes.entries()) one.add(note.scopes[index]!);
  }
  await notes.keep();
  return {unit, columns: presences.map((one) => one.present()), gaps: scopes.map((one) => one.entry())};
}

/** What the pages tell of columns at an instant (µs UTC) not before their completeness was told. */
export function columnDetails({unit, columns}: Completeness, now: number): readonly ColumnDetails[] {
  const due = dueAt(now, unit);
  return columns.map((present) => {
    if (!present) return {readings: 0, coverage: 0, recent: 0};
    const {readings, coverage, first} = present;
    const hours = present.recent.map((run) => Math.min(run[1], due.last) - Math.max(run[0], due.first) + 1);
    const there = hours.reduce((sum, count) => sum + Math.max(0, count), 0);
    return {readings, coverage, recent: share(there, due.last - Math.max(due.first, first) + 1)};
  });
}

/** The hours of the last days, both inclusive. */
function dueAt(now: number, unit: number): {readonly first: number; readonly last: number} {
  return {first: Math.floor((now - recent) / unit) + 1, last: Math.floor(now / unit)};
}

function scopeOf({attributes}: Column): string {
  return attributes.scope ?? "";
}

// ---- What is kept of shards ----

/** Part of every key: to be raised whenever the same bins would be told otherwise. */
const generation = 1;

/** How complete a shard is, of each column and each scope; null where there is nothing. */
interface Note {
  readonly columns: readonly (Hours | null)[];
  readonly scopes: readonly (Told | null)[];
}

/** What is known of the shards of one series. */
class Notes {
  readonly #file: string;
  readonly #known: Readonly<Record<string, Note>>;
  readonly #used: Record<string, Note> = {};
  #isNew = false;

  private constructor(file: string, known: Readonly<Record<string, Note>>) {
    this.#file = file;
    this.#known = known;
  }

  static of(path: string, cache: string): Notes {
    const file = join(cache, "completeness", `${keyOf(path)}.json`);
    return new Notes(file, JSON.parse(readText(file) ?? "{}") as Record<string, Note>);
  }

  find(key: string): Note | undefined {
    return this.#known[key];
  }

  use(key: string, note: Note): void {
    this.#isNew ||= this.#known[key] === undefined;
    this.#used[key] = note;
  }

  /** Puts away what was used, and nothing else. */
  async keep(): Promise<void> {
    const isSame = !this.#isNew && Object.keys(this.#used).length === Object.keys(this.#known).length;
    if (!isSame) await replaceFile(this.#file, JSON.stringify(this.#used));
  }
}

// ---- Columns ----

/** The hours (or bins, where those are longer) in which a column has readings, counted since 1970. */
interface Hours {
  readonly readings: number;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

interface Presented {
  readonly unit: number; // µs
  readonly from: number; // the first of the hours that are told one by one
}

/** In which hours a column has readings, shard by shard, by time. */
class Presence {
  readonly name: string;
  readonly #unit: number;
  readonly #from: number;
  readonly #recent: [first: number, last: number][] = [];
  #all: Hours | null = null;

  constructor(name: string, {unit, from}: Presented) {
    this.name = name;
    this.#unit = unit;
    this.#from = from;
  }

  note(bins: Bins): Hours | null {
    let [readings, count, first, last] = [0, 0, NaN, NaN];
    for (const [at, more] of this.#hoursIn(bins)) {
      readings += more;
      if (at === last) continue;
      count++;
      if (Number.isNaN(first)) first = at;
      last = at;
    }
    return count === 0 ? null : {readings, count, first, last};
  }

  add(hours: Hours | null): void {
    const all = this.#all;
    if (!all || !hours) this.#all = hours ?? all;
    else
      this.#all = {
        readings: all.readings + hours.readings,
        count: all.count + hours.count - (hours.first === all.last ? 1 : 0),
        first: all.first,
        last: hours.last
      };
  }

  addRecent(bins: Bins): void {
    for (const [at] of this.#hoursIn(bins)) {
      const run = this.#recent.at(-1);
      if (run && at <= run[1] + 1) run[1] = at;
      else if (at >= this.#from) this.#recent.push([at, at]);
    }
  }

  *#hoursIn({starts, columns}: Bins): Iterable<readonly [hour: number, readings: number]> {
    const count = columns.get(this.name)?.count;
    if (!count) return;
    for (let bin = 0; bin < starts.length; bin++)
      if (count[bin]! > 0) yield [Math.floor(starts[bin]! / this.#unit), count[bin]!];
  }

  present(): Present | null {
    if (!this.#all) return null;
    const {readings, count, first, last} = this.#all;
    return {readings, coverage: share(count, last - first + 1), first, recent: this.#recent};
  }
}

/** To a hundredth of a percent: what changes below that is no news. */
function share(part: number, whole: number): number {
  return whole > 0 ? Math.floor(Math.min(1, part / whole) * 10_000) / 10_000 : 0;
}

// ---- Scopes ----

interface Gap {
  readonly begin: number; // µs UTC, inclusive
  readonly end: number; // µs UTC, exclusive
}

/** From the first bin with a reading to the end of the last, and the gaps between. */
interface Told extends Gap {
  readonly gaps: readonly Gap[];
}

interface Scope {
  readonly names: readonly string[]; // of its columns
  readonly width: number; // µs, of a bin
  readonly least: number; // µs: what is no longer is no gap
}

/** The stretches in which no column of a scope has a reading, shard by shard, by time. */
class Gaps {
  readonly #name: string;
  readonly scope: Scope;
  readonly #gaps: Gap[] = [];
  #end = NaN; // of the last bin

  constructor(name: string, scope: Scope) {
    this.#name = name;
    this.scope = scope;
  }

  note({starts, columns}: Bins): Told | null {
    const {names, width, least} = this.scope;
    const counts = names.flatMap((name) => columns.get(name)?.count ?? []);
    const gaps: Gap[] = [];
    let [begin, end] = [NaN, NaN];
    for (let bin = 0; bin < starts.length; bin++) {
      if (!counts.some((count) => count[bin]! > 0)) continue;
      const start = starts[bin]!;
      if (Number.isNaN(begin)) begin = start;
      if (start - end > least) gaps.push({begin: end, end: start});
      end = start + width;
    }
    return Number.isNaN(begin) ? null : {begin, end, gaps};
  }

  add(told: Told | null): void {
    if (!told) return;
    if (told.begin - this.#end > this.scope.least) this.#gaps.push({begin: this.#end, end: told.begin});
    this.#gaps.push(...told.gaps);
    this.#end = told.end;
  }

  /** How often, how long in all, and the longest. */
  entry(): GapsEntry {
    const length = ({begin, end}: Gap) => end - begin;
    const longest = this.#gaps.toSorted((a, b) => length(b) - length(a)).slice(0, longestShown);
    return {
      scope: this.#name,
      count: this.#gaps.length,
      missingMs: this.#gaps.reduce((sum, gap) => sum + length(gap), 0) / 1000,
      longest: longest.map(({begin, end}) => ({begin: iso(begin), end: iso(end)}))
    };
  }
}

/** From µs UTC. */
function iso(time: number): string {
  return new Date(time / 1000).toISOString();
}
