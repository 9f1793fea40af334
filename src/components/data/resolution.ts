import type {ResolutionEntry} from "../../../loaders/types.js";

/** How many pixels a bin gets at the least: finer than this, bins only blur into their band. */
const pixelsPerBin = 1.25;

/**
 * The finest resolution whose bins get their pixels: `span` in milliseconds, `width` in CSS pixels, `resolutions` from
 * fine to coarse. The coarsest when none does.
 */
export function pickResolution(resolutions: readonly ResolutionEntry[], span: number, width: number): ResolutionEntry {
  const bins = Math.max(1, width / pixelsPerBin);
  const found = resolutions.find((resolution) => span / resolution.widthMs <= bins) ?? resolutions.at(-1);
  if (!found) throw new Error("The dataset has no resolution: the resource that reduces it names none.");
  return found;
}

const words: Readonly<Record<string, string>> = {s: "second", m: "minute", h: "hour", d: "day"};
const adverbs: Readonly<Record<string, string>> = {
  "1h": "hourly",
  "1d": "daily",
  "24h": "daily",
  "1w": "weekly",
  "1mo": "monthly",
  "1q": "quarterly",
  "1y": "yearly"
};

/** A resolution in words: "15m" is "15-minute means", "1h" is "hourly means", "raw" is "readings". */
export function resolutionWords({name}: {readonly name: string}): string {
  if (name === "raw") return "readings";
  const [, count, unit] = /^(\d+)([smhd])$/.exec(name) ?? [];
  return `${adverbs[name] ?? (count === undefined ? name : `${count}-${words[unit!]}`)} means`;
}
