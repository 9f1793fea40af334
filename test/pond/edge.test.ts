import {cp, readdir, rm} from "node:fs/promises";
import {join} from "node:path";
import {Table, Utf8, vectorFromArray} from "apache-arrow";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {commitKey, encodeActions, unsealed} from "../../pond/delta.js";
import type {Action} from "../../pond/delta.js";
import {host} from "../../pond/disk.js";
import {LocalStore} from "../../pond/local.js";
import {MemoryStore} from "../../pond/memory.js";
import {encodeParquet} from "../../pond/parquet.js";
import {Pond} from "../../pond/pond.js";
import {encodeRecords, lint} from "../../pond/record.js";
import type {Reader} from "../../pond/types.js";
import {newPond, scratch, write} from "./harness.js";
import {readings} from "./readings.js";

/** Where a pond ends: at disks, programs and sizes that are just not its own. */

const refusal = /^The file system of \S+ has no hard links; put the pond on one that has \(ext4, [^)]*\)\.$/;

test.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK"])(
  "a filesystem whose hard links fail with %s is refused in a sentence, and left as it was",
  async (code) => {
    const dir = await scratch();
    const link = () => Promise.reject(Object.assign(new Error(`${code}: link`), {code}));
    const linkless = new LocalStore(join(dir, "new"), {...host, link});
    await expect(Pond.over(linkless, join(dir, "cache"), {create: true})).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(refusal) as string
    });
    const entries = await readdir(join(dir, "new"), {recursive: true, withFileTypes: true});
    expect(entries.filter((entry) => entry.isFile())).toEqual([]);

    const moved = join(dir, "moved"); // a pond made elsewhere, and copied here
    await (await Pond.init(moved)).close();
    const pond = await Pond.over(new LocalStore(moved, {...host, link}), join(dir, "cache"));
    await expect(write(pond, (tx) => tx.write("/f", "x"))).rejects.toThrow(refusal);
    expect(await (await pond.fs()).list("/")).toEqual([]);
    expect((await check(pond, {data: true})).problems).toEqual([]);
    await pond.close();
  }
);

test("a pond that asks for more than this program knows is refused, whenever it began to", async () => {
  const later = {minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["deletionVectors"]};
  const {pond, dir} = await newPond();
  await write(pond, (tx) => tx.write("/f", "before"));
  const before = await pond.fs();
  const commitInfo = {timestamp: Date.now(), operation: "UPGRADE", engineInfo: "duckpond/9.0.0", sha256: unsealed};
  const actions = [{commitInfo}, {protocol: later}];
  await pond.store.putIfAbsent(commitKey(2), encodeActions(actions as unknown as Action[]));
  const refused = {
    code: "UNSUPPORTED",
    message: "The pond asks for Delta protocol (3,7) and this program knows (1,2); use the program that wrote it."
  };
  await expect(pond.fs()).rejects.toMatchObject(refused);
  await expect(write(pond, (tx) => tx.write("/f", "after"))).rejects.toMatchObject(refused);
  await expect(Pond.open(dir)).rejects.toMatchObject(refused);
  await expect(check(pond)).rejects.toMatchObject(refused);
  expect(Buffer.from(await before.read("/f")).toString()).toBe("before"); // what was open stays open
  const keys: string[] = [];
  for await (const {key} of pond.store.list("oplog/_delta_log/")) keys.push(key);
  expect(keys).toEqual([0, 1, 2].map(commitKey));
});

/** All that a pond shows, in words. */
async function told(pond: Pond): Promise<unknown> {
  const of = async (fs: Reader) => {
    const lines: string[] = [];
    for await (const stat of fs.walk("/")) {
      lines.push(JSON.stringify(stat));
      if (stat.kind === "file") lines.push(Buffer.from(await fs.read(stat.path)).toString("base64"));
      if (stat.kind !== "directory") lines.push(JSON.stringify(await fs.versions(stat.path)));
    }
    const sql = `SELECT count(*)::INTEGER AS n, sum(level)::DOUBLE AS level, (SELECT count(*)::INTEGER FROM oplog) AS m FROM '/a/s'`;
    return [lines, String((await fs.query(sql)).get(0))];
  };
  const past = await Promise.all([3, 11, 20].map(async (version) => of(await pond.at({version}))));
  return [await of(await pond.fs()), past, await pond.log()];
}

test("a pond that is oplog/ and blobs/ alone reads the same", {timeout: 60_000}, async () => {
  const {pond, dir} = await newPond();
  for (let i = 1; i <= 24; i++)
    await write(pond, async (tx) => {
      await tx.append("/a/s", readings([i, i + 1], {level: [i, -i]}), {parents: true});
      await tx.write("/b/f", `${i}`.repeat(i % 5 === 0 ? 70_000 : 1), {parents: true});
    });
  await pond.maintain();
  await write(pond, (tx) => tx.symlink("../b/f", "/a/link"));
  const before = await told(pond);
  const alone = await scratch();
  for (const part of ["oplog", "blobs"]) await cp(join(dir, part), join(alone, part), {recursive: true});
  const copy = await Pond.open(alone);
  expect(await told(copy)).toEqual(before);
  await copy.close();
  for (const name of await readdir(alone))
    if (!["oplog", "blobs"].includes(name)) await rm(join(alone, name), {recursive: true});
  const again = await Pond.open(alone);
  expect(await told(again)).toEqual(before);
  await write(again, (tx) => tx.write("/b/f", "and can be written"));
  expect((await check(again, {data: true})).problems).toEqual([]);
  await again.close();
});

