import {spawn} from "node:child_process";
import {EventEmitter, once} from "node:events";
import {existsSync} from "node:fs";
import {mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {setTimeout as sleep} from "node:timers/promises";
import {Float64, Table, Utf8, vectorFromArray} from "apache-arrow";
import {afterEach, beforeEach, describe, expect, test} from "vitest";
import {exits, main} from "../../loaders/main.js";
import {openShell} from "../../loaders/commands/shell.js";
import {Pond} from "../../pond/pond.js";
import type {Transaction} from "../../pond/types.js";
import {readings} from "../pond/readings.js";

/** The commands that move files about, on a small pond. */

let directory: string;
let home: string; // of the pond

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shell-"));
  home = join(directory, "pond");
  expect((await pond("init")).code).toBe(exits.ok);
  await change(async (tx) => {
    for (const name of ["a.txt", "b.txt"]) await tx.write(`/notes/${name}`, `note ${name}`, {parents: true});
  });
});
afterEach(() => rm(directory, {recursive: true}));

const env = () => ({POND: home, POND_RESOURCES: join(directory, "resources")});

async function pond(...args: string[]) {
  const said = {out: "", err: ""};
  const world = {
    env: env(),
    stdout: {write: (text: string | Uint8Array) => (said.out += Buffer.from(text).toString("latin1"))},
    stderr: {write: (text: string | Uint8Array) => (said.err += Buffer.from(text).toString())}
  };
  return {code: await main(args, openShell(world)), ...said};
}

async function change(body: (tx: Transaction) => Promise<void>): Promise<void> {
  const opened = await Pond.open(home);
  await opened.transaction({command: "test"}, body);
  await opened.close();
}

const ok = {code: exits.ok, err: ""};
const trouble = (sentence: string) => ({code: exits.trouble, err: expect.stringContaining(sentence) as string});

describe("list", () => {
  test("of a pattern that matches nothing is trouble, and of one that is a name is that", async () => {
    expect(await pond("list", "/notes/*.txt")).toMatchObject({...ok, out: "/notes/a.txt\n/notes/b.txt\n"});
    for (const args of [["/notes/*.csv"], ["--json", "/none/**"]])
      expect(await pond("list", ...args)).toMatchObject({...trouble("nothing in the pond matches /no"), out: ""});
    await change((tx) => tx.write("/notes/[x].txt", "odd"));
    expect(await pond("list", "/notes/[x].txt")).toMatchObject({...ok, out: "/notes/[x].txt\n"});
  });
});

describe("mv", () => {
  test("moves to a name, and as many as there are into a directory", async () => {
    await pond("mkdir", "/attic");
    expect(await pond("mv", "/notes/a.txt", "/notes/b.txt", "/attic/")).toMatchObject(ok);
    expect((await pond("list", "/attic")).out).toBe("/attic/a.txt\n/attic/b.txt\n");
    expect(await pond("mv", "/attic/a.txt", "/attic/c.txt")).toMatchObject(ok);
    expect(await pond("mv", "/attic", "/notes")).toMatchObject(ok);
    expect((await pond("cat", "/notes/attic/c.txt")).out).toBe("note a.txt");
  });

  test("takes several only to a directory, all or nothing", async () => {
    const before = (await pond("log", "--json")).out;
    expect(await pond("mv", "/notes/a.txt", "/notes/b.txt", "/none")).toMatchObject(trouble("/none is no directory"));
    expect(await pond("mv", "/notes/a.txt", "/none/")).toMatchObject(trouble("make it with pond mkdir"));
    await pond("mkdir", "/attic");
    expect(await pond("mv", "/notes/a.txt", "/notes/none", "/attic")).toMatchObject(trouble("There is no /notes/none"));
    expect(await pond("mv", "/notes/a.txt")).toMatchObject({code: exits.usage});
    expect((await pond("list", "/notes")).out).toBe("/notes/a.txt\n/notes/b.txt\n");
    expect(JSON.parse((await pond("log", "--json")).out)).toHaveLength((JSON.parse(before) as unknown[]).length + 1);
  });
});

