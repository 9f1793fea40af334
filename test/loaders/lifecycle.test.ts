import {setTimeout as wait} from "node:timers/promises";
import {expect, onTestFinished, test} from "vitest";
import {z} from "zod";
import {dynamicFactories, kinds as allKinds} from "../../loaders/kinds.js";
import {readingsTable} from "../../loaders/readings/readings.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Kind, Report, Resource, RunContext} from "../../loaders/types.js";
import {Pond} from "../../pond/pond.js";
import {hour, micros, temporaryDirectory} from "./memory.js";

/** How resources go through a run: a kind that is made for it, which tells what happens to it and when. */

const schema = z.strictObject({
  reads: z.array(z.string()).default([]),
  writes: z.array(z.string()).default([]),
  fails: z.enum(["init", "start", "run", "backup", "partly", ""]).default(""),
  pages: z.int().default(0)
});

type Spec = z.infer<typeof schema>;

const quiet: Report = {read: 0, stored: 0, aside: 0, notes: [], errors: []};

async function stage() {
  const told: string[] = [];
  let busy = 0;
  let most = 0;
  const tell = async (what: string, {name, spec}: Resource<Spec>) => {
    told.push(`${what} ${name}`);
    most = Math.max(most, ++busy);
    await wait(5);
    busy--;
    if (spec.fails === what) throw new Error(`${what} failed`);
  };
  const probe: Kind<Spec> = {
    name: "Probe",
    summary: "Tells what happens to it.",
    schema,
    reads: ({reads}) => reads,
    writes: ({writes}) => writes,
    init: (resource) => tell("init", resource),
    start: (resource) => tell("start", resource),
    async run(resource, context) {
      await tell("run", resource);
      for (let page = 0; page < resource.spec.pages; page++) await store(resource, context, page);
      if (resource.spec.fails === "partly") return {...quiet, errors: ["a part failed"]};
      told.push(`ran ${resource.name}`);
      return {...quiet, stored: resource.spec.pages};
    },
    async backup(resource) {
      await tell("backup", resource);
      return {...quiet, notes: ["saved"]};
    }
  };
  const kinds = [...allKinds, probe as unknown as Kind];
  const pond = await Pond.open(await temporaryDirectory(), {create: true, dynamic: dynamicFactories(kinds)});
  onTestFinished(() => pond.close());
  let clock = Date.parse("2026-01-10T00:00Z");
  const effects = {now: () => clock, env: {}, reporter: silent};
  return {
    told,
    pond,
    most: () => most,
    run: (resources: readonly Resource[], only?: readonly string[]) => {
      told.length = 0;
      clock += 60_000;
      return run(pond, resources, effects, {kinds, ...(only ? {only} : {})});
    }
  };
}

async function store({name}: Resource<Spec>, {transaction}: RunContext, page: number): Promise<void> {
  const values = Float64Array.of(page);
  const table = readingsTable([micros("2026-01-01T00:00Z") + page * hour], [{name: "X", attributes: {}, values}]);
  await transaction((tx) => tx.append(`/in/${name}`, table, {parents: true}));
}

function probe(name: string, spec: Partial<Spec> = {}): Resource {
  const place = {file: "/resources.yaml", line: 1, column: 1};
  return {kind: "Probe", name, description: "", spec: schema.parse(spec), source: spec, place};
}

test("a resource begins once, in the transaction that applies it; every start comes before any run, every backup after", async () => {
  const {told, run} = await stage();
  const resources = [probe("b", {reads: ["/x"]}), probe("a", {writes: ["/x"]})];
  const {rows} = await run(resources);
  expect(told.slice(0, 2)).toEqual(["init b", "init a"]);
  expect(told.slice(2, 4).sort()).toEqual(["start a", "start b"]);
  expect(told.slice(4, 8)).toEqual(["run a", "ran a", "run b", "ran b"]);
  expect(told.slice(8).sort()).toEqual(["backup a", "backup b"]);
  expect(rows.map(({name, notes}) => [name, notes])).toEqual([
    ["a", ["saved"]],
    ["b", ["saved"]]
  ]);
  await run(resources);
  expect(told).not.toContain("init a");
});

test("when one cannot begin, nothing is applied", async () => {
  const {pond, run} = await stage();
  await expect(run([probe("a"), probe("b", {fails: "init"})])).rejects.toThrow("init failed");
  expect(await (await pond.fs()).exists("/sys")).toBe(false);
  expect(await pond.log()).toHaveLength(1);
});

