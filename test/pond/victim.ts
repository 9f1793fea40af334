import process from "node:process";
import {LocalStore} from "../../pond/local.js";
import {Pond} from "../../pond/pond.js";
import type {Store} from "../../pond/types.js";
import {readings} from "./readings.js";

/** A process for crash tests: `victim.ts crash <dir> <n> <before|after>` dies at its n-th put; `race <dir> <name> <n>` counts. */

const [, , role, dir = "", first = "", second = ""] = process.argv;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const die = (): void => void process.kill(process.pid, "SIGKILL");

/** A store that kills its process before or after the n-th put. */
function deadly(store: LocalStore, n: number, when: string): Store {
  let puts = 0;
  return {
    get: (key) => store.get(key),
    getRange: (key, begin, end) => store.getRange(key, begin, end),
    list: (prefix) => store.list(prefix),
    delete: (key) => store.delete(key),
    locate: (key) => store.locate(key),
    putIfAbsent: async (key, content) => {
      const isLast = ++puts === n;
      if (isLast && when === "before") die();
      const won = await store.putIfAbsent(key, content);
      if (isLast) die();
      return won;
    }
  };
}

/** Each transaction writes its number in three places; said aloud once it is acknowledged. */
async function crash(): Promise<void> {
  const pond = await Pond.over(deadly(new LocalStore(dir), Number(first), second), `${dir}/cache`, {create: true});
  say("0");
  for (let i = 1; i <= 3; i++) {
    await pond.transaction({command: `crash ${i}`}, async (tx) => {
      await tx.write("/a/small", String(i), {parents: true});
      await tx.write("/b/large", String(i).repeat(70_000), {parents: true});
      await tx.append("/c/series", readings([i], {n: [i]}), {parents: true});
    });
    say(String(i));
  }
  await pond.close();
}

async function race(): Promise<void> {
  const pond = await Pond.open(dir);
  for (let i = 0; i < Number(second); i++)
    await pond.transaction({command: `race ${first} ${i}`}, async (tx) => {
      await tx.write(`/own-${first}/f`, String(i + 1));
      if (i % 2 === 0) return;
      const before = Number(Buffer.from(await tx.read("/shared/n")).toString());
      await tx.write("/shared/n", String(before + 1));
    });
  await pond.close();
}

await (role === "crash" ? crash() : race());
