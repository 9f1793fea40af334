import {spawn} from "node:child_process";
import {once} from "node:events";
import {cp, mkdtemp, readFile, rm, symlink, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {formatRows} from "../../loaders/format.js";
import {mutants} from "./mutants.js";
import type {Mutant} from "./mutants.js";

/**
 * Breaks the pond on purpose, one thing at a time, and has the tests that should notice run on it: `npm run
 * test:mutants`. Names after it choose some. The exit status is 1 when a mutant lives.
 */

const root = join(import.meta.dirname, "../..");

/** A copy of what the tests of the pond need. */
async function copyOf(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "mutant-"));
  for (const part of ["pond", "test", "loaders", ".config", "package.json", "tsconfig.json"])
    await cp(join(root, part), join(copy, part), {
      recursive: true,
      filter: (source) => !source.includes("node_modules")
    });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** The same with the mutant in it. */
async function copyWith({file, find, put, name}: Mutant): Promise<string> {
  const copy = await copyOf();
  const path = join(copy, "pond", file);
  const parts = (await readFile(path, "utf8")).split(find);
  if (parts.length !== 2)
    throw new Error(`"${name}" does not stand once in pond/${file}: bring the mutant up to date.`);
  await writeFile(path, parts.join(put));
  return copy;
}

const longest = 240_000; // milliseconds: a mutant may wait for ever
const heap = "--max-old-space-size=3072"; // and hold on to all that it is given

/** Whether the tests pass in a directory. */
async function passes(directory: string, {tests, only}: Pick<Mutant, "tests" | "only">): Promise<boolean> {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--root", directory, "--config", ".config/vitest.ts", "--bail", "1"];
  if (only !== undefined) args.push("-t", only);
  const child = spawn(process.execPath, [...args, `test/pond/${tests}.test.ts`], {
    cwd: directory,
    stdio: "ignore",
    detached: true, // a group of its own, so that what it started ends with it
    env: {...process.env, NODE_OPTIONS: heap, THOROUGH: "1"}
  });
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), longest);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return code === 0;
}

/** What fails without a mutant kills none. */
async function expectSound(chosen: readonly Mutant[]): Promise<void> {
  const copy = await copyOf();
  const runs = new Map(chosen.map(({tests, only}) => [`${tests} ${only ?? ""}`, {tests, only}]));
  for (const [name, run] of runs)
    if (!(await passes(copy, run))) throw new Error(`test/pond/${name} fails without a mutant: make it pass first.`);
  await rm(copy, {recursive: true});
}

const words = process.argv.slice(2);
const chosen = mutants.filter(({name}) => words.length === 0 || words.some((part) => name.includes(part)));
await expectSound(chosen);
const rows = [];
for (const mutant of chosen) {
  const started = performance.now();
  const copy = await copyWith(mutant);
  const isAlive = await passes(copy, mutant);
  await rm(copy, {recursive: true});
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  rows.push({mutant: mutant.name, "killed by": isAlive ? "NOBODY" : `test/pond/${mutant.tests}.test.ts`, seconds});
  process.stderr.write(`${mutant.name}: ${isAlive ? "lives" : "killed"}, ${seconds} s\n`);
  if (isAlive) process.exitCode = 1;
}
process.stdout.write(`${formatRows(rows, "table")}\n`);
