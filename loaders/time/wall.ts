import {microsBeyond} from "./period.js";
import {offsetAt} from "./transition.js";

/**
 * The instant of a time as a person writes it, ISO 8601 with an offset or by the clocks of a zone; µs since 1970, UTC.
 * Throws for one that these clocks never showed, or twice.
 */
export function instantOf(text: string, zone: string): number {
  return millisOf(text, zone) * 1000 + microsBeyond(text);
}

/** To the whole millisecond before it. */
function millisOf(text: string, zone: string): number {
  const [, date, clock = "00:00", offset] =
    /^(\S{10})(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s?(Z|[-+]\d\d:?\d\d)?$/.exec(text)!;
  const iso = `${date!}T${clock.length === 5 ? `${clock}:00` : clock}`;
  const local = Date.parse(`${iso}Z`);
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(date!))
    throw new Error(`its time ${text} is on no calendar`);
  if (offset !== undefined) return Date.parse(`${iso}${offset.replace(/^([-+]\d\d)(\d\d)$/, "$1:$2")}`);
  const day = 86_400_000;
  const offsets = new Set([local - day, local + day].map((instant) => offsetAt(zone, instant)));
  const instants = [...offsets]
    .map((ahead) => local - ahead)
    .filter((instant) => instant + offsetAt(zone, instant) === local);
  if (instants.length === 0)
    throw new Error(`its time ${text} did not exist in ${zone}, since clocks were put forward over it`);
  if (instants.length > 1) throw new Error(`its time ${text} came twice in ${zone}; write its offset behind it`);
  return instants[0]!;
}
