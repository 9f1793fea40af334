import {formatTime} from "../data/format.js";
import {fromQuery, lastOf, toQuery} from "../time/range.js";
import type {Preset, TimeRange} from "../time/range.js";
import type {Tick} from "../time/ticks.js";

/** What a page starts from where its link says nothing. */
export interface ViewOptions {
  readonly timeZone: string; // IANA name, of the site
  readonly range?: Preset; // the last thirty days unless given
  readonly axis?: Axis; // of time unless given
}

/** An axis of something else than time, such as the days of any year: how it is marked, and how a place on it is told. */
export interface Axis {
  ticks(range: TimeRange, count: number): readonly Tick[];
  tell(place: number): string;
}

/** The value axis of one chart, `[low, high]`. */
export type Values = readonly [low: number, high: number];

/**
 * What all charts of a page show alike: the span of time, the instant that is pointed at, the resolution, the series
 * left out, the units, whether flags are marked, and the time zone; and what of its value axis each chart shows. It
 * starts from the page's link, and every change of it is kept there, so that a copied link shows the same. What is
 * pointed at is not kept.
 */
export class View extends EventTarget {
  readonly record: TimeRange;
  readonly axis: Axis | undefined;
  readonly #siteZone: string;
  readonly #hidden: Set<string>;
  readonly #units: Set<string>;
  readonly #values: Map<string, Values>; // by chart
  #range: TimeRange;
  #pointed: number | undefined;
  #resolution: string | undefined;
  #utc: boolean;
  #flags: boolean;
  #gliding = false;

  constructor(record: TimeRange, {timeZone, range = "30d", axis}: ViewOptions) {
    super();
    const query = new URLSearchParams(location.search);
    this.record = record;
    this.axis = axis;
    this.#siteZone = timeZone;
    this.#range = fromQuery(record, query) ?? lastOf(record, range);
    this.#hidden = new Set(query.getAll("hide"));
    this.#resolution = query.get("by") ?? undefined;
    this.#utc = query.get("zone") === "UTC";
    this.#flags = query.get("flags") !== "off";
    this.#units = new Set(query.getAll("unit"));
    this.#values = new Map(query.getAll("y").flatMap(valuesFrom));
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

  /** An instant in words: when it is, or which day of a year. */
  readonly tell = (time: number): string => this.axis?.tell(time) ?? formatTime(time, this.timeZone);

  /** Whether suspect and failed readings are marked. */
  get flags(): boolean {
    return this.#flags;
  }

  /** Of the units that a chart may be seen in, the one that it is: the first unless the reader has chosen another. */
  unitAmong(units: readonly string[]): string {
    return units.find((unit) => this.#units.has(unit)) ?? units[0]!;
  }

  /** What a chart shows of its value axis; as its lines need unless the reader has chosen. */
  valuesOf(chart: string): Values | undefined {
    return this.#values.get(chart);
  }

  hides(series: string): boolean {
    return this.#hidden.has(series);
  }

  /** Shows another range and tells the charts. */
  show(range: TimeRange): void {
    if (range.begin === this.#range.begin && range.end === this.#range.end && !this.#gliding) return;
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

  /** As `showValues`, on the way to where a gesture ends. */
  glideValues(chart: string, values: Values): void {
    this.#values.set(chart, values);
    this.#gliding = true;
    this.dispatchEvent(new Event("change"));
  }

  /** The gesture has ended: what is shown now stays. */
  rest(): void {
    if (!this.#gliding) return;
    this.#gliding = false;
    this.#changed();
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

  /** Shows one of the units that a chart may be seen in, in every chart that has it. */
  chooseUnit(unit: string, units: readonly string[]): void {
    for (const other of units) this.#units.delete(other);
    if (unit !== units[0]) this.#units.add(unit);
    this.#values.clear(); // they were told in other units
    this.#changed();
  }

  /** Shows another part of a chart's value axis; without values, as its lines need. */
  showValues(chart: string, values: Values | undefined): void {
    if (values) this.#values.set(chart, values);
    else this.#values.delete(chart);
    this.#changed();
  }

  /** The whole record, in all charts as their lines need. */
  reset(): void {
    this.#values.clear();
    this.#range = lastOf(this.record, "all");
    this.#gliding = false;
    this.#changed();
  }

  toggleFlags(): void {
    this.#flags = !this.#flags;
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
    for (const name of ["range", "from", "to", "by", "hide", "zone", "flags", "unit", "y"])
      link.searchParams.delete(name);
    for (const [name, value] of toQuery(this.record, this.#range)) link.searchParams.set(name, value);
    if (this.#resolution !== undefined) link.searchParams.set("by", this.#resolution);
    for (const series of this.#hidden) link.searchParams.append("hide", series);
    if (this.#utc) link.searchParams.set("zone", "UTC");
    if (!this.#flags) link.searchParams.set("flags", "off");
    for (const unit of this.#units) link.searchParams.append("unit", unit);
    for (const [chart, values] of this.#values) link.searchParams.append("y", [chart, ...values.map(short)].join("~"));
    return link;
  }
}

/** As many digits as a pixel of the tallest chart needs. */
function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** "Temperature~9~12": what a chart shows of its values, if it can be shown. */
function valuesFrom(text: string): [chart: string, values: Values][] {
  const [high, low, ...chart] = text.split("~").reverse();
  const values = [Number(low), Number(high)] as const;
  return values[0] < values[1] ? [[chart.reverse().join("~"), values]] : [];
}
