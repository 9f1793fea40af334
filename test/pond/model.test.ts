import fc from "fast-check";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {PondError} from "../../pond/error.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import type {Reader, Transaction} from "../../pond/types.js";
import {scratch} from "./harness.js";
import {readings} from "./readings.js";

/** A filesystem as a Map: a path has text, its readings by second, or null for a directory. */
type Readings = ReadonlyMap<number, number>;
type Model = Map<string, string | Readings | null>;

type Operation =
  | {readonly does: "mkdir"; readonly path: string}
  | {readonly does: "remove"; readonly path: string}
  | {readonly does: "tree"; readonly path: string}
  | {readonly does: "write"; readonly path: string; readonly text: string}
  | {readonly does: "append"; readonly path: string; readonly times: readonly number[]; readonly value: number}
  | {readonly does: "rename"; readonly path: string; readonly to: string};

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
const under = (model: Model, path: string): string[] => [...model.keys()].filter((key) => key.startsWith(`${path}/`));

/** What is wrong with the way to a path, as node:fs would say it. */
function wayTo(model: Model, path: string): string | undefined {
  const names = parentOf(path).split("/").filter(Boolean);
  for (let i = 1; i <= names.length; i++) {
    const found = model.get(`/${names.slice(0, i).join("/")}`);
    if (found === undefined) return "NOT_FOUND";
    if (found !== null) return "NOT_A_DIRECTORY";
  }
  return undefined;
}

function drop(model: Model, path: string): void {
  for (const key of [path, ...under(model, path)]) model.delete(key);
}

/** Does it to the model, or says the code of the error. */
function onModel(model: Model, operation: Operation): string | undefined {
  const {does, path} = operation;
  const found = model.get(path);
  if (does === "mkdir" && found !== undefined) return "EXISTS";
  const wrong = wayTo(model, path);
  if (wrong !== undefined) return wrong;
  if (does === "mkdir") model.set(path, null);
  else if (does === "write") {
    if (found === null) return "IS_A_DIRECTORY";
    if (typeof found === "object") return "EXISTS";
    model.set(path, operation.text);
  } else if (does === "append") {
    if (found === null) return "IS_A_DIRECTORY";
    if (typeof found === "string") return "EXISTS";
    model.set(path, new Map([...(found ?? []), ...operation.times.map((time) => [time, operation.value] as const)]));
  } else if (found === undefined) return "NOT_FOUND";
  else if (does === "tree") drop(model, path);
  else if (does === "remove") {
    if (under(model, path).length > 0) return "NOT_EMPTY";
    model.delete(path);
  } else return move(model, path, operation.to);
  return undefined;
}

function move(model: Model, path: string, to: string): string | undefined {
  if (path === to) return undefined;
  const wrong = wayTo(model, to);
  if (wrong !== undefined) return wrong;
  const [found, target] = [model.get(path)!, model.get(to)];
  if (found === null && to.startsWith(`${path}/`)) return "BAD_PATH";
  if (target !== undefined && (found === null) !== (target === null))
    return target === null ? "IS_A_DIRECTORY" : "NOT_A_DIRECTORY";
  if (target === null && under(model, to).length > 0) return "NOT_EMPTY";
  model.delete(to);
  for (const key of [path, ...under(model, path)]) {
    model.set(to + key.slice(path.length), model.get(key)!);
    model.delete(key);
  }
  return undefined;
}

async function onPond(tx: Transaction, operation: Operation): Promise<string | undefined> {
  const {does, path} = operation;
  try {
    if (does === "mkdir") await tx.mkdir(path);
    else if (does === "write") await tx.write(path, operation.text);
    else if (does === "append")
      for (const time of operation.times) await tx.append(path, readings([time], {x: [operation.value]}));
    else if (does === "rename") await tx.rename(path, operation.to);
    else await tx.remove(path, {recursive: does === "tree"});
    return undefined;
  } catch (error) {
    if (error instanceof PondError) return error.code;
    throw error;
  }
}

async function contentOf(fs: Reader): Promise<Model> {
  const model: Model = new Map();
  for await (const {path, kind} of fs.walk("/"))
    if (kind === "directory") model.set(path, null);
    else if (kind === "series") model.set(path, await readingsIn(fs, path));
    else model.set(path, Buffer.from(await fs.read(path)).toString());
  return sorted(model);
}

async function readingsIn(fs: Reader, path: string): Promise<Readings> {
  const found = new Map<number, number>();
  for await (const batch of fs.batches(path))
    for (const {timestamp, x} of batch.toArray() as unknown as {timestamp: number; x: number}[])
      found.set(timestamp / 1000, x);
  return found;
}

