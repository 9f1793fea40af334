import {readdir, rm} from "node:fs/promises";
import {join} from "node:path";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import {expect, test} from "vitest";
import {compile} from "../../pond/glob.js";
import {decodeParquet} from "../../pond/parquet.js";
import {Pond} from "../../pond/pond.js";
import {newPond, rowsOf, scratch, write} from "./harness.js";
import {readings} from "./readings.js";

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const big = new Uint8Array(200_000).map((_, i) => (i * i) >> 3);

test("what is written is there after the pond was closed, small and large", async () => {
  const {pond, dir} = await newPond();
  await write(pond, async (tx) => {
    await tx.write("/a/b c/ünï.txt", "hello", {parents: true});
    await tx.write("/big", big);
    expect(textOf(await tx.read("/a/b c/ünï.txt"))).toBe("hello"); // it reads its own writes
  });
  const again = await Pond.open(dir);
  const fs = await again.fs();
  expect(textOf(await fs.read("a/./b c/../b c/ünï.txt"))).toBe("hello");
  expect(Buffer.compare(await fs.read("/big"), big)).toBe(0);
  expect((await fs.list("/")).map(({path, kind}) => [path, kind])).toEqual([
    ["/a", "directory"],
    ["/big", "file"]
  ]);
  await again.close();
});

test("a transaction that writes nothing, or what is there already, leaves no commit", async () => {
  const {pond} = await newPond();
  await write(pond, async (tx) => tx.write("/a", "1"));
  const before = (await pond.log()).length;
  expect((await pond.transaction({command: "test"}, async () => 7)).commit).toBeUndefined();
  await write(pond, async (tx) => {
    await tx.write("/a", "1");
    await tx.mkdir("/x/y", {recursive: true});
    await tx.write("/x/y/z", "gone");
    await tx.remove("/x", {recursive: true});
  });
  expect((await pond.log()).length).toBe(before);
});

