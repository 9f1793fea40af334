import {randomUUID} from "node:crypto";
import {dirname, join} from "node:path";
import {host, isAbsence, linkless, sync} from "./disk.js";
import type {Disk, OpenFile} from "./disk.js";
import {PondError} from "./error.js";
import type {Listed, Standing, Store} from "./types.js";

/** No file is written for this long (ms); one under tmp/ that is older was left by a process that died. */
const abandoned = 24 * 3_600_000;

/**
 * A Store in a local directory. An object is written under `tmp/`, synced, linked to its name, and the directory
 * synced, so that it is there whole and for good or not at all, and only one writer can win a name.
 */
export class LocalStore implements Store {
  readonly #root: string;
  readonly #disk: Disk;
  readonly #durable = new Map<string, Promise<void>>(); // directories whose own entries are known to be synced
  readonly #litter = new Set<string>(); // temporary files that have to go
  #searched: Promise<void> | undefined; // for what other processes left

  constructor(root: string, disk: Disk = host) {
    this.#root = root;
    this.#disk = disk;
  }

  locate(key: string): string {
    return join(this.#root, key);
  }

  async get(key: string): Promise<Uint8Array> {
    return this.getRange(key, 0);
  }

  async getRange(key: string, begin: number, end = Infinity): Promise<Uint8Array> {
    try {
      return await this.#read(this.locate(key), begin, end);
    } catch (error) {
      throw isAbsence(error) ? missing(key, error) : diskError(key, error);
    }
  }

  async putIfAbsent(key: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<boolean> {
    const temp = this.locate(`tmp/${process.pid}-${randomUUID()}`);
    try {
      await this.#directory(dirname(temp));
      await this.#directory(dirname(this.locate(key)));
      await this.#search();
      await writeDurable(temp, content, this.#disk);
      return await this.#place(temp, key);
    } catch (error) {
      this.#durable.clear(); // what was known of the disk may not hold any more
      throw diskError(key, error);
    } finally {
      this.#litter.add(temp);
      await this.#sweep();
    }
  }

  async *list(prefix: string): AsyncIterable<Listed> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const keys = (await this.#keys(folder)).filter((key) => key.startsWith(prefix)).sort(byCodeUnit);
    for (const key of keys) yield {key, stat: () => this.#stat(key)};
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#disk.unlink(this.locate(key)).catch(absent);
      await sync(dirname(this.locate(key)), this.#disk).catch(absent);
    } catch (error) {
      throw diskError(key, error);
    }
  }

  async #read(file: string, begin: number, end: number): Promise<Uint8Array> {
    const handle = await this.#disk.open(file, "r");
    try {
      const {size} = await handle.stat();
      const from = begin < 0 ? Math.max(0, size + begin) : Math.min(begin, size);
      const to = Math.max(from, Math.min(end < 0 ? size + end : end, size));
      return await readFully(handle, from, to - from);
    } finally {
      await handle.close();
    }
  }

  /** Gives a finished file its name. From the link on others see it, so it is never taken back. */
  async #place(temp: string, key: string): Promise<boolean> {
    const target = this.locate(key);
    const won = await linkNew(temp, target, this.#disk);
    await sync(dirname(target), this.#disk).catch((error: Error) => {
      const sentence = `${key} is in its place, but the disk did not promise to keep it through a loss of power: ${error.message}; run pond check when the disk is well.`;
      throw new PondError("DISK", sentence, {key, placed: won}, error);
    });
    return won;
  }

  async #keys(folder: string): Promise<string[]> {
    const start = join(this.#root, "/").length;
    try {
      return (await this.#disk.files(this.locate(folder))).map((file) => file.slice(start));
    } catch (error) {
      if (isAbsence(error)) return [];
      throw diskError(folder, error);
    }
  }

  async #stat(key: string): Promise<Standing | undefined> {
    try {
      const {size, mtimeMs} = await this.#disk.stat(this.locate(key));
      return {size, mark: String(mtimeMs)};
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw diskError(key, error);
    }
  }

  /** Looks once for what processes that died left under tmp/. */
  #search(): Promise<void> {
    this.#searched ??= this.#searchLitter();
    this.#searched.catch(() => (this.#searched = undefined));
    return this.#searched;
  }

  async #searchLitter(): Promise<void> {
    for (const file of await this.#disk.files(this.locate("tmp"))) {
      const found = await this.#disk.stat(file).catch(absent);
      if (found !== undefined && found.mtimeMs < Date.now() - abandoned) this.#litter.add(file);
    }
  }

  /** Removes what was temporary. A file that the disk will not let go means nothing, and goes with the next put. */
  async #sweep(): Promise<void> {
    for (const file of this.#litter) {
      const isGone = await this.#disk.unlink(file).then(() => true, isAbsence);
      if (isGone) this.#litter.delete(file);
    }
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
    try {
      await this.#disk.mkdir(path);
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      const isDeep = code === "ENOENT" && !this.#durable.has(dirname(path)); // above the pond's root
      if (!isDeep && code !== "EEXIST") throw error;
      if (isDeep) {
        await this.#directory(dirname(path));
        return this.#makeDirectory(path);
      }
    }
    await sync(dirname(path), this.#disk);
  }
}

async function readFully(handle: OpenFile, from: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const {bytesRead} = await handle.read(buffer, done, length - done, from + done);
    if (bytesRead === 0) return buffer.subarray(0, done);
    done += bytesRead;
  }
  return buffer;
}

async function writeFully(handle: OpenFile, content: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < content.length;) {
    const {bytesWritten} = await handle.write(content, done, content.length - done, position + done);
    if (bytesWritten === 0) throw new Error("the file took no more bytes");
    done += bytesWritten;
  }
}

async function writeDurable(file: string, content: Uint8Array | AsyncIterable<Uint8Array>, disk: Disk): Promise<void> {
  const handle = await disk.open(file, "wx");
  try {
    let at = 0;
    for await (const piece of content instanceof Uint8Array ? [content] : content) {
      await writeFully(handle, piece, at);
      at += piece.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** False when the name was taken; its age then starts again, so that no vacuum takes what was just found in use. */
async function linkNew(temp: string, target: string, disk: Disk): Promise<boolean> {
  try {
    await disk.link(temp, target);
    return true;
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      const now = new Date();
      await disk.utimes(target, now, now);
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
  return new PondError(
    "DISK",
    `The disk refused ${key}: ${error.message}; free it or make it well, then run again.`,
    {key},
    error
  );
}

function absent(error: unknown): undefined {
  if (!isAbsence(error)) throw error;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
