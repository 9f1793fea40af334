import {mkdtemp, readFile, readdir, rm, stat, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {Field, Float64, Schema, Table, TimestampMicrosecond, vectorFromArray} from "apache-arrow";
import {afterEach, beforeEach, expect, test} from "vitest";
import {openForeign} from "../../pond/foreign.js";
import {mirror, mirrorBack} from "../../pond/mirror.js";
import {Pond} from "../../pond/pond.js";
import type {Transaction} from "../../pond/types.js";

let directory: string;
let out: string;
let pond: Pond;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mirror-"));
  out = join(directory, "out");
  pond = await Pond.init(join(directory, "pond"));
  await write(async (tx) => {
    await tx.write("/notes/a.txt", "first", {parents: true});
    await tx.append("/series/one", readings(0, 10_000, 1), {parents: true});
  });
});
afterEach(async () => {
  await pond.close();
  await rm(directory, {recursive: true});
});

async function write(body: (tx: Transaction) => Promise<unknown>): Promise<void> {
  await pond.transaction({command: "test"}, async (tx) => void (await body(tx)));
}

/** A reading a minute; noise, so that the version is too big to be inline and stands alone as a blob. */
function readings(from: number, count: number, add: number): Table {
  const minutes = Array.from({length: count}, (_, index) => from + index);
  const fields = [new Field("timestamp", new TimestampMicrosecond("UTC")), new Field("x.m", new Float64(), true)];
  return new Table(new Schema(fields), {
    timestamp: vectorFromArray(
      minutes.map((minute) => minute * 60_000),
      new TimestampMicrosecond("UTC")
    ),
    "x.m": vectorFromArray(
      minutes.map((minute) => Math.sin(minute * minute) + add),
      new Float64()
    )
  });
}

/** Rows that the mirrored table and the pond's series do not share. */
async function differences(): Promise<number> {
  const {relation} = await openForeign(join(out, "series/one"), pond.duck);
  const own = await (await (await pond.fs()).series("/series/one")).relation();
  const minus = (a: string, b: string) =>
    `(SELECT timestamp, "x.m" FROM ${a} EXCEPT ALL SELECT timestamp, "x.m" FROM ${b})`;
  const [row] = await pond.duck.rows(
    `SELECT count(*)::DOUBLE AS n FROM (SELECT * FROM ${minus(relation, own)} UNION ALL SELECT * FROM ${minus(own, relation)})`
  );
  return row!.n as number;
}

const nothing = {written: [], removed: [], waiting: [], conflicts: []};

test("bytes as they are, a series as a Delta table of hard links", async () => {
  expect(await mirror(pond, "/{notes,series}", out)).toEqual({...nothing, written: ["/notes/a.txt", "/series/one"]});
  expect(await readFile(join(out, "notes/a.txt"), "utf8")).toBe("first");
  expect(await differences()).toBe(0);
  const [part] = (await readdir(join(out, "series/one"))).filter((name) => name.endsWith(".parquet"));
  expect((await stat(join(out, "series/one", part!))).nlink).toBe(2);
});

test("run again it changes nothing; then only what changed", async () => {
  await mirror(pond, "/{notes,series}", out);
  expect(await mirror(pond, "/{notes,series}", out)).toEqual(nothing);
  await write((tx) => tx.append("/series/one", readings(10_000, 5, 1)));
  expect(await mirror(pond, "/{notes,series}", out)).toEqual({...nothing, written: ["/series/one"]});
  expect(await differences()).toBe(0);
  expect((await readdir(join(out, "series/one/_delta_log"))).length).toBe(2);
});

test("restated readings are there once, as they are now", async () => {
  await mirror(pond, "/series/*", out);
  await write((tx) => tx.append("/series/one", readings(9_000, 50, 7)));
  await mirror(pond, "/series/*", out);
  expect(await differences()).toBe(0);
});

test("what left the pond leaves the mirror, and a deleted mirror is rebuilt", async () => {
  await mirror(pond, "/**", out);
  await write((tx) => tx.remove("/notes/a.txt"));
  expect((await mirror(pond, "/**", out)).removed).toEqual(["/notes/a.txt"]);
  await rm(out, {recursive: true});
  expect((await mirror(pond, "/**", out)).written).toEqual(["/series/one"]);
  expect(await differences()).toBe(0);
});

test("a file changed on the host comes back as a new version", async () => {
  await mirror(pond, "/notes", out);
  await writeFile(join(out, "notes/a.txt"), "edited");
  await writeFile(join(out, "notes/b.txt"), "new");
  expect((await mirror(pond, "/notes", out)).waiting).toEqual(["/notes/a.txt"]);
  expect(await mirrorBack(pond, out)).toEqual({written: ["/notes/a.txt", "/notes/b.txt"], conflicts: []});
  const fs = await pond.fs();
  expect(Buffer.from(await fs.read("/notes/a.txt")).toString()).toBe("edited");
  expect(await fs.versions("/notes/a.txt")).toHaveLength(2);
  const before = fs.version;
  expect(await mirrorBack(pond, out)).toEqual({written: [], conflicts: []});
  expect((await pond.fs()).version).toBe(before);
});

test("a conflict is told and loses neither side", async () => {
  await mirror(pond, "/notes", out);
  await writeFile(join(out, "notes/a.txt"), "the host's");
  await write((tx) => tx.write("/notes/a.txt", "the pond's"));
  expect((await mirror(pond, "/notes", out)).conflicts).toEqual(["/notes/a.txt"]);
  expect((await mirrorBack(pond, out)).conflicts).toEqual(["/notes/a.txt"]);
  expect(await readFile(join(out, "notes/a.txt"), "utf8")).toBe("the host's");
  expect(Buffer.from(await (await pond.fs()).read("/notes/a.txt")).toString()).toBe("the pond's");
});

test("a pattern without matches and a directory that is no mirror are said", async () => {
  await expect(mirror(pond, "/nowhere/*", out)).rejects.toThrow("Nothing in the pond matches /nowhere/*");
  await expect(mirrorBack(pond, directory)).rejects.toThrow("is no mirror of a pond; make one with pond mirror.");
});