test("a body that throws leaves nothing", async () => {
  const {pond} = await newPond();
  const failing = write(pond, async (tx) => {
    await tx.write("/a", "1");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await (await pond.fs()).list("/")).toEqual([]);
});

test("the log tells who, what and how much, in a chain of hashes with rising times", async () => {
  const {pond} = await newPond({effects: {now: () => 1_700_000_000_000, user: "ann"}});
  await pond.transaction({command: "one", message: "why"}, (tx) => tx.append("/s", readings([1, 2], {a: [1, 2]})));
  await pond.transaction({command: "two"}, (tx) => tx.write("/f", "x"));
  const log = await pond.log();
  expect(
    log.map(({version, user, command, message, rows, operations}) => ({
      version,
      user,
      command,
      message,
      rows,
      operations
    }))
  ).toEqual([
    {version: 0, user: "ann", command: "pond init", message: undefined, rows: 0, operations: 1},
    {version: 1, user: "ann", command: "one", message: "why", rows: 2, operations: 2},
    {version: 2, user: "ann", command: "two", message: undefined, rows: 0, operations: 2}
  ]);
  expect(log.map(({timestamp}) => timestamp - 1.7e15)).toEqual([0, 1000, 2000]);
  expect(log[0]!.previous).toBeUndefined();
  expect(new Set(log.slice(1).map(({previous}) => previous)).size).toBe(2);
});

test("however many versions tell of a time, the newest that says something counts", async () => {
  const {pond} = await newPond();
  const told = [
    [1, 1, 1],
    [2, null, 2],
    [null, 3, null],
    [4, null, null]
  ];
  const found: unknown[] = [];
  for (const a of told) {
    await write(pond, (tx) => tx.append("/s", readings([10, 20, 30], {a})));
    const rows = await rowsOf(pond, await (await (await pond.fs()).series("/s")).relation());
    found.push(Object.values(rows).map((row) => row.a));
  }
  expect(found).toEqual([
    [1, 1, 1],
    [2, 1, 2],
    [2, 3, 2],
    [4, 3, 2]
  ]);
});

test("a series reads as the union of its versions, the newest saying wins per timestamp and column", async () => {
  const {pond} = await newPond();
  await write(pond, (tx) =>
    tx.append("/s", readings([30, 10, 20, 20], {a: [3, 1, 2, null], b: [null, 1, null, 5]}, {unit: "m"}))
  );
  await write(pond, (tx) => tx.append("/s", readings([20, 40], {a: [null, 4], c: [9, 9]})));
  await write(pond, (tx) => tx.append("/s", readings([10], {a: [7]})));
  await write(pond, (tx) => tx.append("/s", readings([100], {a: [8]})));
  const fs = await pond.fs();
  const series = await fs.series("/s");
  expect(await rowsOf(pond, await series.relation())).toEqual({
    10: {a: 7, b: 1},
    20: {a: 2, b: 5, c: 9},
    30: {a: 3},
    40: {a: 4, c: 9},
    100: {a: 8}
  });
  expect(await rowsOf(pond, await series.relation({begin: 2e7, end: 4e7}))).toEqual({
    20: {a: 2, b: 5, c: 9},
    30: {a: 3}
  });
  expect((await series.columns()).map(({name, attributes}) => [name, attributes.unit])).toEqual([
    ["a", "m"],
    ["b", "m"],
    ["c", undefined]
  ]);
  expect((await series.pieces({begin: 5e7})).map(({minTime}) => minTime)).toEqual([1e8]);
  expect(decodeParquet(await fs.read("/s"), "s").numRows).toBe(5);
  expect(await fs.stat("/s")).toMatchObject({kind: "series", version: 4, rows: 7, minTime: 1e7, maxTime: 1e8});
  expect((await fs.versions("/s")).map(({version, transaction, rows}) => [version, transaction, rows])).toEqual([
    [1, 1, 3],
    [2, 2, 2],
    [3, 3, 1],
    [4, 4, 1]
  ]);
});

test("readings from years apart, in one append, do not touch the years between", async () => {
  const {pond} = await newPond();
  const day = 86_400;
  const years = 1000 * day;
  await write(pond, (tx) => tx.append("/s", readings([years, 0, day, years + day], {a: [3, 1, 2, 4]})));
  const fs = await pond.fs();
  const series = await fs.series("/s");
  const spans = (await series.pieces()).map(({minTime, maxTime}) => [minTime / 1e6 / day, maxTime / 1e6 / day]);
  expect(spans).toEqual([
    [0, 1],
    [1000, 1001]
  ]);
  expect(await series.pieces({begin: 2 * day * 1e6, end: 999 * day * 1e6})).toEqual([]);
  expect(await rowsOf(pond, await series.relation())).toEqual({
    0: {a: 1},
    [day]: {a: 2},
    [years]: {a: 3},
    [years + day]: {a: 4}
  });
  expect(await pond.log()).toHaveLength(2); // its beginning, and one transaction
});

test("a range without readings still has the columns", async () => {
  const {pond} = await newPond();
  await write(pond, (tx) => tx.append("/s", readings([1], {a: [1]})));
  const series = await (await pond.fs()).series("/s");
  const table = await pond.duck.table(`SELECT * FROM ${await series.relation({begin: 5e6})}`);
  expect([table.numRows, table.schema.names]).toEqual([0, ["timestamp", "a"]]);
});

test("readings without rows make no version, wrong ones are refused by name", async () => {
  const {pond} = await newPond();
  expect(await write(pond, (tx) => tx.append("/s", readings([], {a: []})))).toEqual({rows: 0});
  expect(await (await pond.fs()).exists("/s")).toBe(false);
  const table = new arrow.Table({x: arrow.vectorFromArray([1, 2])});
  await expect(write(pond, (tx) => tx.append("/s", table))).rejects.toMatchObject({code: "BAD_CONTENT"});
});

test("SQL reads paths, patterns, tables, files and the log", async () => {
  const {pond} = await newPond();
  await write(pond, async (tx) => {
    await tx.append("/site/one", readings([1, 2], {a: [1, 2]}), {parents: true});
    await tx.append("/site/two", readings([2, 3], {b: [5, 6]}));
    await tx.table("/units", new arrow.Table({unit: arrow.vectorFromArray(["m", "s"], new arrow.Utf8())}));
    await tx.write("/list.csv", "x,y\n1,2\n3,4\n");
  });
  const fs = await pond.fs();
  const first = async (sql: string): Promise<unknown> =>
    Object.fromEntries(Object.entries((await fs.query(sql)).get(0)!.toJSON()));
  expect(await first(`SELECT count(*)::INT n, sum(a) a, sum(b) b FROM "/site/*"`)).toEqual({n: 4, a: 3, b: 11});
  expect(await first(`SELECT count(*)::INT n FROM '/site/one' JOIN '/site/two' USING (timestamp)`)).toEqual({n: 1});
  expect(await first(`SELECT sum(y)::INT y FROM '/list.csv'`)).toEqual({y: 6});
  expect(await first(`SELECT max(unit) u FROM (FROM '/units')`)).toEqual({u: "s"});
  expect(await first(`SELECT count(*)::INT n, max(transaction)::INT t FROM oplog WHERE kind = 'series'`)).toEqual({
    n: 2,
    t: 1
  });
  await expect(fs.query(`FROM '/none/*'`)).rejects.toMatchObject({code: "NOT_FOUND"});
  await expect(fs.query(`FROM '/site'`)).rejects.toMatchObject({code: "BAD_QUERY"});
  await expect(fs.query(`SELECT 1; SELECT 2`)).rejects.toMatchObject({code: "BAD_QUERY"});
});

test("the past stays as it was", async () => {
  const now = {value: 1_700_000_000_000};
  const {pond} = await newPond({effects: {now: () => now.value}});
  for (const text of ["one", "two", "three"]) {
    now.value += 60_000;
    await write(pond, (tx) => tx.write("/f", text));
  }
  await write(pond, (tx) => tx.remove("/f"));
  expect(await (await pond.fs()).exists("/f")).toBe(false);
  expect(textOf(await (await pond.at({version: 2})).read("/f"))).toBe("two");
  expect(textOf(await (await pond.at({time: 1_700_000_060_000_000})).read("/f"))).toBe("one");
  expect(await (await pond.at({version: 0})).list("/")).toEqual([]);
  await expect(pond.at({version: 9})).rejects.toMatchObject({code: "NOT_FOUND"});
});

test("what moves keeps its identity and its history", async () => {
  const {pond} = await newPond();
  await write(pond, (tx) => tx.write("/a/f", "1", {parents: true}));
  const {nodeId} = await (await pond.fs()).stat("/a/f");
  await write(pond, async (tx) => {
    await tx.mkdir("/b");
    await tx.rename("/a/f", "/b/g");
    await tx.write("/b/g", "2");
    await tx.rename("/a", "/b/a");
  });
  const fs = await pond.fs();
  expect(await fs.stat("/b/g")).toMatchObject({nodeId, version: 2});
  expect((await fs.list("/b")).map(({name}) => name)).toEqual(["a", "g"]);
  await expect(write(pond, (tx) => tx.rename("/b", "/b/a/c"))).rejects.toMatchObject({code: "BAD_PATH"});
});

test("symlinks lead on, relative and absolute; loops and dangling ones are told", async () => {
  const {pond} = await newPond();
  await write(pond, async (tx) => {
    await tx.write("/a/f", "1", {parents: true});
    await tx.symlink("a", "/rel");
    await tx.symlink("/a/f", "/abs");
    await tx.symlink("/round", "/round");
    await tx.symlink("nowhere", "/none");
    await tx.write("/abs", "2"); // writes what it leads to
  });
  const fs = await pond.fs();
  expect(textOf(await fs.read("/rel/f"))).toBe("2");
  expect((await fs.lstat("/abs")).target).toBe("/a/f");
  expect((await fs.list("/")).filter((stat) => stat.dangling).map(({name}) => name)).toEqual(["none", "round"]);
  await expect(fs.read("/round")).rejects.toMatchObject({code: "LOOP"});
});

test("globs match and capture", async () => {
  const {pond} = await newPond();
  await write(pond, async (tx) => {
    for (const path of ["/a.txt", "/a.txt.txt", "/d/b.txt", "/d/e/c.csv"]) await tx.write(path, "", {parents: true});
  });
  const fs = await pond.fs();
  const found = async (pattern: string): Promise<unknown> =>
    (await fs.glob(pattern)).map(({path, captures}) => [path, ...captures]);
  expect(await found("/*.txt")).toEqual([
    ["/a.txt", "a"],
    ["/a.txt.txt", "a.txt"]
  ]);
  expect(await found("/**/*.{txt,csv}")).toEqual([
    ["/a.txt", "", "a", "txt"],
    ["/a.txt.txt", "", "a.txt", "txt"],
    ["/d/b.txt", "d", "b", "txt"],
    ["/d/e/c.csv", "d/e", "c", "csv"]
  ]);
  expect(await found("/d/[!b]?txt")).toEqual([]);
  expect(await found("/d/[!a]?[a-z]xt")).toEqual([["/d/b.txt", "b", ".", "t"]]);
  expect(await found("/**")).toHaveLength(7); // the root itself as well
  for (const pattern of ["/{a", "/{a/b}", "/[a", "/[]", "/[z-a]"])
    await expect(fs.glob(pattern), pattern).rejects.toMatchObject({code: "BAD_PATH"});
});

test("a name may hold anything but a slash and a NUL, and patterns and SQL take it as it is", async () => {
  const {pond} = await newPond();
  const names = ["*", "[a-z]{1,2}?", "a\\b", "q\"uo'te", "line\nbreak", " ", "...", "ñ", "n\u0303", "\u{1f300}", "&&"];
  await write(pond, async (tx) => {
    for (const name of names) await tx.write(`/d/${name}.csv`, "x\n7\n", {parents: true});
  });
  const fs = await pond.fs();
  expect((await fs.list("/d")).map(({name}) => name).sort()).toEqual(names.map((name) => `${name}.csv`).sort());
  for (const name of names) {
    const path = `/d/${name}.csv`;
    expect(textOf(await fs.read(path))).toBe("x\n7\n");
    const exactly = path.replaceAll(/[\\*?[{]/g, "\\$&");
    expect((await fs.glob(exactly)).map((match) => match.path)).toEqual([path]);
    expect((await fs.query(`SELECT x FROM "${path.replaceAll('"', '""')}"`)).get(0)!.x).toBe(7n);
  }
  for (const path of ["", "/a\0b", "/half\ud800"])
    await expect(write(pond, (tx) => tx.write(path, "x"))).rejects.toMatchObject({code: "BAD_PATH"});
});

test("any pattern is understood, or refused in a sentence", () => {
  const part = fc.constantFrom(..."ab*?[]{}!^-,\\/.&".split(""));
  fc.assert(
    fc.property(fc.array(part, {maxLength: 10}), (parts) => {
      try {
        compile(`/${parts.join("")}`).match("/ab/a");
      } catch (error) {
        expect(error).toMatchObject({
          code: "BAD_PATH",
          message: expect.stringMatching(/^The pattern .*\.$/s) as string
        });
      }
    }),
    {numRuns: 5000}
  );
});

test("cache/ holds nothing that is missed", async () => {
  const {pond, dir} = await newPond();
  await write(pond, (tx) => tx.append("/s", readings([1], {a: [1]})));
  await (await pond.fs()).query(`FROM '/s'`);
  await rm(join(dir, "cache"), {recursive: true});
  expect((await (await pond.fs()).query(`FROM '/s'`)).numRows).toBe(1);
  expect(await readdir(join(dir, "tmp"))).toEqual([]);
});

test("transactions in one directory at the same time all count", async () => {
  const {pond, dir} = await newPond();
  const other = await Pond.open(dir);
  const count = async (on: Pond, i: number): Promise<void> =>
    write(on, async (tx) => {
      const before = (await tx.exists("/n")) ? Number(textOf(await tx.read("/n"))) : 0;
      await tx.write("/n", String(before + 1));
      await tx.write(`/f${i}`, "x");
    });
  await Promise.all(Array.from({length: 12}, (_, i) => count(i % 2 ? pond : other, i)));
  const fs = await pond.fs();
  expect(textOf(await fs.read("/n"))).toBe("12");
  expect((await fs.list("/")).length).toBe(13);
  await other.close();
});

test("what is not a pond, or stands in the way, is told in a sentence", async () => {
  const dir = await scratch();
  await expect(Pond.open(dir)).rejects.toMatchObject({code: "NOT_A_POND"});
  const {pond, dir: made} = await newPond();
  await expect(Pond.init(made)).rejects.toMatchObject({code: "EXISTS"});
  await write(pond, (tx) => tx.write("/f", "x"));
  await expect(write(pond, (tx) => tx.write("/f/g", "x"))).rejects.toMatchObject({code: "NOT_A_DIRECTORY"});
  await expect(write(pond, (tx) => tx.write("/no/g", "x"))).rejects.toMatchObject({code: "NOT_FOUND"});
  await expect(write(pond, (tx) => tx.mkdir("/f"))).rejects.toMatchObject({code: "EXISTS"});
  await expect((await pond.fs()).series("/f")).rejects.toMatchObject({code: "NOT_A_SERIES"});
});

test("readings that a SELECT gives are stored as any others, and cut where they pause", async () => {
  const {pond} = await newPond();
  const columns = [{name: "a", attributes: {instrument: "i", unit: "m"}}];
  const select = (rows: string) => ({
    sql: [`SELECT make_timestamptz(t) AS timestamp, a FROM (VALUES ${rows}) AS r(t, a)`],
    columns
  });
  const [day, years] = [86_400, 86_400_000].map((seconds) => seconds * 1e6) as [number, number];
  const rows = `(${years}, 3), (0, 1), (${day}, NULL), (${years + day}, 4)`;
  const appended = await write(pond, (tx) => tx.append("/s", select(rows)));
  expect(appended).toEqual({rows: 4, minTime: 0, maxTime: years + day});
  const fs = await pond.fs();
  expect(await rowsOf(pond, await (await fs.series("/s")).relation())).toEqual({
    0: {a: 1},
    [day / 1e6]: {},
    [years / 1e6]: {a: 3},
    [(years + day) / 1e6]: {a: 4}
  });
  const versions = await fs.versions("/s");
  expect(versions.map(({rows, minTime, maxTime}) => [rows, minTime, maxTime])).toEqual([
    [2, 0, day],
    [2, years, years + day]
  ]);
  expect(await (await fs.series("/s")).columns()).toEqual([{...columns[0], type: "DOUBLE"}]);
  for (const bad of ["(1, 1), (1, 2)", "(1, 1), (NULL, 2)"])
    await expect(write(pond, (tx) => tx.append("/s", select(bad)))).rejects.toMatchObject({code: "BAD_CONTENT"});
  expect(
    await write(pond, (tx) => tx.append("/s", {...select("(1, 1)"), sql: [`${select("(1, 1)").sql[0]!} WHERE a > 1`]}))
  ).toEqual({rows: 0});
  const sorted = (rows: string) => write(pond, (tx) => tx.append("/sorted", {...select(rows), sorted: true}));
  expect(await sorted("(1, 1), (2, 5)")).toEqual({rows: 2, minTime: 1, maxTime: 2});
  await expect(sorted("(4, 1), (3, 2)")).rejects.toThrow("Readings for /sorted are not by time though they are said");
  const both = (...rows: string[]) =>
    write(pond, (tx) => tx.append("/both", {columns, sql: rows.flatMap((some) => select(some).sql)}));
  expect(await both("(3, 1), (4, 1)", "(2, 1), (1, 1)")).toMatchObject({rows: 4, minTime: 1, maxTime: 4});
  await expect(both("(1, 1), (3, 1)", "(2, 1)")).rejects.toMatchObject({data: {misplacement: "overlapping"}});
  expect(await readdir(join(pond.cache, "append"))).toEqual([]);
});

test("an attempt that fails leaves what was written before it, and nothing of its own", async () => {
  const {pond} = await newPond();
  await write(pond, async (tx) => {
    await tx.append("/s", readings([1], {a: [1]}));
    const failed = tx.attempt(async () => {
      await tx.append("/s", readings([2], {a: [2]}));
      await tx.write("/new/file", "x", {parents: true});
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(await tx.exists("/new")).toBe(false);
    await tx.attempt(() => tx.append("/s", readings([3], {a: [3]})));
  });
  const fs = await pond.fs();
  expect((await fs.list("/")).map(({name}) => name)).toEqual(["s"]);
  expect(await rowsOf(pond, await (await fs.series("/s")).relation())).toEqual({1: {a: 1}, 3: {a: 3}});
});
