import {expect, test} from "vitest";
import {apply, type ApplyOptions, foreseen} from "../../loaders/runs/apply.js";
import {kinds} from "../../loaders/kinds.js";
import {lineageOf} from "../../loaders/series/lineage.js";
import type {Resource} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import {hour, micros} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

const files = (name = "files", into = "/in/$0") => resource("Inbox", name, {files: "*.csv", into});
const site = (name: string, output: string) =>
  resource("Combine", name, {output, scopes: [{name: "S", inputs: [{series: "/in/a"}]}]});
const all = (output = "/reduced/$0", resolutions = ["1h"]) =>
  resource("Reduce", "all", {input: "/sites/*", output, resolutions});

async function applied(pond: Pond, resources: readonly Resource[], options?: ApplyOptions) {
  const {rows, commit} = await apply(pond, resources, options);
  return {changes: rows.map(({kind, name, change}) => `${kind}/${name} ${change}`), rows, commit};
}

async function kept(pond: Pond, path: string) {
  return JSON.parse(Buffer.from(await (await pond.fs()).read(path)).toString()) as Record<string, unknown>;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test("what is new is created, what is edited updated, and what is the same left alone, in one transaction", async () => {
  const pond = await openPond();
  const first = await applied(pond, [files(), site("dock", "/sites/Dock"), all()]);
  expect(first.changes).toEqual(["Inbox/files created", "Combine/dock created", "Reduce/all created"]);
  expect(first.rows[0]!.uuid).toMatch(uuid);
  expect(await pond.log()).toHaveLength(2);
  expect(await (await pond.fs()).readlink("/sites/Dock")).toBe("/sys/combined/sites/Dock/readings");
  const second = await applied(pond, [files(), site("dock", "/sites/Dock"), all("/reduced/$0", ["1d"])]);
  expect(second.changes).toEqual(["Inbox/files unchanged", "Combine/dock unchanged", "Reduce/all updated"]);
  expect(second.rows.map(({uuid}) => uuid)).toEqual(first.rows.map(({uuid}) => uuid));
  expect(second.commit!.operations).toBe(2); // its form, and its directory
  expect(
    (await applied(pond, [files(), site("dock", "/sites/Dock"), all("/reduced/$0", ["1d"])])).commit
  ).toBeUndefined();
});

test("the order of fields changes nothing", async () => {
  const pond = await openPond();
  await applied(pond, [files()]);
  const turned = resource("Inbox", "files", {into: "/in/$0", files: "*.csv"});
  expect((await applied(pond, [turned])).changes).toEqual(["Inbox/files unchanged"]);
});

test("one that left the files is told, and its directory goes only when it is pruned; what was stored stays", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", [{time: micros("2026-01-01T00:00Z"), values: {"DO.mg/L": 1}}]);
  await applied(pond, [files(), site("dock", "/sites/Dock"), all()]);
  expect((await applied(pond, [files()])).changes).toEqual([
    "Inbox/files unchanged",
    "Combine/dock left",
    "Reduce/all left"
  ]);
  expect((await (await pond.fs()).series("/reduced/Dock/1h")).path).toBe("/reduced/Dock/1h");
  const {changes} = await applied(pond, [], {prune: true});
  expect(changes).toEqual(["Combine/dock removed", "Inbox/files removed", "Reduce/all removed"]);
  const fs = await pond.fs();
  for (const path of ["/sites/Dock", "/sys/combined/sites/Dock", "/reduced", "/sys/resources/Reduce/all"])
    expect(await fs.exists(path), path).toBe(false);
  expect((await fs.stat("/in/a")).rows).toBe(1);
  expect((await applied(pond, [], {prune: true})).commit).toBeUndefined();
});

test("one that comes back is the one that left", async () => {
  const pond = await openPond();
  const {rows} = await applied(pond, [files()]);
  await applied(pond, []);
  const back = await applied(pond, [files("files", "/other/$0")]);
  expect(back.rows).toEqual([{kind: "Inbox", name: "files", uuid: rows[0]!.uuid, change: "updated"}]);
});

// ---- Fields that were called otherwise ----

/** As a pond keeps it in which an older program wrote it. */
const old = (one: Resource) => {
  const source = JSON.stringify(one.source).replaceAll('"from":', '"begin":').replaceAll('"to":', '"end":');
  return {...one, source: JSON.parse(source) as unknown};
};
const cut = (output = "/sites/Dock") => {
  const inputs = [{series: "/in/a", from: "2026-01-01T01:00Z", to: "2026-01-01T02:00Z"}];
  return resource("Combine", "dock", {output, scopes: [{name: "S", inputs}], units: {begin: "m"}});
};

