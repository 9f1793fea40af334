import {randomUUID} from "node:crypto";
import {open, rename, rm} from "node:fs/promises";
import {dirname} from "node:path";

/** The few steps that make bytes on a local disk outlive a loss of power. */

/** Resolves when the file's bytes, or the directory's entries, are on the disk. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A name beside the file that no other writer has and that no reader looks for. */
export function temporary(file: string): string {
  return `${file}.${randomUUID()}.tmp`;
}

/** Has `write` make the file under a temporary name, then puts it in place: whole and durable, or not at all. */
export async function replace(file: string, write: (temp: string) => Promise<void>): Promise<void> {
  const temp = temporary(file);
  try {
    await write(temp);
    await sync(temp);
    await rename(temp, file);
  } catch (error) {
    await rm(temp, {force: true});
    throw error;
  }
  await sync(dirname(file));
}
