import {mkdtemp, readdir, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, expect, test} from "vitest";
import {hintKey} from "../../pond/checkpoint.js";
import {Contents} from "../../pond/contents.js";
import type {Held} from "../../pond/contents.js";
import {Duck} from "../../pond/duck.js";
import {isPondError} from "../../pond/error.js";
import {advance, emptyLog} from "../../pond/log.js";
import type {LogState} from "../../pond/log.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import {rootId} from "../../pond/record.js";
import type {Listed, Store} from "../../pond/types.js";
import {Partitions, Snapshot} from "../../pond/view.js";
import {tried} from "../thorough.js";
import {contentOf} from "./content.js";
import type {Content} from "./content.js";
import {newPond, write} from "./harness.js";
import {randomFrom} from "./platter.js";
import {readings} from "./readings.js";

const share = tried(17_000, 2_500); // damages to each kind of object: more than 50,000 to what is read as bytes alone

/** A store in which one object is not what was put. */
class Damaged implements Store {
  readonly #store: Store;
  readonly #key: string;
  readonly #bytes: Uint8Array | undefined;

  constructor(store: Store, key: string, bytes: Uint8Array | undefined) {
    this.#store = store;
    this.#key = key;
    this.#bytes = bytes;
  }

  async get(key: string): Promise<Uint8Array> {
    return (key === this.#key ? this.#bytes : undefined) ?? this.#store.get(key);
  }

  async getRange(key: string, begin: number, end?: number): Promise<Uint8Array> {
    return (await this.get(key)).slice(begin, end);
  }

  putIfAbsent(key: string, content: Uint8Array): Promise<boolean> {
    return this.#store.putIfAbsent(key, content);
  }

  list(prefix: string): AsyncIterable<Listed> {
    return this.#store.list(prefix);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(key);
  }

  reachable(): Reachable {
    return new Reachable(this.#store, this.#key, this.#bytes);
  }
}

/** Some bit turned, or, now and then, the end missing. */
function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  if (random() < 0.1) return bytes.slice(0, Math.floor(random() * bytes.length));
  const copy = bytes.slice();
  copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8);
  return copy;
}

/** The same, in a store whose objects DuckDB can be given as host files. */
class Reachable extends Damaged {
  locate(key: string): string {
    return `/nowhere/${key}`;
  }
}

let store: MemoryStore;
let kept: MemoryStore; // whose log begins with a checkpoint
let state: LogState;
let cache: string;
let whole: Content;

/** A pond with content of every kind, small and large, and several versions. */
async function fill(pond: Pond, rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round++)
    await write(pond, async (tx) => {
      await tx.write("/a/small", `round ${round}`, {parents: true, attributes: {round}});
      await tx.write("/a/b/large", `${round % 3}`.repeat(70_000), {parents: true});
      await tx.append("/c/series", readings([round, round + 1], {level: [round, null]}), {parents: true});
    });
}

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "pond-"));
  store = new MemoryStore();
  const pond = await Pond.over(store, cache, {create: true});
  await fill(pond, 3);
  whole = await contentOf(store, pond.duck);
  await pond.close();
  state = await advance(store, emptyLog);
  kept = await maintained();
});
afterAll(() => rm(cache, {recursive: true}));

