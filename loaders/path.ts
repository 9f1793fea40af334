import * as z from "zod";
import {PondError} from "../pond/error.js";
import {normalize} from "../pond/path.js";

/** A path of the pond, a pattern or a template of one. However it is spelled, it is read as the pond would spell it. */
export function path(error?: string) {
  return z.string().startsWith("/", error).check(spellPlainly);
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
