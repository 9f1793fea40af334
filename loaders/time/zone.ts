import * as z from "zod";
import {nearest} from "../word.js";

/** A time zone by its name in the IANA list; UTC unless given. */
export const timeZone = z
  .string()
  .default("UTC")
  .refine(isTimeZone, {
    error: ({input}) => `write a name of the IANA list, such as America/Los_Angeles${hint(String(input))}`
  });

function hint(name: string): string {
  const near = nearest(name, Intl.supportedValuesOf("timeZone"));
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}

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
