import process from "node:process";
import {host} from "../../pond/disk.js";
import {LocalStore} from "../../pond/local.js";
import {Pond} from "../../pond/pond.js";
import {Faulty} from "./faulty.js";
import {operations} from "./operations.js";

/**
 * A process for kill tests: `killed.ts <directory> <operation> <n>` does one operation on the pond in the directory, and
 * says when it is acknowledged, and at last how many calls the disk had. It kills itself at the n-th; 0: someone else
 * does.
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
const pond = await Pond.over(new LocalStore(dir, disk), `${dir}/cache`, {create: true, effects});
await operate(pond);
say("done");
await pond.close();
say(`calls ${disk.calls}`);
