import type {Range} from "../../pond/types.js";

/**
 * The span of time that clocks tell which were set: from 2000 until a day ahead of ours. µs UTC. What an instrument says
 * of other times is kept aside, in the series that `asideOf` names.
 */
export function setClocks(now: number): Required<Range> {
  return {begin: Date.UTC(2000, 0) * 1000, end: (Math.floor(now) + 86_400_000) * 1000 + 1};
}

/** Where a series' readings of clocks that were not set are kept. */
export function asideOf(series: string): string {
  return `/sys/aside${series}`;
}
