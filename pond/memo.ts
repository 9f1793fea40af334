import {readFile} from "node:fs/promises";
import type {Contents} from "./contents.js";
import {isAbsence} from "./disk.js";
import {hash} from "./record.js";

/** What a process leaves under cache/ for those that come: a text below its own hash, since a torn one would be believed. */

/** What was remembered; undefined where there is nothing, or it is not as it was written. */
export async function recall(file: string): Promise<string | undefined> {
  const written = await readFile(file, "utf8").catch((error: unknown) => {
    if (!isAbsence(error)) throw error;
    return "";
  });
  const end = written.indexOf("\n");
  const text = written.slice(end + 1);
  return end >= 0 && written.slice(0, end) === hash(text) ? text : undefined;
}

export async function remember(contents: Pick<Contents, "place">, file: string, text: string): Promise<void> {
  await contents.place(file, Buffer.from(`${hash(text)}\n${text}`));
}