test("one that cannot start does not run, and the others do", async () => {
  const {told, run} = await stage();
  const {rows, failed} = await run([probe("a", {fails: "start"}), probe("b")]);
  expect(failed).toBe(true);
  expect(told).not.toContain("run a");
  expect(told).not.toContain("backup a");
  expect(told).toContain("ran b");
  expect(rows.map(({errors}) => errors)).toEqual([["start failed"], []]);
});

test("independent resources run side by side, four at the most", async () => {
  const {most, run, told} = await stage();
  const names = Array.from({length: 9}, (_, index) => `r${index}`);
  await run(names.map((name) => probe(name)));
  expect(most()).toBe(4);
  expect(told.filter((line) => line.startsWith("ran ")).sort()).toEqual(names.map((name) => `ran ${name}`));
});

test("one waits for those that it needs and for no others", async () => {
  const {told, run} = await stage();
  await run([
    probe("last", {reads: ["/b/x"]}),
    probe("a", {writes: ["/a"]}),
    probe("b", {reads: ["/a"], writes: ["/b"]})
  ]);
  const runs = told.filter((line) => /^ran? /.test(line) || line.startsWith("run "));
  expect(runs).toEqual(["run a", "ran a", "run b", "ran b", "run last", "ran last"]);
});

test.each(["run", "partly", "start"] as const)(
  "what needs one in trouble (%s) goes on, and is told to be stale for it, however far away",
  async (fails) => {
    const {run, told} = await stage();
    const chain = (fails: Spec["fails"]) => [
      probe("source", {writes: ["/s"], fails}),
      probe("next", {reads: ["/s"], writes: ["/n"]}),
      probe("end", {reads: ["/n/*"]}),
      probe("other")
    ];
    const stale = async (...args: Parameters<typeof run>) =>
      Object.fromEntries((await run(...args)).rows.map(({name, stale}) => [name, stale]));
    expect(await stale(chain(fails))).toEqual({source: [], next: ["Probe/source"], end: ["Probe/source"], other: []});
    expect(told).toContain("ran end");
    expect(await stale(chain(fails), ["end"])).toEqual({end: ["Probe/source"]}); // as its source fared before
    expect((await run(chain(fails))).commits).toEqual([]);
    expect(await stale(chain(""))).toEqual({source: [], next: [], end: [], other: []});
  }
);

test("trouble with a backup is reported, and makes nothing stale", async () => {
  const {run} = await stage();
  const {rows, failed} = await run([probe("a", {writes: ["/a"], fails: "backup"}), probe("b", {reads: ["/a"]})]);
  expect(failed).toBe(true);
  expect(rows.map(({errors, stale}) => [errors, stale])).toEqual([
    [["backup failed"], []],
    [[], []]
  ]);
});

test("each transaction is committed at once, and says whose it was", async () => {
  const {pond, run} = await stage();
  const {commits} = await run([probe("a", {pages: 3}), probe("b", {pages: 2})]);
  const messages = commits.map(({message}) => message);
  expect(messages.filter((message) => message === "Probe/a")).toHaveLength(3);
  expect(messages.filter((message) => message === "Probe/b")).toHaveLength(2);
  const counts = await (await pond.fs()).query("SELECT count(*)::INTEGER AS n FROM '/in/*'");
  expect(counts.toArray().map((row: {n: number}) => row.n)).toEqual([5]);
});

test("what was committed before one fails stays", async () => {
  const {pond, run} = await stage();
  const {rows} = await run([probe("a", {pages: 3, fails: "partly"})]);
  expect(rows[0]!.errors).toEqual(["a part failed"]);
  expect((await (await pond.fs()).stat("/in/a")).rows).toBe(3);
});

test("a transaction within a transaction is refused, where it would wait for itself", async () => {
  const {pond} = await stage();
  const nested: Kind<object> = {
    name: "Nested",
    summary: "Does what it must not.",
    schema: z.strictObject({}),
    run: ({}, {transaction}) => transaction(() => transaction(async () => quiet))
  };
  const place = {file: "/resources.yaml", line: 1, column: 1};
  const resource = {kind: "Nested", name: "n", description: "", spec: {}, source: {}, place};
  const effects = {now: () => 0, env: {}, reporter: silent};
  const {rows} = await run(pond, [resource], effects, {kinds: [nested]});
  expect(rows[0]!.errors).toEqual(["Nested/n began a transaction within a transaction."]);
});
