import process from "node:process";
import {host} from "../../pond/disk.js";
import {LocalStore} from "../../pond/local.js";
import {Pond} from "../../pond/pond.js";
import {Faulty} from "./faulty.js";
import {operations, together} from "./operations.js";

/**
 * A process for kill tests: `killed.ts <directory> <operation> <n>` does one operation on each of the ponds
 * `<directory>/0`, `1`, … side by side, and says which are acknowledged, and at last how many calls their disk had. It
 * kills itself at the n-th; 0: someone else does.
 */

const [, , dir = "", name = "", n = ""] = process.argv;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const disk = new Faulty(host, () => {
  process.kill(process.pid, "SIGKILL");
  throw new Error("nobody outlives this");
});
disk.set({at: n === "0" ? Infinity : Number(n), code: "", isForever: true});
const {days = 0, operate} = operations[name]!;
const effects = {now: () => Date.now() + days * 86_400_000};
const ponds = Array.from({length: together}, async (_, i) => {
  const pond = await Pond.over(new LocalStore(`${dir}/${i}`, disk), `${dir}/${i}/cache`, {create: true, effects});
  await operate(pond);
  say(`done ${i}`);
  await pond.close();
});
await Promise.all(ponds);
say(`calls ${disk.calls}`);
