import {spawn} from "node:child_process";
import {once} from "node:events";
import {rm} from "node:fs/promises";
import process from "node:process";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {bundled} from "./bundle.js";
import {newPond, write} from "./harness.js";

const processes = 8;
const times = 200;

/** Runs one process of the crowd to its end; the versions that it was told. */
async function run(program: string, dir: string, name: string): Promise<number[]> {
  const child = spawn(process.execPath, [program, dir, name, String(times)], {stdio: ["ignore", "pipe", "inherit"]});
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(code).toBe(0);
  return output.trim().split("\n").map(Number);
}

test(
  "of many processes in one pond each has every transaction once, and none undoes another's",
  {timeout: 600_000},
  async () => {
    const {pond, dir} = await newPond();
    await write(pond, (tx) => tx.write("/shared/count", "0", {parents: true}));
    const program = await bundled("crowd");
    const names = Array.from({length: processes}, (_, i) => `p${i}`);
    const told = (await Promise.all(names.map((name) => run(program, dir, name)))).flat();
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
