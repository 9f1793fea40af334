import {randomBytes} from "node:crypto";
import {mkdtemp, readdir, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterEach, beforeEach, expect, test} from "vitest";
import {toOpFile} from "../../pond/log.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import type {Snapshot} from "../../pond/view.js";
import {readings} from "./readings.js";

/** A store that tells what was asked of it. */
class Watched extends MemoryStore {
  readonly asked: string[] = [];

  override get(key: string): Promise<Uint8Array> {
    this.asked.push(key);
    return super.get(key);
  }
}

let dir: string;
let store: Watched;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "pond-outline-"));
  store = new Watched();
});

afterEach(() => rm(dir, {recursive: true}));

const open = (): Promise<Pond> =>
  Pond.over(store, join(dir, "cache"), {create: true, effects: {now: () => Date.now()}});
const outlines = (): Promise<string[]> => readdir(join(dir, "cache/outlines-1")).catch(() => []);

/** What all nodes are, and when that was written. */
async function told(pond: Pond): Promise<unknown[]> {
  const stats = [];
  for await (const stat of (await pond.fs()).walk("/")) stats.push(stat);
  return stats;
}

/** Files of 60 kB beside a directory, a symlink, and a series with attributes; all of them in one op file. */
async function fill(pond: Pond, count = 12): Promise<void> {
  await pond.transaction({command: "fill"}, async (tx) => {
    for (let i = 0; i < count; i++) await tx.write(`/file-${i}`, randomBytes(60_000));
    if (!(await tx.exists("/link"))) await tx.symlink("file-0", "/link");
    await tx.append("/level", readings([0, 60], {level: [1, 2]}), {attributes: {instrument: "pier"}});
    await tx.write("/below/note", "deep", {parents: true});
  });
}

test("records of a large op file are read from its outline, and contents from the file", async () => {
  const pond = await open();
  await fill(pond);
  const before = await told(pond);
  const content = await (await pond.fs()).read("/file-3");
  expect(await outlines()).toEqual([]);
  await pond.maintain();
  expect((await outlines()).length).toBe(1);

  const again = await open();
  store.asked.length = 0;
  expect(await told(again)).toEqual(before);
  const opened = () => store.asked.filter((key) => key.includes("part_id=")).length;
  expect(opened()).toBe(2); // that of /below, and that which the pond began with: they are small
  const fs = await again.fs();
  expect(await fs.readlink("/link")).toBe("file-0");
  expect(await fs.read("/file-3")).toEqual(content);
  expect(opened()).toBe(3);
});

test("an outline that is not as it was written is not believed", async () => {
  const pond = await open();
  await fill(pond);
  await pond.maintain();
  const before = await told(pond);
  const file = join(dir, "cache/outlines-1", (await outlines())[0]!);
  const text = await readFile(file, "utf8");
  const changed = text.replace('"size":60000', '"size":60001');
  expect(changed).not.toBe(text);
  for (const written of [changed, text.slice(0, -100), "", "\n"]) {
    await writeFile(file, written);
    expect(await told(await open())).toEqual(before);
  }
});

test("there are outlines of the large op files that there are, and of no others", async () => {
  const pond = await open();
  for (let round = 0; round < 10; round++) {
    await fill(pond);
    await pond.maintain();
  }
  const {state} = (await pond.fs()).view as Snapshot;
  const files = [...state.adds()].map(toOpFile).filter(({bytes, isPast}) => !isPast && bytes > 600_000);
  expect(files.length).toBeLessThan(10); // some were compacted
  expect((await outlines()).sort()).toEqual(files.map(({sha256}) => `${sha256}.json`).sort());
  const before = await told(pond);
  expect(await told(await open())).toEqual(before);
  await rm(join(dir, "cache"), {recursive: true});
  expect(await told(await open())).toEqual(before);
});