/** A pond of which maintenance let the past go, so that nothing can be read without its checkpoint. */
async function maintained(): Promise<MemoryStore> {
  const hour = 3_600_000;
  let clock = Date.UTC(2026, 0, 1);
  const made = new MemoryStore();
  const pond = await Pond.over(made, cache, {create: true, effects: {now: () => (clock += 1000)}});
  for (const _ of [1, 2]) {
    await fill(pond, 12);
    clock += 2 * hour;
    await fill(pond, 1);
    expect((await pond.maintain({keep: hour})).checkpoint).toBeGreaterThan(0);
  }
  await pond.close();
  expect((await advance(made, emptyLog)).horizon).toBeGreaterThan(12);
  return made;
}

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
const kinds: Record<string, readonly [prefix: string, read: (key: string, damaged: Damaged) => Promise<unknown>]> = {
  commits: ["oplog/_delta_log/", (_, damaged) => readLog(damaged)],
  "op files": ["oplog/part_id=", (key, damaged) => readPartition(damaged, /part_id=([^/]+)/.exec(key)![1]!)],
  blobs: ["blobs/", (key, damaged) => new Contents(damaged, cache).read(held(key.split("/").at(-1)!))],
  "blobs given to DuckDB": [
    "blobs/",
    (key, damaged) => new Contents(damaged.reachable(), cache).locate(held(key.split("/").at(-1)!))
  ],
  "op files given to DuckDB": [
    "oplog/part_id=",
    (key, damaged) => {
      const file = state.partition(/part_id=([^/]+)/.exec(key)![1]!).find(({path}) => key.endsWith(path))!;
      return new Contents(damaged.reachable(), cache).locateOpFile(file);
    }
  ]
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

async function keysOf(prefix: string, of: Store = store): Promise<string[]> {
  const keys: string[] = [];
  for await (const {key} of of.list(prefix)) keys.push(key);
  return keys;
}

test.each(Object.entries(kinds))("no damage to %s is read as data", {timeout: 60_000}, async (_, [prefix, read]) => {
  const [keys, random] = [await keysOf(prefix), randomFrom(1)];
  expect(keys.length).toBeGreaterThan(2);
  const sound = (key: string): Damaged => new Damaged(store, key, undefined);
  for (const key of keys) expect(await isRefused(read(key, sound(key)))).toBe(false);
  for (let i = 0; i < share; i++) {
    const key = keys[i % keys.length]!;
    const bytes = damage(await store.get(key), random);
    expect(await isRefused(read(key, new Damaged(store, key, bytes))), `${key}, damage ${i}`).toBe(true);
  }
});

test("a damaged checkpoint or hint says what it said, or is refused", {timeout: 60_000}, async () => {
  const keys = (await keysOf("oplog/_delta_log/", kept)).filter((key) => /checkpoint/.test(key)).slice(-2);
  const random = randomFrom(3);
  const told = async (of: Store): Promise<string> =>
    JSON.stringify([...(await advance(of, emptyLog)).actions(Infinity)]);
  const intact = await told(kept);
  let refused = 0;
  expect(keys).toEqual([expect.stringMatching(/\.checkpoint\.parquet$/), hintKey]); // the newest alone is read
  for (let i = 0; i < tried(1000, 200); i++) {
    const key = keys[i % keys.length]!;
    const found = await told(new Damaged(kept, key, damage(await kept.get(key), random))).catch(
      (error: unknown) => error
    );
    if (found === intact) continue; // the bit meant nothing, or the log was read without the hint
    expect(isPondError(found, "CORRUPT", "NOT_FOUND"), `${key}, damage ${i}: ${String(found)}`).toBe(true);
    refused++;
  }
  expect(refused).toBeGreaterThan(tried(300, 60));
});

test("SQL takes no damage on the disk for data", {timeout: 60_000}, async () => {
  const {pond, dir} = await newPond();
  const many = Array.from({length: 20_000}, (_, i) => i);
  await write(pond, async (tx) => {
    await tx.append("/large", readings(many, {a: many.map((i) => Math.sin(i * i))}));
    await tx.append("/small", readings([1, 2], {a: [1, 2]}));
  });
  await pond.close();
  const ask = async (): Promise<string> => {
    const again = await Pond.open(dir);
    const sums = `SELECT (SELECT sum(a) FROM '/large'), (SELECT sum(a) FROM '/small'), (SELECT count(*) FROM oplog)`;
    const answer = await (await again.fs()).query(sums).then(String, (error: unknown) => error);
    await again.close();
    if (isPondError(answer, "CORRUPT")) return "refused";
    expect(answer).toBeTypeOf("string");
    return answer as string;
  };
  const right = await ask();
  const random = randomFrom(4);
  const entries = await readdir(dir, {recursive: true, withFileTypes: true});
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const [folder, expected] of [
    ["blobs", "refused"],
    ["oplog/part_id=", "refused"],
    ["cache/content", right] // which is made anew
  ] as const)
    for (const file of files.filter((name) => name.startsWith(join(dir, folder))))
      for (let i = 0; i < tried(15, 6); i++) {
        const bytes = new Uint8Array(await readFile(file)); // a Buffer's slice would be a view
        await writeFile(file, damage(bytes, random));
        expect(await ask(), `${file}, damage ${i}`).toBe(expected);
        await writeFile(file, bytes);
      }
});

test("a whole read of a damaged pond gives all of it, or refuses", {timeout: 60_000}, async () => {
  const [keys, random] = [await keysOf(""), randomFrom(2)];
  const duck = new Duck();
  for (let i = 0; i < tried(500, 200); i++) {
    const key = keys[i % keys.length]!;
    const damaged = new Damaged(store, key, damage(await store.get(key), random));
    const found = await contentOf(damaged, duck).catch((error: unknown) => error);
    if (isPondError(found)) expect(found.message).toMatch(/\.$/);
    else expect(found).toEqual(whole);
  }
  await duck.close();
});
