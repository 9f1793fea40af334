import {mkdir, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, onTestFinished, test} from "vitest";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {silent} from "../../loaders/runs/reporter.js";
import {readResources} from "../../loaders/resources/resource.js";
import {lastRuns} from "../../loaders/runs/history.js";
import {run} from "../../loaders/runs/run.js";
import {Pond} from "../../pond/pond.js";
import {temporaryDirectory} from "./memory.js";

const inbox = `apiVersion: duckpond/v1
kind: Inbox
metadata: {name: files, description: From the host.}
spec: {files: "\${env:FILES}/*.csv", into: /in/$0}
`;

const combine = `apiVersion: duckpond/v1
kind: Combine
metadata: {name: dock, description: A site.}
spec:
  output: /sites/Dock
  scopes: [{name: Surface, inputs: [{series: /in/a}]}]
`;

const reduce = `apiVersion: duckpond/v1
kind: Reduce
metadata: {name: all}
spec: {input: /sites/*, output: /reduced/$0, resolutions: [1h]}
`;

async function deployment(...documents: string[]) {
  const root = await temporaryDirectory();
  for (const folder of ["resources", "files"]) await mkdir(join(root, folder));
  const pond = await Pond.open(join(root, "pond"), {create: true, dynamic: dynamicFactories()});
  onTestFinished(() => pond.close());
  let clock = Date.parse("2026-01-10T00:00Z");
  const write = (documents: readonly string[]) => writeFile(join(root, "resources/all.yaml"), documents.join("---\n"));
  await write(documents);
  return {
    root,
    pond,
    write: (...documents: string[]) => write(documents),
    put: (name: string, text: string) => writeFile(join(root, "files", name), text),
    run: async (only?: readonly string[], env = {FILES: join(root, "files")}) => {
      clock += 60_000;
      const resources = await readResources(join(root, "resources"), kinds, env);
      return run(pond, resources, {now: () => clock, env, reporter: silent}, only ? {only} : {});
    },
    applied: async (path: string) => JSON.parse(await text(pond, path)) as Record<string, unknown>
  };
}

async function text(pond: Pond, path: string): Promise<string> {
  return new TextDecoder().decode(await (await pond.fs()).read(path));
}

const good = "time,DO.mg/L\n2026-01-01 00:00,1\n2026-01-01 00:30,3\n";

// ---- Applying ----

test("what is read is collected before what reads it, in whatever order it is written", async () => {
  const {pond, put, run} = await deployment(reduce, combine, inbox);
  await put("a.csv", good);
  const {rows, commits, failed} = await run();
  expect(rows.map(({kind}) => kind)).toEqual(["Inbox", "Combine"]);
  expect([rows[0]!.stored, failed]).toEqual([2, false]);
  expect(commits.map(({command, message}) => `${command}: ${message}`)).toEqual([
    "pond apply: undefined",
    "pond run: Inbox/files",
    "pond run: how resources fared"
  ]);
  const found = await (await pond.fs()).query(`SELECT "Surface.DO.mg/L.avg" AS mean FROM '/reduced/Dock/1h'`);
  expect(found.toArray().map((row) => (row as {mean: number}).mean)).toEqual([2]);
});

