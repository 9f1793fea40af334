import type {Column} from "../pond/types.js";
import type {Bins} from "./bins.js";
import type {Reduction} from "./reduction.js";
import type {ColumnDetails, GapsEntry} from "./types.js";

/** How complete the record of a dataset is. */
export interface Completeness {
  readonly columns: readonly ColumnDetails[]; // in the order asked for
  readonly gaps: readonly GapsEntry[]; // a scope each
}

interface Asked {
  readonly columns: readonly Column[];
  readonly now: number; // µs UTC
  readonly interval: number; // µs, the usual step between readings
}

const hour = 3600e6; // µs
const recent = 30 * 24 * hour;
const gapSteps = 3; // so many readings in a row have to be missing
const longestShown = 10;

/** Tells how much of its time each column has readings for, and where a scope has none, from the finest bins. */
export async function completenessOf(reduction: Reduction, {columns, now, interval}: Asked): Promise<Completeness> {
  const [level] = await reduction.levels();
  const {width} = level?.resolution ?? {width: hour};
  const unit = Math.max(hour, width);
  const presences = columns.map(({name}) => new Presence(name, {unit, now}));
  const least = Math.max(width / 2, gapSteps * interval);
  const scopes = [...new Set(columns.map(scopeOf))].map((scope) => {
    const names = columns.filter((column) => scopeOf(column) === scope).map(({name}) => name);
    return new Gaps(scope, {names, width, least});
  });
  for (const shard of level?.shards ?? []) {
    const bins = await reduction.bins(level!, shard);
    for (const one of [...presences, ...scopes]) one.add(bins);
  }
  return {columns: presences.map((one) => one.details()), gaps: scopes.map((one) => one.entry())};
}

function scopeOf({attributes}: Column): string {
  return attributes.scope ?? "";
}

/** The hours (or bins, where those are longer) in which a column has readings. Bins are added by time. */
class Presence {
  readonly #name: string;
  readonly #unit: number;
  readonly #due: {readonly first: number; readonly last: number}; // the hours of the last days
  #readings = 0;
  #hours = 0;
  #recent = 0;
  #first = NaN;
  #last = NaN;

  constructor(name: string, {unit, now}: {unit: number; now: number}) {
    this.#name = name;
    this.#unit = unit;
    this.#due = {first: Math.floor((now - recent) / unit) + 1, last: Math.floor(now / unit)};
  }

  add({starts, columns}: Bins): void {
    const count = columns.get(this.#name)?.count;
    if (!count) return;
    for (let bin = 0; bin < starts.length; bin++) {
      if (count[bin] === 0) continue;
      const at = Math.floor(starts[bin]! / this.#unit);
      this.#readings += count[bin]!;
      if (at === this.#last) continue;
      this.#hours++;
      if (at >= this.#due.first && at <= this.#due.last) this.#recent++;
      if (Number.isNaN(this.#first)) this.#first = at;
      this.#last = at;
    }
  }

  details(): ColumnDetails {
    if (this.#hours === 0) return {readings: 0, coverage: 0, recent: 0};
    const due = this.#due.last - Math.max(this.#due.first, this.#first) + 1;
    return {
      readings: this.#readings,
      coverage: share(this.#hours, this.#last - this.#first + 1),
      recent: share(this.#recent, due)
    };
  }
}

/** To a hundredth of a percent: what changes below that is no news. */
function share(part: number, whole: number): number {
  return whole > 0 ? Math.floor(Math.min(1, part / whole) * 10_000) / 10_000 : 0;
}

interface Gap {
  readonly begin: number; // µs UTC, inclusive
  readonly end: number; // µs UTC, exclusive
}

interface Scope {
  readonly names: readonly string[]; // of its columns
  readonly width: number; // µs, of a bin
  readonly least: number; // µs: what is no longer is no gap
}

/** The stretches in which no column of a scope has a reading. Bins are added by time. */
class Gaps {
  readonly #name: string;
  readonly #scope: Scope;
  readonly #gaps: Gap[] = [];
  #end = NaN; // of the last bin

  constructor(name: string, scope: Scope) {
    this.#name = name;
    this.#scope = scope;
  }

  add({starts, columns}: Bins): void {
    const {names, width, least} = this.#scope;
    const counts = names.flatMap((name) => columns.get(name)?.count ?? []);
    for (let bin = 0; bin < starts.length; bin++) {
      if (!counts.some((count) => count[bin]! > 0)) continue;
      const start = starts[bin]!;
      if (start - this.#end > least) this.#gaps.push({begin: this.#end, end: start});
      this.#end = start + width;
    }
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
