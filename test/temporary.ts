import {existsSync, statfsSync} from "node:fs";
import {mkdir, readdir, rm} from "node:fs/promises";
import {freemem, tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";

/**
 * Where a run of the tests has its temporary files: in a folder of its own, in memory where the system has a place for
 * that with room enough. A pond has the disk write out all that it commits, which is most of what tests of a pond wait
 * for, and no test loses power: those that are about it have disks of their own making.
 */

const memory = "/dev/shm";
const enough = 6 * 2 ** 30; // bytes, a multiple of what a run has there at a time

function hasRoom(): boolean {
  if (!existsSync(memory)) return false;
  const {bavail, bsize} = statfsSync(memory);
  return Math.min(bavail * bsize, freemem()) >= enough;
}

/** Vitest calls it before a run, in the parent of the processes that the test files run in, which hand it on. */
export async function setup(): Promise<() => Promise<void>> {
  const before = tmpdir();
  const place = hasRoom() ? memory : before;
  await tidy(place);
  const folder = join(place, `duckpond-run-${process.pid}`);
  await mkdir(folder);
  Object.assign(process.env, {TMPDIR: folder, LASTING_TMPDIR: before});
  return () => remove(folder);
}

/** Takes away what runs left that were killed. */
async function tidy(place: string): Promise<void> {
  for (const name of await readdir(place)) {
    const [, pid] = /^duckpond-run-(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await remove(join(place, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is somebody else's
  }
}

const remove = (folder: string) => rm(folder, {recursive: true, force: true});
