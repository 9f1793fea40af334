import {rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {lastRuns, recordRuns} from "../../loaders/runs/history.js";
import type {RunRow} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import {openPond} from "./pond.js";

/** What is kept of runs. */

const start = Date.parse("2026-01-10T00:00Z");

function row(name: string, told: Partial<RunRow> = {}): RunRow {
  const nothing = {read: 0, stored: 0, aside: 0, notes: [], errors: [], stale: []};
  return {kind: "Inbox", name, started: start, tookMs: 12, ...nothing, ...told};
}

/** A pond that keeps these resources. */
async function pondOf(...names: string[]): Promise<Pond> {
  const pond = await openPond();
  await pond.transaction({command: "test"}, async (tx) => {
    for (const name of names) await tx.write(`/sys/resources/Inbox/${name}`, "{}", {parents: true});
  });
  return pond;
}

const last = async (pond: Pond) => lastRuns(await pond.fs(), pond.cache);
const record = async (pond: Pond, ...rows: RunRow[]) => recordRuns(pond, rows, await last(pond));

async function history(pond: Pond): Promise<unknown[]> {
  const rows = await (
    await pond.fs()
  ).query(
    `SELECT epoch_us(timestamp)::DOUBLE - ${start * 1000} AS us, * EXCLUDE (timestamp) FROM "/sys/runs" ORDER BY timestamp`
  );
  return rows.toArray().map((one: {toJSON(): unknown}) => one.toJSON());
}

test("each run with news is a row, at the time when it began", async () => {
  const pond = await pondOf("a", "b");
  const full = row("a", {read: 5, stored: 3, aside: 2, notes: ["one", "two"], errors: ["bad"], stale: ["Manual/x"]});
  const commit = await record(pond, full, row("b", {started: start + 1000}));
  expect(commit!.message).toBe("how resources fared");
  expect(await history(pond)).toEqual([
    {
      ...{us: 0, kind: "Inbox", name: "a", took: 12, read: 5, stored: 3, aside: 2},
      ...{note: "one\ntwo", error: "bad", stale: "Manual/x", tests: null}
    },
    {
      ...{us: 1e6, kind: "Inbox", name: "b", took: 12, read: 0, stored: 0, aside: 0},
      ...{note: null, error: null, stale: null, tests: null}
    }
  ]);
  expect(await last(pond)).toEqual([
    {...full, last: {started: start, tookMs: 12}},
    {...row("b", {started: start + 1000}), last: {started: start + 1000, tookMs: 12}}
  ]);
});

test("those that began in one instant each have a moment of their own, in one run as in the next", async () => {
  const pond = await pondOf("a", "b", "c");
  await record(pond, row("a", {stored: 1}), row("b", {stored: 1}));
  await record(pond, row("c", {stored: 1}), row("a", {stored: 2}));
  expect(await history(pond)).toMatchObject([
    {us: 0, name: "a", stored: 1},
    {us: 1, name: "b"},
    {us: 2, name: "c"},
    {us: 3, name: "a", stored: 2}
  ]);
  expect((await last(pond)).map(({name, stored, started}) => [name, stored, started])).toEqual([
    ["a", 2, start],
    ["b", 1, start],
    ["c", 1, start]
  ]);
});

test("a run without news adds no transaction, and yet it is known when it was", async () => {
  const pond = await pondOf("a");
  await record(pond, row("a", {read: 4, stored: 4}));
  const later = {started: start + 60_000, tookMs: 7};
  expect(await record(pond, row("a", later))).toBeUndefined();
  expect(await last(pond)).toEqual([{...row("a", {read: 4, stored: 4}), last: later}]);
  expect(await history(pond)).toHaveLength(1);
});

test("words that come, change or go are news; that they are still there is none", async () => {
  const pond = await pondOf("a");
  const steps: [Partial<RunRow>, boolean][] = [
    [{}, true], // its first
    [{}, false],
    [{errors: ["x"]}, true],
    [{errors: ["x"]}, false],
    [{errors: ["y"]}, true],
    [{notes: ["y"]}, true],
    [{stale: ["Inbox/b"]}, true],
    [{stale: ["Inbox/b"]}, false],
    [{read: 3}, true],
    [{read: 3}, false],
    [{aside: 1}, true],
    [{aside: 1}, true]
  ];
  for (const [index, [told, isNews]] of steps.entries())
    expect((await record(pond, row("a", {started: start + index, ...told}))) !== undefined, `step ${index}`).toBe(
      isNews
    );
});

test("what the cache knew is found again without it, and one that is older or was cut short is not believed", async () => {
  const pond = await pondOf("a", "b");
  const memo = join(pond.cache, "runs.json");
  await record(pond, row("a", {stored: 1}), row("b", {errors: ["bad", "worse"], stale: ["Inbox/a"]}));
  const known = await last(pond);
  await rm(memo);
  expect(await last(pond)).toEqual(known);
  await writeFile(memo, JSON.stringify({version: 0, rows: []}));
  expect(await last(pond)).toEqual(known);
  for (const cut of ["", '{"version"']) {
    await writeFile(memo, cut);
    expect(await last(pond)).toEqual(known);
  }
});

test("one that the pond keeps no more is not told of", async () => {
  const pond = await pondOf("a", "b");
  await record(pond, row("a", {stored: 1}), row("b", {errors: ["bad"]}));
  await pond.transaction({command: "test"}, (tx) => tx.remove("/sys/resources/Inbox/b"));
  expect((await last(pond)).map(({name}) => name)).toEqual(["a"]);
});

test("a pond that has files of runs, from before, goes on with the series", async () => {
  const pond = await pondOf("a");
  await pond.transaction({command: "test"}, (tx) => tx.write("/sys/runs/Inbox/a", "{}", {parents: true}));
  expect(await last(pond)).toEqual([]);
  await record(pond, row("a"));
  expect(await history(pond)).toHaveLength(1);
});
