import {existsSync, statfsSync} from "node:fs";
import {mkdtemp, rm} from "node:fs/promises";
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
  const folder = await mkdtemp(join(hasRoom() ? memory : before, "duckpond-run-"));
  Object.assign(process.env, {TMPDIR: folder, LASTING_TMPDIR: before});
  return () => rm(folder, {recursive: true, force: true});
}