test("a resource keeps its UUID through edits, and the pond never holds what the environment says", async () => {
  const {pond, write, put, run, applied} = await deployment(inbox);
  await put("a.csv", good);
  await run();
  const before = await applied("/sys/resources/Inbox/files");
  expect(before).toMatchObject({name: "files", spec: {files: "${env:FILES}/*.csv", into: "/in/$0"}});
  expect(before.uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  await write(inbox.replace("From the host", "From our host"));
  await run();
  const after = await applied("/sys/resources/Inbox/files");
  expect(after).toEqual({...before, description: "From our host."});
  expect(await (await pond.fs()).versions("/sys/resources/Inbox/files")).toHaveLength(2);
});

/** All that a pond's files and its log say: names, contents and what is noted of them. */
async function everything(pond: Pond): Promise<string> {
  const fs = await pond.fs();
  const found = await fs.glob("/**");
  const files = found.filter(({stat}) => stat.kind === "file").map(({path}) => text(pond, path));
  return [JSON.stringify(found), JSON.stringify(await pond.log()), ...(await Promise.all(files))].join("\n");
}

test.each([
  ["an absolute path", (root: string) => join(root, "hidden-place")],
  ["a path beside the resources", () => "../hidden-place"]
])("nothing that the environment says gets into the pond: %s", async (_, place) => {
  const none = inbox.replace("name: files", "name: none").replace("*.csv", "none*");
  const {root, pond, run} = await deployment(inbox.replace("*.csv", "*.*"), none);
  await mkdir(join(root, "hidden-place"));
  const files = {good, empty: "", bad: "nonsense\nhere\n", noted: "time,DO,Station\n2026-01-02,1,north\n"};
  for (const [name, content] of Object.entries(files))
    await writeFile(join(root, "hidden-place", `${name}.csv`), content);
  await writeFile(join(root, "hidden-place", "cut.parquet"), "PAR1 is how they begin");
  const {rows} = await run(undefined, {FILES: place(root)});
  expect(await everything(pond)).not.toContain("hidden-place");
  expect(JSON.stringify(rows)).not.toContain("hidden-place");
  expect(rows.map(({errors}) => errors.length)).toEqual([3, 0]);
  expect(rows[0]!.errors[0]).toMatch(/^\$\{env:FILES\}\/bad\.csv was skipped: /);
  expect(rows[0]!.notes[0]).toMatch(/^\$\{env:FILES\}\/noted\.csv: column "Station" left out/);
  expect(rows[1]!.notes).toEqual(["No file matches ${env:FILES}/none*."]);
});

test("a directory that is computed follows its resource", async () => {
  const {pond, write, put, run} = await deployment(inbox, combine, reduce);
  await put("a.csv", good);
  await run();
  await write(inbox, combine, reduce.replace("[1h]", "[1d]"));
  await run();
  expect((await (await pond.fs()).list("/reduced/Dock")).map(({name}) => name)).toEqual(["1d"]);
});

// ---- Running again ----

test("the same run again writes nothing, with an error as without", async () => {
  const {pond, put, run} = await deployment(inbox, combine, reduce);
  await put("a.csv", good);
  await put("bad.csv", "nonsense\nhere\n");
  const first = await run();
  const second = await run();
  expect([first.failed, second.failed]).toEqual([true, true]);
  expect(first.commits).not.toEqual([]);
  expect(second.commits).toEqual([]);
  expect(second.rows[0]!.errors).toEqual(first.rows[0]!.errors);
  const told = await (await pond.fs()).query(`SELECT name FROM "/sys/runs" WHERE error IS NOT NULL`);
  expect(told.toArray().map(({name}: {name: string}) => name)).toEqual(["files"]);
});

test("a row is kept when readings come, when an error comes, and when it goes", async () => {
  const {pond, put, run} = await deployment(inbox);
  await put("a.csv", good);
  const {rows} = await run();
  const {started, tookMs} = rows[0]!;
  expect(await lastRuns(await pond.fs(), pond.cache)).toEqual([{...rows[0], last: {started, tookMs}}]);
  await put("a.csv", "nonsense\nhere\n");
  expect((await run()).commits).not.toEqual([]);
  const [broken] = await lastRuns(await pond.fs(), pond.cache);
  expect(broken).toMatchObject({kind: "Inbox", name: "files", stored: 0, errors: [expect.stringContaining("a.csv")]});
  expect(broken!.started).toBe(rows[0]!.started + 60_000);
  await put("a.csv", good);
  expect((await run()).commits).not.toEqual([]);
  expect((await lastRuns(await pond.fs(), pond.cache))[0]!.errors).toEqual([]);
  await put("b.csv", "time,DO\n1970-01-01,1\n");
  expect((await run()).commits.map(({rows}) => rows)).toEqual([1, 1]);
  expect((await lastRuns(await pond.fs(), pond.cache))[0]).toMatchObject({read: 1, stored: 0, aside: 1});
});

test("one resource in trouble is reported with its cause, and the others go on", async () => {
  const taken = inbox.replace("name: files", "name: taken").replace("/in/$0", "/taken");
  const {pond, put, run} = await deployment(inbox, combine, reduce, taken);
  await pond.transaction({command: "test"}, (tx) => tx.write("/taken", "a file"));
  await put("a.csv", good);
  const result = await run(undefined);
  expect(result.failed).toBe(true);
  const told = Object.fromEntries(result.rows.map(({kind, name, errors}) => [`${kind}/${name}`, errors.length]));
  expect(told).toEqual({"Inbox/files": 0, "Combine/dock": 0, "Inbox/taken": 1});
  expect((await (await pond.fs()).stat("/in/a")).rows).toBe(2);
  expect((await run()).commits).toEqual([]);
});

test("only what is named runs", async () => {
  const {pond, put, run} = await deployment(
    inbox,
    inbox.replace("name: files", "name: more").replace("/in/", "/more/")
  );
  await put("a.csv", good);
  expect((await run(["Inbox/more"])).rows.map(({name}) => name)).toEqual(["more"]);
  expect(await (await pond.fs()).exists("/in/a")).toBe(false);
  await expect(run(["fils"])).rejects.toThrow('There is no resource "fils": did you mean files?');
  await expect(run(["xyz"])).rejects.toThrow('There is no resource "xyz": there are Inbox/files, Inbox/more.');
});
