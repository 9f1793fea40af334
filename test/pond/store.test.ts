import {join} from "node:path";
import {mkdir, readdir, utimes, writeFile} from "node:fs/promises";
import fc from "fast-check";
import {describe, expect, test} from "vitest";
import {PondError} from "../../pond/error.js";
import {LocalStore} from "../../pond/local.js";
import {MemoryStore} from "../../pond/memory.js";
import type {Store} from "../../pond/types.js";
import {scratch} from "./harness.js";

const adapters: Record<string, () => Promise<Store>> = {
  local: async () => new LocalStore(join(await scratch(), "root")),
  memory: async () => new MemoryStore()
};

const bytes = (text: string): Uint8Array => Buffer.from(text);
const textOf = (content: Uint8Array): string => Buffer.from(content).toString();

async function keysOf(store: Store, prefix: string): Promise<[string, number][]> {
  const keys: [string, number][] = [];
  for await (const {key, stat} of store.list(prefix)) keys.push([key, (await stat())!.size]);
  return keys;
}

describe.each(Object.entries(adapters))("the %s store", (_, make) => {
  test("gives back what was put, whole and in ranges", async () => {
    const store = await make();
    expect(await store.putIfAbsent("a/b=1/c.x", bytes("0123456789"))).toBe(true);
    expect(textOf(await store.get("a/b=1/c.x"))).toBe("0123456789");
    const range = async (begin: number, end?: number): Promise<string> =>
      textOf(await store.getRange("a/b=1/c.x", begin, end));
    expect(
      await Promise.all([range(2, 4), range(7), range(-3), range(-3, -1), range(8, 99), range(20), range(-99, 2)])
    ).toEqual(["23", "789", "789", "78", "89", "", "01"]);
  });

  test("never changes what is there", async () => {
    const store = await make();
    await store.putIfAbsent("k", bytes("first"));
    expect(await store.putIfAbsent("k", bytes("second"))).toBe(false);
    expect(textOf(await store.get("k"))).toBe("first");
  });

  test("takes pieces for a whole, and nothing of those that break off", async () => {
    const store = await make();
    async function* pieces(fails: boolean) {
      for (const text of ["01", "", "234", "56789"]) yield bytes(text);
      if (fails) throw new PondError("BAD_CONTENT", "They broke off.");
    }
    await expect(store.putIfAbsent("a/b", pieces(true))).rejects.toThrow("They broke off.");
    expect(await keysOf(store, "")).toEqual([]);
    expect(await store.putIfAbsent("a/b", pieces(false))).toBe(true);
    expect(textOf(await store.get("a/b"))).toBe("0123456789");
    expect(await store.putIfAbsent("a/b", pieces(false))).toBe(false);
  });

  test("lets one of many writers win a key", async () => {
    const store = await make();
    const won = await Promise.all(Array.from({length: 20}, (_, i) => store.putIfAbsent("log/1", bytes(String(i)))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(textOf(await store.get("log/1"))).toBe(String(won.indexOf(true)));
  });

  test("says NOT_FOUND for what is not there, and deletes it without a word", async () => {
    const store = await make();
    await store.putIfAbsent("a", bytes("x"));
    await store.delete("a");
    await store.delete("a");
    await store.delete("no/such/key");
    for (const key of ["a", "a/b", "c/d"]) await expect(store.get(key)).rejects.toMatchObject({code: "NOT_FOUND"});
    await expect(store.getRange("a", 0, 1)).rejects.toMatchObject({code: "NOT_FOUND"});
    expect(await store.putIfAbsent("a", bytes("y"))).toBe(true);
  });

  test("lists by prefix, sorted by code unit, with sizes", async () => {
    const key = fc.stringMatching(/^[aB0._=-]{1,2}[a-b](\/[aB0=-][ab]){0,2}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, {maxLength: 12}),
        fc.stringMatching(/^[aB0]{0,1}$/),
        async (keys, prefix) => {
          const store = await make();
          const put: string[] = [];
          for (const name of keys) {
            const isClear = put.every((other) => !other.startsWith(`${name}/`) && !name.startsWith(`${other}/`));
            if (isClear && (await store.putIfAbsent(name, bytes(name)))) put.push(name);
          }
          const expected = put.filter((name) => name.startsWith(prefix)).sort();
          expect(await keysOf(store, prefix)).toEqual(expected.map((name) => [name, name.length]));
        }
      ),
      {numRuns: 15}
    );
  });

  test("keeps its own copy", async () => {
    const store = await make();
    const content = bytes("abc");
    await store.putIfAbsent("k", content);
    content[0] = 0;
    (await store.get("k"))[1] = 0;
    expect(textOf(await store.get("k"))).toBe("abc");
  });
});

test("the local store leaves no temporary file behind", async () => {
  const root = join(await scratch(), "root");
  const store = new LocalStore(root);
  await store.putIfAbsent("a/b", bytes("x"));
  await store.putIfAbsent("a/b", bytes("y"));
  expect(await readdir(join(root, "tmp"))).toEqual([]);
});

test("what a killed process left goes a day later, and what others still write stays", async () => {
  const root = join(await scratch(), "root");
  await mkdir(join(root, "tmp"), {recursive: true});
  for (const name of ["left", "young"]) await writeFile(join(root, "tmp", name), name);
  const before = new Date(Date.now() - 25 * 3_600_000);
  await utimes(join(root, "tmp/left"), before, before);
  await new LocalStore(root).putIfAbsent("a/b", bytes("x"));
  expect(await readdir(join(root, "tmp"))).toEqual(["young"]);
});
