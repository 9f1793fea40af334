import {fromQuery, lastOf, toQuery} from "./range.js";
import type {TimeRange} from "./range.js";

/**
 * The span of time that all charts of a page show. It starts from the page's link, or from the last thirty days of the
 * record, and every change is kept in the link, so that a copied link shows the same.
 */
export class View extends EventTarget {
  readonly record: TimeRange;
  #range: TimeRange;

  constructor(record: TimeRange, link: Location = location) {
    super();
    this.record = record;
    this.#range = fromQuery(record, new URLSearchParams(link.search)) ?? lastOf(record, "30d");
  }

  get range(): TimeRange {
    return this.#range;
  }

  /** Shows another range and tells the charts. */
  show(range: TimeRange): void {
    if (range.begin === this.#range.begin && range.end === this.#range.end) return;
    this.#range = range;
    history.replaceState(null, "", `?${toQuery(this.record, range).toString()}`);
    this.dispatchEvent(new Event("change"));
  }

  /** Calls back at each change, until `signal` says stop. */
  follow(redraw: () => void, signal?: AbortSignal): void {
    this.addEventListener("change", redraw, {signal});
  }
}
