import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, expect, test} from "vitest";
import {Contents} from "../../pond/contents.js";
import type {Held} from "../../pond/contents.js";
import {Duck} from "../../pond/duck.js";
import {isPondError} from "../../pond/error.js";
import {advance, emptyLog} from "../../pond/log.js";
import type {LogState} from "../../pond/log.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import {rootId} from "../../pond/record.js";
import type {Store} from "../../pond/types.js";
import {Partitions, Snapshot} from "../../pond/view.js";
import {contentOf} from "./content.js";
import type {Content} from "./content.js";
import {write} from "./harness.js";
import {randomFrom} from "./platter.js";
import {readings} from "./readings.js";

const share = 17_000; // damages to each kind of object: more than 50,000 in all

/** A store in which one object is not what was put. */
class Damaged implements Store {
  readonly #store: Store;
  readonly #key: string;
  readonly #bytes: Uint8Array;

  constructor(store: Store, key: string, bytes: Uint8Array) {
    this.#store = store;
    this.#key = key;
    this.#bytes = bytes;
  }

  async get(key: string): Promise<Uint8Array> {
    return key === this.#key ? this.#bytes : this.#store.get(key);
  }

  async getRange(key: string, begin: number, end?: number): Promise<Uint8Array> {
    return (await this.get(key)).slice(begin, end);
  }

  putIfAbsent(key: string, content: Uint8Array): Promise<boolean> {
    return this.#store.putIfAbsent(key, content);
  }

  list(prefix: string): AsyncIterable<{readonly key: string; readonly size: number}> {
    return this.#store.list(prefix);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(key);
  }
}

/** Some bit turned, or, now and then, the end missing. */
function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  if (random() < 0.1) return bytes.slice(0, Math.floor(random() * bytes.length));
  const copy = bytes.slice();
  copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8);
  return copy;
}

let store: MemoryStore;
let state: LogState;
let cache: string;
let whole: Content;

/** A pond with content of every kind, small and large, and several versions. */
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "pond-"));
  store = new MemoryStore();
  const pond = await Pond.over(store, cache, {create: true});
  for (const round of [1, 2, 3])
    await write(pond, async (tx) => {
      await tx.write("/a/small", `round ${round}`, {parents: true, attributes: {round}});
      await tx.write("/a/b/large", `${round}`.repeat(70_000), {parents: true});
      await tx.append("/c/series", readings([round, round + 1], {level: [round, null]}), {parents: true});
    });
  whole = await contentOf(store, pond.duck);
  await pond.close();
  state = await advance(store, emptyLog);
});
afterAll(() => rm(cache, {recursive: true}));

/** The root of what the log leads to; refused when the log is not sound. */
async function readLog(damaged: Store): Promise<unknown> {
  const found = await advance(damaged, emptyLog);
  return new Snapshot(found, new Partitions(new Contents(damaged, cache))).partition(rootId);
}

/** A partition, from its op files. */
const readPartition = async (damaged: Store, id: string): Promise<unknown> =>
  new Partitions(new Contents(damaged, cache)).get(id, state.partition(id));

const held = (sha256: string): Held => ({sha256, size: 70_000, inline: false, content: null, nodeId: "", version: 1});

/** Each kind of object, with the least that has to be read to take something from it. */
const kinds: Record<string, (key: string, damaged: Store) => Promise<unknown>> = {
  "oplog/_delta_log/": (_, damaged) => readLog(damaged),
  "oplog/part_id=": (key, damaged) => readPartition(damaged, /part_id=([^/]+)/.exec(key)![1]!),
  "blobs/": (key, damaged) => new Contents(damaged, cache).read(held(key.split("/").at(-1)!))
};

/** Whether a read was refused, in a sentence; anything else is no answer at all. */
async function isRefused(read: Promise<unknown>): Promise<boolean> {
  try {
    await read;
    return false;
  } catch (error) {
    if (isPondError(error, "CORRUPT", "UNSUPPORTED", "NOT_FOUND")) return true;
    throw error;
  }
}

async function keysOf(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const {key} of store.list(prefix)) keys.push(key);
  return keys;
}

test.each(Object.entries(kinds))(
  "no damage to what is under %s is read as data",
  {timeout: 60_000},
  async (prefix, read) => {
    const [keys, random] = [await keysOf(prefix), randomFrom(1)];
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) expect(await isRefused(read(key, store))).toBe(false);
    for (let i = 0; i < share; i++) {
      const key = keys[i % keys.length]!;
      const bytes = damage(await store.get(key), random);
      expect(await isRefused(read(key, new Damaged(store, key, bytes))), `${key}, damage ${i}`).toBe(true);
    }
  }
);

test("a whole read of a damaged pond gives all of it, or refuses", {timeout: 60_000}, async () => {
  const [keys, random] = [await keysOf(""), randomFrom(2)];
  const duck = new Duck();
  for (let i = 0; i < 500; i++) {
    const key = keys[i % keys.length]!;
    const damaged = new Damaged(store, key, damage(await store.get(key), random));
    const found = await contentOf(damaged, duck).catch((error: unknown) => error);
    if (isPondError(found)) expect(found.message).toMatch(/\.$/);
    else expect(found).toEqual(whole);
  }
  await duck.close();
});
