import {clockIn} from "./clock.js";

/** A moment from which on a zone's clocks stand so far ahead of UTC. */
export interface Turn {
  readonly time: number; // ms since 1970
  readonly minutes: number; // ahead of UTC
}

const day = 86_400_000;

/** How a zone's clocks stand over a span: first at its begin, then wherever they were changed, exact to the minute. */
export function turnsOf(timeZone: string, begin: number, end: number): readonly Turn[] {
  const ahead = offsetIn(timeZone);
  const turns: Turn[] = [{time: begin, minutes: ahead(begin)}];
  for (let from = begin; from < end; from += day) {
    const to = Math.min(end, from + day);
    if (ahead(to) === turns.at(-1)!.minutes) continue;
    let [before, after] = [from, to];
    while (after - before > 60_000) {
      const middle = Math.floor((before + after) / 120_000) * 60_000;
      if (middle <= before || middle >= after) break;
      if (ahead(middle) === turns.at(-1)!.minutes) before = middle;
      else after = middle;
    }
    turns.push({time: after, minutes: ahead(after)});
  }
  return turns;
}

function offsetIn(timeZone: string): (time: number) => number {
  const {wall} = clockIn(timeZone);
  return (time) => Math.round((wall(time) - Math.floor(time / 1000) * 1000) / 60_000);
}
