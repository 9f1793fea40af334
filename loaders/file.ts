import {copyFile, link, mkdir, rename, rm, writeFile} from "node:fs/promises";
import {dirname} from "node:path";
import {replace, temporary} from "../pond/disk.js";

/** Writes a file, whole and durable or not at all. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), {recursive: true});
  await replace(file, (temp) => writeFile(temp, content));
}

/** The same file under another name; a copy where the host cannot have it twice. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!["EXDEV", "EPERM", "ENOTSUP", "EMLINK"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    await copyFile(from, to); // another disk, or a filesystem without hard links
  }
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
