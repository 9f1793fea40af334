import * as z from "zod";
import {PondError} from "../pond/error.js";
import {isGlob} from "../pond/glob.js";
import {isWithin, normalize} from "../pond/path.js";

/** A path of the pond, a pattern or a template of one. However it is spelled, it is read as the pond would spell it. */
export function path(error?: string) {
  return z.string().startsWith("/", error).check(spellPlainly);
}

/** A path of the pond, or a template of one, where a resource may store something; `error` tells how to write one. */
export function ownPath(error: string) {
  return path(error).check((read) => {
    if (read.issues.length > 0) return;
    const wrong = wrongWith(read.value);
    if (wrong !== undefined) read.issues.push({code: "custom", message: `${wrong}; ${error}`, input: read.value});
  });
}

function wrongWith(place: string): string | undefined {
  if (place === "/") return "it is where all of the pond begins";
  if (isWithin(place, "/sys")) return "what is below /sys is the pond's own";
  return isGlob(place) ? "it is a pattern, and something is stored at one place" : undefined;
}

function spellPlainly(read: z.core.ParsePayload<string>): void {
  if (read.issues.length > 0) return;
  try {
    read.value = normalize(read.value);
  } catch (error) {
    if (!(error instanceof PondError)) throw error;
    read.issues.push({code: "custom", message: error.message, input: read.value});
  }
}
