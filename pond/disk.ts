import {randomUUID} from "node:crypto";
import {link, mkdir, open, readdir, rename, rm, stat, unlink, utimes} from "node:fs/promises";
import {dirname, join} from "node:path";

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

/** The disk of this machine. */
export const host: Disk = {
  ...{open, link, unlink, stat, utimes},
  mkdir: async (path) => void (await mkdir(path)),
  files: async (directory) => {
    const entries = await readdir(directory, {withFileTypes: true, recursive: true});
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }
};

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
