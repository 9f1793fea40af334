import {placeFile, readText} from "./file.js";

/**
 * What a file of the pond's cache says, which is JSON; undefined where there is none, and where it was cut short, as a
 * loss of power or another program may leave it: all that stands there can be made again.
 */
export function readCache<T>(file: string): T | undefined {
  const text = readText(file);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** Makes a file of the cache say this, whole or not at all. */
export async function writeCache(file: string, value: unknown): Promise<void> {
  await placeFile(file, Buffer.from(`${JSON.stringify(value)}\n`));
}
