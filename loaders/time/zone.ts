import * as z from "zod";

/** A time zone by its name in the IANA list; UTC unless given. */
export const timeZone = z
  .string()
  .default("UTC")
  .refine(isTimeZone, "write a name of the IANA list, such as America/Los_Angeles");

function isTimeZone(name: string): boolean {
  if (name === "UTC") return true; // to ask takes the time of loading what is known of all zones
  try {
    new Intl.DateTimeFormat("en", {timeZone: name});
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
