import {readdir, rm, stat} from "node:fs/promises";
import {join} from "node:path";

/** How long another process, with an older snapshot in hand, may go on reading what nothing names any more. */
const grace = 86_400e3; // ms

/**
 * Removes derived files that nothing names any more, a day after they were made. Ages are measured from the newest file
 * in the directory and not from the clock, which may be set.
 */
export async function sweep(directory: string, kept: ReadonlySet<string>): Promise<readonly string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  if (names.every((name) => kept.has(name))) return [];
  const files = await Promise.all(
    names.map(async (name) => ({name, time: (await stat(join(directory, name))).mtimeMs}))
  );
  const newest = files.reduce((time, file) => Math.max(time, file.time), 0);
  const old = files.filter(({name, time}) => !kept.has(name) && time < newest - grace).map(({name}) => name);
  for (const name of old) await rm(join(directory, name), {force: true});
  return old;
}
