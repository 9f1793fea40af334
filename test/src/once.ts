import {existsSync} from "node:fs";
import {mkdir, readFile, rename, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";

/**
 * What takes long and is only read, made by whichever test file of a run comes first: `make` fills a directory, and what
 * it gives, as JSON, is given to all. Where it fails, all fail with what it said.
 */
export async function once<T>(name: string, make: (directory: string) => Promise<T>): Promise<T> {
  const directory = join(tmpdir(), `once-${name}`); // the test files of a run have one folder for temporary files
  const told = `${directory}.json`;
  if (await isFirst(directory)) await tell(told, await make(directory).then(succeeded, failed));
  while (!existsSync(told)) await sleep(50);
  const {made, error} = JSON.parse(await readFile(told, "utf8")) as {made: T; error?: string};
  if (error !== undefined) throw new Error(error);
  return made;
}

const succeeded = (made: unknown) => ({made});
const failed = (error: unknown) => ({error: String(error)});

async function isFirst(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Whole or not at all. */
async function tell(path: string, what: unknown): Promise<void> {
  await writeFile(`${path}.part`, JSON.stringify(what));
  await rename(`${path}.part`, path);
}
