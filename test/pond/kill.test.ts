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
import {tried} from "../thorough.js";
import {write} from "./harness.js";
import {operations} from "./operations.js";

/** The system calls by which a pond changes a disk; openat where it creates. */
const changing = ["mkdir", "openat", "pwrite64", "fsync", "link", "unlink", "utimensat", "rename"];

const canTrace = spawnSync("strace", ["-f", "-e", "trace=none", "true"]).status === 0;
const parallel = 2;
const most = tried(24, 2); // deaths per operation at calls of one name: a vacuum deletes dozens of files alike

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

/** Does a step's operation in a process of its own, on a copy of its template, and has it die at the point. */
async function run(
  {name, template, before}: Step,
  dir: string,
  {trace = [], n = 0}: {readonly trace?: readonly string[]; readonly n?: number}
): Promise<{readonly said: readonly string[]; readonly isKilled: boolean}> {
  if (before.length > 0) await cp(template, dir, {recursive: true});
  const args = [process.execPath, program, dir, name, String(n)];
  const [command, ...rest] = trace.length === 0 ? args : ["strace", "-f", ...trace, ...args];
  const env = {...process.env, UV_THREADPOOL_SIZE: "1"}; // one thread makes all calls, so that they can be counted
  const child = spawn(command!, rest, {stdio: ["ignore", "pipe", "inherit"], env});
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return {said: output.split("\n").filter(Boolean), isKilled: signal === "SIGKILL"};
}

/** The points of a step, from a run in which nobody dies. Two thirds of our own calls only read. */
async function pointsOf(step: Step): Promise<Point[]> {
  const dir = join(base, `dry-${step.name}`);
  const log = `${dir}.log`;
  const {said} = await run(step, dir, canTrace ? {trace: ["-o", log, "-e", `trace=${changing.join()}`]} : {});
  const own = /^calls (\d+)$/.exec(said.at(-1) ?? "");
  expect(own).not.toBeNull();
  if (canTrace) return pointsIn(await readFile(log, "utf8"), dir);
  return spread(
    Array.from({length: Number(own![1])}, (_, i) => i + 1),
    3 * most
  ).map((n) => ({n}));
}

/** Where strace saw something change below a directory: the n-th call of a name, counted by thread as strace does. */
function pointsIn(log: string, dir: string): Point[] {
  const counts = new Map<string, number>();
  const found = new Map(changing.map((call) => [call, new Set<number>()]));
  for (const [line, thread, call] of log.matchAll(/^(\d+) +(\w+)\(.*$/gm)) {
    const n = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, n);
    const isChange = !/ = -1 E/.test(line) && (call !== "openat" || (line.includes("O_CREAT") && line.includes(dir)));
    if (isChange) found.get(call!)!.add(n);
  }
  return changing.flatMap((call) => spread([...found.get(call)!], most).map((n) => ({call, n})));
}

/** All, or of more than a limit so many, evenly. */
function spread(all: readonly number[], limit: number): readonly number[] {
  const step = Math.max(1, all.length / limit);
  return Array.from({length: Math.min(all.length, limit)}, (_, i) => all[Math.floor(i * step)]!);
}

/** Times that a process is begun until it dies where it is to: now and then one opens a file less than the one before. */
const tries = 4;

/** Kills at a point. What is left is whole, sound, and can be worked with. */
async function killAt(step: Step, {call, n}: Point): Promise<void> {
  const where = `${step.name}, ${call ?? "own"} ${n}`;
  const dir = join(base, where);
  const trace = ["-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${n}`];
  const die = () => run(step, dir, call === undefined ? {n} : {trace});
  let {said, isKilled} = await die();
  for (let count = 1; !isKilled && count < tries; count++) {
    await rm(dir, {recursive: true});
    ({said, isKilled} = await die());
  }
  expect(isKilled, where).toBe(true);
  const left = await leftIn(dir);
  if (said.includes("done")) expect(left, where).toEqual(step.after);
  else expect([step.before, step.after], where).toContainEqual(left);
  await rm(dir, {recursive: true, force: true});
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
  for (const step of steps)
    expect(points.filter(([of]) => of === step).length, step.name).toBeGreaterThan(tried(15, 5));
  await each(points, ([step, point]) => killAt(step, point));
  expect(points.length).toBeGreaterThanOrEqual(tried(300, 80)); // each has killed a process
});