test("what a pond keeps with fields as they were called before is computed, replaced and removed as ever", async () => {
  const pond = await openPond();
  const readings = [0, 1, 2].map((t) => ({time: micros("2026-01-01T00:00Z") + t * hour, values: {"DO.mg/L": t}}));
  await appendReadings(pond, "/in/a", readings);
  const correction = {parameter: "DO", from: "2026-01-01T01:00Z", offset: 10};
  const correct = resource("Correct", "c", {input: "/in/*", output: "/right/$0", corrections: [correction]});
  await applied(pond, [cut(), correct].map(old));
  expect(await kept(pond, "/sys/resources/Combine/dock")).toMatchObject({
    spec: {scopes: [{inputs: [{begin: "2026-01-01T01:00Z", end: "2026-01-01T02:00Z"}]}], units: {begin: "m"}}
  });
  const fs = await pond.fs();
  const ask = async (path: string) =>
    (await fs.query(`SELECT COLUMNS('DO')::DOUBLE FROM "${path}" ORDER BY timestamp`))
      .getChildAt(0)!
      .toJSON() as unknown;
  expect([await ask("/sites/Dock"), await ask("/right/a")]).toEqual([[1], [0, 11, 12]]);
  const [, origin] = await lineageOf(await fs.series("/sites/Dock"));
  expect(origin!.period).toEqual({begin: readings[1]!.time, end: readings[2]!.time});
  const {changes} = await applied(pond, [cut("/sites/Pier")], {prune: true});
  expect(changes).toEqual(["Combine/dock updated", "Correct/c removed"]);
  const after = await pond.fs();
  expect(await Promise.all(["/sites/Pier", "/sites/Dock", "/right"].map((path) => after.exists(path)))).toEqual([
    ...[true, false, false]
  ]);
});

// ---- Renaming ----

test("one of the same kind and spec that came while another left is that one renamed, with what its kind remembers", async () => {
  const pond = await openPond();
  const before = await applied(pond, [files("old"), files("other", "/elsewhere/$0")]);
  await pond.transaction({command: "test"}, (tx) => tx.write("/sys/inbox/old", "a ledger", {parents: true}));
  const after = await applied(pond, [files("new"), files("other", "/elsewhere/$0")]);
  const {uuid} = before.rows[0]!;
  expect(after.rows[0]).toEqual({kind: "Inbox", name: "new", uuid, change: "renamed", before: "old"});
  expect(await kept(pond, "/sys/resources/Inbox/new")).toMatchObject({uuid, name: "new"});
  const fs = await pond.fs();
  expect(await fs.exists("/sys/resources/Inbox/old")).toBe(false);
  expect(Buffer.from(await fs.read("/sys/inbox/new")).toString()).toBe("a ledger");
  expect((await applied(pond, [files("new"), files("other", "/elsewhere/$0")])).commit).toBeUndefined();
});

test("one renamed is known by its spec though another comes under its name, however the files are sorted", async () => {
  for (const turned of [false, true]) {
    const pond = await openPond();
    const [before] = (await applied(pond, [files("m1")])).rows;
    await pond.transaction({command: "test"}, (tx) => tx.write("/sys/inbox/m1", "a ledger", {parents: true}));
    const both = [files("m9"), files("m1", "/elsewhere/$0")];
    const {rows} = await applied(pond, turned ? both.toReversed() : both);
    const [renamed, created] = turned ? rows.toReversed() : rows;
    expect(renamed).toEqual({kind: "Inbox", name: "m9", uuid: before!.uuid, change: "renamed", before: "m1"});
    expect(created).toMatchObject({
      name: "m1",
      change: "created",
      uuid: expect.not.stringMatching(before!.uuid) as string
    });
    expect(await kept(pond, "/sys/resources/Inbox/m1")).toMatchObject({spec: {into: "/elsewhere/$0"}});
    const fs = await pond.fs();
    expect(Buffer.from(await fs.read("/sys/inbox/m9")).toString()).toBe("a ledger");
    expect(await fs.exists("/sys/inbox/m1")).toBe(false);
  }
});

test("names that move on by one are renamings, and specs that change places are edits", async () => {
  const pond = await openPond();
  const [a, b] = (await applied(pond, [files("a", "/a/$0"), files("b", "/b/$0")])).rows.map(({uuid}) => uuid);
  const told = async (...resources: readonly Resource[]) =>
    (await applied(pond, resources)).rows.map(({name, uuid, change}) => [name, uuid, change]);
  expect(await told(files("b", "/a/$0"), files("c", "/b/$0"))).toEqual([
    ["b", a, "renamed"],
    ["c", b, "renamed"]
  ]);
  expect(await told(files("b", "/b/$0"), files("c", "/a/$0"))).toEqual([
    ["b", a, "updated"],
    ["c", b, "updated"]
  ]);
});

