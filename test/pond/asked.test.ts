import fc from "fast-check";
import {expect, test} from "vitest";
import {Asked} from "../../pond/asked.js";
import type {Pond} from "../../pond/pond.js";
import type {DynamicContext, DynamicDirectory} from "../../pond/types.js";
import {newPond, write} from "./harness.js";

/** Things that are each worked out once, of others; all of them take a while. */
function thingsOf(sources: Readonly<Record<string, readonly string[]>>) {
  const made = new Map<string, Promise<number>>();
  const askeds = new Map(Object.keys(sources).map((name) => [name, new Asked(name)]));
  const work = async (name: string) => {
    await new Promise(setImmediate);
    const found = await Promise.all(sources[name]!.map((one) => ask(one, name)));
    return found.reduce((sum, one) => sum + one, 1);
  };
  const ask = (name: string, asker?: string): Promise<number> =>
    askeds.get(name)!.answer(askeds.get(asker ?? ""), () => {
      if (!made.has(name)) made.set(name, work(name));
      return made.get(name)!;
    });
  return (name: string) => ask(name);
}

test("what would wait for itself says so, and draws the way that readings would go", async () => {
  const ask = thingsOf({a: ["b"], b: ["c", "d"], c: ["a"], d: []});
  await expect(ask("a")).rejects.toMatchObject({
    code: "CIRCULAR",
    message: expect.stringMatching(/^a is made of itself: a → c → b → a; have what computes one of these /) as string
  });
  expect(await ask("d")).toBe(1);
  await expect(thingsOf({a: ["a"]})("a")).rejects.toThrow("a is made of itself: a → a;");
});

test("that is told whoever began: readers who come from several sides wait for one another no longer", async () => {
  const ring = {a: ["b"], b: ["c"], c: ["d"], d: ["a"], x: ["a", "c"], y: ["d", "b"]};
  for (const readers of [
    ["a", "b"],
    ["a", "c", "b", "d"],
    ["x", "y"],
    ["y", "d", "x", "c"]
  ]) {
    const ask = thingsOf(ring);
    const told = await Promise.allSettled(readers.map(ask));
    expect(told.map(({status}) => status)).toEqual(readers.map(() => "rejected"));
  }
});

test("whoever asks side by side for what is not made of itself gets it", async () => {
  const things = fc.array(fc.array(fc.nat(20), {maxLength: 6}), {minLength: 1, maxLength: 21});
  await fc.assert(
    fc.asyncProperty(things, async (sources) => {
      const above = sources.map((found, index) => found.filter((one) => one < index).map(String));
      const ask = thingsOf(Object.fromEntries(above.entries()));
      const told = await Promise.all([...above.keys(), ...above.keys()].map((index) => ask(String(index))));
      expect(told.every((one) => one >= 1)).toBe(true);
    }),
    {numRuns: 100}
  );
});

/** Directories that each list what a pattern matches. */
async function listing(patterns: Readonly<Record<string, string>>): Promise<Pond> {
  const listed = (config: unknown, {fs}: DynamicContext): DynamicDirectory => {
    let found: ReturnType<typeof fs.glob> | undefined;
    const names = async () => (await (found ??= fs.glob(config as string))).map(({path}) => path.split("/").at(-1)!);
    return {
      list: names,
      get: async (name) =>
        (await names()).includes(name) ? {kind: "file", read: async () => Buffer.from(name)} : undefined
    };
  };
  const {pond} = await newPond({dynamic: {listed}});
  await write(pond, async (tx) => {
    for (const [path, pattern] of Object.entries(patterns)) await tx.dynamic(path, "listed", pattern);
  });
  return pond;
}

test("directories that list one another say so, from wherever they are asked", async () => {
  const pond = await listing({"/a": "/b/*", "/b": "/a/*", "/c": "/d/*", "/d": "/plain/*"});
  await write(pond, async (tx) => {
    await tx.write("/plain/f", "", {parents: true});
    await tx.symlink("/b/x", "/plain/round");
  });
  const circular = {code: "CIRCULAR"};
  await expect((await pond.at({version: 2})).list("/a")).rejects.toMatchObject(circular);
  const fs = await pond.fs();
  await expect(fs.glob("/a/*")).rejects.toMatchObject(circular);
  await expect(fs.read("/b/f")).rejects.toMatchObject(circular);
  await expect(fs.glob("/plain/*")).rejects.toMatchObject(circular); // whose link cannot be followed
  const both = await Promise.allSettled([fs.list("/a"), fs.glob("/b/*"), fs.list("/b"), fs.glob("/a/*")]);
  expect(both.map(({status}) => status)).toEqual(both.map(() => "rejected"));
  await write(pond, (tx) => tx.remove("/plain/round"));
  const mended = await pond.fs();
  const found = await Promise.all(["/c/*", "/d/*", "/plain/*", "/c/*"].map((pattern) => mended.glob(pattern)));
  expect(found.map((matches) => matches.map(({path}) => path))).toEqual([["/c/f"], ["/d/f"], ["/plain/f"], ["/c/f"]]);
});
