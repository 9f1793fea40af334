import * as z from "zod";
import {parseResolution} from "./resolution.js";

/** A length of time: a whole number and s, m, h or d, such as 15m, or 0s. */
export const duration = z
  .string()
  .regex(/^(0s|[1-9]\d{0,5}[smhd])$/, "write a whole number and s, m, h or d, such as 15m, or 0s");

/** How long that is, µs. */
export function parseDuration(text: string): number {
  return text === "0s" ? 0 : parseResolution(text).width;
}
