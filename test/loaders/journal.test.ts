import {spawnSync} from "node:child_process";
import {existsSync} from "node:fs";
import {readFile, truncate, writeFile} from "node:fs/promises";
import {join} from "node:path";
import process from "node:process";
import {expect, test} from "vitest";
import {cutOff, Journal} from "../../loaders/runs/journal.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {RunRow} from "../../loaders/types.js";
import {temporaryDirectory} from "./memory.js";
import {openPond, resource} from "./pond.js";

/** What a run leaves behind that is cut off; a real one is killed in kill.test.ts. */

const start = Date.parse("2026-01-10T00:00Z");
const done: RunRow = {
  ...{kind: "Inbox", name: "a", started: start, tookMs: 500, read: 7, stored: 5, aside: 2},
  ...{notes: ["One."], errors: [], stale: []}
};
const under = {kind: "HydroVu", name: "b", started: start + 1000};
const words = "The run was cut off before this was done; what it had stored stays, and the next goes on from there.";
const cut = {...under, tookMs: 2000, read: 0, stored: 0, aside: 0, notes: [], errors: [words], stale: []};

async function cutRun(cache: string): Promise<Journal> {
  const journal = new Journal(cache, () => start + 3000);
  await Promise.all([journal.begin(done), journal.begin(under)]);
  await journal.end(done);
  await journal.end({...done, name: "c"}); // never begun: it had nothing to do
  return journal;
}

test("those that were done fared as they did, those at work are in trouble; and nothing is left of a run that ended", async () => {
  const cache = await temporaryDirectory();
  expect(cutOff(cache)).toEqual([]);
  const journal = await cutRun(cache);
  expect(cutOff(cache)).toEqual([done, cut]);
  await journal.close();
  expect(cutOff(cache)).toEqual([]);
});

test("a run of another process goes on while that lives", async () => {
  const cache = await temporaryDirectory();
  await cutRun(cache);
  const file = join(cache, "run.json");
  const kept = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({...kept, pid: process.ppid}));
  expect(cutOff(cache)).toEqual([]);
  const {pid} = spawnSync(process.execPath, ["--version"]);
  await writeFile(file, JSON.stringify({...kept, pid}));
  expect(cutOff(cache)).toEqual([done, cut]);
  await writeFile(file, JSON.stringify({...kept, pid: process.ppid, host: "elsewhere"}));
  expect(cutOff(cache)).toEqual([done, cut]);
});

test("what a loss of power left half written tells nothing", async () => {
  const cache = await temporaryDirectory();
  await cutRun(cache);
  const file = join(cache, "run.json");
  for (const length of [100, 0]) {
    await truncate(file, length);
    expect(cutOff(cache)).toEqual([]);
  }
});

test("the next run tells of it, once", async () => {
  const pond = await openPond();
  await cutRun(pond.cache);
  const manual = resource("Manual", "visits", {annotations: {into: "/annotations/a", rows: []}});
  const effects = {now: () => start + 86_400_000, env: {}, reporter: silent};
  for (let round = 0; round < 2; round++) await run(pond, [manual], effects);
  const rows = await (await pond.fs()).query(`SELECT name, stored, error FROM "/sys/runs" ORDER BY timestamp`);
  expect(rows.toArray().map((row: {toJSON(): unknown}) => row.toJSON())).toEqual([
    {name: "a", stored: 5, error: null},
    {name: "b", stored: 0, error: words},
    {name: "visits", stored: 0, error: null}
  ]);
  expect(existsSync(join(pond.cache, "run.json"))).toBe(false);
});
