import {mkdir, rename, rm, writeFile} from "node:fs/promises";
import {dirname} from "node:path";
import {replace, temporary} from "../pond/disk.js";

/** Writes a file, whole and durable or not at all. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), {recursive: true});
  await replace(file, (temp) => writeFile(temp, content));
}

/** Writes a file whole or not at all, for content that proves itself when it is read: it may not outlive a loss of power. */
export async function placeFile(file: string, content: Uint8Array): Promise<void> {
  const temp = temporary(file);
  try {
    await mkdir(dirname(file), {recursive: true});
    await writeFile(temp, content);
    await rename(temp, file);
  } catch (error) {
    await rm(temp, {force: true});
    throw error;
  }
}