/** A store that says which objects were read. */
class Watching extends MemoryStore {
  readonly read = new Set<string>();

  override async get(key: string): Promise<Uint8Array> {
    this.read.add(key);
    return super.get(key);
  }

  blobs(): number {
    const found = [...this.read].filter((key) => key.startsWith("blobs/"));
    this.read.clear();
    return found.length;
  }
}

test("up to 65,536 bytes stand in the record, and one more makes a blob", async () => {
  const {pond, dir} = await newPond();
  const sizes = [0, 1, 65_535, 65_536, 65_537, 65_538];
  await write(pond, async (tx) => {
    for (const size of sizes) await tx.write(`/${size}`, Buffer.alloc(size, size % 251));
  });
  const blobs = (await readdir(join(dir, "blobs"), {recursive: true})).filter((name) => name.length > 60);
  const fs = await (await Pond.open(dir)).fs();
  const stats = await Promise.all([65_537, 65_538].map((size) => fs.stat(`/${size}`)));
  expect(blobs.map((name) => name.slice(3)).sort()).toEqual(stats.map(({sha256}) => sha256!).sort());
  for (const size of sizes) expect(Buffer.alloc(size, size % 251).equals(await fs.read(`/${size}`))).toBe(true);
  expect(await check(pond, {data: true})).toMatchObject({blobs: 2, problems: []});
});

test("SQL over the log reads no content that it is not asked for", async () => {
  const store = new Watching();
  const pond = await Pond.over(store, await scratch(), {create: true});
  for (let i = 0; i < 5; i++) await write(pond, (tx) => tx.write("/f", `${i}`.repeat(70_000)));
  await write(pond, (tx) => tx.write("/small", "in the record"));
  store.blobs();
  const fs = await pond.fs();
  const sum = await fs.query("SELECT sum(size)::INTEGER AS bytes FROM oplog WHERE kind = 'file'");
  expect(sum.get(0)!.bytes).toBe(5 * 70_000 + 13);
  expect((await fs.versions("/f")).length).toBe(5);
  expect(await pond.diff({version: 1}, fs)).toHaveLength(2);
  expect(store.blobs()).toBe(0);
  const plan = async (sql: string) => String((await fs.query(`EXPLAIN ${sql}`)).get(0));
  expect(await plan("SELECT version, size FROM oplog")).not.toMatch(/\bcontent\b/);
  expect(await plan("SELECT version, content FROM oplog")).toMatch(/\bcontent\b/);
  const asked = await fs.query("SELECT content FROM oplog WHERE size = 13 AND kind = 'file'");
  expect(Buffer.from(asked.get(0)!.content as Uint8Array).toString()).toBe("in the record");
  await fs.read("/f");
  expect(store.blobs()).toBe(1); // it counts
  await pond.close();
});

test("a stream gives every byte, and none of content that is damaged", async () => {
  const [store, cache] = [new MemoryStore(), await scratch()];
  const pond = await Pond.over(store, cache, {create: true});
  const contents = [0, 10, 70_000, 4_194_304, 4_194_305, 9_000_000].map((size) => Buffer.alloc(size, `${size}, `));
  await write(pond, async (tx) => {
    for (const content of contents) await tx.write(`/${content.length}`, content);
    await tx.mkdir("/d");
  });
  const streamed = async (fs: Reader, path: string): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of fs.stream(path)) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const fs = await pond.fs();
  for (const content of contents) expect((await streamed(fs, `/${content.length}`)).equals(content)).toBe(true);
  await expect(streamed(fs, "/d")).rejects.toMatchObject({code: "IS_A_DIRECTORY"});
  for (const size of [70_000, 9_000_000]) {
    const {sha256} = await fs.stat(`/${size}`);
    const key = `blobs/${sha256!.slice(0, 2)}/${sha256}`;
    const bytes = await store.get(key);
    bytes[size - 1]! ^= 1;
    await store.delete(key);
    await store.putIfAbsent(key, bytes);
    const again = await Pond.over(store, cache);
    const pieces: Uint8Array[] = [];
    const reading = async () => {
      for await (const piece of (await again.fs()).stream(`/${size}`)) pieces.push(piece);
    };
    await expect(reading()).rejects.toMatchObject({code: "CORRUPT"});
    expect(pieces).toEqual([]);
    await again.close();
  }
  await pond.close();
});

test("an op file that came out otherwise than it should is in no commit", () => {
  const bytes = encodeRecords([]);
  expect(() => lint(bytes, 0)).not.toThrow();
  expect(() => lint(bytes, 1)).toThrow(/^An op file came out with 0 rows instead of 1 and the columns node_id: Utf8, /);
  const others = encodeParquet(new Table({node_id: vectorFromArray(["x"], new Utf8())}));
  expect(() => lint(others, 1)).toThrow(
    "with 1 rows instead of 1 and the columns node_id: Utf8; nothing was committed."
  );
  expect(() => lint(bytes.subarray(0, -1), 0)).toThrow("an op file about to be committed is not readable as Parquet");
});
