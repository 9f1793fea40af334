import {svg} from "npm:htl";

/** A line of the last daily means, broken where there are none; the last one is marked. Decoration: it has no name. */
export function spark(values: readonly (number | null)[], colour: string, {width = 72, height = 22} = {}): Element {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (index: number) => 3 + (index / Math.max(1, values.length - 1)) * (width - 6);
  const y = (value: number) => height - 4 - ((value - low) / (high - low || 1)) * (height - 8);
  const last = values.findLastIndex((value) => value !== null);
  return svg`<svg class="spark" viewBox=${`0 0 ${width} ${height}`} width=${width} height=${height} aria-hidden="true">
    <path d=${pathOf(values, x, y)} fill="none" style=${`stroke: ${colour}`} stroke-width="1.5" />
    ${last < 0 ? null : svg`<circle cx=${x(last)} cy=${y(values[last]!)} r="2.5" style=${`fill: ${colour}`} />`}
  </svg>`;
}

type Scale = (value: number) => number;

function pathOf(values: readonly (number | null)[], x: Scale, y: Scale): string {
  const steps = values.map((value, index) => {
    if (value === null) return "";
    const joined = index > 0 && values[index - 1] !== null;
    return `${joined ? "L" : "M"}${x(index).toFixed(1)},${y(value).toFixed(1)}`;
  });
  return steps.join("");
}
