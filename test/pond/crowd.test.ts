import {spawn} from "node:child_process";
import {once} from "node:events";
import {rm} from "node:fs/promises";
import process from "node:process";
import {setTimeout as sleep} from "node:timers/promises";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {bundled} from "./bundle.js";
import {tried} from "../thorough.js";
import {newPond, write} from "./harness.js";
import {readings} from "./readings.js";

const processes = 8;
const times = tried(200, 40);

/** Runs one process of the crowd to its end; the lines that it said. */
async function run(program: string, dir: string, ...args: string[]): Promise<string[]> {
  const child = spawn(process.execPath, [program, dir, ...args], {stdio: ["ignore", "pipe", "inherit"]});
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(code).toBe(0);
  return output.trim().split("\n");
}

test(
  "of many processes in one pond each has every transaction once, and none undoes another's",
  {timeout: 600_000},
  async () => {
    const {pond, dir} = await newPond();
    await write(pond, (tx) => tx.write("/shared/count", "0", {parents: true}));
    const program = await bundled("crowd");
    const names = Array.from({length: processes}, (_, i) => `p${i}`);
    const told = (await Promise.all(names.map((name) => run(program, dir, name, String(times))))).flat().map(Number);
    await rm(program);
    const total = processes * times;
    expect(told.sort((a, b) => a - b)).toEqual(Array.from({length: total}, (_, i) => i + 2));
    const log = await pond.log();
    expect(log.map(({version}) => version)).toEqual(Array.from({length: total + 2}, (_, i) => i));
    expect(new Set(log.map(({message}) => message)).size).toBe(total + 1); // the first two have none
    const fs = await pond.fs();
    expect(Buffer.from(await fs.read("/shared/count")).toString()).toBe(String(total / 2));
    for (const name of names) expect((await fs.list(`/${name}`)).length).toBe(times / 2);
    expect((await check(pond)).problems).toEqual([]);
  }
);

test(
  "readers beside writers and maintenance see each transaction whole or not at all",
  {timeout: 120_000},
  async () => {
    const {pond, dir} = await newPond();
    await write(pond, async (tx) => {
      for (const path of ["/a/count", "/b/count"]) await tx.write(path, "0", {parents: true});
      await tx.append("/c/series", readings([0], {x: [0]}), {parents: true});
    });
    const program = await bundled("beside");
    const each = 60;
    const writers = [1, 2].map(() => run(program, dir, "write", String(each)));
    const readers = [1, 2].map(() => run(program, dir, "read", String(2 * each)));
    let maintained = 0;
    const isDone = Promise.all(writers).then(() => true);
    while (!(await Promise.race([isDone, sleep(20, false)]))) {
      await pond.maintain();
      maintained++;
    }
    for (const said of await Promise.all(readers)) {
      expect(said).toHaveLength(1); // nothing differed
      const [looks, seen] = said[0]!.split(" ").map(Number);
      expect(looks).toBeGreaterThan(20);
      expect(seen).toBeGreaterThan(10);
    }
    expect(maintained).toBeGreaterThan(2);
    await rm(program);
    expect((await (await pond.fs()).versions("/c/series")).length).toBe(2 * each + 1);
    expect((await check(pond, {data: true})).problems).toEqual([]);
  }
);
