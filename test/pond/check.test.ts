import {readdir, readFile, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {Field, Float64, Int32, List, Table, Utf8, vectorFromArray} from "apache-arrow";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {type Action, commitKey, decodeActions, encodeActions, unsealed} from "../../pond/delta.js";
import {checkpointKey, checkpointVersion, hintKey, readCheckpoint} from "../../pond/checkpoint.js";
import {blobKey} from "../../pond/contents.js";
import {misfitIn} from "../../pond/footer.js";
import {openForeign} from "../../pond/foreign.js";
import {advance, emptyLog} from "../../pond/log.js";
import {MemoryStore} from "../../pond/memory.js";
import {encodeParquet} from "../../pond/parquet.js";
import {Pond} from "../../pond/pond.js";
import {hash} from "../../pond/record.js";
import {newPond, scratch, write} from "./harness.js";
import {randomFrom} from "./platter.js";
import {readings} from "./readings.js";

async function filled(): Promise<{pond: Pond; dir: string}> {
  const made = await newPond();
  await write(made.pond, (tx) => tx.append("/a/s", readings([1, 2], {x: [1, 2]}), {parents: true}));
  await write(made.pond, (tx) => tx.write("/a/large", "x".repeat(70_000)));
  await write(made.pond, (tx) => tx.write("/a/small", "y"));
  return made;
}

async function filesUnder(dir: string, suffix: RegExp): Promise<string[]> {
  const entries = await readdir(dir, {recursive: true, withFileTypes: true});
  return entries
    .filter((entry) => entry.isFile() && suffix.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Turns one bit in the middle of a file. */
async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(file, bytes);
}

test("a sound pond has no problem, and the check says what it saw", async () => {
  const {pond} = await filled();
  expect(await check(pond, {data: true})).toEqual({
    ...{
      commits: 4,
      checkpoints: 0,
      opFiles: 5,
      records: 8,
      nodes: 4,
      blobs: 1,
      hashed: 8,
      bytes: expect.any(Number) as number
    },
    problems: []
  });
});

test("a changed commit breaks the chain at the next one", async () => {
  const {pond, dir} = await filled();
  const file = join(dir, commitKey(1));
  await writeFile(file, (await readFile(file, "utf8")).replace('"command":"test"', '"command":"tesd"'));
  const {problems} = await check(pond);
  expect(problems.map(({version, sentence}) => [version, sentence.split(":")[0]])).toEqual([
    [1, "The commit is not as it was written."],
    [2, "The chain breaks"]
  ]);
});

test("a commit that was put in the place of another is not read, sound as it is", async () => {
  const {pond, dir} = await filled();
  await pond.close();
  const file = join(dir, commitKey(2));
  const actions = decodeActions(await readFile(file));
  await writeFile(file, encodeActions(actions.map((action) => renamed(action))));
  const {problems} = await check(await Pond.open(dir));
  expect(problems.map(({sentence}) => sentence.split(":")[0])).toEqual(["The chain breaks"]);
  const fs = await (await Pond.open(dir)).fs();
  await expect(fs.read("/a/small")).rejects.toThrow(commitKey(2));
});

function renamed(action: Action): Action {
  return action.commitInfo ? {commitInfo: {...action.commitInfo, user: "somebody else", sha256: unsealed}} : action;
}

test("a bit turned in an op file or a blob is found, and no read takes it for data", async () => {
  const {pond, dir} = await filled();
  const [blob] = await filesUnder(join(dir, "blobs"), /^[0-9a-f]{64}$/);
  await flip(blob!);
  expect((await check(pond)).problems).toEqual([]); // content is looked at only when asked
  expect((await check(pond, {data: true})).problems).toMatchObject([
    {sentence: expect.stringContaining("hash") as string}
  ]);
  await expect((await pond.fs()).read("/a/large")).rejects.toMatchObject({code: "CORRUPT"});
  for (const file of await filesUnder(join(dir, "oplog"), /\.parquet$/)) await flip(file);
  expect((await check(pond)).problems).toHaveLength(5);
});

test("an op file that is missing does not make its paths look as if they were not there", async () => {
  const {pond, dir} = await filled();
  const {partId} = await (await pond.fs()).stat("/a/small");
  await pond.close();
  for (const file of await filesUnder(join(dir, "oplog", `part_id=${partId}`), /./)) await rm(file);
  const again = await Pond.open(dir);
  const refused = {
    code: "CORRUPT",
    message: expect.stringMatching(/ is missing; restore it from a copy of the pond\.$/) as string
  };
  await expect((await again.fs()).exists("/a/small")).rejects.toMatchObject(refused);
  await expect(write(again, (tx) => tx.write("/a/small", "new"))).rejects.toMatchObject(refused);
  await again.close();
});

test("what is missing is named", async () => {
  const {pond, dir} = await filled();
  const [blob] = await filesUnder(join(dir, "blobs"), /./);
  await rm(blob!);
  await rm(join(dir, commitKey(2)));
  const {problems} = await check(pond);
  expect(problems).toMatchObject([{file: commitKey(2), sentence: "Version 2 is missing, and later ones are there."}]);
});

test("a blob that is damaged keeps the check from nothing but what is below it", async () => {
  const {pond, dir} = await filled();
  await write(pond, async (tx) => {
    await tx.mkdir("/wide");
    for (let i = 0; i < 800; i++) await tx.write(`/wide/${i}`, "z");
  });
  const fs = await pond.fs();
  const [{sha256: large}, {sha256: wide}] = [await fs.stat("/a/large"), await fs.stat("/wide")];
  expect(await check(pond)).toMatchObject({nodes: 805, blobs: 2, problems: []});
  await rm(join(dir, blobKey(large!)));
  expect(await check(pond)).toMatchObject({nodes: 805, problems: [{sentence: "The blob is missing."}]});
  await flip(join(dir, blobKey(wide!)));
  expect(await check(pond)).toMatchObject({
    nodes: 5,
    problems: [
      {},
      {fault: "blob", file: blobKey(wide!), sentence: `The directory in it does not have its hash ${wide}.`}
    ]
  });
  expect((await check(pond, {data: true})).problems).toHaveLength(2); // each is told once
});

test("a reader of Delta tables finds our log in order", async () => {
  const {pond, dir} = await filled();
  const table = await openForeign(join(dir, "oplog"), pond.duck);
  expect([table.version, table.files, table.partitionColumns]).toEqual([3, 5, ["part_id"]]);
  const rows = await pond.duck.rows(`SELECT kind, count(*)::INT n FROM ${table.relation} GROUP BY kind ORDER BY kind`);
  expect(rows).toEqual([
    {kind: "directory", n: 5},
    {kind: "file", n: 2},
    {kind: "series", n: 1}
  ]);
});

/** A pond with a table of that many rows, and the same bytes as a file; a list is a tree of columns in Parquet. */
async function withTable(rows: number): Promise<Pond> {
  const {pond} = await newPond();
  const noise = Float64Array.from({length: rows}, (_, i) => Math.sin(i * i));
  const names = Array.from({length: rows}, (_, i) => `n${i % 7}`);
  const lists = vectorFromArray([[1, 2], ...names.slice(1).map(() => null)], new List(new Field("item", new Int32())));
  const content = new Table({x: vectorFromArray(noise), name: vectorFromArray(names, new Utf8()), lists});
  await write(pond, async (tx) => {
    await tx.table("/t", content);
    await tx.write("/t-bytes", encodeParquet(content));
  });
  return pond;
}

test("a footer is compared with what the record tells: rows, columns and their types", async () => {
  for (const rows of [10, 20_000]) {
    const pond = await withTable(rows);
    const {problems, hashed, blobs} = await check(pond, {data: true});
    expect(problems).toEqual([]);
    expect(blobs).toBe(rows > 10 ? 1 : 0); // the same content, twice
    expect(hashed).toBeGreaterThan(2);
  }
  const record = {
    ...{kind: "table" as const, partId: "", nodeId: "", version: 1, timestamp: 0, content: null, inline: false},
    ...{sha256: "", transaction: 1, file: "", rows: 3}
  };
  const bytes = encodeParquet(
    new Table({x: vectorFromArray([1, 2, 3], new Float64()), n: vectorFromArray(["a", "b", "c"], new Utf8())})
  );
  const misfit = (columns: readonly {name: string; type: string}[] | undefined, other = {}) =>
    misfitIn({...record, size: bytes.length, attributes: columns ? {columns} : {}, ...other}, async (begin, end) =>
      bytes.slice(begin, end)
    );
  const [x, n] = [
    {name: "x", type: "DOUBLE"},
    {name: "n", type: "VARCHAR"}
  ];
  expect(await misfit([x, n])).toBeUndefined();
  expect(await misfit(undefined)).toBeUndefined();
  expect(await misfit([x, {name: "n", type: "DOUBLE"}])).toBe("has a column n of type VARCHAR, its record says DOUBLE");
  expect(await misfit([{name: "x", type: "BIGINT"}, n])).toBe("has a column x of type DOUBLE, its record says BIGINT");
  expect(await misfit([x])).toBe("has a column n that its record does not tell of");
  expect(await misfit([x, n], {rows: 4})).toBe("has 3 rows, its record says 4");
  expect(await misfit([x, n], {kind: "series"})).toBe("has no column timestamp");
  expect(await misfit([x, n], {size: 9})).toBe("does not end as Parquet does");
});

type Damage = (bytes: Uint8Array, other: Uint8Array, random: () => number) => Uint8Array | undefined;

const damages: Readonly<Record<string, Damage>> = {
  "a bit turned": (bytes, _, random) => {
    const copy = bytes.slice();
    copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8);
    return copy;
  },
  "cut off": (bytes, _, random) => bytes.slice(0, Math.floor(random() * bytes.length)),
  "zeros at the end": (bytes, _, random) => {
    const copy = bytes.slice();
    return copy.fill(0, Math.floor(random() * copy.length));
  },
  "longer than it was": (bytes) => Buffer.concat([bytes, Buffer.from("\n")]),
  "another of its sort": (_, other) => other,
  gone: () => undefined
};

test(
  "whatever is done to any file of a pond, check tells of it and does not fail itself",
  {timeout: 60_000},
  async () => {
    const {store, cache, keys} = await ofEverySort();
    const {version: newest} = await advance(store, emptyLog);
    const random = randomFrom(7);
    const found: Record<string, number> = {};
    for (let round = 0; round < 60; round++)
      for (const [name, damage] of Object.entries(damages)) {
        const key = keys[Math.floor(random() * keys.length)]!;
        const sort = (other: string) => other.split("/")[1] === key.split("/")[1] || key.startsWith("blobs/");
        const others = keys.filter(
          (other) => other !== key && other.split("/")[0] === key.split("/")[0] && sort(other)
        );
        const [before, other] = [await store.get(key), await store.get(others[Math.floor(random() * others.length)]!)];
        const after = damage(before, other, random);
        await store.delete(key);
        if (after !== undefined) await store.putIfAbsent(key, after);
        const {problems} = await check({store, cache}, {data: true});
        const isSame = after !== undefined && hash(after) === hash(before);
        const version = checkpointVersion(key);
        const mayMeanNothing =
          isSame || (version !== undefined && after !== undefined && (await says(store, version, before)));
        const isUntold = after === undefined && key === commitKey(newest); // nothing says that there was one more
        if (!mayMeanNothing && !isUntold && key !== hintKey)
          expect(problems.length, `${key}: ${name}`).toBeGreaterThan(0);
        for (const {sentence, remedy} of problems) expect(`${sentence} ${remedy}`).toMatch(/^[^\n]+\.$/);
        if (problems.length > 0) found[name] = (found[name] ?? 0) + 1;
        await store.delete(key);
        await store.putIfAbsent(key, before);
      }
    for (const name of Object.keys(damages)) expect(found[name], name).toBeGreaterThan(30);
    expect((await check({store, cache}, {data: true})).problems).toEqual([]);
  }
);

/** Whether a checkpoint says what it said, as when a bit turned where nothing is told. */
async function says(store: MemoryStore, version: number, before: Uint8Array): Promise<boolean> {
  const twin = new MemoryStore();
  await twin.putIfAbsent(checkpointKey(version), before);
  const now = await readCheckpoint(store, version).catch(() => undefined);
  return JSON.stringify(now) === JSON.stringify(await readCheckpoint(twin, version));
}

/** A pond with all sorts of files, and the keys of those that it needs. */
async function ofEverySort(): Promise<{store: MemoryStore; cache: string; keys: readonly string[]}> {
  const [store, cache] = [new MemoryStore(), await scratch()];
  let clock = Date.UTC(2026, 0, 1);
  const pond = await Pond.over(store, cache, {create: true, effects: {now: () => (clock += 60_000)}});
  const times = Array.from({length: 9000}, (_, i) => i);
  for (let i = 0; i < 12; i++)
    await write(pond, async (tx) => {
      await tx.write("/a/small", `${i}`, {parents: true});
      await tx.append("/a/s", readings([i], {x: [i]}));
      if (i % 4 === 0) await tx.write(`/large-${i}`, `${i}`.repeat(70_000));
      if (i % 4 === 1)
        await tx.append("/b/s", readings(times, {x: times.map((t) => Math.sin(t * t + i))}), {parents: true});
    });
  await pond.maintain();
  await write(pond, (tx) => tx.write("/a/small", "after"));
  await pond.close();
  const live = new Set([...(await advance(store, emptyLog)).adds()].map(({path}) => `oplog/${path}`));
  const keys: string[] = [];
  for await (const {key} of store.list("")) if (!key.startsWith("oplog/part_id=") || live.has(key)) keys.push(key);
  return {store, cache, keys};
}