test("one that is edited to be as one that left is itself, and one beside it of the same spec takes nothing from it", async () => {
  const pond = await openPond();
  const [a, b] = (await applied(pond, [files("a", "/a/$0"), files("b", "/b/$0")])).rows.map(({uuid}) => uuid);
  await applied(pond, [files("b", "/b/$0")]);
  const {rows} = await applied(pond, [files("c", "/b/$0"), files("b", "/b/$0")]);
  expect(rows[0]).toMatchObject({name: "c", change: "created"});
  expect(rows.slice(1).map(({name, uuid, change}) => [name, uuid, change])).toEqual([
    ["b", b, "unchanged"],
    ["a", a, "left"]
  ]);
  const edited = await applied(pond, [files("b", "/a/$0")]);
  expect(edited.rows[0]).toMatchObject({name: "b", uuid: b, change: "updated"});
});

test("another spec under another name is another resource", async () => {
  const pond = await openPond();
  await applied(pond, [files("old")]);
  expect((await applied(pond, [files("new", "/elsewhere/$0")])).changes).toEqual([
    "Inbox/new created",
    "Inbox/old left"
  ]);
});

test("by its UUID a resource is known whatever else changes, even where two change names", async () => {
  const pond = await openPond();
  const [a, b] = (await applied(pond, [files("a", "/a/$0"), files("b", "/b/$0")])).rows.map(({uuid}) => uuid);
  await pond.transaction({command: "test"}, async (tx) => {
    for (const name of ["a", "b"]) await tx.write(`/sys/inbox/${name}`, `of ${name}`, {parents: true});
  });
  const swapped = [
    {...files("b", "/new/$0"), uuid: a!},
    {...files("a", "/b/$0"), uuid: b!}
  ];
  expect(
    (await applied(pond, swapped)).rows.map(({name, uuid, change, before}) => [name, uuid, change, before])
  ).toEqual([
    ["b", a, "renamed", "a"],
    ["a", b, "renamed", "b"]
  ]);
  expect(await kept(pond, "/sys/resources/Inbox/b")).toMatchObject({uuid: a, spec: {into: "/new/$0"}});
  expect(Buffer.from(await (await pond.fs()).read("/sys/inbox/b")).toString()).toBe("of a");
});

test("a UUID that says otherwise than the pond is refused", async () => {
  const pond = await openPond();
  const [row] = (await applied(pond, [files()])).rows;
  const other = "00000000-0000-4000-8000-000000000000";
  await expect(applied(pond, [{...files(), uuid: other}])).rejects.toThrow(
    `Inbox/files has the UUID ${row!.uuid} in the pond: write that, or leave it out.`
  );
  await expect(applied(pond, [{...all(), uuid: row!.uuid}])).rejects.toThrow(
    `the UUID ${row!.uuid} is that of Inbox/files: leave it out for another kind.`
  );
  expect((await applied(pond, [files(), {...files("more", "/more/$0"), uuid: other}])).rows[1]!.uuid).toBe(other);
});

test("a name that another still has in the pond is taken only once that is pruned", async () => {
  const pond = await openPond();
  const {uuid} = (await applied(pond, [files("a", "/a/$0"), files("b", "/b/$0")])).rows[0]!;
  const moved = {...files("b", "/a/$0"), uuid};
  await expect(applied(pond, [moved])).rejects.toThrow(
    "the pond keeps another Inbox/b, which left: apply with --prune"
  );
  expect((await applied(pond, [moved], {prune: true})).changes).toEqual(["Inbox/b renamed", "Inbox/b removed"]);
  expect(await kept(pond, "/sys/resources/Inbox/b")).toMatchObject({uuid});
});

// ---- Places ----

test("what is computed stands where the spec says now, and no longer where it said", async () => {
  const pond = await openPond();
  await applied(pond, [site("a", "/sites/A"), site("b", "/sites/B"), all()]);
  await applied(pond, [site("a", "/sites/B"), site("b", "/sites/C"), all("/bins/$0")]);
  const fs = await pond.fs();
  expect((await fs.list("/sites")).map(({name, target}) => [name, target])).toEqual([
    ["B", "/sys/combined/sites/B/readings"],
    ["C", "/sys/combined/sites/C/readings"]
  ]);
  for (const gone of ["/reduced", "/sys/combined/sites/A"]) expect(await fs.exists(gone), gone).toBe(false);
  expect((await fs.lstat("/bins")).kind).toBe("dynamic");
});

