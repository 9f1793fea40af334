/** A visible span of time, `[begin, end]` in milliseconds since 1970. */
export interface TimeRange {
  readonly begin: number;
  readonly end: number;
}

const day = 86_400_000;

/** The lengths that a reader can choose, in milliseconds; `all` is the whole record. */
export const presets = {
  "24h": day,
  "7d": 7 * day,
  "30d": 30 * day,
  "90d": 90 * day,
  "1y": 365 * day,
  "5y": 5 * 365 * day,
  all: Infinity
};
export type Preset = keyof typeof presets;

/** The presets that show less than the whole record, and the whole record. */
export function presetsOf({begin, end}: TimeRange): Preset[] {
  const names = Object.keys(presets) as Preset[];
  return names.filter((name) => name === "all" || presets[name] < end - begin);
}

/** The last stretch of a record: it ends at the last reading, not at the clock. */
export function lastOf(record: TimeRange, preset: Preset): TimeRange {
  return {begin: Math.max(record.begin, record.end - presets[preset]), end: record.end};
}

/** The preset that a range is, if it is one. */
export function presetOf(record: TimeRange, range: TimeRange): Preset | undefined {
  return presetsOf(record).find((preset) => same(lastOf(record, preset), range));
}

function same(a: TimeRange, b: TimeRange): boolean {
  return a.begin === b.begin && a.end === b.end;
}

const shortest = 60 * 60_000; // an hour: closer than this there is nothing to see

/** The range about an instant in it (its middle unless given), `factor` as long, within the record. */
export function zoomed(
  record: TimeRange,
  {begin, end}: TimeRange,
  factor: number,
  about = (begin + end) / 2
): TimeRange {
  const length = Math.max(shortest, (end - begin) * factor);
  const before = (length * (about - begin)) / (end - begin);
  const first = Math.round(about - before);
  return within(record, {begin: first, end: first + Math.round(length)});
}

/** The range moved by a share of its own length, within the record. */
export function panned(record: TimeRange, range: TimeRange, share: number): TimeRange {
  const step = Math.round((range.end - range.begin) * share);
  return within(record, {begin: range.begin + step, end: range.end + step});
}

/** The range as it is, or moved and cut so that it lies within the record. */
export function within(record: TimeRange, {begin, end}: TimeRange): TimeRange {
  const length = Math.min(end - begin, record.end - record.begin);
  if (begin < record.begin) return {begin: record.begin, end: record.begin + length};
  if (end > record.end) return {begin: record.end - length, end: record.end};
  return {begin, end};
}

/** The range as it stands in a link: a preset by its name, else two instants. */
export function toQuery(record: TimeRange, range: TimeRange): URLSearchParams {
  const preset = presetOf(record, range);
  if (preset) return new URLSearchParams({range: preset});
  return new URLSearchParams({from: new Date(range.begin).toISOString(), to: new Date(range.end).toISOString()});
}

/** The range that a link asks for, if it asks for one that can be shown. */
export function fromQuery(record: TimeRange, query: URLSearchParams): TimeRange | undefined {
  const preset = query.get("range");
  if (preset !== null && preset in presets) return lastOf(record, preset as Preset);
  const [begin, end] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
  return begin < end ? within(record, {begin, end}) : undefined;
}

/** The first and last instant of several records; undefined when there are none. */
export function joined(records: readonly TimeRange[]): TimeRange | undefined {
  if (records.length === 0) return undefined;
  return {
    begin: Math.min(...records.map(({begin}) => begin)),
    end: Math.max(...records.map(({end}) => end))
  };
}
