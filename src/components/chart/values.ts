import type {Values} from "./view.js";

/** The part of a value axis about a value in it (its middle unless given), `factor` as long. */
export function zoomedValues([low, high]: Values, factor: number, about = (low + high) / 2): Values {
  return [about - (about - low) * factor, about + (high - about) * factor];
}

/** The part moved up by a share of its own length. */
export function movedValues([low, high]: Values, share: number): Values {
  const step = (high - low) * share;
  return [low + step, high + step];
}
