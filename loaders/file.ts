import {existsSync, mkdirSync, readFileSync, renameSync, rmSync} from "node:fs";
import {mkdir, writeFile} from "node:fs/promises";
import {dirname} from "node:path";
import {host, isAbsence, replace, temporary} from "../pond/disk.js";
import type {Scratch} from "./scratch.js";

/** Writes a file, whole and durable or not at all. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), {recursive: true});
  await replace(file, (temp) => writeFile(temp, content));
}

/** What a file says that is kept of something, read on the spot; undefined where there is none. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (!isAbsence(error)) throw error;
    return undefined;
  }
}

/** Writes a file likewise where it does not say that already. */
export async function writeChanged(file: string, text: string): Promise<void> {
  if (readText(file) === text) return;
  await replaceFile(file, text);
}

/**
 * Writes a file whole or not at all, for content that proves itself when it is read: it may not outlive a loss of power.
 * Many bytes are waited for elsewhere, all else is done on the spot, for a reduction makes a few hundred such calls.
 */
export async function placeFile(file: string, content: Uint8Array): Promise<void> {
  const temp = temporary(file);
  try {
    if (!existsSync(dirname(file))) mkdirSync(dirname(file), {recursive: true});
    await writeWhole(temp, content);
    renameSync(temp, file);
  } catch (error) {
    rmSync(temp, {force: true});
    throw error;
  }
}

async function writeWhole(file: string, content: Uint8Array): Promise<void> {
  const handle = await host.open(file, "wx");
  try {
    for (let done = 0; done < content.length;)
      done += (await handle.write(content, done, content.length - done, done)).bytesWritten;
  } finally {
    await handle.close();
  }
}

/** What a file holds, read into scratch. Throws as `readFile` does. */
export async function readInto(scratch: Scratch, file: string): Promise<Buffer> {
  const handle = await host.open(file, "r");
  try {
    const bytes = scratch.bytes((await handle.stat()).size);
    for (let done = 0; done < bytes.length;) {
      const {bytesRead} = await handle.read(bytes, done, bytes.length - done, done);
      if (bytesRead === 0) return bytes.subarray(0, done); // it became shorter
      done += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
