import {randomUUID} from "node:crypto";
import {link, mkdir, open, readdir, rm, stat, unlink, utimes} from "node:fs/promises";
import {dirname, join} from "node:path";
import {sync} from "./disk.js";
import {PondError} from "./error.js";
import type {Store} from "./types.js";

const linkless = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "EXDEV"];

/**
 * A Store in a local directory. An object is written under `tmp/`, synced, linked to its name, and the directory
 * synced, so that it is there whole and for good or not at all, and only one writer can win a name.
 */
export class LocalStore implements Store {
  readonly #root: string;
  readonly #durable = new Map<string, Promise<void>>(); // directories whose own entries are known to be synced

  constructor(root: string) {
    this.#root = root;
  }

  locate(key: string): string {
    return join(this.#root, key);
  }

  async get(key: string): Promise<Uint8Array> {
    return this.getRange(key, 0);
  }

  async getRange(key: string, begin: number, end = Infinity): Promise<Uint8Array> {
    const handle = await open(this.locate(key), "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") throw missing(key, error);
      throw diskError(key, error);
    });
    try {
      const {size} = await handle.stat();
      const from = begin < 0 ? Math.max(0, size + begin) : Math.min(begin, size);
      const to = Math.max(from, Math.min(end < 0 ? size + end : end, size));
      return await readFully(handle, from, to - from);
    } catch (error) {
      throw diskError(key, error);
    } finally {
      await handle.close();
    }
  }

  async putIfAbsent(key: string, content: Uint8Array): Promise<boolean> {
    const target = this.locate(key);
    const temp = this.locate(`tmp/${process.pid}-${randomUUID()}`);
    try {
      await this.#directory(dirname(temp));
      await this.#directory(dirname(target));
      await writeDurable(temp, content);
      const won = await linkNew(temp, target);
      await sync(dirname(target));
      return won;
    } catch (error) {
      throw diskError(key, error);
    } finally {
      await rm(temp, {force: true});
    }
  }

  async *list(prefix: string): AsyncIterable<{readonly key: string; readonly size: number}> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const keys = (await this.#keys(folder)).filter((key) => key.startsWith(prefix)).sort(byCodeUnit);
    for (const key of keys) {
      const found = await stat(this.locate(key)).catch(absent);
      if (found !== undefined) yield {key, size: found.size};
    }
  }

  async delete(key: string): Promise<void> {
    await unlink(this.locate(key)).catch(absent);
    await sync(dirname(this.locate(key))).catch(absent);
  }

  async #keys(folder: string): Promise<string[]> {
    const entries = (await readdir(this.locate(folder), {withFileTypes: true, recursive: true}).catch(absent)) ?? [];
    const start = join(this.#root, "/").length;
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(start));
  }

  /** Makes a directory and its parents, each one synced into the one above. */
  #directory(path: string): Promise<void> {
    const known = this.#durable.get(path);
    if (known !== undefined) return known;
    const made = this.#makeDirectory(path);
    this.#durable.set(path, made);
    made.catch(() => this.#durable.delete(path));
    return made;
  }

  async #makeDirectory(path: string): Promise<void> {
    if (path.length > this.#root.length) await this.#directory(dirname(path));
    await mkdir(path, {recursive: true});
    await sync(dirname(path));
  }
}

async function readFully(handle: Awaited<ReturnType<typeof open>>, from: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const {bytesRead} = await handle.read(buffer, done, length - done, from + done);
    if (bytesRead === 0) return buffer.subarray(0, done);
    done += bytesRead;
  }
  return buffer;
}

async function writeDurable(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, "wx");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** False when the name was taken; its age then starts again, so that no vacuum takes what was just found in use. */
async function linkNew(temp: string, target: string): Promise<boolean> {
  try {
    await link(temp, target);
    return true;
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      const now = new Date();
      await utimes(target, now, now);
      return false;
    }
    if (!linkless.includes(code ?? "")) throw error;
    const sentence = `The file system of ${dirname(target)} has no hard links; put the pond on one that has (ext4, xfs, btrfs, APFS, NTFS).`;
    throw new PondError("UNSUPPORTED", sentence, {target}, error);
  }
}

function missing(key: string, cause: unknown): PondError {
  return new PondError("NOT_FOUND", `There is no ${key} in the store.`, {key}, cause);
}

function diskError(key: string, error: unknown): unknown {
  if (error instanceof PondError || !(error instanceof Error)) return error;
  return new PondError("DISK", `The disk refused ${key}: ${error.message}.`, {key}, error);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