test("a resource of another kind may take the output over", async () => {
  const pond = await openPond();
  await applied(pond, [site("a", "/sites/A")]);
  const derived = resource("Derive", "a", {output: "/sites/A", inputs: {a: "/in/a"}, sql: "SELECT * FROM a"});
  await applied(pond, [derived]);
  expect(await (await pond.fs()).readlink("/sites/A")).toBe("/sys/derived/sites/A/readings");
  await applied(pond, [derived], {prune: true});
  const fs = await pond.fs();
  expect(await fs.readlink("/sites/A")).toBe("/sys/derived/sites/A/readings");
  expect(await fs.exists("/sys/combined/sites/A")).toBe(false);
});

test("all that stands in the way is told with its place, and nothing is applied", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/sites/Taken", [{time: hour, values: {x: 1}}]);
  await pond.transaction({command: "test"}, (tx) => tx.symlink("/sites/Taken", "/sites/Mine"));
  const before = await pond.log();
  const at = (line: number, one: Resource) => ({...one, place: {...one.place, line}});
  const wrong = [
    at(1, site("a", "/sites/Taken")),
    at(2, site("b", "/sites/B")),
    at(3, site("c", "/sites/B")),
    at(4, site("d", "/sites/Mine")),
    at(5, site("e", "/sites/Taken/E")),
    at(6, files())
  ];
  const error = (await apply(pond, wrong).catch((error: unknown) => error)) as Error;
  expect(error.message.replaceAll(/^\S*\/|\.\.\//gm, "").split("\n")).toEqual([
    "resources.yaml:1:1: /sites/Taken is a series already: give what is computed another output.",
    "resources.yaml:3:1: /sites/B is computed by Combine/b already (resources.yaml:2:1): give one of them another output.",
    "resources.yaml:4:1: /sites/Mine is a symlink already: give what is computed another output.",
    expect.stringContaining("resources.yaml:5:1: /sites/Taken")
  ]);
  expect(await pond.log()).toEqual(before);
});

test.each(["/s/x/", "/s//x", "/s/./x", "/s/y/../x"])("an output spelled %s is no other than /s/x", async (output) => {
  const pond = await openPond();
  const derived = (path: string) =>
    resource("Derive", "d", {output: path, inputs: {a: "/in/a"}, sql: "SELECT * FROM a"});
  const taken = "/s/x is computed by Combine/a already";
  await expect(apply(pond, [site("a", "/s/x"), site("b", output)])).rejects.toThrow(taken);
  await expect(apply(pond, [site("a", output), derived("/s/x")])).rejects.toThrow(taken);
  await expect(apply(pond, [site("a", "/s/x"), derived(output)])).rejects.toThrow(taken);
  await expect(apply(pond, [all("/s/x"), {...all(output), name: "b"}])).rejects.toThrow(
    "/s/x is computed by Reduce/all"
  );
  await apply(pond, [site("a", output)]);
  expect(await (await pond.fs()).readlink("/s/x")).toBe("/sys/combined/s/x/readings");
  await apply(pond, [], {prune: true});
  expect(await (await pond.fs()).readlink("/s/x")).toBeUndefined();
});

test("an output in what another computes, or around it, is told with whose that is", async () => {
  const pond = await openPond();
  const refused = async (...resources: readonly Resource[]) => {
    const error = (await apply(pond, resources).catch((error: unknown) => error)) as Error;
    return error.message.replaceAll(/(\.\.\/)+/g, "");
  };
  expect(await refused(all("/red/$0"), site("x", "/red/x"))).toBe(
    "resources.yaml:1:1: /red is computed by Reduce/all already (resources.yaml:1:1), and /red/x would be in it: give one of them another output."
  );
  expect(await refused(site("x", "/red/x"), all("/red/$0"))).toBe(
    "resources.yaml:1:1: /red/x is computed by Combine/x already (resources.yaml:1:1), and /red would be around it: give one of them another output."
  );
  expect((await apply(pond, [all("/red/$0"), site("x", "/redder/x")])).rows).toHaveLength(2);
});

