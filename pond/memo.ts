import {readFile} from "node:fs/promises";
import type {Contents} from "./contents.js";
import {hash} from "./record.js";

/**
 * What a process left under cache/ for those that come: a text below its own hash, since a torn one would be believed.
 * Undefined where there is nothing, or it is not as it was written, or cannot be read: all of it can be found out anew.
 */
export async function recall(file: string): Promise<string | undefined> {
  const written = await readFile(file, "utf8").catch(() => "");
  const end = written.indexOf("\n");
  const text = written.slice(end + 1);
  return end >= 0 && written.slice(0, end) === hash(text) ? text : undefined;
}

/** Leaves a text for `recall`. */
export async function remember(contents: Pick<Contents, "place">, file: string, text: string): Promise<void> {
  await contents.place(file, Buffer.from(`${hash(text)}\n${text}`));
}
