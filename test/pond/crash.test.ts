import {spawn} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import process from "node:process";
import {expect, test} from "vitest";
import {isPondError} from "../../pond/error.js";
import {Pond} from "../../pond/pond.js";
import {newPond, rowsOf, scratch, write} from "./harness.js";

const victim = join(import.meta.dirname, "victim.ts");

/** Runs the victim; gives what it said before it ended, and by which signal it ended. */
async function run(...args: string[]): Promise<{said: string[]; signal: NodeJS.Signals | null; code: number | null}> {
  const child = spawn(process.execPath, ["--import", "tsx", victim, ...args], {stdio: ["ignore", "pipe", "inherit"]});
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return {said: output.split("\n").filter(Boolean), signal, code};
}

async function numberAt(pond: Pond, path: string): Promise<number> {
  const fs = await pond.fs();
  return (await fs.exists(path)) ? Number(Buffer.from((await fs.read(path)).subarray(0, 1)).toString()) : 0;
}

/** All three places tell of the same transaction, and it is the last acknowledged one or the one after. */
async function expectWhole(dir: string, said: readonly string[]): Promise<void> {
  const acknowledged = said.length === 0 ? -1 : Number(said.at(-1));
  const pond = await Pond.open(dir).catch((error: unknown) => {
    if (isPondError(error, "NOT_A_POND") && acknowledged < 0) return undefined;
    throw error;
  });
  if (pond === undefined) return;
  const small = await numberAt(pond, "/a/small");
  expect([acknowledged, acknowledged + 1]).toContain(small);
  expect(await numberAt(pond, "/b/large")).toBe(small);
  const fs = await pond.fs();
  const rows = small === 0 ? {} : await rowsOf(pond, await (await fs.series("/c/series")).relation());
  expect(Object.keys(rows)).toEqual(Array.from({length: small}, (_, i) => String(i + 1)));
  await write(pond, (tx) => tx.write("/after", "works again"));
  await pond.close();
}

test("killed at any put, the pond has what was acknowledged and nothing by halves", {timeout: 60_000}, async () => {
  let kills = 0;
  const points = [1, 2, 3, 5, 8, 9, 12, 16, 17].flatMap((n) => ["before", "after"].map((when) => [String(n), when]));
  for (let i = 0; i < points.length; i += 2)
    await Promise.all(
      points.slice(i, i + 2).map(async ([n, when]) => {
        const dir = await scratch();
        const {said, signal} = await run("crash", dir, n!, when!);
        if (signal === "SIGKILL") kills++;
        await expectWhole(dir, said);
      })
    );
  expect(kills).toBe(points.length);
});

test("processes that write at the same time lose nothing and repeat nothing", {timeout: 60_000}, async () => {
  const {pond, dir} = await newPond();
  await write(pond, async (tx) => {
    await tx.write("/shared/n", "0", {parents: true});
    for (const name of ["a", "b", "c"]) await tx.write(`/own-${name}/f`, "0", {parents: true});
  });
  const ended = await Promise.all(["a", "b", "c"].map((name) => run("race", dir, name, "20")));
  expect(ended.map(({code}) => code)).toEqual([0, 0, 0]);
  const fs = await pond.fs();
  expect(Buffer.from(await fs.read("/shared/n")).toString()).toBe("30");
  for (const name of ["a", "b", "c"]) expect(Buffer.from(await fs.read(`/own-${name}/f`)).toString()).toBe("20");
  const log = await pond.log();
  expect(log.map(({version}) => version)).toEqual(log.map((_, i) => i));
  expect(new Set(log.map(({command}) => command)).size).toBe(60 + 2);
});
