import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterEach, beforeEach, expect, test} from "vitest";
import {Pond} from "../../pond/pond.js";
import type {Transaction} from "../../pond/types.js";

let directory: string;
let pond: Pond;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "diff-"));
  pond = await Pond.init(join(directory, "pond"));
  await write(async (tx) => {
    await tx.mkdir("/a");
    await tx.write("/a/kept", "same");
    await tx.write("/a/edited", "old");
    await tx.write("/a/moved", "content");
    await tx.write("/a/gone", "bye");
  });
});
afterEach(async () => {
  await pond.close();
  await rm(directory, {recursive: true});
});

async function write(body: (tx: Transaction) => Promise<void>): Promise<void> {
  await pond.transaction({command: "test"}, body);
}

const edit = async (tx: Transaction) => {
  await tx.mkdir("/b");
  await tx.write("/a/edited", "new");
  await tx.rename("/a/moved", "/b/moved");
  await tx.remove("/a/gone");
  await tx.write("/b/added", "hello");
};

const expected = [
  {what: "changed", path: "/a/edited", kind: "file", versions: [1, 2]},
  {what: "removed", path: "/a/gone", kind: "file"},
  {what: "added", path: "/b", kind: "directory"},
  {what: "added", path: "/b/added", kind: "file"},
  {what: "moved", path: "/b/moved", kind: "file", from: "/a/moved"}
];

test("tells what came, went, changed and moved, and nothing else", async () => {
  const before = await pond.fs();
  await write(edit);
  expect(await pond.diff(before, await pond.fs())).toEqual(expected);
  expect(await pond.diff({version: 1}, {version: 2})).toEqual(expected);
});

test("a snapshot does not differ from itself, nor from the same time travelled to", async () => {
  const now = await pond.fs();
  await write(edit);
  expect(await pond.diff(now, now)).toEqual([]);
  expect(await pond.diff(now, await pond.at({version: now.version}))).toEqual([]);
});

test("backwards, what came is gone", async () => {
  const before = await pond.fs();
  await write(edit);
  const changes = await pond.diff(await pond.fs(), before);
  expect(changes.filter(({what}) => what === "removed").map(({path}) => path)).toEqual(["/b", "/b/added"]);
});

test("a watch tells what another process commits, and ends when told to", async () => {
  const stop = new AbortController();
  const seen: unknown[] = [];
  const watching = (async () => {
    for await (const {changes} of pond.watch({interval: 10, signal: stop.signal})) {
      seen.push(...changes);
      stop.abort();
    }
  })();
  const other = await Pond.open(join(directory, "pond"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await other.transaction({command: "test"}, edit);
  await watching;
  await other.close();
  expect(seen).toEqual(expected);
});
