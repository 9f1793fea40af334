import type {ChartElement} from "./chart.js";
import {lastOf, panned, zoomed} from "./range.js";
import type {TimeRange} from "./range.js";
import type {View} from "./view.js";

const leastPixels = 6; // a shorter drag is a click

/**
 * Lets a reader choose the visible range on the chart itself: drag across it to zoom, double-click to see the whole
 * record again, arrow keys to move, + and − to zoom, 0 for the whole record.
 */
export function brush(figure: HTMLElement, view: View, current: () => ChartElement | undefined): void {
  const press = (event: PointerEvent) => {
    if (event.button === 0 && event.pointerType !== "touch") drag(figure, event, select);
  };
  figure.addEventListener("pointerdown", press, {capture: true}); // Plot's tip keeps the event to itself
  figure.addEventListener("dblclick", () => view.show(lastOf(view.record, "all")));
  figure.addEventListener("keydown", (event) => {
    const range = keyed(event.key, view);
    if (!range) return;
    event.preventDefault();
    view.show(range);
  });
  function select(begin: number, end: number): void {
    const chart = current();
    if (!chart || end - begin < leastPixels) return;
    const left = chart.getBoundingClientRect().left;
    const [from, to] = [chart.invert(begin - left), chart.invert(end - left)].map(Math.round);
    view.show({begin: Math.max(from!, view.record.begin), end: Math.min(to!, view.record.end)});
  }
}

function keyed(key: string, {record, range}: View): TimeRange | undefined {
  if (key === "ArrowLeft") return panned(record, range, -0.25);
  if (key === "ArrowRight") return panned(record, range, 0.25);
  if (key === "+" || key === "=") return zoomed(record, range, 0.5);
  if (key === "-") return zoomed(record, range, 2);
  return key === "0" ? lastOf(record, "all") : undefined;
}

/** Draws the selection while the pointer moves, and gives its ends, in pixels of the page, when it is let go. */
function drag(figure: HTMLElement, start: PointerEvent, done: (begin: number, end: number) => void): void {
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
