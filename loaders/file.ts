import {mkdir, writeFile} from "node:fs/promises";
import {dirname} from "node:path";
import {replace} from "../pond/disk.js";

/** Writes a file, whole and durable or not at all. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), {recursive: true});
  await replace(file, (temp) => writeFile(temp, text));
}