describe("copy", () => {
  const at = (path: string) => join(directory, path);

  test("takes patterns of the host, and says when one matches nothing", async () => {
    await mkdir(at("in/deep"), {recursive: true});
    for (const name of ["x.csv", "y.csv", "z.txt", "deep/w.csv", "[q].csv"]) await writeFile(at(`in/${name}`), name);
    expect((await pond("copy", `host:${at("in/*.csv")}`, "/data")).out).toBe("Copied 3 files.\n");
    expect((await pond("copy", `host:${at("in/d*")}`, `host:${at("in/[q].csv")}`, "/more")).out).toBe(
      "Copied 2 files.\n"
    );
    expect((await pond("list", "/{data,more}/**")).out).toBe(
      "/data/\n/data/[q].csv\n/data/x.csv\n/data/y.csv\n/more/\n/more/[q].csv\n/more/deep/\n/more/deep/w.csv\n"
    );
    expect(await pond("copy", `host:${at("in/*.pdf")}`, "/data")).toMatchObject(trouble("nothing on the host matches"));
  });

  test("is not led in circles by links, on either side", async () => {
    await mkdir(at("in/deep"), {recursive: true});
    await symlink("..", at("in/deep/up"));
    const before = (await pond("list", "/**")).out;
    expect(await pond("copy", `host:${at("in")}`, "/data")).toMatchObject(trouble("leads back to a directory that"));
    expect((await pond("list", "/**")).out).toBe(before);
    await change(async (tx) => {
      await tx.symlink("/notes", "/notes/again");
      await tx.symlink("none", "/notes/none");
      await tx.mkdir("/notes/empty");
    });
    const {code, out, err} = await pond("copy", "/notes", `host:${at("out")}`);
    expect({code, out}).toEqual({code: exits.trouble, out: "Copied 2 files.\n"});
    expect(err).toContain("/notes/again is a link that leads back to a directory that it stands in: it was left out.");
    expect(err).toContain("/notes/none is a link that leads nowhere: it was left out.");
    expect((await readdir(at("out/notes"))).sort()).toEqual(["a.txt", "b.txt", "empty"]);
  });
});

test("cat streams what is large, byte for byte, no faster than its reader", {timeout: 30_000}, async () => {
  const large = Buffer.alloc(20_000_003, "0123456789abcdef!");
  await change((tx) => tx.write("/large", large));
  const opened = await Pond.open(home);
  const sizes: number[] = [];
  for await (const piece of (await opened.fs()).stream("/large")) sizes.push(piece.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1 << 22);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(large.length);
  await opened.close();
  let waiting = 0;
  const [pieces, waits]: [Buffer[], number[]] = [[], []];
  const stdout = Object.assign(new EventEmitter(), {
    write: (piece: string | Uint8Array) => {
      waits.push(waiting++);
      pieces.push(Buffer.from(piece));
      setTimeout(() => {
        waiting = 0;
        stdout.emit("drain");
      }, 5);
      return false;
    }
  });
  expect(await main(["cat", "/large"], openShell({env: env(), stdout, stderr: {write: () => undefined}}))).toBe(
    exits.ok
  );
  expect(Buffer.concat(pieces).equals(large)).toBe(true);
  expect(Math.max(...waits)).toBe(0); // none was written before the one before it was taken
  const [blob] = (await readdir(join(home, "blobs"), {recursive: true})).filter((name) => name.length > 60);
  const bytes = await readFile(join(home, "blobs", blob!));
  bytes[19_000_000]! ^= 1;
  await writeFile(join(home, "blobs", blob!), bytes);
  expect(await pond("cat", "/large")).toMatchObject({...trouble("does not have its hash"), out: ""});
});

test.each([
  ["EPIPE", {code: exits.ok, said: ""}],
  ["ENOSPC", {code: exits.trouble, said: "pond: What the command prints cannot be written: ENOSPC: write; make room,"}]
])("cat ends when standard output fails with %s while it waits", async (code, expected) => {
  await change((tx) => tx.write("/large", Buffer.alloc(20_000_000)));
  let [written, said] = [0, ""];
  const stdout = Object.assign(new EventEmitter(), {
    write: () => {
      written++;
      setImmediate(() => stdout.emit("error", Object.assign(new Error(`${code}: write`), {code})));
      return false;
    }
  });
  const stderr = {write: (text: string | Uint8Array) => (said += Buffer.from(text).toString())};
  expect(await main(["cat", "/large"], openShell({env: env(), stdout, stderr}))).toBe(expected.code);
  expect(said.startsWith(expected.said)).toBe(true);
  expect(said.split("\n").length).toBe(expected.said === "" ? 1 : 2);
  expect(written).toBe(1);
});

test("cat prints a series that is longer than memory", {timeout: 60_000}, async () => {
  const length = 150_000;
  for (let version = 0; version < 3; version++) {
    const times = Array.from({length}, (_, i) => version * length + i);
    await change(async (tx) => void (await tx.append("/long", readings(times, {a: times, b: times}))));
  }
  const command = join(import.meta.dirname, "../../loaders/pond.js");
  const heap = "--max-old-space-size=96"; // its 450,000 rows as objects take twice that
  for (const format of ["ndjson", "table"]) {
    const child = spawn(process.execPath, [heap, command, "cat", "/long", "--format", format], {
      env: {...process.env, ...env()}
    });
    let [lines, last] = [0, ""];
    child.stdout.on("data", (piece: Buffer) => {
      const text = piece.toString();
      lines += text.split("\n").length - 1;
      last = (last + text).slice(-80);
    });
    const [code] = (await once(child, "close")) as [number];
    expect({code, lines}).toEqual({code: exits.ok, lines: 3 * length + (format === "table" ? 1 : 0)});
    expect(last).toContain("449999");
  }
});

test("a reader that has enough ends the command quietly", {timeout: 30_000}, async () => {
  await change((tx) => tx.write("/large", Buffer.alloc(20_000_000, "line\n")));
  const command = join(import.meta.dirname, "../../loaders/pond.js");
  const child = spawn(process.execPath, [command, "cat", "/large"], {env: {...process.env, ...env()}});
  let said = "";
  child.stderr.on("data", (piece: Buffer) => (said += piece.toString()));
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = (await once(child, "close")) as [number];
  expect({code, said}).toEqual({code: exits.ok, said: ""});
});

