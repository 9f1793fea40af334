import {existsSync} from "node:fs";
import {mkdtemp, readFile, readdir, rm, stat, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {
  Bool,
  DateDay,
  Field,
  Float64,
  Schema,
  Table,
  TimestampMicrosecond,
  Uint8,
  Utf8,
  vectorFromArray
} from "apache-arrow";
import {afterEach, beforeEach, expect, test} from "vitest";
import {openForeign} from "../../pond/foreign.js";
import {mirror, mirrorBack} from "../../pond/mirror.js";
import {Pond} from "../../pond/pond.js";
import type {DynamicContext, DynamicDirectory, Transaction} from "../../pond/types.js";

/** A directory that computes a file: another one in capitals. */
function shout(config: unknown, {fs}: DynamicContext): DynamicDirectory {
  return {
    list: async () => ["loud.txt"],
    get: async (name) => {
      if (name !== "loud.txt") return undefined;
      const read = async () =>
        Buffer.from(
          Buffer.from(await fs.read(config as string))
            .toString()
            .toUpperCase()
        );
      return {kind: "file", read};
    }
  };
}

let directory: string;
let out: string;
let pond: Pond;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mirror-"));
  out = join(directory, "out");
  pond = await Pond.init(join(directory, "pond"), {dynamic: {shout}});
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

const nothing = {written: [], removed: [], waiting: [], conflicts: [], computed: [], astray: []};

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
  const back = {conflicts: [], computed: []};
  expect(await mirrorBack(pond, out)).toEqual({...back, written: ["/notes/a.txt", "/notes/b.txt"]});
  const fs = await pond.fs();
  expect(Buffer.from(await fs.read("/notes/a.txt")).toString()).toBe("edited");
  expect(await fs.versions("/notes/a.txt")).toHaveLength(2);
  const before = fs.version;
  expect(await mirrorBack(pond, out)).toEqual({...back, written: []});
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

test("a table becomes a Delta table whatever its columns are: linked, or copied for a type that Delta lacks", async () => {
  const names = vectorFromArray(["pier", null, "river"], new Utf8());
  const days = vectorFromArray([new Date("2026-02-27"), null, new Date("1969-07-20")], new DateDay());
  const plain = new Table({name: names, day: days, open: vectorFromArray([true, false, null], new Bool())});
  await write(async (tx) => {
    await tx.table("/sites", plain);
    await tx.table("/odd", new Table({name: names, level: vectorFromArray([1, 200, null], new Uint8())}));
  });
  expect((await mirror(pond, "/{sites,odd}", out)).written).toEqual(["/odd", "/sites"]);
  const rows = async (name: string) => {
    const {relation, columns} = await openForeign(join(out, name), pond.duck);
    const cast = (await pond.fs()).query(`SELECT * REPLACE (name::VARCHAR AS name) FROM '/${name}' ORDER BY ALL`);
    expect((await pond.duck.table(`FROM ${relation} ORDER BY ALL`)).toArray().map(String)).toEqual(
      (await cast).toArray().map(String)
    );
    return columns;
  };
  expect(await rows("sites")).toEqual([
    {name: "name", type: "VARCHAR"},
    {name: "day", type: "DATE"},
    {name: "open", type: "BOOLEAN"}
  ]);
  expect(await rows("odd")).toEqual([
    {name: "name", type: "VARCHAR"},
    {name: "level", type: "SMALLINT"}
  ]);
  expect(await mirror(pond, "/{sites,odd}", out)).toEqual(nothing);
  await write((tx) => tx.table("/sites", plain.slice(0, 1)));
  expect((await mirror(pond, "/{sites,odd}", out)).written).toEqual(["/sites"]);
  expect((await pond.duck.table(`FROM ${(await openForeign(join(out, "sites"), pond.duck)).relation}`)).numRows).toBe(
    1
  );
});

test("what is computed is mirrored as it is now, and never comes back", async () => {
  await write((tx) => tx.dynamic("/shout", "shout", "/notes/a.txt"));
  const loud = join(out, "shout/loud.txt");
  expect((await mirror(pond, "/shout", out)).written).toEqual(["/shout/loud.txt"]);
  expect(await readFile(loud, "utf8")).toBe("FIRST");
  expect(await mirror(pond, "/shout", out)).toEqual(nothing);
  await write((tx) => tx.write("/notes/a.txt", "second"));
  expect((await mirror(pond, "/shout", out)).written).toEqual(["/shout/loud.txt"]);
  expect(await readFile(loud, "utf8")).toBe("SECOND");
  await writeFile(loud, "edited");
  await writeFile(join(out, "shout/new.txt"), "new");
  expect((await mirror(pond, "/shout", out)).computed).toEqual(["/shout/loud.txt"]);
  const before = (await pond.fs()).version;
  expect((await mirrorBack(pond, out)).computed).toEqual(["/shout/loud.txt", "/shout/new.txt"]);
  expect((await pond.fs()).version).toBe(before);
  expect(await readFile(loud, "utf8")).toBe("edited");
});

test("links are followed, but for those that lead nowhere or back", async () => {
  await write(async (tx) => {
    await tx.symlink("/notes", "/link");
    await tx.symlink("..", "/notes/up");
    await tx.symlink("none", "/notes/none");
    await tx.symlink("self", "/notes/self");
  });
  const done = await mirror(pond, "/link", out);
  expect(done.written).toEqual(["/link/a.txt", "/link/up/series/one"]);
  expect(done.astray).toEqual([
    {path: "/link/none", leads: "nowhere"},
    {path: "/link/self", leads: "nowhere"},
    {path: "/link/up/link", leads: "back"},
    {path: "/link/up/notes", leads: "back"}
  ]);
});

test("a path that becomes another kind is made anew", async () => {
  await mirror(pond, "/series", out);
  await write(async (tx) => {
    await tx.remove("/series/one");
    await tx.write("/series/one", "a file now");
  });
  expect(await mirror(pond, "/series", out)).toEqual({...nothing, removed: ["/series/one"], written: ["/series/one"]});
  expect(await readFile(join(out, "series/one"), "utf8")).toBe("a file now");
});

/** Tests have their files in memory, where there is room, and else on the disk that is the other one here. */
async function otherDisk(): Promise<string | undefined> {
  const {dev} = await stat(directory);
  for (const disk of ["/dev/shm", process.env.LASTING_TMPDIR ?? tmpdir()])
    if (existsSync(disk) && (await stat(disk)).dev !== dev) return disk;
  return undefined;
}

test("where the disk is another, the mirror has copies", async ({skip}) => {
  const disk = await otherDisk();
  if (disk === undefined) return skip(`There is no other disk than that of ${directory}.`);
  out = await mkdtemp(join(disk, "mirror-"));
  try {
    await mirror(pond, "/series", out);
    const [part] = (await readdir(join(out, "series/one"))).filter((name) => name.endsWith(".parquet"));
    expect((await stat(join(out, "series/one", part!))).nlink).toBe(1);
    expect(await differences()).toBe(0);
    expect(await mirror(pond, "/series", out)).toEqual(nothing);
  } finally {
    await rm(out, {recursive: true});
  }
});
