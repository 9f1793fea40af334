import * as Plot from "npm:@observablehq/plot";
import {html} from "npm:htl";
import type {Result, Row} from "./result.js";

/** How a result is drawn: along which column, and with what. */
export interface Drawing {
  readonly x: string;
  readonly mark: "line" | "dot" | "bar";
}

const most = 5000; // points that a chart of a result draws

/** The column along which a result is drawn unless a reader says otherwise: the first time, else the first column. */
export function drawingOf({names, kinds}: Result): Drawing | undefined {
  const time = kinds.indexOf("time");
  const x = names[time < 0 ? 0 : time];
  const isDrawn = kinds.some((kind, index) => kind === "number" && names[index] !== x);
  if (x === undefined || !isDrawn) return undefined;
  return {x, mark: kinds[names.indexOf(x)] === "other" ? "bar" : "line"};
}

/** Every column of numbers along one column, each as a series of its own. */
export function figure(result: Result, {x, mark}: Drawing, width: number): Element {
  const {names, kinds, rows} = result;
  const series = names.filter((name, index) => kinds[index] === "number" && name !== x);
  const step = Math.ceil((rows.length * series.length) / most);
  const kept = step > 1 && mark !== "bar" ? rows.filter((_, index) => index % step === 0) : rows.slice(0, most);
  const points = kept.flatMap((row) => series.map((name) => ({x: row[x], y: row[name], series: name})));
  const isTime = kinds[names.indexOf(x)] === "time";
  const plot = Plot.plot({
    width,
    height: Math.round(Math.min(400, Math.max(240, width * 0.4))),
    marginLeft: 56,
    ariaLabel: `${series.join(", ")} along ${x}`,
    style: {background: "none"},
    x: {label: x, ...(isTime && mark !== "bar" ? {type: "utc" as const} : {})},
    y: {label: series.length === 1 ? series[0]! : null, grid: true},
    color: {legend: series.length > 1, domain: series, range: colours},
    marks: marksOf(points, mark)
  });
  return html`<div>
    ${plot}
    ${
      kept.length < rows.length
        ? html`<p class="muted help">
            The chart shows ${count(kept.length)} of ${count(rows.length)} rows; the table and the files have all.
          </p>`
        : null
    }
  </div>`;
}

const colours = Array.from({length: 7}, (_, index) => `var(--site-${index + 1})`);
const count = (number: number) => number.toLocaleString("en-US");

function marksOf(points: readonly Row[], mark: Drawing["mark"]): Plot.Markish[] {
  const channels = {x: "x", y: "y", stroke: "series"};
  if (mark === "dot") return [Plot.dot(points, {...channels, r: 2})];
  if (mark === "bar") return [Plot.ruleY([0]), Plot.barY(points, {x: "x", y: "y", fill: "series", fx: undefined})];
  return [Plot.lineY(points, {...channels, z: "series"})];
}
