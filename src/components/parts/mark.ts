import {svg} from "npm:htl";

/** A shape for how something fares, so that it is never told by colour alone. */
export type MarkName = "well" | "fresh" | "late" | "silent" | "stale" | "alarm";

const shapes: Readonly<Record<MarkName, string>> = {
  well: "M1,6.5L4.5,10L11,2.5", // a tick
  fresh: "M6,1a5,5 0 1,0 0.01,0Z", // a disc
  late: "M6,0.5L11.8,11H0.2Z", // a triangle
  silent: "M1.5,1.5h9v9h-9Z", // a square
  stale: "M6,0L12,6L6,12L0,6Z", // a diamond
  alarm: "M3.5,0.5h5L11.5,3.5v5L8.5,11.5h-5L0.5,8.5v-5Z" // an octagon
};

/** Decoration of the words beside it: it has no name of its own. */
export function mark(name: MarkName): Element {
  const isLine = name === "well";
  return svg`<svg class="mark" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
    <path
      d=${shapes[name]}
      fill=${isLine ? "none" : "currentColor"}
      stroke=${isLine ? "currentColor" : "none"}
      stroke-width="2"
    />
  </svg>`;
}
