import {readdir, readFile, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {type Action, commitKey, decodeActions, encodeActions, unsealed} from "../../pond/delta.js";
import {openForeign} from "../../pond/foreign.js";
import {Pond} from "../../pond/pond.js";
import {newPond, write} from "./harness.js";
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
