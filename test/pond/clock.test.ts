import {readdir, utimes} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {Pond} from "../../pond/pond.js";
import type {Reader} from "../../pond/types.js";
import {newPond, scratch, write} from "./harness.js";
import {randomFrom} from "./platter.js";

const [hour, year] = [3_600_000, 365 * 24 * 3_600_000];
const noon = Date.UTC(2026, 5, 1, 12);

/** What the clock shows at each transaction: back an hour, ten years ahead, and back again, and standing still. */
const shows = [
  noon,
  noon + 5,
  noon - hour,
  noon - hour + 1,
  noon + 10 * year,
  noon + hour,
  noon + hour,
  0,
  noon + year
];

const textAt = async (fs: Reader): Promise<string> => Buffer.from(await fs.read("/n")).toString();

/** A pond with one transaction per time that its clock shows; transaction i + 1 writes i. */
async function written(): Promise<{pond: Pond; dir: string}> {
  let now = noon - 1;
  const made = await newPond({effects: {now: () => now}});
  for (const [i, time] of shows.entries()) {
    now = time;
    await write(made.pond, (tx) => tx.write("/n", String(i)));
  }
  return made;
}

test("whatever the clock does, times of transactions rise, and each leads to what was written then", async () => {
  const {pond, dir} = await written();
  const log = (await pond.log()).slice(1);
  expect(log.map(({version}) => version)).toEqual(shows.map((_, i) => i + 1));
  for (const [i, {timestamp}] of log.entries()) if (i > 0) expect(timestamp).toBeGreaterThan(log[i - 1]!.timestamp);
  const again = await Pond.open(dir, {effects: {now: () => noon - 10 * year}});
  for (const [i, {timestamp, version}] of log.entries()) {
    expect(await textAt(await again.at({version}))).toBe(String(i));
    expect(await textAt(await again.at({time: timestamp}))).toBe(String(i));
    if (i > 0) expect(await textAt(await again.at({time: timestamp - 1}))).toBe(String(i - 1));
  }
  const versions = (await (await again.fs()).versions("/n")).map(({timestamp}) => timestamp);
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  expect(new Set(versions).size).toBe(shows.length);
  expect((await check(again, {data: true})).problems).toEqual([]);
  await again.close();
});

test("a time before the pond began has no content, whatever the clock shows now", async () => {
  const {pond} = await written();
  await expect(pond.at({time: (noon - 2) * 1000})).rejects.toMatchObject({code: "NOT_FOUND"});
});

test("modification times of its files mean nothing to a pond", async () => {
  const {pond, dir} = await written();
  const before = await pond.log();
  const random = randomFrom(1);
  for (const entry of await readdir(dir, {recursive: true, withFileTypes: true})) {
    const time = new Date(Math.floor(random() * 2 * noon));
    await utimes(join(entry.parentPath, entry.name), time, time);
  }
  const again = await Pond.open(dir);
  expect(await again.log()).toEqual(before);
  for (const [i, {timestamp}] of before.slice(1).entries())
    expect(await textAt(await again.at({time: timestamp}))).toBe(String(i));
  expect((await check(again, {data: true})).problems).toEqual([]);
  await write(again, (tx) => tx.write("/n", "after"));
  expect(await textAt(await again.fs())).toBe("after");
  await again.close();
});

test("two processes whose clocks are hours apart write times that rise", async () => {
  const dir = await scratch();
  const early = await Pond.open(dir, {create: true, effects: {now: () => noon - 5 * hour}});
  const late = await Pond.open(dir, {effects: {now: () => noon}});
  for (let i = 0; i < 4; i++)
    for (const pond of [late, early]) await write(pond, (tx) => tx.write("/n", `${i} ${pond === late}`));
  const times = (await late.log()).map(({timestamp}) => timestamp);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  expect(times).toHaveLength(9);
  await Promise.all([early.close(), late.close()]);
});