/** The same in the order in which it is read. */
function sorted(model: Model): Model {
  const entries = [...model].map(([path, content]) => {
    return [
      path,
      content instanceof Map ? new Map([...(content as Readings)].sort(([a], [b]) => a - b)) : content
    ] as const;
  });
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const path = fc
  .array(fc.constantFrom("a", "b", "ü ü"), {minLength: 1, maxLength: 3})
  .map((names) => `/${names.join("/")}`);
/** Up to so many that maintenance has versions to merge; some far from the others, some of one time. */
const times = fc.oneof(
  fc.array(fc.integer({min: 0, max: 30}), {minLength: 1, maxLength: 3}),
  fc.array(fc.constantFrom(1, 2, 5, 9_000_000), {minLength: 18, maxLength: 20})
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {weight: 3, arbitrary: fc.record({does: fc.constant("mkdir" as const), path})},
  {weight: 3, arbitrary: fc.record({does: fc.constant("write" as const), path, text: fc.string()})},
  {weight: 4, arbitrary: fc.record({does: fc.constant("append" as const), path, times, value: fc.integer()})},
  {weight: 2, arbitrary: fc.record({does: fc.constant("rename" as const), path, to: path})},
  {weight: 2, arbitrary: fc.record({does: fc.constant("remove" as const), path})},
  {weight: 1, arbitrary: fc.record({does: fc.constant("tree" as const), path})}
);

test("any sequence of operations does what it does to a Map, within a transaction, after it, and in the past", async () => {
  const cache = await scratch();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(operation, {minLength: 1, maxLength: 8}), {maxLength: 6}), async (rounds) => {
      const store = new MemoryStore();
      const pond = await Pond.over(store, cache, {create: true});
      const model: Model = new Map();
      const past: [number, Model][] = [];
      for (const round of rounds) {
        const {commit} = await pond.transaction({command: "test"}, async (tx) => {
          for (const step of round) expect(await onPond(tx, step), JSON.stringify(step)).toBe(onModel(model, step));
          expect(await contentOf(tx)).toEqual(sorted(model));
        });
        if (commit !== undefined) past.push([commit.version, sorted(model)]);
      }
      for (const [version, then] of past) expect(await contentOf(await pond.at({version}))).toEqual(then);
      const again = await Pond.over(store, cache);
      expect(await contentOf(await again.fs())).toEqual(sorted(model));
      await again.close();
      await pond.close();
    }),
    {numRuns: 40}
  );
});

/** What a round ends with. */
const upkeep = fc.constantFrom("none", "none", "maintain", "keep");
const round = fc.record({steps: fc.array(operation, {minLength: 1, maxLength: 4}), upkeep});

test(
  "the same with maintenance in between, which shows the past as far as it promised",
  {timeout: 120_000},
  async () => {
    const cache = await scratch();
    const hour = 3_600_000;
    const did = {merged: 0, dropped: 0};
    await fc.assert(
      fc.asyncProperty(fc.array(round, {minLength: 6, maxLength: 30}), async (rounds) => {
        const store = new MemoryStore();
        let clock = Date.UTC(2026, 0, 1);
        const effects = {now: () => (clock += hour / 12)};
        const pond = await Pond.over(store, cache, {create: true, effects});
        const model: Model = new Map();
        const past: [number, Model][] = [];
        for (const [index, {steps, upkeep: kind}] of rounds.entries()) {
          const steady = {does: "append", path: "/steady", times: [index, index + 1], value: index} as const; // it grows in any case
          const {commit} = await pond.transaction({command: "test"}, async (tx) => {
            for (const step of [...steps, steady])
              expect(await onPond(tx, step), JSON.stringify(step)).toBe(onModel(model, step));
          });
          if (commit !== undefined) past.push([commit.version, sorted(model)]);
          if (kind === "none") continue;
          const {versions, records} = await pond.maintain(kind === "keep" ? {keep: hour} : {});
          did.merged += versions;
          did.dropped += records;
        }
        expect(await contentOf(await pond.fs())).toEqual(sorted(model));
        const again = await Pond.over(store, cache);
        for (const [version, then] of past) {
          const fs = await again.at({version}).catch((error: unknown) => error);
          if (fs instanceof PondError) expect(version).toBeLessThan(fs.data.horizon as number);
          else expect(await contentOf(fs as Reader), `version ${version}`).toEqual(then);
        }
        expect((await check(again, {data: true})).problems).toEqual([]);
        await again.close();
        await pond.close();
      }),
      {numRuns: 10}
    );
    expect(Math.min(did.merged, did.dropped)).toBeGreaterThan(10); // it had something to do
  }
);
