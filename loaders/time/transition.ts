/** When a time zone's clocks are put forward or back. */
export interface Transition {
  readonly at: number; // ms since 1970, UTC
  readonly before: number; // ms that local time was ahead of UTC until then
  readonly after: number; // and from then on
}

const day = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** How far local time is ahead of UTC at an instant; both in ms. */
export function offsetAt(zone: string, instant: number): number {
  const whole = Math.floor(instant / 1000) * 1000;
  const parts = new Map(
    formatOf(zone)
      .formatToParts(whole)
      .map(({type, value}) => [type, Number(value)])
  );
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)!;
  const local = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return local - whole;
}

/** The transitions of a zone within a span, ms UTC, both inclusive, by time; none are nearer than a day. */
export function transitionsOf(zone: string, begin: number, end: number): readonly Transition[] {
  const found: Transition[] = [];
  let before = offsetAt(zone, begin);
  for (let low = begin; low < end; low += day) {
    const high = Math.min(low + day, end);
    const after = offsetAt(zone, high);
    if (after !== before) found.push({at: change(zone, low, high), before, after});
    before = after;
  }
  return found;
}

/** The first instant of the new offset, which `high` has and `low` has not. */
function change(zone: string, low: number, high: number): number {
  const before = offsetAt(zone, low);
  let [from, to] = [Math.floor(low / 1000), Math.floor(high / 1000)];
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (offsetAt(zone, middle * 1000) === before) from = middle;
    else to = middle;
  }
  return to * 1000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const numeric = {month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric"} as const;
  const format = new Intl.DateTimeFormat("en-US", {timeZone: zone, year: "numeric", ...numeric, hourCycle: "h23"});
  formats.set(zone, format);
  return format;
}
