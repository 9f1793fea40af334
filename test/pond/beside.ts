import process from "node:process";
import {Pond} from "../../pond/pond.js";
import {readings} from "./readings.js";

/**
 * A process beside others: `beside.ts <pond> write <transactions>` changes three directories in each transaction, so
 * that they always say the same number; `beside.ts <pond> read <number>` looks until they say that, and tells how often
 * it looked, how many numbers it saw, and each look at which they differed.
 */

const [, , dir = "", role = "", count = ""] = process.argv;
const pond = await Pond.open(dir);

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

async function write(): Promise<void> {
  await pond.transaction({command: "beside"}, async (tx) => {
    const next = Number(textOf(await tx.read("/a/count"))) + 1;
    await tx.write("/a/count", String(next));
    await tx.write("/b/count", String(next).padEnd(70_000)); // a blob
    await tx.append("/c/series", readings([next], {x: [next]}));
  });
}

/** What the directories say in one snapshot; the newest version of the series holds the newest number. */
async function look(): Promise<readonly number[]> {
  const fs = await pond.fs();
  const {version, sha256} = await fs.stat("/c/series");
  const newest = (await fs.versions("/c/series")).find((one) => one.version === version && one.sha256 === sha256);
  return [Number(textOf(await fs.read("/a/count"))), Number(textOf(await fs.read("/b/count"))), newest!.minTime! / 1e6];
}

if (role === "write") for (let i = 0; i < Number(count); i++) await write();
else {
  let looks = 0;
  const seen = new Set<number>();
  for (let last = -1; last < Number(count); looks++) {
    const [a, ...others] = await look();
    if (others.some((other) => other !== a)) process.stdout.write(`differ: ${a} ${others.join(" ")}\n`);
    seen.add(a!);
    last = a!;
  }
  process.stdout.write(`${looks} ${seen.size}\n`);
}
await pond.close();
