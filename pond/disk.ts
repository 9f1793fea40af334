import {randomUUID} from "node:crypto";
import * as fs from "node:fs";
import {copyFile, link, readdir, rename, rm, stat} from "node:fs/promises";
import {dirname, join} from "node:path";
import {promisify} from "node:util";

/** How much of what was to be written was; it may be less than all. */
interface Written {
  readonly bytesWritten: number;
}

/** An open file of a disk. */
export interface OpenFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{readonly bytesRead: number}>;
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<Written>;
  stat(): Promise<{readonly size: number}>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** All that a local store asks of the operating system, call by call; tests have disks that fail, forget and tell. */
export interface Disk {
  open(path: string, flags: "r" | "wx"): Promise<OpenFile>; // a directory opens for reading, to be synced
  link(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string): Promise<void>; // one level
  files(directory: string): Promise<readonly string[]>; // paths of all files below
  stat(path: string): Promise<{readonly size: number; readonly mtimeMs: number}>;
  utimes(path: string, atime: Date, mtime: Date): Promise<void>;
}

/** Bytes up to here are read and written on the spot. */
const few = 1 << 18;

/**
 * The disk of this machine. What takes microseconds is done on the spot, for the way to another thread and back takes
 * longer, and a commit makes twenty such calls; syncs, listings and many bytes are waited for elsewhere.
 */
export const host: Disk = {
  open: async (path, flags) => new HostFile(fs.openSync(path, flags)),
  link: async (existing, path) => fs.linkSync(existing, path),
  unlink: async (path) => fs.unlinkSync(path),
  mkdir: async (path) => fs.mkdirSync(path),
  stat: async (path) => fs.statSync(path),
  utimes: async (path, atime, mtime) => fs.utimesSync(path, atime, mtime),
  files: async (directory) => {
    const entries = await readdir(directory, {withFileTypes: true, recursive: true});
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }
};

const [read, write, fsync] = [promisify(fs.read), promisify(fs.write), promisify(fs.fsync)];

class HostFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number
  ): Promise<{readonly bytesRead: number}> {
    if (length > few) return read(this.#fd, buffer, offset, length, position);
    return {bytesRead: fs.readSync(this.#fd, buffer, offset, length, position)};
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<Written> {
    if (length > few) return write(this.#fd, buffer, offset, length, position);
    return {bytesWritten: fs.writeSync(this.#fd, buffer, offset, length, position)};
  }

  async stat(): Promise<{readonly size: number}> {
    return fs.fstatSync(this.#fd);
  }

  sync(): Promise<void> {
    return fsync(this.#fd);
  }

  async close(): Promise<void> {
    fs.closeSync(this.#fd);
  }
}

/** The few steps that make bytes on a local disk outlive a loss of power. */

/** Resolves when the file's bytes, or the directory's entries, are on the disk. */
export async function sync(path: string, disk: Pick<Disk, "open"> = host): Promise<void> {
  const handle = await disk.open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether an error of the operating system says that there is nothing at a path. */
export function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** The bytes of a host file; undefined when there is none. */
export async function sizeOf(file: string): Promise<number | undefined> {
  const found = await stat(file).catch((error: unknown) => {
    if (!isAbsence(error)) throw error;
  });
  return found?.size;
}

/** A name beside the file that no other writer has and that no reader looks for. */
export function temporary(file: string): string {
  return `${file}.${randomUUID()}.tmp`;
}

/** What an operating system says that cannot give a file a second name, or not there. */
export const linkless = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "EXDEV"];

/** The same file under another name; a copy, whole or not there, where the host cannot have it twice. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!linkless.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    await replace(to, (temp) => copyFile(from, temp));
  }
}

/** Has `write` make the file under a temporary name, then puts it in place: whole and durable, or not at all. */
export async function replace(file: string, write: (temp: string) => Promise<void>): Promise<void> {
  const temp = temporary(file);
  try {
    await write(temp);
    await sync(temp);
    await rename(temp, file);
  } catch (error) {
    await rm(temp, {force: true});
    throw error;
  }
  await sync(dirname(file));
}
