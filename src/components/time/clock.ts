/** The wall clock of a time zone. Times are milliseconds since 1970; a wall's, as if the zone were UTC. */
export interface Clock {
  /** What the wall clock shows at an instant. */
  readonly wall: (time: number) => number;
  /** The instant at which it shows a time; the earlier one when it does so twice. */
  readonly instant: (wall: number) => number;
}

const clocks = new Map<string, Clock>();

/** The clock of a zone by its IANA name. */
export function clockIn(timeZone: string): Clock {
  const kept = clocks.get(timeZone);
  if (kept) return kept;
  const made = clockOf(timeZone);
  clocks.set(timeZone, made);
  return made;
}

function clockOf(timeZone: string): Clock {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric"
  });
  const wall = (time: number) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({type, value}) => [type, Number(value)]));
    return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second);
  };
  const instant = (shown: number) => {
    const first = shown - (wall(shown) - shown);
    return shown - (wall(first) - first);
  };
  return {wall, instant};
}
