/** Numbers and times as readers see them. Time zones are IANA names. */

/** A value with the digits that matter at its size: 3.70, 12.1, 812; and with no fewer than `least`. */
export function formatReading(value: number, least = 0): string {
  const size = Math.abs(value);
  const digits = Math.max(least, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
  return value.toFixed(digits).replace(/^-(0\.0+)$/, "$1");
}

/** A change with its sign: "+0.30", "−1.20" (a true minus), "±0". */
export function formatChange(change: number): string {
  const text = formatReading(Math.abs(change));
  if (Number(text) === 0) return "±0";
  return `${change > 0 ? "+" : "−"}${text}`;
}

/** A unit as it is written beside a number: "C" is "°C"; one that only repeats its parameter says nothing. */
export function formatUnit(unit: string, parameter = ""): string {
  if (unit === "C" || unit === "F") return `°${unit}`;
  return unit === parameter ? "" : unit;
}

/** A date and time to the minute, with the zone's abbreviation: "1 Mar 2026, 00:15 PST". */
export function formatTime(time: number | string, timeZone: string): string {
  const date = new Date(time);
  return `${formatIn(timeZone).time.format(date)} ${zoneName(date, timeZone)}`;
}

/** A date alone: "1 Mar 2026". */
export function formatDay(time: number | string, timeZone: string): string {
  return formatIn(timeZone).time.format(new Date(time)).split(",")[0]!;
}

/** Making a format takes a hundred times as long as using it. */
const formats = new Map<string, {readonly time: Intl.DateTimeFormat; readonly zone: Intl.DateTimeFormat}>();

function formatIn(timeZone: string) {
  const kept = formats.get(timeZone);
  if (kept) return kept;
  const made = {
    time: new Intl.DateTimeFormat("en-GB", {dateStyle: "medium", timeStyle: "short", timeZone}),
    zone: new Intl.DateTimeFormat("en-US", {timeZone, timeZoneName: "short"})
  };
  formats.set(timeZone, made);
  return made;
}

/** Has the browser load what it knows of times, a tenth of a second on a slow phone, before a page needs it. */
export function readyFormats(): void {
  formatTime(0, "UTC");
}

/** "PST", "CET", or "GMT+5:45" where there is no abbreviation; American English knows the most of them. */
function zoneName(date: Date, timeZone: string): string {
  const parts = formatIn(timeZone).zone.formatToParts(date);
  return parts.find(({type}) => type === "timeZoneName")!.value;
}

/** A length of time in its largest fitting unit: "12 minutes", "3 hours", "2 days". */
export function formatAge(millis: number): string {
  const minutes = Math.max(0, Math.round(millis / 60_000));
  if (minutes < 90) return plural(minutes, "minute");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? plural(hours, "hour") : plural(Math.round(hours / 24), "day");
}

/** A whole number with a comma at each thousand: the language's own way costs a tenth of a second on a slow phone. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;
}

/** A share in percent that says "100" only of all and "0" only of nothing: "99.9 %", "<0.1 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.1) return "<0.1 %";
  return `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
}

/** Bytes for people: "512 B", "3.4 kB", "1.2 MB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${["B", "kB", "MB", "GB"][power]}`;
}
