import {spawn} from "node:child_process";
import {existsSync} from "node:fs";
import {utimes, writeFile} from "node:fs/promises";
import {hostname} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {setTimeout as wait} from "node:timers/promises";
import {expect, test} from "vitest";
import {withLock} from "../../loaders/runs/lock.js";
import {temporaryDirectory} from "./memory.js";

async function place(): Promise<string> {
  return join(await temporaryDirectory(), "a.lock");
}

test("work under one lock is never done at once, and all of it is done", async () => {
  const file = await place();
  let [inside, most, done] = [0, 0, 0];
  const work = async () => {
    most = Math.max(most, ++inside);
    await wait(20);
    inside--;
    done++;
  };
  await Promise.all(Array.from({length: 5}, () => withLock(file, work)));
  expect([most, done, existsSync(file)]).toEqual([1, 5, false]);
});

test("a lock is released when the work fails", async () => {
  const file = await place();
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withLock(file, async () => "yes")).toBe("yes");
});

test("the lock of a process that was killed is taken over", async () => {
  const file = await place();
  const module = join(import.meta.dirname, "../../loaders/runs/lock.ts");
  const script = `import("${module}").then(({withLock}) => withLock(${JSON.stringify(file)}, () => new Promise(() => setInterval(() => {}, 1000))))`;
  const child = spawn(process.execPath, ["--import", "tsx", "--eval", script], {stdio: "inherit"});
  while (!existsSync(file)) await wait(20);
  await wait(50);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.on("close", resolve));
  expect(await withLock(file, async () => "taken over")).toBe("taken over");
});

test("a lock that came with a copied pond counts by its age, whoever has its number now", async () => {
  const file = await place();
  await writeFile(file, JSON.stringify({pid: process.pid, host: hostname()}));
  await utimes(file, 1e9, 1e9);
  expect(await withLock(file, async () => "taken over")).toBe("taken over");
});

test("a lock that is held is waited for", async () => {
  const file = await place();
  const order: string[] = [];
  const first = withLock(file, () => wait(300).then(() => order.push("first")));
  while (!existsSync(file)) await wait(5);
  await withLock(file, async () => order.push("second"));
  await first;
  expect(order).toEqual(["first", "second"]);
});
