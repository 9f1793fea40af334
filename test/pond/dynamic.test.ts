import {expect, test} from "vitest";
import {decodeParquet} from "../../pond/parquet.js";
import type {Pond} from "../../pond/pond.js";
import type {DynamicContext, DynamicDirectory, DynamicNode} from "../../pond/types.js";
import {newPond, write} from "./harness.js";
import {readings} from "./readings.js";

/** What was asked of the factory and of the directories that it made. */
interface Asked {
  made: number;
  lists: string[];
  gets: string[];
}

/** A directory with a series, a file, and below `deep` the same again, down to a depth. */
function nested(asked: Asked, {fs}: Pick<DynamicContext, "fs">, series: string, depth: number): DynamicDirectory {
  const at = `${depth}`;
  return {
    list: async () => (asked.lists.push(at), depth > 0 ? ["deep", "f", "s"] : ["f", "s"]),
    get: async (name): Promise<DynamicNode | undefined> => {
      asked.gets.push(`${at} ${name}`);
      if (name === "s") return {kind: "series", series: await fs.series(series)};
      if (name === "f") return {kind: "file", read: async () => Buffer.from(`computed ${at}`)};
      if (name !== "deep" || depth === 0) return undefined;
      return {kind: "directory", directory: nested(asked, {fs}, series, depth - 1)};
    }
  };
}

async function pondWith(depth: number): Promise<{pond: Pond; asked: Asked}> {
  const asked: Asked = {made: 0, lists: [], gets: []};
  const dynamic = {
    nested: (config: unknown, context: DynamicContext): DynamicDirectory => {
      asked.made++;
      return nested(asked, context, config as string, depth);
    }
  };
  const {pond} = await newPond({dynamic});
  await write(pond, async (tx) => {
    await tx.append("/raw", readings([1, 2], {a: [1, 2]}));
    await tx.dynamic("/derived/d", "nested", "/raw");
  });
  return {pond, asked};
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

test("a dynamic directory lists, stats, globs, reads and answers SQL like a real one, to any depth", async () => {
  const {pond} = await pondWith(6);
  const fs = await pond.fs();
  const deep = `/derived/d${"/deep".repeat(6)}`;
  expect((await fs.list(deep)).map(({path, kind}) => [path, kind])).toEqual([
    [`${deep}/f`, "file"],
    [`${deep}/s`, "series"]
  ]);
  expect((await fs.glob("/derived/*/deep/{f,s}")).map(({path, captures}) => [path, ...captures])).toEqual([
    ["/derived/d/deep/f", "d", "f"],
    ["/derived/d/deep/s", "d", "s"]
  ]);
  expect((await fs.glob("/**/f")).map(({path}) => path)).toHaveLength(7);
  const walked: string[] = [];
  for await (const {path} of fs.walk("/derived")) walked.push(path);
  expect(walked).toHaveLength(1 + 7 * 2 + 6);
  expect(await fs.stat(`${deep}/s`)).toMatchObject({kind: "series", name: "s", path: `${deep}/s`});
  expect(textOf(await fs.read(`${deep}/f`))).toBe("computed 0");
  expect(decodeParquet(await fs.read(`${deep}/s`), "s").numRows).toBe(2);
  expect((await fs.query(`SELECT sum(a) a FROM '${deep}/s'`)).get(0)!.a).toBe(3);
  expect((await fs.query(`SELECT sum(a) a FROM '/derived/**/s'`)).get(0)!.a).toBe(21);
  await write(pond, (tx) => tx.symlink("derived/d/deep", "/short"));
  expect(textOf(await (await pond.fs()).read("/short/deep/f"))).toBe("computed 4");
  await expect(fs.read("/derived/d/none")).rejects.toMatchObject({code: "NOT_FOUND"});
  await expect(fs.list("/derived/d/f")).rejects.toMatchObject({code: "NOT_A_DIRECTORY"});
});

test("what it computes is computed once for a snapshot, and anew for the next", async () => {
  const {pond, asked} = await pondWith(1);
  for (let i = 0; i < 3; i++) {
    const fs = await pond.fs();
    await fs.list("/derived/d/deep");
    await fs.read("/derived/d/deep/f");
    await fs.glob("/derived/**");
  }
  const once = {made: 1, lists: ["1", "0"], gets: ["1 deep", "0 f", "0 s", "1 f", "1 s"]};
  expect({...asked, lists: asked.lists.sort().reverse(), gets: asked.gets.sort()}).toEqual({
    ...once,
    gets: once.gets.sort()
  });
  await write(pond, (tx) => tx.append("/raw", readings([3], {a: [3]})));
  const fs = await pond.fs();
  expect((await fs.query(`SELECT sum(a) a FROM '/derived/d/deep/s'`)).get(0)!.a).toBe(6);
  expect(asked.made).toBe(2);
});

test("a computation that fails is tried again when it is asked for again", async () => {
  let fails = true;
  const flaky = (): DynamicDirectory => ({
    list: async () => ["f"],
    get: async () => {
      if (fails) throw new Error("not yet");
      return {kind: "file", read: async () => Buffer.from("now")};
    }
  });
  const {pond} = await newPond({dynamic: {flaky}});
  await write(pond, (tx) => tx.dynamic("/d", "flaky", {}));
  const fs = await pond.fs();
  await expect(fs.read("/d/f")).rejects.toThrow("not yet");
  fails = false;
  expect(textOf(await fs.read("/d/f"))).toBe("now");
});

test("nothing is written below it, and the sentence says so; itself it can be moved and removed", async () => {
  const {pond} = await pondWith(1);
  const before = (await pond.fs()).version;
  for (const path of ["/derived/d/s", "/derived/d/new", "/derived/d/deep/f", "/derived/d/deep/new"]) {
    const refused = (body: Parameters<typeof write<unknown>>[1]) =>
      expect(write(pond, body), path).rejects.toMatchObject({
        code: "READ_ONLY",
        message: expect.stringMatching(
          /^\S+ is (computed; change what it is computed from|under \S+, which is computed; write elsewhere)\.$/
        ) as string
      });
    await refused((tx) => tx.write(path, "x"));
    await refused((tx) => tx.append(path, readings([1], {a: [1]})));
    await refused((tx) => tx.rename("/raw", path));
    if (path.endsWith("new")) await refused((tx) => tx.mkdir(path));
    if (path.endsWith("new")) await refused((tx) => tx.symlink("/raw", path));
    if (!path.endsWith("new")) await refused((tx) => tx.remove(path));
  }
  expect((await pond.fs()).version).toBe(before);
  await write(pond, (tx) => tx.rename("/derived/d", "/moved"));
  expect(textOf(await (await pond.fs()).read("/moved/deep/f"))).toBe("computed 0");
  await write(pond, (tx) => tx.remove("/moved"));
  expect(await (await pond.fs()).exists("/moved")).toBe(false);
});
