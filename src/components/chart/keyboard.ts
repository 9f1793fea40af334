import type {ChartElement} from "./chart.js";
import {middleOf} from "../data/point.js";
import {panned, zoomed} from "../time/range.js";
import type {TimeRange} from "../time/range.js";
import {movedValues, zoomedValues} from "./values.js";
import type {Values, View} from "./view.js";

/** What the keys do, in words. */
export const keyWords =
  "Arrow keys move it, plus and minus zoom, zero shows the whole record; with shift, left and right go from reading to reading, up and down zoom the values, and with alt they move them.";

/** What is on a figure that has the focus. */
export interface Focus {
  readonly view: View;
  readonly name: string; // of the chart, as the view knows it
  readonly chart?: ChartElement;
}

/** What a key does to a chart; undefined when it is none of ours. */
export function keyed({key, shiftKey, altKey}: KeyboardEvent, focus: Focus): (() => void) | undefined {
  const {view} = focus;
  const {record, range} = view;
  const to = (next: TimeRange) => () => view.show(next);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const direction = key === "ArrowLeft" ? -1 : 1;
    if (altKey) return undefined; // the browser's own: back and forward
    return shiftKey ? () => view.point(stepped(focus, direction)) : to(panned(record, range, direction / 4));
  }
  if (key === "ArrowUp" || key === "ArrowDown") return valued(key === "ArrowUp" ? 1 : -1, {shiftKey, altKey}, focus);
  if (key === "+" || key === "=") return to(zoomed(record, range, 0.5));
  if (key === "-") return to(zoomed(record, range, 2));
  if (key === "0") return () => view.reset();
  return key === "Escape" && view.pointed !== undefined ? () => view.point(undefined) : undefined;
}

/** Without shift or alt, up and down scroll the page. */
function valued(up: 1 | -1, {shiftKey, altKey}: {shiftKey: boolean; altKey: boolean}, {view, name, chart}: Focus) {
  const to = (next: Values) => () => view.showValues(name, next);
  if (!chart) return undefined;
  if (shiftKey) return to(zoomedValues(chart.plotted.values, up > 0 ? 0.5 : 2));
  return altKey ? to(movedValues(chart.plotted.values, up / 4)) : undefined;
}

/** The next reading in a direction, from the last one when nothing is pointed at. */
function stepped({view: {pointed, range}, chart}: Focus, direction: 1 | -1): number | undefined {
  const line = chart?.plotted.lines.find(({points}) => points.length > 0);
  if (!line) return undefined;
  const middles = line.points.map((point) => middleOf(point, line.resolution));
  const times = middles.filter((time) => time >= range.begin && time <= range.end);
  if (pointed === undefined) return times.at(-1);
  return direction > 0
    ? (times.find((time) => time > pointed) ?? pointed)
    : (times.findLast((time) => time < pointed) ?? pointed);
}
