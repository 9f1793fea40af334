import type {ChartElement} from "./chart.js";
import {margins} from "./chart.js";
import {lastOf, panned, within, zoomed} from "./range.js";
import type {TimeRange} from "./range.js";
import type {View} from "./view.js";

const leastPixels = 6; // a shorter drag is a click

/** The chart that a figure shows now, if it shows one. */
type Current = () => ChartElement | undefined;

/**
 * Lets a reader choose the visible range on the chart itself: drag across it to zoom (with shift, to move it), a finger
 * to move it, two to zoom, the wheel with control to zoom and with shift to move, a double click for the whole record;
 * and point at a reading, by mouse, tap, or shift with the arrow keys.
 */
export function gestures(figure: HTMLElement, view: View, current: Current): void {
  const hand = new Hand(figure, view, current);
  figure.addEventListener("pointerdown", (event) => {
    if (!current() || event.button !== 0 || (event.target as Element).closest("button")) return;
    if (event.pointerType === "touch" || event.shiftKey) hand.take(event);
    else select(figure, event, (begin, end) => selected(view, current(), begin, end));
  });
  figure.addEventListener("pointermove", (event) => {
    const chart = current();
    if (chart && event.pointerType !== "touch" && event.buttons === 0) view.point(timeAt(chart, event.clientX));
  });
  figure.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") view.point(undefined);
  });
  figure.addEventListener("dblclick", () => view.show(lastOf(view.record, "all")));
  figure.addEventListener("wheel", (event) => hand.roll(event), {passive: false});
  figure.addEventListener("keydown", (event) => {
    const act = event.target === figure ? keyed(event, view, current()) : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function timeAt(chart: ChartElement, clientX: number): number {
  return chart.invert(clientX - chart.getBoundingClientRect().left);
}

function selected(view: View, chart: ChartElement | undefined, begin: number, end: number): void {
  if (!chart || end - begin < leastPixels) return;
  const [from, to] = [timeAt(chart, begin), timeAt(chart, end)].map(Math.round);
  view.show({begin: Math.max(from!, view.record.begin), end: Math.min(to!, view.record.end)});
}

function keyed({key, shiftKey}: KeyboardEvent, view: View, chart?: ChartElement): (() => void) | undefined {
  const {record, range} = view;
  const to = (next: TimeRange) => () => view.show(next);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const direction = key === "ArrowLeft" ? -1 : 1;
    return shiftKey ? () => view.point(stepped(view, chart, direction)) : to(panned(record, range, direction / 4));
  }
  if (key === "+" || key === "=") return to(zoomed(record, range, 0.5));
  if (key === "-") return to(zoomed(record, range, 2));
  if (key === "0") return to(lastOf(record, "all"));
  return key === "Escape" && view.pointed !== undefined ? () => view.point(undefined) : undefined;
}

/** The next reading in a direction, from the last one when nothing is pointed at. */
function stepped({pointed, range}: View, chart: ChartElement | undefined, direction: 1 | -1): number | undefined {
  const line = chart?.plotted.lines.find(({points}) => points.length > 0);
  if (!line) return undefined;
  const half = line.resolution.widthMs / 2;
  const times = line.points.map(({time}) => time + half).filter((time) => time >= range.begin && time <= range.end);
  if (pointed === undefined) return times.at(-1);
  return direction > 0
    ? (times.find((time) => time > pointed) ?? pointed)
    : (times.findLast((time) => time < pointed) ?? pointed);
}

/** Fingers (or the mouse with shift) that hold the chart: what is under each stays under it. */
class Hand {
  readonly #figure: HTMLElement;
  readonly #view: View;
  readonly #current: Current;
  readonly #held = new Map<number, {x: number; time: number}>(); // by pointer
  #start = 0; // where the first one came down
  #moved = false;
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(figure: HTMLElement, view: View, current: Current) {
    this.#figure = figure;
    this.#view = view;
    this.#current = current;
    figure.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"] as const)
      figure.addEventListener(type, (event) => this.#leave(event));
  }

  take(event: PointerEvent): void {
    this.#figure.setPointerCapture(event.pointerId);
    if (this.#held.size === 0) [this.#start, this.#moved] = [event.clientX, false];
    else this.#moved = true;
    this.#hold(event);
  }

  /** The wheel with control, as trackpads also tell a pinch, zooms about the pointer; sideways or with shift it moves. */
  roll(event: WheelEvent): void {
    const chart = this.#current();
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    const zooming = event.ctrlKey || event.metaKey;
    if (!chart || (!zooming && Math.abs(sideways) <= (event.shiftKey ? 0 : Math.abs(event.deltaY)))) return;
    event.preventDefault();
    const {record, range} = this.#view;
    const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 200)));
    this.#glide(
      zooming
        ? zoomed(record, range, factor, timeAt(chart, event.clientX))
        : panned(record, range, sideways / chart.clientWidth)
    );
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#view.show(this.#view.range), 150);
  }

  #hold({pointerId, clientX}: PointerEvent): void {
    const chart = this.#current();
    if (chart) this.#held.set(pointerId, {x: clientX, time: timeAt(chart, clientX)});
  }

  #move({pointerId, clientX}: PointerEvent): void {
    const held = this.#held.get(pointerId);
    if (!held) return;
    held.x = clientX;
    if (Math.abs(clientX - this.#start) >= leastPixels) this.#moved = true;
    if (this.#moved) this.#follow();
  }

  #leave(event: PointerEvent): void {
    if (!this.#held.delete(event.pointerId)) return;
    if (this.#held.size > 0) return this.#rehold();
    const chart = this.#current();
    if (this.#moved) this.#view.show(this.#view.range);
    else if (chart && event.type === "pointerup") this.#view.point(timeAt(chart, event.clientX));
  }

  /** A finger that stays when another goes holds what is under it now. */
  #rehold(): void {
    const chart = this.#current();
    if (chart) for (const held of this.#held.values()) held.time = timeAt(chart, held.x);
  }

  /** The range in which each held instant is under its finger. */
  #follow(): void {
    const chart = this.#current();
    const [one, two] = [...this.#held.values()];
    if (!chart || !one) return;
    const {record, range} = this.#view;
    const left = chart.getBoundingClientRect().left + margins.left;
    const width = chart.clientWidth - margins.left - margins.right;
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
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#view.glide(range));
  }
}

/** Draws the selection while the pointer moves, and gives its ends, in pixels of the page, when it is let go. */
function select(figure: HTMLElement, start: PointerEvent, done: (begin: number, end: number) => void): void {
  const box = figure.getBoundingClientRect();
  const shade = document.createElement("div");
  shade.className = "selection";
  const ends = (event: PointerEvent) => {
    const to = Math.min(box.right, Math.max(box.left, event.clientX));
    return [Math.min(start.clientX, to), Math.max(start.clientX, to)] as const;
  };
  const move = (event: PointerEvent) => {
    const [begin, end] = ends(event);
    if (end - begin < leastPixels) return;
    Object.assign(shade.style, {left: `${begin - box.left}px`, width: `${end - begin}px`});
    figure.append(shade);
  };
  const finish = new AbortController();
  const {signal} = finish;
  const stop = (event: PointerEvent) => {
    finish.abort();
    shade.remove();
    if (event.type === "pointerup") done(...ends(event));
  };
  for (const type of ["pointerup", "pointercancel"] as const) window.addEventListener(type, stop, {signal});
  window.addEventListener("pointermove", move, {signal});
}
