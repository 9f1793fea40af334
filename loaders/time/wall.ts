import * as z from "zod";
import {microsBeyond} from "./period.js";
import {offsetAt} from "./transition.js";

/** A field for a time as a person writes it: ISO 8601 with an offset, or by the clocks of a zone. */
export const wallTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d([T ]\d?\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[-+]\d\d:?\d\d)?)?$/, {
    error: "write a time such as 2026-03-01 12:00 or 2026-03-01T12:00Z",
    abort: true
  })
  .refine((text) => !Number.isNaN(partsOf(text).local), "there is no such day or hour");

/** The instant of such a time, µs since 1970. Throws for one that the clocks of the zone never showed, or twice. */
export function instantOf(text: string, zone: string): number {
  const wrong = wrongIn(zone, text);
  if (wrong !== undefined) throw new Error(`its time ${text} ${wrong}`);
  return instantsOf(text, zone)[0]! * 1000 + microsBeyond(text);
}

/** What keeps such a time from being one instant, in words that follow it; undefined where nothing does. */
export function wrongIn(zone: string, text: string): string | undefined {
  if (Number.isNaN(partsOf(text).local)) return "is on no calendar";
  const {length} = instantsOf(text, zone);
  if (length === 0) return `did not exist in ${zone}, since clocks were put forward over it`;
  return length === 1 ? undefined : `came twice in ${zone}; write its offset behind it`;
}

/** When the clocks of a zone showed such a time, ms since 1970, to the whole one before it: at one instant, at none or at two. */
export function instantsOf(text: string, zone: string): readonly number[] {
  const {local, ahead} = partsOf(text);
  if (ahead !== undefined) return [local - ahead];
  const day = 86_400_000;
  const offsets = new Set([local - day, local + day].map((instant) => offsetAt(zone, instant)));
  return [...offsets].map((one) => local - one).filter((instant) => instant + offsetAt(zone, instant) === local);
}

/** What clocks showed, ms as if it were UTC, NaN where no calendar has it; and how far they were ahead, where that is told. */
function partsOf(text: string): {readonly local: number; readonly ahead?: number} {
  const [, date, hour = "00", rest = ":00", offset] =
    /^(\S{10})(?:[T ](\d?\d)(:\d\d(?::\d\d(?:\.\d+)?)?))?\s?(Z|[-+]\d\d:?\d\d)?$/.exec(text)!;
  const iso = `${date!}T${hour.padStart(2, "0")}${rest.length === 3 ? `${rest}:00` : rest}`;
  const shown = Date.parse(`${iso}Z`);
  const isReal = !Number.isNaN(shown) && new Date(shown).toISOString().startsWith(date!);
  const local = isReal ? shown : NaN;
  if (offset === undefined) return {local};
  return {local, ahead: shown - Date.parse(`${iso}${offset.replace(/^([-+]\d\d)(\d\d)$/, "$1:$2")}`)};
}
