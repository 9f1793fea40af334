import {spawn, spawnSync} from "node:child_process";
import {once} from "node:events";
import {cp, mkdtemp, readFile, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {afterAll, beforeAll, expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {isPondError} from "../../pond/error.js";
import {Pond} from "../../pond/pond.js";
import type {PondOptions} from "../../pond/pond.js";
import {bundled} from "./bundle.js";
import {shown} from "./content.js";
import {write} from "./harness.js";
import {operations, together} from "./operations.js";

/** The system calls by which a pond changes a disk. A file is created right before its first pwrite64. */
const changing = ["mkdir", "pwrite64", "fsync", "link", "unlink", "utimensat", "rename"];

const canTrace = spawnSync("strace", ["-f", "-e", "trace=none", "true"]).status === 0;
const parallel = 2;

/** One operation, and what the pond shows before and after it. */
interface Step {
  readonly name: string;
  readonly template: string; // a directory with the pond as it is before
  readonly before: readonly string[]; // nothing: there is no pond
  readonly after: readonly string[];
}

/** Where a process is to die: at the n-th system call of a name, or, without one, of our own calls to the disk. */
interface Point {
  readonly call?: string;
  readonly n: number;
}

let base: string;
let program: string;
const steps: Step[] = [];

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "pond-kill-"));
  program = await bundled("killed");
  const dir = join(base, "model");
  let before: readonly string[] = [];
  for (const [name, {days = 0, prepare, operate}] of Object.entries(operations)) {
    const template = join(base, name);
    const effects = {now: () => Date.now() + days * 86_400_000};
    if (prepare) before = await inModel(dir, effects, prepare);
    if (name !== "init") await cp(dir, template, {recursive: true});
    const after = await inModel(dir, effects, operate);
    steps.push({name, template, before, after});
    before = after;
  }
}, 60_000);

/** Does something to the pond that the templates are made of; what it shows then. */
async function inModel(
  dir: string,
  effects: PondOptions["effects"],
  body: (pond: Pond) => Promise<void>
): Promise<readonly string[]> {
  const pond = await Pond.open(dir, {create: true, effects: effects!});
  await body(pond);
  const after = await shown(pond);
  await pond.close();
  return after;
}

afterAll(async () => {
  await rm(base, {recursive: true});
  await rm(program);
});

/** Does a step's operation in a process of its own, on copies of its template, and has it die at the point. */
async function run(
  {name, template, before}: Step,
  dir: string,
  {trace = [], n = 0}: {readonly trace?: readonly string[]; readonly n?: number}
): Promise<{readonly said: readonly string[]; readonly isKilled: boolean}> {
  if (before.length > 0) for (let i = 0; i < together; i++) await cp(template, join(dir, String(i)), {recursive: true});
  const args = [process.execPath, program, dir, name, String(n)];
  const [command, ...rest] = trace.length === 0 ? args : ["strace", "-f", ...trace, ...args];
  const env = {...process.env, UV_THREADPOOL_SIZE: "1"}; // one thread makes all calls, so that they can be counted
  const child = spawn(command!, rest, {stdio: ["ignore", "pipe", "inherit"], env});
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return {said: output.split("\n").filter(Boolean), isKilled: signal === "SIGKILL"};
}

/**
 * The points of a step, from a run in which nobody dies: of as many as ponds are at work one, for a death finds each of
 * them somewhere else. Two thirds of our own calls only read, and are not worth a death.
 */
async function pointsOf(step: Step): Promise<Point[]> {
  const dir = join(base, `dry-${step.name}`);
  const log = `${dir}.log`;
  const {said} = await run(step, dir, canTrace ? {trace: ["-o", log, "-e", `trace=${changing.join()}`]} : {});
  const own = /^calls (\d+)$/.exec(said.at(-1) ?? "");
  expect(own).not.toBeNull();
  if (!canTrace) return spread(Number(own![1]), 3 * together, 24).map((n) => ({n}));
  const counts = new Map<string, number>(); // by thread and call, as strace counts them
  for (const [, key] of (await readFile(log, "utf8")).matchAll(/^(\d+ +\w+)\(/gm))
    counts.set(key!, (counts.get(key!) ?? 0) + 1);
  return changing.flatMap((call) => {
    const most = Math.max(0, ...[...counts].filter(([key]) => key.endsWith(` ${call}`)).map(([, count]) => count));
    return spread(most, together, 6).map((n) => ({call, n}));
  });
}

/** From 1 on, a stride apart, and no more than a limit: a vacuum deletes a hundred files alike. */
function spread(most: number, stride: number, limit: number): number[] {
  const step = Math.max(stride, most / limit);
  return Array.from({length: Math.ceil(most / step)}, (_, i) => 1 + Math.floor(i * step));
}

/** Kills at a point; how many ponds that hit. What is left of each is whole, sound, and can be worked with. */
async function killAt(step: Step, {call, n}: Point): Promise<number> {
  const where = `${step.name}, ${call ?? "own"} ${n}`;
  const dir = join(base, where);
  const trace = ["-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${n}`];
  const {said, isKilled} = await run(step, dir, call === undefined ? {n} : {trace});
  expect(isKilled, where).toBe(true);
  for (let i = 0; i < together; i++) {
    const left = await leftIn(join(dir, String(i)));
    if (said.includes(`done ${i}`)) expect(left, where).toEqual(step.after);
    else expect([step.before, step.after], where).toContainEqual(left);
  }
  await rm(dir, {recursive: true, force: true});
  return together - said.length;
}

/** What the pond shows, proven sound; nothing when there is none. */
async function leftIn(dir: string): Promise<readonly string[]> {
  const pond = await Pond.open(dir).catch((error: unknown) => {
    if (isPondError(error, "NOT_A_POND")) return undefined;
    throw error;
  });
  if (pond === undefined) return [];
  const left = await shown(pond);
  expect((await check(pond, {data: true})).problems).toEqual([]);
  await write(pond, (tx) => tx.write("/after", "works"));
  await pond.close();
  return left;
}

/** Does all that is to be done, a few at a time. */
async function each<T>(todo: readonly T[], body: (one: T) => Promise<void>): Promise<void> {
  const queue = [...todo];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await body(next);
  };
  await Promise.all(Array.from({length: parallel}, work));
}

const means = canTrace ? "system call" : "call of ours to the disk (no strace here, or it may not trace)";

test(`killed at any ${means}, what was acknowledged is there and all else is not`, {timeout: 600_000}, async () => {
  const points: [Step, Point][] = [];
  await each(steps, async (step) => {
    for (const point of await pointsOf(step)) points.push([step, point]);
  });
  let kills = 0;
  await each(points, async ([step, point]) => {
    kills += await killAt(step, point);
  });
  expect(kills).toBeGreaterThanOrEqual(300);
});
