import {fromQuery, lastOf, toQuery} from "./range.js";
import type {Preset, TimeRange} from "./range.js";

/** What a page starts from where its link says nothing. */
export interface ViewOptions {
  readonly timeZone: string; // IANA name, of the site
  readonly range?: Preset; // the last thirty days unless given
}

/**
 * What all charts of a page show alike: the span of time, the instant that is pointed at, the resolution, the series
 * left out and the time zone. It starts from the page's link, and every change of it is kept there, so that a copied
 * link shows the same. What is pointed at is not kept.
 */
export class View extends EventTarget {
  readonly record: TimeRange;
  readonly #siteZone: string;
  readonly #hidden: Set<string>;
  #range: TimeRange;
  #pointed: number | undefined;
  #resolution: string | undefined;
  #utc: boolean;
  #gliding = false;

  constructor(record: TimeRange, {timeZone, range = "30d"}: ViewOptions) {
    super();
    const query = new URLSearchParams(location.search);
    this.record = record;
    this.#siteZone = timeZone;
    this.#range = fromQuery(record, query) ?? lastOf(record, range);
    this.#hidden = new Set(query.getAll("hide"));
    this.#resolution = query.get("by") ?? undefined;
    this.#utc = query.get("zone") === "UTC";
  }

  get range(): TimeRange {
    return this.#range;
  }

  /** While a finger or the wheel moves the range, charts out of sight need not keep up. */
  get gliding(): boolean {
    return this.#gliding;
  }

  /** The instant pointed at, in milliseconds since 1970. */
  get pointed(): number | undefined {
    return this.#pointed;
  }

  /** The resolution that the reader insists on, by its name; undefined lets the pixels choose. */
  get resolution(): string | undefined {
    return this.#resolution;
  }

  /** IANA name. */
  get timeZone(): string {
    return this.#utc ? "UTC" : this.#siteZone;
  }

  hides(series: string): boolean {
    return this.#hidden.has(series);
  }

  /** Shows another range and tells the charts. */
  show(range: TimeRange): void {
    const still = range.begin === this.#range.begin && range.end === this.#range.end;
    if (still && !this.#gliding) return;
    this.#range = range;
    this.#gliding = false;
    this.#changed();
  }

  /** As `show`, on the way to where a gesture ends: the link waits for its end, as browsers refuse too many changes. */
  glide(range: TimeRange): void {
    this.#range = range;
    this.#gliding = true;
    this.dispatchEvent(new Event("change"));
  }

  /** Points at an instant in all charts, or at nothing. */
  point(time: number | undefined): void {
    if (time === this.#pointed) return;
    this.#pointed = time;
    this.dispatchEvent(new Event("point"));
  }

  insist(resolution: string | undefined): void {
    this.#resolution = resolution;
    this.#changed();
  }

  /** Leaves a series out of the charts, or takes it back. */
  toggle(series: string): void {
    if (!this.#hidden.delete(series)) this.#hidden.add(series);
    this.#changed();
  }

  toggleZone(): void {
    this.#utc = !this.#utc;
    this.#changed();
  }

  /** Lets the charts fetch again what they lack. */
  refresh(): void {
    this.dispatchEvent(new Event("change"));
  }

  /** Calls back at each change, until `signal` says stop. */
  follow(redraw: () => void, signal?: AbortSignal): void {
    this.addEventListener("change", redraw, {signal});
  }

  /** Calls back when something else is pointed at, until `signal` says stop. */
  trace(mark: () => void, signal?: AbortSignal): void {
    this.addEventListener("point", mark, {signal});
  }

  #changed(): void {
    history.replaceState(history.state, "", this.#link());
    this.dispatchEvent(new Event("change"));
  }

  /** What other parts of the page keep in the link stays there. */
  #link(): URL {
    const link = new URL(location.href);
    for (const name of ["range", "from", "to", "by", "hide", "zone"]) link.searchParams.delete(name);
    for (const [name, value] of toQuery(this.record, this.#range)) link.searchParams.set(name, value);
    if (this.#resolution !== undefined) link.searchParams.set("by", this.#resolution);
    for (const series of this.#hidden) link.searchParams.append("hide", series);
    if (this.#utc) link.searchParams.set("zone", "UTC");
    return link;
  }
}
