import process from "node:process";
import {Pond} from "../../pond/pond.js";

/**
 * A process among many: `crowd.ts <pond> <name> <transactions>` counts up `/count` in every other transaction, and in
 * the rest writes below a directory of its own. It says the version of each one that is acknowledged.
 */

const [, , dir = "", name = "", times = ""] = process.argv;
const pond = await Pond.open(dir);
for (let i = 0; i < Number(times); i++) {
  const {commit} = await pond.transaction({command: "crowd", message: `${name} ${i}`}, async (tx) => {
    if (i % 2 > 0) return tx.write(`/${name}/${i}`, "mine", {parents: true});
    return tx.write("/shared/count", String(Number(Buffer.from(await tx.read("/shared/count")).toString()) + 1));
  });
  process.stdout.write(`${commit!.version}\n`);
}
await pond.close();