test.skipIf(!existsSync("/dev/full"))("a disk that is full where the command prints to is trouble", async () => {
  const command = join(import.meta.dirname, "../../loaders/pond.js");
  const full = await open("/dev/full", "w");
  const child = spawn(process.execPath, [command, "list", "/notes"], {
    env: {...process.env, ...env()},
    stdio: ["ignore", full.fd, "pipe"]
  });
  let said = "";
  child.stderr!.on("data", (piece: Buffer) => (said += piece.toString()));
  const [code] = (await once(child, "close")) as [number];
  await full.close();
  expect(code).toBe(exits.trouble);
  expect(said).toMatch(/^pond: What the command prints cannot be written: ENOSPC: [^\n]*\.\n$/);
});

test("describe tells a table's columns and rows", async () => {
  const content = new Table({
    name: vectorFromArray(["pier", "river"], new Utf8()),
    depth: vectorFromArray([1, 2], new Float64())
  });
  await change((tx) => tx.table("/sites", content));
  const {out} = await pond("describe", "/sites");
  expect(out).toMatch(/^\/sites: a table, version 1, .*\n2 rows\n/);
  expect(out).toMatch(/^name +VARCHAR/m);
  expect(out).toMatch(/^depth +DOUBLE/m);
});

test("a query that is wrong is said in one line, placed in what was typed", async () => {
  await change((tx) => tx.write("/d.csv", "a,b\n1,2\n"));
  expect(await pond("cat", "/d.csv", "--sql", "SELECT c FROM source;")).toEqual({
    code: exits.trouble,
    out: "",
    err: "pond: The query cannot be answered at line 1, column 8: there is no column c; the nearest is a.\n"
  });
  expect((await pond("cat", "/d.csv", "--sql", "SELECT a + b AS s FROM source;", "--format", "csv")).out).toBe(
    "s\n3\n"
  );
});

describe("mirror", () => {
  test("says what it did, in words or for programs", async () => {
    const out = join(directory, "out");
    await change((tx) => tx.symlink("/none", "/notes/none"));
    expect((await pond("mirror", "/notes", out)).out).toBe(
      "wrote /notes/a.txt\nwrote /notes/b.txt\nleft out /notes/none: the link leads nowhere\n"
    );
    await writeFile(join(out, "notes/a.txt"), "edited");
    const nothing = {written: [], removed: [], waiting: [], conflicts: [], computed: []};
    expect(JSON.parse((await pond("mirror", "--json", "/notes", out)).out)).toEqual({
      ...nothing,
      waiting: ["/notes/a.txt"],
      astray: [{path: "/notes/none", leads: "nowhere"}]
    });
    expect(JSON.parse((await pond("mirror", "--back", "--json", out)).out)).toEqual({
      written: ["/notes/a.txt"],
      conflicts: [],
      computed: []
    });
    expect((await pond("cat", "/notes/a.txt")).out).toBe("edited");
    expect(await pond("mirror", "--back", "--watch", out)).toMatchObject({code: exits.usage});
  });

  test("with --watch follows what others commit", {timeout: 60_000}, async () => {
    const out = join(directory, "out");
    const program = join(import.meta.dirname, "../../loaders/pond.js");
    const child = spawn(process.execPath, [program, "mirror", "--watch", "/notes", out], {
      env: {...process.env, ...env()},
      stdio: "ignore"
    });
    const closed = once(child, "close");
    try {
      await holds(join(out, "notes/b.txt"), "note b.txt");
      await change((tx) => tx.write("/notes/a.txt", "second"));
      await holds(join(out, "notes/a.txt"), "second");
      await change((tx) => tx.remove("/notes/b.txt"));
      await holds(join(out, "notes/b.txt"), undefined);
    } finally {
      child.kill();
      await closed;
    }
    expect((await pond("mirror", "/notes", out)).out).toBe("");
  });
});

/** Waits until a file has a content, or is not there. */
async function holds(file: string, expected: string | undefined): Promise<void> {
  let found: string | undefined;
  for (let waited = 0; waited < 25_000; waited += 50) {
    found = await readFile(file, "utf8").catch(() => undefined);
    if (found === expected && (expected !== undefined || (await isGone(file)))) return;
    await sleep(50);
  }
  expect(found).toBe(expected);
}

async function isGone(file: string): Promise<boolean> {
  return stat(file).then(
    () => false,
    () => true
  );
}

test("repair tells its steps for programs as well", async () => {
  await change(async (tx) => tx.write("/large", "large".repeat(20_000)));
  const [blob] = (await readdir(join(home, "blobs"), {recursive: true})).filter((name) => name.length > 60);
  await rm(join(home, "blobs", blob!));
  const {code, out} = await pond("repair", "blobs", "--json");
  expect(code).toBe(exits.trouble);
  expect(JSON.parse(out)).toMatchObject({apply: false, steps: [], left: [{file: `blobs/${blob}`}]});
});
