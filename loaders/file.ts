import {copyFile, link, mkdir, writeFile} from "node:fs/promises";
import {dirname} from "node:path";
import {replace} from "../pond/disk.js";

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