test("a table that people type belongs to one resource, and to one part of it", async () => {
  const typed = (name: string, parts: Record<string, string>) =>
    resource("Manual", name, Object.fromEntries(Object.entries(parts).map(([part, into]) => [part, {into, rows: []}])));
  const pond = await openPond();
  const visits = typed("visits", {readings: "/in/visits", annotations: "/notes"});
  await apply(pond, [visits, typed("others", {readings: "/in/others"})]);
  const told = (one: Resource) => apply(pond, [visits, one]);
  const taken = /\/in\/visits is written by Manual\/visits already \(.*\): give one of them another into\.$/;
  await expect(told(typed("others", {readings: "/in/visits"}))).rejects.toThrow(taken);
  await expect(told(typed("others", {annotations: "/in//visits"}))).rejects.toThrow(taken);
  await expect(told(typed("others", {readings: "/a", annotations: "/a"}))).rejects.toThrow(
    "/a is written by Manual/others"
  );
  await expect(told(site("dock", "/in/visits"))).rejects.toThrow("/in/visits is computed by Manual/visits already");
});

// ---- Cycles ----

const read = (name: string, ...inputs: string[]) =>
  resource("Combine", name, {output: `/s/${name}`, scopes: [{name: "S", inputs: inputs.map((series) => ({series}))}]});

const refusal = async (work: Promise<unknown>) => {
  const error = (await work.catch((error: unknown) => error)) as Error;
  return error.message.replaceAll(/^\S*\//g, "");
};

test("one that waits for itself by way of one that left is refused, until that is pruned", async () => {
  const pond = await openPond();
  await apply(pond, [read("a", "/in/x", "/s/b")]);
  const later = [read("b", "/s/a"), read("c", "/s/b")];
  const told =
    "resources.yaml:1:1: what this makes it is made of itself: Combine/b → Combine/a → Combine/b; have one of them read from elsewhere, or apply with --prune, since the files have no Combine/a any more.";
  expect(await refusal(apply(pond, later))).toBe(told);
  expect(await refusal(foreseen(await pond.fs(), later))).toBe(told);
  expect(await pond.log()).toHaveLength(2);
  expect((await apply(pond, later, {prune: true})).rows).toHaveLength(3);
});

test("one that left counts only while nothing takes its place, and is foreseen only where it is read", async () => {
  const pond = await openPond();
  await apply(pond, [read("a", "/s/b"), read("b", "/in/x"), read("c", "/s/b")]);
  const turned = [
    {...read("a", "/in/x"), name: "a2"},
    {...read("b", "/s/a"), name: "b2"}
  ];
  await apply(pond, turned); // though the old a reads what the new b makes
  await apply(pond, turned);
  const {ordered, dependencies} = await foreseen(await pond.fs(), [...turned, read("d", "/s/c")]);
  expect(ordered.map(({name, place}) => [name, place !== undefined])).toEqual([
    ["a2", true],
    ["b2", true],
    ["c", false],
    ["d", true]
  ]);
  expect(dependencies.map(({source, reader}) => `${source.name} → ${reader.name}`)).toEqual([
    "a2 → b2",
    "c → d",
    "b2 → c"
  ]);
});

test.each([
  ["/alias/x", {"/alias/x": "/s/a"}],
  ["/alias/x", {"/alias/x": "../s/a"}],
  ["/alias/deep/a", {"/alias/deep": "/s"}],
  ["/alias/deep/[a]", {"/alias/deep": "/alias/more", "/alias/more": "/s"}]
])("one that waits for itself by way of a link is refused: %s, %j", async (input, links) => {
  const pond = await openPond();
  await apply(pond, [read("a", input)]);
  await pond.transaction({command: "test"}, async (tx) => {
    await tx.mkdir("/alias");
    for (const [path, target] of Object.entries(links)) await tx.symlink(target, path);
  });
  const told = `made of itself: Combine/a → Combine/a; have it read something else than ${input}.`;
  expect(await refusal(apply(pond, [read("a", input)]))).toContain(told);
  const both = [read("b", "/s/a"), read("a", "/in/x")];
  expect((await foreseen(await pond.fs(), both)).ordered.map(({name}) => name)).toEqual(["a", "b"]);
  const beside = [read("c", input), read("a", "/in/x")];
  expect((await foreseen(await pond.fs(), beside)).ordered.map(({name}) => name)).toEqual(["a", "c"]);
});

test("links that lead to one another, or nowhere, are in no one's way", async () => {
  const pond = await openPond();
  await pond.transaction({command: "test"}, async (tx) => {
    await tx.symlink("/two", "/one");
    await tx.symlink("/one", "/two");
    await tx.symlink("/nowhere", "/gone");
  });
  expect((await apply(pond, [read("a", "/one", "/two/x", "/gone")])).rows).toHaveLength(1);
});

test("resources that wait for one another are not applied", async () => {
  const pond = await openPond();
  const ring = [site("a", "/in/a")];
  await expect(apply(pond, ring, {kinds})).rejects.toThrow("Combine/a → Combine/a");
  expect(await pond.log()).toHaveLength(1);
});
