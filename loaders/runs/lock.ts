import {open, readFile, rename, rm, stat, utimes} from "node:fs/promises";
import {hostname} from "node:os";
import process from "node:process";
import {setTimeout as wait} from "node:timers/promises";

/** A sign of life is given every so often; one much older than that was left by a process that is gone. */
const beat = 2000; // ms
const patience = 15_000; // ms

/**
 * Does the work while no other process does any under the same file, waiting for its turn. The lock of a process that
 * died is taken over.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(file))) if (!(await takeOver(file))) await wait(100);
  const alive = setInterval(() => void touch(file), beat);
  try {
    return await work();
  } finally {
    clearInterval(alive);
    await rm(file, {force: true});
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(JSON.stringify({pid: process.pid, host: hostname()}));
    await handle.close();
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Moves a dead process's lock out of the way; of several that try, one succeeds. */
async function takeOver(file: string): Promise<boolean> {
  try {
    if (!(await isStale(file))) return false;
    const aside = `${file}.${process.pid}`;
    await rename(file, aside);
    await rm(aside, {force: true});
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return true; // released or taken over meanwhile
    throw error;
  }
}

async function isStale(file: string): Promise<boolean> {
  const age = Date.now() - (await stat(file)).mtimeMs; // the host's clock, which set the other side of this too
  if (age > patience) return true;
  const {pid, host} = holder(await readFile(file, "utf8"));
  return host === hostname() && pid !== undefined && !isRunning(pid);
}

/** Nobody, while the lock is still being written. */
function holder(text: string): {readonly pid?: number; readonly host?: string} {
  return text === "" ? {} : (JSON.parse(text) as {pid: number; host: string});
}

/** Whether this host has such a process. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch((error: unknown) => {
    if (!isCode(error, "ENOENT")) throw error; // released while this was under way
  });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
