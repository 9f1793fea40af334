import {expect, test} from "vitest";
import {decodeActions} from "../../pond/delta.js";
import {PondError} from "../../pond/error.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import type {Reader, Store, Transaction} from "../../pond/types.js";
import {tried, triedOf} from "../thorough.js";
import {rowsOf, scratch, write} from "./harness.js";
import {readings} from "./readings.js";

/** What a transaction does below a directory: first it reads, then it writes by what it read. */
interface Deed {
  readonly read: (fs: Reader, dir: string) => Promise<string>;
  readonly write: (tx: Transaction, dir: string, read: string) => Promise<unknown>;
}

interface Pair {
  readonly name: string;
  readonly deeds: readonly [Deed, Deed];
}

const textAt = async (fs: Reader, path: string): Promise<string> => Buffer.from(await fs.read(path)).toString();
const blind = async (): Promise<string> => "";

/** Adds to a number. */
const adding = (n: number): Deed => ({
  read: (fs, dir) => textAt(fs, `${dir}/x/n`),
  write: (tx, dir, read) => tx.write(`${dir}/x/n`, String(Number(read) + n))
});

/** Takes from one account if both together have enough: right only if no one takes from the other meanwhile. */
const withdrawing = (from: string): Deed => ({
  read: async (fs, dir) => `${await textAt(fs, `${dir}/x/n`)} ${await textAt(fs, `${dir}/y/n`)}`,
  write: async (tx, dir, read) => {
    const [x, y] = read.split(" ").map(Number);
    if (x! + y! >= 10) await tx.write(`${dir}/${from}/n`, String((from === "x" ? x! : y!) - 10));
  }
});

const doing = (body: (tx: Transaction, dir: string) => Promise<unknown>): Deed => ({read: blind, write: body});

const pairs: readonly Pair[] = [
  {name: "two additions to one number", deeds: [adding(1), adding(20)]},
  {name: "two withdrawals from two accounts", deeds: [withdrawing("x"), withdrawing("y")]},
  {
    name: "two appends to one series, restating each other",
    deeds: [
      doing((tx, dir) => tx.append(`${dir}/x/s`, readings([1, 2], {a: [1, 1]}))),
      doing((tx, dir) => tx.append(`${dir}/x/s`, readings([2, 3], {a: [2, 2]})))
    ]
  },
  {
    name: "two directories of one name",
    deeds: [
      doing((tx, dir) => tx.mkdir(`${dir}/x/new`)),
      doing(async (tx, dir) => tx.mkdir(`${dir}/x/new`).then(() => tx.write(`${dir}/x/new/f`, "mine")))
    ]
  },
  {
    name: "a file in a directory that is being removed",
    deeds: [
      doing((tx, dir) => tx.write(`${dir}/x/deep/f`, "kept or refused")),
      doing((tx, dir) => tx.remove(`${dir}/x`, {recursive: true}))
    ]
  },
  {
    name: "two directories that move into each other",
    deeds: [
      doing((tx, dir) => tx.rename(`${dir}/x`, `${dir}/y/x`)),
      doing((tx, dir) => tx.rename(`${dir}/y`, `${dir}/x/y`))
    ]
  }
];

const phases = 5; // take a snapshot; read; write; commit; learn what became of it, and run again if need be

/** Runs from gate to gate, each time when it is told to; the last step runs to the end, whatever it takes. */
class Actor {
  #passed = phases;
  #go: () => void = () => undefined;
  #stopped: () => void = () => undefined;

