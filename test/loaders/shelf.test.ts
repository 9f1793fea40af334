import {existsSync, readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join, relative} from "node:path";
import {expect, onTestFinished, test, vi} from "vitest";
import {Shelf} from "../../loaders/site/shelf.js";
import {host} from "../../pond/disk.js";

async function place() {
  const root = await mkdtemp(join(tmpdir(), "duckpond-"));
  onTestFinished(() => rm(root, {recursive: true}));
  return {directory: join(root, "published"), cache: join(root, "cache")};
}

const span = {begin: Date.UTC(2026, 0), end: Date.UTC(2026, 1)};

/** Writes drafts of some keys, and takes them. */
function fill(shelf: Shelf, folder: string, keys: readonly string[]) {
  return keys.map((key) => {
    writeFileSync(shelf.place({folder, key}), `content of ${key}`);
    return shelf.take({folder, key}, {...span, rows: 1});
  });
}

test("a file has its name, and is known by its key, once the shelf is kept", async () => {
  const at = await place();
  const shelf = new Shelf("/reduced/A", at);
  const [one, two] = fill(shelf, "a/1h", ["one", "two"]);
  expect(readdirSync(join(at.directory, "a/1h")).sort()).toEqual(["one.parquet", "two.parquet"]);
  expect(new Shelf("/reduced/A", at).find("one")).toBeUndefined();
  await shelf.keep([one!.entry.file]);
  const names = [one!, two!].map(({entry}) => entry.file.slice("a/1h/".length));
  expect(readdirSync(join(at.directory, "a/1h")).sort()).toEqual(names.sort());
  expect(readFileSync(join(at.directory, one!.entry.file), "utf8")).toBe("content of one");
  const again = new Shelf("/reduced/A", at);
  expect([again.find("one"), again.find("two")]).toEqual([one, undefined]);
  expect([one!.entry.begin, one!.bytes]).toEqual(["2026-01-01T00:00:00.000Z", "content of one".length]);
  rmSync(join(at.directory, one!.entry.file));
  expect(again.find("one")).toBeUndefined();
});

test("each file is on the disk before it has its name, and its name before the shelf tells of it", async () => {
  const at = await place();
  const shelf = new Shelf("/reduced/A", at);
  const files = [...fill(shelf, "a/1h", ["one", "two"]), ...fill(shelf, "a/1d", ["three"])].map(
    ({entry}) => entry.file
  );
  const seen: {path: string; named: number; told: boolean}[] = [];
  const open = host.open.bind(host);
  const spy = vi.spyOn(host, "open").mockImplementation(async (path, flags) => {
    const file = await open(path, flags);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      await sync();
      const named = files.filter((name) => existsSync(join(at.directory, name))).length;
      seen.push({path: relative(at.directory, path), named, told: existsSync(join(at.cache, "shelves"))});
    };
    return file;
  });
  onTestFinished(() => spy.mockRestore());
  await shelf.keep(files);
  const ours = seen.filter(({path}) => !path.startsWith(".."));
  const before = ours.filter(({named}) => named === 0).map(({path}) => path);
  const after = ours.filter(({named}) => named === files.length).map(({path}) => path);
  expect(before.sort()).toEqual(["a/1d/three.parquet", "a/1h/one.parquet", "a/1h/two.parquet"]);
  expect(after.sort()).toEqual(["a", "a/1d", "a/1h"]);
  expect(ours.some(({told}) => told)).toBe(false);
  expect(seen.length).toBeGreaterThan(ours.length); // what is known is synced too
});
