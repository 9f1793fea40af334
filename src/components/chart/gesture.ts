import {brush} from "./brush.js";
import type {Brushed} from "./brush.js";
import type {ChartElement} from "./chart.js";
import {margins} from "./frame.js";
import {keyed} from "./keyboard.js";
import {panned, within, zoomed} from "../time/range.js";
import type {TimeRange} from "../time/range.js";
import {zoomedValues} from "./values.js";
import type {View} from "./view.js";

const leastPixels = 6; // a shorter drag is a click

/** Whose gestures they are. */
export interface Held {
  readonly view: View;
  readonly name: string; // of the chart, as the view knows it
  /** The chart that the figure shows now, if it shows one. */
  readonly current: () => ChartElement | undefined;
}

/**
 * Lets a reader choose on the chart itself what it shows: drag across it to zoom into a stretch of time, up or down into
 * one of values (with shift, to move it), a finger to move it, two to zoom, the wheel with control to zoom (on the value
 * axis, the values) and with shift to move, a double click for everything; and point at a reading, by mouse, tap, or
 * shift with the arrow keys.
 */
export function gestures(figure: HTMLElement, held: Held): void {
  const {view} = held;
  const hand = new Hand(figure, held);
  figure.addEventListener("pointerdown", (event) => {
    if (!held.current() || event.button !== 0 || (event.target as Element).closest("button, a")) return;
    if (event.pointerType === "touch" || event.shiftKey) hand.take(event);
    else brush(figure, event, (brushed) => showBrushed(brushed, held));
  });
  figure.addEventListener("pointermove", (event) => {
    const chart = held.current();
    if (chart && event.pointerType !== "touch" && event.buttons === 0) view.point(timeAt(chart, event.clientX));
  });
  figure.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") view.point(undefined);
  });
  figure.addEventListener("dblclick", () => view.reset());
  figure.addEventListener("wheel", (event) => hand.roll(event), {passive: false});
  figure.addEventListener("keydown", (event) => {
    const act = event.target === figure ? keyed(event, {...held, chart: held.current()}) : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function timeAt(chart: ChartElement, clientX: number): number {
  return chart.invert(clientX - chart.getBoundingClientRect().left);
}

function valueAt(chart: ChartElement, clientY: number): number {
  return chart.valueAt(clientY - chart.getBoundingClientRect().top);
}

function showBrushed({along, from, to}: Brushed, {view, name, current}: Held): void {
  const chart = current();
  if (!chart) return;
  if (along === "y") return view.showValues(name, [valueAt(chart, to), valueAt(chart, from)]);
  const [begin, end] = [timeAt(chart, from), timeAt(chart, to)].map(Math.round);
  view.show({begin: Math.max(begin!, view.record.begin), end: Math.min(end!, view.record.end)});
}

/** Fingers (or the mouse with shift) that hold the chart: what is under each stays under it. */
class Hand {
  readonly #figure: HTMLElement;
  readonly #held: Held;
  readonly #fingers = new Map<number, {x: number; time: number}>(); // by pointer
  #start = 0; // where the first one came down
  #moved = false;
  #frame = 0;
  #next: TimeRange | undefined; // what the next frame will show
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(figure: HTMLElement, held: Held) {
    this.#figure = figure;
    this.#held = held;
    figure.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"] as const)
      figure.addEventListener(type, (event) => this.#leave(event));
  }

  take(event: PointerEvent): void {
    this.#figure.setPointerCapture(event.pointerId);
    if (this.#fingers.size === 0) [this.#start, this.#moved] = [event.clientX, false];
    else this.#moved = true;
    this.#hold(event);
  }

  /** The wheel with control, as trackpads also tell a pinch, zooms about the pointer; sideways or with shift it moves. */
  roll(event: WheelEvent): void {
    const chart = this.#held.current();
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    const zooming = event.ctrlKey || event.metaKey;
    if (!chart || (!zooming && Math.abs(sideways) <= (event.shiftKey ? 0 : Math.abs(event.deltaY)))) return;
    event.preventDefault();
    if (zooming) this.#zoom(chart, event);
    else this.#glide(panned(this.#held.view.record, this.#range, sideways / chart.clientWidth));
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#settle(), 150);
  }

  #zoom(chart: ChartElement, {deltaY, clientX, clientY}: WheelEvent): void {
    const {view, name} = this.#held;
    const factor = Math.exp(Math.max(-1, Math.min(1, deltaY / 200)));
    const {left, width} = frameIn(chart);
    if (clientX < left)
      return view.glideValues(name, zoomedValues(chart.plotted.values, factor, valueAt(chart, clientY)));
    const {begin, end} = this.#range;
    this.#glide(zoomed(view.record, {begin, end}, factor, begin + ((clientX - left) / width) * (end - begin)));
  }

  /** What is shown, or will be in the next frame. */
  get #range(): TimeRange {
    return this.#next ?? this.#held.view.range;
  }

  #hold({pointerId, clientX}: PointerEvent): void {
    const chart = this.#held.current();
    if (chart) this.#fingers.set(pointerId, {x: clientX, time: timeAt(chart, clientX)});
  }

  #move({pointerId, clientX}: PointerEvent): void {
    const held = this.#fingers.get(pointerId);
    if (!held) return;
    held.x = clientX;
    if (Math.abs(clientX - this.#start) >= leastPixels) this.#moved = true;
    if (this.#moved) this.#follow();
  }

  #leave(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId)) return;
    if (this.#fingers.size > 0) return this.#rehold();
    const chart = this.#held.current();
    if (this.#moved) this.#settle();
    else if (chart && event.type === "pointerup") this.#held.view.point(timeAt(chart, event.clientX));
  }

  /** A finger that stays when another goes holds what is under it now. */
  #rehold(): void {
    const chart = this.#held.current();
    if (chart) for (const held of this.#fingers.values()) held.time = timeAt(chart, held.x);
  }

  /** The range in which each held instant is under its finger. */
  #follow(): void {
    const chart = this.#held.current();
    const [one, two] = [...this.#fingers.values()];
    if (!chart || !one) return;
    const {record, range} = this.#held.view;
    const {left, width} = frameIn(chart);
    const perPixel =
      two && Math.abs(two.x - one.x) >= leastPixels
        ? Math.abs((two.time - one.time) / (two.x - one.x))
        : (range.end - range.begin) / width;
    const length = Math.min(record.end - record.begin, Math.max(3_600_000, perPixel * width));
    const begin = Math.round(one.time - ((one.x - left) * length) / width);
    this.#glide(within(record, {begin, end: begin + Math.round(length)}));
  }

  /** At most one redraw a frame. */
  #glide(range: TimeRange): void {
    this.#next = range;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    if (this.#next) this.#held.view.glide(this.#next);
    this.#next = undefined;
  }

  #settle(): void {
    cancelAnimationFrame(this.#frame);
    this.#flush();
    this.#held.view.rest();
  }
}

/** The frame of a chart's readings, in pixels of the page. */
function frameIn(chart: ChartElement): {readonly left: number; readonly width: number} {
  return {
    left: chart.getBoundingClientRect().left + margins.left,
    width: chart.clientWidth - margins.left - margins.right
  };
}