  /** Where a phase ends. */
  async gate(): Promise<void> {
    if (this.#passed++ >= phases) return;
    const resumed = new Promise<void>((resolve) => (this.#go = resolve));
    this.#stopped();
    await resumed;
  }

  /** Begins, up to the first gate. */
  async begin(body: () => Promise<unknown>): Promise<void> {
    this.#passed = 0;
    const stopped = this.#stop();
    void this.gate()
      .then(body)
      .finally(() => {
        this.#passed = phases; // an error may have ended it before
        this.#go = () => this.#stopped();
        this.#stopped();
      });
    await stopped;
  }

  /** One phase. */
  async step(): Promise<void> {
    const stopped = this.#stop();
    this.#go();
    await stopped;
  }

  #stop(): Promise<void> {
    return new Promise((resolve) => (this.#stopped = resolve));
  }
}

/** A store with a gate on each side of the commit. */
function gated(store: Store, actor: Actor): Store {
  return {
    get: (key) => store.get(key),
    getRange: (key, begin, end) => store.getRange(key, begin, end),
    list: (prefix) => store.list(prefix),
    delete: (key) => store.delete(key),
    putIfAbsent: async (key, content) => {
      if (!key.startsWith("oplog/_delta_log/")) return store.putIfAbsent(key, content);
      await actor.gate();
      const won = await store.putIfAbsent(key, content);
      await actor.gate();
      return won;
    }
  };
}

/** A pond's user with a store of its own, so that two can be in the middle of a transaction. */
interface User {
  readonly pond: Pond;
  readonly actor: Actor;
}

async function userOf(store: Store, cache: string): Promise<User> {
  const actor = new Actor();
  return {actor, pond: await Pond.over(gated(store, actor), cache, {create: true})};
}

/** Does the deed in one transaction; gives the code of the error that it came to, if it did. */
async function perform({pond, actor}: User, {read, write}: Deed, dir: string): Promise<string> {
  try {
    await pond.transaction({command: "test"}, async (tx) => {
      await actor.gate();
      const found = await read(tx, dir);
      await actor.gate();
      await write(tx, dir, found);
    });
    return "done";
  } catch (error) {
    if (error instanceof PondError) return error.code;
    throw error;
  }
}

async function prepare(pond: Pond, dir: string): Promise<void> {
  await write(pond, async (tx) => {
    for (const path of ["x/n", "y/n"]) await tx.write(`${dir}/${path}`, "5", {parents: true});
    await tx.mkdir(`${dir}/x/deep`);
    await tx.append(`${dir}/x/s`, readings([0], {a: [0]}));
  });
}

async function treeAt(pond: Pond, dir: string): Promise<unknown> {
  const fs = await pond.fs();
  const found: unknown[] = [];
  for await (const {path, kind} of fs.walk(dir)) {
    const series = kind === "series" ? await rowsOf(pond, await (await fs.series(path)).relation()) : undefined;
    found.push([path.slice(dir.length), kind, series ?? (kind === "file" ? await textAt(fs, path) : "")]);
  }
  return found;
}

/** All orders of n steps of the first and m of the second. */
function orders(n: number, m: number): (0 | 1)[][] {
  if (n === 0 && m === 0) return [[]];
  const first = n === 0 ? [] : orders(n - 1, m).map((rest) => [0 as const, ...rest]);
  const second = m === 0 ? [] : orders(n, m - 1).map((rest) => [1 as const, ...rest]);
  return [...first, ...second];
}

/** Runs both in an order; gives what each came to, and what is there then. */
async function outcome(users: readonly User[], pair: Pair, order: readonly (0 | 1)[], dir: string): Promise<string> {
  await prepare(users[0]!.pond, dir);
  const results = ["", ""];
  const run = async (i: 0 | 1): Promise<void> => void (results[i] = await perform(users[i]!, pair.deeds[i], dir));
  for (const i of [0, 1] as const) await users[i]!.actor.begin(() => run(i));
  for (const i of order) await users[i]!.actor.step();
  return JSON.stringify([results, await treeAt(users[0]!.pond, dir)]);
}

test.each(pairs)(
  `$name: each of ${tried(252, 36)} of the 252 orders comes to what a serial one comes to`,
  {timeout: 60_000},
  async (pair) => {
    const [store, cache] = [new MemoryStore(), await scratch()];
    const users = [await userOf(store, cache), await userOf(store, cache)];
    const all = orders(phases, phases);
    expect(all).toHaveLength(252);
    const serial = new Set<string>();
    for (const order of [all[0]!, all.at(-1)!]) serial.add(await outcome(users, pair, order, `/serial-${order[0]}`));
    for (const [i, order] of triedOf(all, 36).entries())
      expect(serial, order.join("")).toContain(await outcome(users, pair, order, `/${i}`));
    expect(await opFilesIn(store)).toEqual(await opFilesNamed(store)); // what lost a race left nothing
    for (const {pond} of users) await pond.close();
  }
);

async function opFilesIn(store: Store): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const {key} of store.list("oplog/part_id=")) keys.push(key);
  return keys.sort();
}

async function opFilesNamed(store: Store): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const {key} of store.list("oplog/_delta_log/0"))
    if (key.endsWith(".json"))
      for (const {add} of decodeActions(await store.get(key))) if (add) keys.push(`oplog/${add.path}`);
  return keys.sort();
}

test("a commit that was made, and whose answer was lost, is made once", async () => {
  const store = new MemoryStore();
  let lost = 0;
  const deaf: Store = {
    get: (key) => store.get(key),
    getRange: (key, begin, end) => store.getRange(key, begin, end),
    list: (prefix) => store.list(prefix),
    delete: (key) => store.delete(key),
    putIfAbsent: async (key, content) => {
      const won = await store.putIfAbsent(key, content);
      if (!won || !key.startsWith("oplog/_delta_log/0")) return won;
      lost++;
      return false; // as after a connection that was cut between the deed and the word
    }
  };
  const pond = await Pond.over(deaf, await scratch(), {create: true});
  await prepare(pond, "/a");
  const before = (await pond.log()).length;
  await pond.transaction({command: "test"}, async (tx) =>
    tx.write("/a/x/n", String(Number(await textAt(tx, "/a/x/n")) + 1))
  );
  expect(await textAt(await pond.fs(), "/a/x/n")).toBe("6");
  expect((await pond.log()).length).toBe(before + 1);
  expect(lost).toBeGreaterThan(1);
  expect(await opFilesIn(store)).toEqual(await opFilesNamed(store));
  await pond.close();
});

test("an order is a choice of five steps out of ten", () => {
  const all = orders(phases, phases).map((order) => order.join(""));
  expect(new Set(all).size).toBe(252);
  expect([all[0], all.at(-1)]).toEqual(["0000011111", "1111100000"]);
});
