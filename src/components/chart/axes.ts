import {margins} from "./frame.js";
import type {Frame} from "./frame.js";
import {ticksOf} from "../time/ticks.js";

/** The axes of a chart as SVG text. */

export function valueAxis({scale, width, y}: Frame): string {
  const rules = scale.ticks.map(({value}) => `M${margins.left},${y(value).toFixed(1)}H${width - margins.right}`);
  const labels = scale.ticks.map(
    ({value, label}) => `<text x="${margins.left - 6}" y="${y(value).toFixed(1)}" dy="0.32em">${label}</text>`
  );
  return `<path class="grid" d="${rules.join("")}"/><g class="values" text-anchor="end">${labels.join("")}</g>`;
}

export function timeAxis({range, width, height, timeZone, x, ticks}: Frame): string {
  const base = height - margins.bottom;
  const marked = ticks ?? ticksOf(range, width / 80, timeZone);
  const rules = marked.map(({time}) => `M${x(time).toFixed(1)},${base}v4`).join("");
  const labels = marked.flatMap(({time, label}) => {
    const at = Math.min(width - 14, x(time)).toFixed(1);
    return label.split("\n").map((text, line) => `<text x="${at}" y="${base + 15 + 14 * line}">${text}</text>`);
  });
  return `<path class="ticks" d="M${margins.left},${base}H${width - margins.right}${rules}"/>
    <g class="times" text-anchor="middle">${labels.join("")}</g>`;
}
