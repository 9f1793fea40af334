import {cp, readFile, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {checkpointKey, hintKey} from "../../pond/checkpoint.js";
import {blobKey} from "../../pond/contents.js";
import {commitKey} from "../../pond/delta.js";
import {LocalStore} from "../../pond/local.js";
import {Pond} from "../../pond/pond.js";
import {hash} from "../../pond/record.js";
import {planRepair} from "../../pond/repair.js";
import type {Repair} from "../../pond/repair.js";
import {newPond, write} from "./harness.js";
import {readings} from "./readings.js";

const large = "x".repeat(70_000);

/** A pond of five transactions, closed, and a copy of it. */
async function filled(): Promise<{dir: string; copy: string}> {
  const {pond, dir} = await newPond();
  await write(pond, (tx) => tx.append("/a/s", readings([1, 2], {x: [1, 2]}), {parents: true}));
  await write(pond, (tx) => tx.write("/a/large", large));
  await write(pond, (tx) => tx.write("/a/small", "y"));
  await pond.maintain();
  await write(pond, (tx) => tx.write("/a/small", "z"));
  await pond.close();
  const copy = `${dir}-copy`;
  await cp(dir, copy, {recursive: true});
  return {dir, copy};
}

const placeOf = (dir: string): {store: LocalStore; cache: string} => ({
  store: new LocalStore(dir),
  cache: join(dir, "cache")
});

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(file, bytes);
}

async function take({steps}: Repair): Promise<string[]> {
  for (const {take: step} of steps) await step();
  return steps.map(({sentence}) => sentence.replace(/lost\/[^/]*/, "lost/T"));
}

async function small(dir: string): Promise<string> {
  const pond = await Pond.open(dir);
  const text = Buffer.from(await (await pond.fs()).read("/a/small")).toString();
  await pond.close();
  return text;
}

test("a damaged blob comes back from a copy, and without one is named and left", async () => {
  const {dir, copy} = await filled();
  const file = blobKey(hash(large));
  await flip(join(dir, file));
  const none = await planRepair(placeOf(dir), "blobs");
  expect([none.steps, none.left.map((problem) => problem.file)]).toEqual([[], [file]]);
  expect(await take(await planRepair(placeOf(dir), "blobs", {from: copy}))).toEqual([`restore ${file} from the copy`]);
  expect((await check(placeOf(dir), {data: true})).problems).toEqual([]);
  await flip(join(copy, file));
  await rm(join(dir, file));
  expect((await planRepair(placeOf(dir), "blobs", {from: copy})).left).toHaveLength(1); // a copy that is damaged too
});

test("a damaged checkpoint is set aside and made anew", async () => {
  const {dir} = await filled();
  const file = checkpointKey(3);
  await writeFile(join(dir, file), "none");
  await expect(Pond.open(dir)).rejects.toThrow("run pond repair checkpoint");
  expect((await check(placeOf(dir))).problems).toMatchObject([{fault: "checkpoint", file}]);
  expect(await take(await planRepair(placeOf(dir), "checkpoint"))).toEqual([
    `set ${hintKey} aside as lost/T/${hintKey}`,
    `set ${file} aside as lost/T/${file}`,
    "make a checkpoint of the newest version from the commits"
  ]);
  expect(await check(placeOf(dir))).toMatchObject({checkpoints: 1, problems: []});
  expect(await small(dir)).toBe("z");
});

test("a log that breaks after its checkpoint goes back to before the break, and nothing is deleted", async () => {
  const {dir} = await filled();
  await flip(join(dir, commitKey(4)));
  const damaged = await readFile(join(dir, commitKey(4)));
  expect(await take(await planRepair(placeOf(dir), "log"))).toEqual([
    `set ${hintKey} aside as lost/T/${hintKey}`,
    `set ${commitKey(4)} aside as lost/T/${commitKey(4)}`
  ]);
  expect((await check(placeOf(dir))).problems).toEqual([]);
  expect(await small(dir)).toBe("y");
  const lost = [];
  for await (const {key} of new LocalStore(dir).list("lost/")) lost.push(key);
  expect(
    await readFile(
      join(
        dir,
        lost.find((key) => key.endsWith(commitKey(4)))!
      )
    )
  ).toEqual(damaged);
});

test("with a copy the broken commit itself comes back, and lost op files do", async () => {
  const {dir, copy} = await filled();
  await flip(join(dir, commitKey(4)));
  expect(await take(await planRepair(placeOf(dir), "log", {from: copy}))).toEqual([
    `restore ${commitKey(4)} from the copy`
  ]);
  expect(await small(dir)).toBe("z");
  const {problems} = await removeOpFiles(dir);
  expect(problems.length).toBeGreaterThan(2);
  expect((await planRepair(placeOf(dir), "log")).left).toHaveLength(problems.length);
  await take(await planRepair(placeOf(dir), "log", {from: copy}));
  expect((await check(placeOf(dir), {data: true})).problems).toEqual([]);
});

async function removeOpFiles(dir: string): Promise<Awaited<ReturnType<typeof check>>> {
  for await (const {key} of new LocalStore(dir).list("oplog/part_id=")) await rm(join(dir, key));
  return check(placeOf(dir));
}

test("a break before the newest checkpoint costs nothing that is shown, so no commit is set aside", async () => {
  const {dir} = await filled();
  await rm(join(dir, commitKey(1)));
  const {steps, left} = await planRepair(placeOf(dir), "log");
  expect([steps, left.map(({version}) => version)]).toEqual([[], [1]]);
  expect(await small(dir)).toBe("z");
});
