import {setImmediate} from "node:timers/promises";
import {describe, expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {PondError} from "../../pond/error.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import type {Store, Transaction} from "../../pond/types.js";
import {shown} from "./content.js";
import {Faulty} from "./faulty.js";
import type {Fault} from "./faulty.js";
import {scratch, write} from "./harness.js";
import {Platter} from "./platter.js";
import {readings} from "./readings.js";
import {remoteStore} from "./remote.js";

const root = "/pond";
const codes = ["ENOSPC", "EIO", "EACCES", "EMFILE", "SHORT"];
const faults = codes.flatMap((code) => [false, true].map((isForever) => ({code, isForever})));

type Operation = (tx: Transaction, run: number) => Promise<unknown>;

/** Each changes something in every run. */
const operations: Record<string, Operation> = {
  "a small write": (tx, run) => tx.write("/a/small", `${run}`),
  "a large write": (tx, run) => tx.write("/a/large", `${run}`.padEnd(70_000)),
  "a large write of what is there": (tx, run) => tx.write(`/a/copy-${run}`, "again".repeat(20_000)),
  "a new directory": (tx, run) => tx.mkdir(`/a/${run}/b`, {recursive: true}),
  "a rename": async (tx) => ((await tx.exists("/a/f")) ? tx.rename("/a/f", "/b/f") : tx.rename("/b/f", "/a/f")),
  "a removal": async (tx) => ((await tx.exists("/a/g")) ? tx.remove("/a/g") : tx.write("/a/g", "")),
  "an append": (tx, run) => tx.append("/a/series", readings([run], {x: [run]}))
};

interface Bench {
  readonly platter: Platter;
  readonly disk: Faulty;
  readonly store: Store;
  readonly pond: Pond;
  called: number; // calls in the last attempt
}

async function bench(cache: string): Promise<Bench> {
  const platter = new Platter();
  const disk = new Faulty(platter);
  const store = remoteStore(root, disk);
  const pond = await Pond.over(store, cache, {create: true});
  await prepare(pond);
  return {platter, disk, store, pond, called: 0};
}

async function prepare(pond: Pond): Promise<void> {
  await write(pond, async (tx) => {
    for (const path of ["/a/f", "/a/g", "/a/h", "/b/h"]) await tx.write(path, "", {parents: true});
    await tx.write("/a/old", "again".repeat(20_000));
  });
}

/** Runs with a fault; gives the error, or nothing when the run came through. */
async function attempt(
  made: Pick<Bench, "disk" | "called">,
  fault: Fault,
  body: () => Promise<unknown>
): Promise<unknown> {
  made.disk.set(fault);
  const error = await body().then(
    () => undefined,
    (thrown: unknown) => thrown
  );
  made.called = made.disk.calls;
  await setImmediate();
  expect(made.disk.calls).toBe(made.called); // nothing goes on after the answer
  made.disk.set();
  return error;
}

/** One sentence for people, a code for programs, the system's own error as its cause. */
function expectClean(error: unknown, code: string): asserts error is PondError {
  expect(error).toBeInstanceOf(PondError);
  expect(error).toMatchObject({code: "DISK", cause: {code}});
  expect((error as PondError).message).toMatch(/^[^\n]*; [^\n]*[^.]\.$/);
  expect((error as PondError).message).toContain(code);
}

/** The commit was in its place when the disk failed to promise that it stays. */
function isPlaced(error: PondError): boolean {
  return error.data.placed === true && String(error.data.key).startsWith("oplog/_delta_log/");
}

/** Lets each call of an operation fail in turn, and compares with a pond in memory where none does. */
async function failEach(name: string, code: string, isForever: boolean): Promise<number> {
  const cache = await scratch();
  const [made, twin] = [await bench(cache), await Pond.over(new MemoryStore(), cache, {create: true})];
  await prepare(twin);
  const run = (pond: Pond, at: number): Promise<unknown> => write(pond, (tx) => operations[name]!(tx, at));
  for (let at = 1; ; at++) {
    const error = await attempt(made, {at, code, isForever}, () => run(made.pond, at));
    const isDone = made.called < at;
    if (error !== undefined) expectClean(error, code);
    if (error === undefined || isPlaced(error)) await run(twin, at);
    expect(await shown(made.pond), `call ${at}`).toEqual(await shown(twin));
    for (const pond of [made.pond, twin]) await write(pond, (tx) => tx.write("/a/h", `${at}`));
    expect(await made.platter.files(`${root}/tmp`)).toEqual([]);
    if (!isDone) continue;
    expect(await shown(made.pond)).toEqual(await shown(twin));
    expect((await check(made.pond, {data: true})).problems).toEqual([]);
    await Promise.all([made.pond.close(), twin.close()]);
    return at - 1;
  }
}

describe.each(Object.keys(operations))("%s", (name) => {
  test.each(faults)("survives $code of any call, for ever: $isForever", async ({code, isForever}) => {
    const calls = await failEach(name, code, isForever);
    expect(calls).toBeGreaterThan(20);
  });
});

/** Lets each call fail in turn that makes a pond where there was none. */
test.each(faults)("making a pond survives $code of any call, for ever: $isForever", async ({code, isForever}) => {
  const cache = await scratch();
  for (let at = 1, called = at; called >= at; at++) {
    const disk = new Faulty(new Platter());
    const made = {disk, called: 0};
    const error = await attempt(made, {at, code, isForever}, async () => {
      await (await Pond.over(remoteStore(root, disk), cache, {create: true})).close();
    });
    called = made.called;
    if (error !== undefined) expectClean(error, code);
    const pond = await Pond.over(remoteStore(root, disk), cache, {create: true});
    await write(pond, (tx) => tx.write("/f", "works"));
    expect(await shown(pond)).toEqual(["version 1", expect.stringMatching(/^\/f file 1 /)]);
    expect((await check(pond, {data: true})).problems).toEqual([]);
    await pond.close();
  }
});
