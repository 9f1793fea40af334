import {mkdtemp, readFile, rm, writeFile, mkdir} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, test} from "vitest";
import {checkedIn} from "../../loaders/site/details.js";
import {kinds} from "../../loaders/kinds.js";
import {exits, main, programOf} from "../../loaders/main.js";
import {openShell} from "../../loaders/commands/shell.js";

/** The command line, as its user types it. */

const harbour = `
apiVersion: duckpond/v1
kind: Simulator
metadata: {name: small}
spec:
  from: "2026-02-27T00:00:00Z"
  sites: [{name: pier, depth: 5, river: 0.5, shelter: 0.5}]
---
apiVersion: duckpond/v1
kind: Reduce
metadata: {name: all}
spec: {input: "/instruments/*", output: "/reduced/$0", resolutions: [1h, 1d]}
`;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "command-"));
  await mkdir(join(directory, "resources"));
  await writeFile(join(directory, "resources/harbour.yaml"), harbour);
  expect((await pond("run")).code).toBe(exits.ok);
});
afterAll(() => rm(directory, {recursive: true}));

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function pond(...args: string[]): Promise<Said> {
  const said = {out: "", err: ""};
  const world = {
    env: {
      POND: join(directory, "pond"),
      POND_RESOURCES: join(directory, "resources"),
      POND_NOW: "2026-03-01T00:00:00Z"
    },
    stdout: {write: (text: string | Uint8Array) => (said.out += Buffer.from(text).toString())},
    stderr: {write: (text: string | Uint8Array) => (said.err += Buffer.from(text).toString())}
  };
  const code = await main(args, openShell(world));
  return {code, ...said};
}

test("run tells what it read and stored, and that there is nothing new", async () => {
  const again = await pond("run");
  expect(again).toMatchObject({
    code: exits.ok,
    out: "Nothing new: no transaction.\nPublished pier-bottom, pier-surface.\n"
  });
});

describe("apply", () => {
  const documents = harbour.split("---\n");
  const at = (...args: string[]) =>
    pond("--pond", join(directory, "applied"), "--resources", join(directory, "kept"), ...args);
  const write = async (text: string) => {
    await mkdir(join(directory, "kept"), {recursive: true});
    await writeFile(join(directory, "kept/all.yaml"), text);
  };

  test("tells of each resource what became of it, and runs none", async () => {
    await write(harbour);
    expect((await at("apply")).out).toBe(
      "created    Simulator/small\ncreated    Reduce/all\nApplied 2 resources as transaction 1.\n"
    );
    await write(harbour.replace("name: all", "name: every").replace("river: 0.5", "river: 0.6"));
    expect((await at("apply")).out).toBe(
      "updated    Simulator/small\nrenamed    Reduce/every (it was all)\nApplied 2 resources as transaction 2.\n"
    );
    expect((await at("list")).out).toBe("/reduced/\n/sys/\n");
    const told = JSON.parse((await at("apply", "--json")).out) as {rows: {name: string; change: string}[]};
    expect(told.rows.map(({name, change}) => [name, change])).toEqual([
      ["small", "unchanged"],
      ["every", "unchanged"]
    ]);
    expect(told).not.toHaveProperty("version");
  });

  test("tells of one that left until it is pruned", async () => {
    await write(documents[0]!);
    expect((await at("apply")).out).toBe(
      "updated    Simulator/small\nleft       Reduce/every: it is in no file; --prune removes it\nApplied 2 resources as transaction 3.\n"
    );
    expect((await at("run")).out).toContain("Reduce/every is in no file any more: pond apply --prune removes it.\n");
    expect((await at("apply", "--prune")).out).toMatch(/^removed +Reduce\/every$/m);
    expect((await at("apply", "--prune")).out).toBe(
      "unchanged  Simulator/small\n1 resource as before: no transaction.\n"
    );
  });

  test("refuses resources that are wrong, and makes no pond for them", async () => {
    await write(harbour.replace("kind: Reduce", "kind: Reduec"));
    const {code, out, err} = await at("--pond", join(directory, "none"), "apply");
    expect({code, out}).toEqual({code: exits.trouble, out: ""});
    expect(err).toContain('there is no kind "Reduec" (did you mean Reduce?)');
    expect((await at("--pond", join(directory, "none"), "list")).err).toContain("is not a pond");
  });
});

describe("kinds", () => {
  test("names each kind with a sentence", async () => {
    const {out} = await pond("kinds");
    for (const {name, summary} of kinds) expect(out).toMatch(new RegExp(`^${name} +${escaped(summary)}$`, "m"));
  });

  test("tells every field of one, with type, unit, default, example and meaning", async () => {
    const {out} = await pond("kinds", "Simulator");
    expect(out).toContain("Simulator: A harbour that does not exist");
    expect(out).toContain(
      "\nseed (whole number; default 1; e.g. 1)\n    another number, another harbour; the same number, the same readings\n"
    );
    expect(out).toContain("\nsites[].depth (number, m; required; e.g. 5.5)\n    of the water at mean tide\n");
    expect(out).toContain("All of it:\n\napiVersion: duckpond/v1\nkind: Simulator\n");
    expect((await pond("kinds", "HydroVu")).out).toContain("\nclientSecret (secret; required; e.g.");
  });

  test("has an example of every field of every kind", async () => {
    const told = JSON.parse((await pond("kinds", "--json")).out) as {
      name: string;
      fields: {name: string; example?: unknown; description: string}[];
    }[];
    expect(told.map(({name}) => name)).toEqual(kinds.map(({name}) => name));
    for (const {name, fields} of told)
      for (const field of fields) {
        expect(field.example, `${name}: ${field.name}`).toBeDefined();
        expect(field.description, `${name}: ${field.name}`).not.toBe("");
      }
  });

  test("prints a JSON Schema, and knows a misspelt kind", async () => {
    expect(JSON.parse((await pond("kinds", "--schema")).out)).toMatchObject({title: "A resource of Duckpond"});
    const one = JSON.parse((await pond("kinds", "Inbox", "--schema")).out) as {allOf: unknown[]};
    expect(one.allOf).toHaveLength(1);
    const {code, err} = await pond("kinds", "Inbx");
    expect(code).toBe(exits.trouble);
    expect(err).toContain('there is no kind "Inbx" (did you mean Inbox?); the kinds are Simulator,');
  });
});

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

describe("graph", () => {
  test("tells what is made of what, as text, as Mermaid, and for programs", async () => {
    expect((await pond("graph")).out).toBe("Simulator/small\nReduce/all ← Simulator/small\n");
    expect((await pond("graph", "--format", "mermaid")).out).toBe(
      'flowchart LR\n  r0["Simulator/small"]\n  r1["Reduce/all"]\n  r0 -->|"/instruments/*"| r1\n'
    );
    expect(JSON.parse((await pond("graph", "--json")).out)).toMatchObject({
      resources: [{kind: "Simulator"}, {kind: "Reduce"}],
      dependencies: [{from: "Simulator/small", to: "Reduce/all", paths: ["/instruments/*"]}]
    });
    expect((await pond("graph", "--format", "dot")).code).toBe(exits.usage);
  });

  test("refuses a cycle, and draws it", async () => {
    const ring = join(directory, "ring");
    await mkdir(ring);
    const derive = (name: string, from: string) =>
      `apiVersion: duckpond/v1\nkind: Derive\nmetadata: {name: ${name}}\nspec: {output: /d/${name}, inputs: {x: /d/${from}}, sql: FROM x}\n`;
    await writeFile(join(ring, "a.yaml"), [derive("a", "c"), derive("b", "a"), derive("c", "b")].join("---\n"));
    const {code, err} = await pond("--resources", ring, "graph");
    expect(code).toBe(exits.trouble);
    expect(err).toMatch(/ring\/a\.yaml:1:1: .*: Derive\/a → Derive\/b → Derive\/c → Derive\/a; have one of them/);
  });

  test("knows what the pond computes beside the files, as apply does", async () => {
    const left = join(directory, "left");
    await mkdir(left);
    const derive = (output: string) =>
      `apiVersion: duckpond/v1\nkind: Derive\nmetadata: {name: d}\nspec: {output: ${output}, inputs: {x: /reduced/pier/1h}, sql: FROM x}\n`;
    await writeFile(join(left, "d.yaml"), derive("/d"));
    expect((await pond("--resources", left, "graph")).out).toBe("Reduce/all (left)\nDerive/d ← Reduce/all (left)\n");
    expect((await pond("--resources", left, "--pond", join(left, "none"), "graph")).out).toBe("Derive/d\n");
    expect(JSON.parse((await pond("--resources", left, "graph", "--json")).out)).toMatchObject({
      resources: [{kind: "Reduce", left: true}, {kind: "Derive"}]
    });
    await writeFile(join(left, "d.yaml"), derive("/instruments/d"));
    for (const command of ["graph", "apply"]) {
      const {code, err} = await pond("--resources", left, command);
      expect(code).toBe(exits.trouble);
      expect(err).toContain(
        ": Derive/d → Reduce/all → Derive/d; have one of them read from elsewhere, or apply with --prune"
      );
    }
  });
});

describe("list", () => {
  test("names what a directory holds", async () => {
    expect((await pond("list")).out).toBe("/instruments/\n/reduced/\n/sys/\n");
    expect((await pond("list", "/reduced/pier-surface")).out).toBe(
      "/reduced/pier-surface/1d\n/reduced/pier-surface/1h\n"
    );
  });

  test("matches patterns, and tells more when asked", async () => {
    const {out} = await pond("list", "-l", "/instruments/*");
    expect(out).toMatch(/^kind +version +rows +bytes +first +last +path\n/);
    expect(out).toMatch(
      /series +1 +193 +[\d.]+ kB +2026-02-27T00:00Z +2026-03-01T00:00Z +\/instruments\/pier-bottom\n/
    );
  });

  test("prints JSON for programs", async () => {
    const found = JSON.parse((await pond("list", "--json", "/instruments/*")).out) as {path: string; rows: number}[];
    expect(found.map(({path, rows}) => [path, rows])).toEqual([
      ["/instruments/pier-bottom", 193],
      ["/instruments/pier-surface", 193]
    ]);
  });
});

describe("cat", () => {
  test("prints a file as it is", async () => {
    expect(JSON.parse((await pond("cat", "/sys/resources/Reduce/all")).out)).toMatchObject({
      kind: "Reduce",
      name: "all"
    });
  });

  test("prints a series as rows, in the form asked for", async () => {
    const {out} = await pond("cat", "/reduced/pier-surface/1d", "--format", "csv");
    expect(out.split("\n")[0]).toMatch(/^timestamp,Depth\.m\.avg,Depth\.m\.min,/);
    expect(out.split("\n")[1]).toMatch(/^2026-02-27T00:00:00\.000Z,/);
    const rows = (await pond("cat", "/reduced/pier-surface/1d", "--format", "ndjson")).out.trim().split("\n");
    expect(rows).toHaveLength(3);
    expect(JSON.parse(rows[0]!)).toMatchObject({timestamp: "2026-02-27T00:00:00.000Z"});
  });

  test("answers SQL over paths, patterns, a path as source, and the log", async () => {
    const ask = async (...args: string[]) =>
      JSON.parse((await pond("cat", "--format", "json", ...args)).out) as unknown;
    expect(await ask("--sql", 'SELECT count(*) AS n FROM "/instruments/*"')).toEqual([{n: 386}]);
    expect(await ask("/instruments/pier-bottom", "--sql", "SELECT count(*) AS n FROM source")).toEqual([{n: 193}]);
    expect(await ask("--sql", "SELECT count(*) AS n FROM oplog WHERE kind = 'series'")).toEqual([{n: 3}]);
  });

  test("tells readings a millionth of a second apart", async () => {
    const inbox = `apiVersion: duckpond/v1\nkind: Inbox\nmetadata: {name: fine}\nspec: {files: fine.csv, into: /fine}\n`;
    const times = ["2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000001Z", "2024-01-01T00:00:00.000002Z"];
    await mkdir(join(directory, "fine"));
    await writeFile(join(directory, "fine/inbox.yaml"), inbox);
    await writeFile(join(directory, "fine/fine.csv"), ["time,T.C", ...times.map((time) => `${time},1`), ""].join("\n"));
    const at = async (...args: string[]) =>
      (await pond("--pond", join(directory, "finer"), "--resources", join(directory, "fine"), ...args)).out;
    await at("run");
    const [table, csv, ndjson] = await Promise.all(
      ["table", "csv", "ndjson"].map((format) => at("cat", "/fine", "--format", format))
    );
    expect(csv).toBe(["timestamp,T.C", ...times.map((time) => `${time},1`), ""].join("\n"));
    expect(ndjson).toBe(times.map((timestamp) => `${JSON.stringify({timestamp, "T.C": 1})}\n`).join(""));
    expect(table!.match(/20.+Z/g)).toEqual(times);
    expect(JSON.parse(await at("cat", "/fine", "--format", "json"))).toEqual(
      times.map((timestamp) => ({timestamp, "T.C": 1}))
    );
    expect(await at("describe", "/fine")).toContain(`from ${times[0]} to ${times[2]}`);
  });

  test("goes back in time", async () => {
    const {code, err} = await pond("cat", "--at", "0", "/instruments/pier-bottom");
    expect(code).toBe(exits.trouble);
    expect(err).toContain("There is no /instruments");
  });
});

test("log tells the newest transaction first", async () => {
  const {out} = await pond("log");
  expect(out).toMatch(/^version +time +user +command +message/);
  expect(out.split("\n")[2]).toMatch(/^ *2 .*pond run +Simulator\/small .* 386$/);
  const [, stored] = JSON.parse((await pond("log", "--json", "-n", "2")).out) as {rows: number}[];
  expect(stored!.rows).toBe(386);
});

test("status tells how each resource fared, and the history of that is a series", async () => {
  const {code, out} = await pond("status");
  expect(code).toBe(exits.ok);
  expect(out).toMatch(/Simulator\/small +2026-03-01T00:00:00.000Z/);
  expect((await pond("cat", "/sys/runs", "--format", "csv")).out).toBe(
    "timestamp,kind,name,took,read,stored,aside,note,error,stale,tests\n2026-03-01T00:00:00.000Z,Simulator,small,0,386,386,0,,,,\n"
  );
});

test("describe tells columns, units, span and versions", async () => {
  const {out} = await pond("describe", "/instruments/pier-surface");
  expect(out).toContain("193 rows, from 2026-02-27T00:00:00.000Z to 2026-03-01T00:00:00.000Z; 0 readings restated");
  expect(out).toMatch(/DO\.mg\/L +DOUBLE +pier-surface +DO +mg\/L/);
  const told = JSON.parse((await pond("describe", "--json", "/instruments/pier-surface")).out) as {versions: unknown[]};
  expect(told.versions).toHaveLength(1);
});

test("directories, names and links change by command, and diff tells it", async () => {
  const [newest] = JSON.parse((await pond("log", "--json", "-n", "1")).out) as {version: number}[];
  await writeFile(join(directory, "note.txt"), "a note");
  for (const args of [
    ["mkdir", "-p", "/attic/old"],
    ["copy", `host:${join(directory, "note.txt")}`, "/attic"],
    ["mv", "/attic/note.txt", "/attic/old/note.txt"],
    ["ln", "old/note.txt", "/attic/note"]
  ])
    expect(await pond(...args), args.join(" ")).toMatchObject({code: exits.ok, err: ""});
  expect((await pond("cat", "/attic/note")).out).toBe("a note");
  expect((await pond("diff", String(newest!.version))).out).toBe(
    "added /attic\nadded /attic/note\nadded /attic/old\nadded /attic/old/note.txt\n"
  );
  await pond("copy", "/attic", "/reduced/pier-surface/1d", `host:${join(directory, "out")}`);
  expect(await readFile(join(directory, "out/attic/old/note.txt"), "utf8")).toBe("a note");
  expect((await readFile(join(directory, "out/1d.parquet"))).subarray(0, 4).toString()).toBe("PAR1");
  expect((await pond("rm", "/attic")).code).toBe(exits.trouble); // it is not empty
  expect((await pond("rm", "-r", "/attic")).code).toBe(exits.ok);
  expect((await pond("cat", "--at", String(newest!.version + 4), "/attic/note")).out).toBe("a note");
});

describe("wrong usage ends with 2", () => {
  test.each([
    [["fly"], "unknown command 'fly'"],
    [["log", "--count", "none"], "It is a whole number from 1."],
    [["copy", "/a", "/b"], "either all sources or the target begins with host:"],
    [["diff", "yesterday"], "It is a transaction number or an ISO 8601 instant."],
    [["cat"], "give a path, or --sql, or both"],
    [["cat", "/", "--format", "xml"], "Allowed choices are table, csv, json, ndjson, parquet."]
  ])("%j", async (args, sentence) => {
    const {code, err} = await pond(...args);
    expect(code).toBe(exits.usage);
    expect(err).toContain(sentence);
  });
});

describe("trouble ends with 1, in a sentence", () => {
  test("a pond that is not there", async () => {
    const {code, err, out} = await pond("--pond", join(directory, "nowhere"), "list");
    expect({code, out}).toEqual({code: exits.trouble, out: ""});
    expect(err).toMatch(/^pond: .*nowhere is not a pond; make one with pond init\.\n$/);
  });

  test("a path that is not there", async () => {
    const {code, err} = await pond("cat", "/nothing");
    expect(code).toBe(exits.trouble);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("resources that are wrong: each with its place, and nothing is run", async () => {
    const bad = join(directory, "bad");
    await mkdir(bad, {recursive: true});
    await writeFile(join(bad, "a.yaml"), "apiVersion: duckpond/v1\nkind: Simulatr\nmetadata: {name: x}\n");
    const {code, err} = await pond("--resources", bad, "run");
    expect(code).toBe(exits.trouble);
    expect(err).toContain('a.yaml:2:7: there is no kind "Simulatr" (did you mean Simulator?)');
    expect(err).not.toContain("    at ");
  });

  test("the stack is shown with --debug", async () => {
    expect((await pond("--debug", "cat", "/nothing")).err).toContain("    at ");
  });
});

describe("the care of a pond", () => {
  const at = (...args: string[]): Promise<Said> => pond("--pond", join(directory, "cared"), ...args);

  test("init makes one, and refuses where one is", async () => {
    expect(await at("init")).toMatchObject({code: exits.ok, out: `Made a pond in ${join(directory, "cared")}.\n`});
    expect(await at("init")).toMatchObject({
      code: exits.trouble,
      err: expect.stringContaining("is a pond already") as string
    });
    expect((await at("mkdir", "/a")).code).toBe(exits.ok);
    expect((await at("check")).out).toBe(
      "Checked 2 commits, 0 checkpoints, 3 op files, 3 records, 0 blobs, 1 node.\nAll is well.\n"
    );
  });

  test("log tells one transaction in full", async () => {
    const {out} = await at("log", "1");
    expect(out).toMatch(/^version +1\n/);
    expect(out).toMatch(/^command +pond mkdir\n/m);
    expect(out).toMatch(/\n\nadded \/a\n$/);
    expect(await at("log", "7")).toMatchObject({
      code: exits.trouble,
      err: expect.stringContaining("newest is 1") as string
    });
  });

  test("maintain says what it did, and the second time that there was nothing to do", async () => {
    for (let i = 0; i < 9; i++) await at("mkdir", `/a/${i}`);
    expect((await at("maintain")).out).toMatch(
      /^Compacted \d+ op files of 1 directory\.\nWrote a checkpoint of transaction 11\.\n$/
    );
    expect((await at("maintain", "--keep", "400d")).out).toBe("There was nothing to do.\n");
    expect((await at("maintain", "--keep", "soon")).code).toBe(exits.usage);
    const {out} = await at("check", "--data", "--subset", "50%", "--json");
    expect(JSON.parse(out)).toMatchObject({commits: 12, checkpoints: 1, problems: []});
    expect((await at("check", "--subset", "5%")).code).toBe(exits.usage);
    const kept = await readFile(checkedIn(join(directory, "cared/cache")), "utf8"); // for the page Status
    expect(JSON.parse(kept)).toMatchObject({commits: 12, problems: 0, time: expect.stringMatching(/Z$/) as string});
  });

  test("check names what is wrong, and repair tells its steps before it takes them", async () => {
    const file = "oplog/_delta_log/00000000000000000011.checkpoint.parquet";
    await writeFile(join(directory, "cared", file), "nothing");
    expect(await at("list")).toMatchObject({
      code: exits.trouble,
      err: `pond: ${file} is not as it was written; run pond repair checkpoint.\n`
    });
    const {code, out} = await at("check");
    expect(code).toBe(exits.trouble);
    expect(out).toContain(
      `${file} (transaction 11): The checkpoint is not as it was written. Run pond repair checkpoint.\n`
    );
    expect((await at("repair", "checkpoint")).out).toMatch(
      /^would: set .* aside .*\n(would: .*\n)+Nothing was changed; --apply takes these steps\.\n$/
    );
    expect((await at("check")).code).toBe(exits.trouble);
    expect((await at("repair", "checkpoint", "--apply")).out).toMatch(
      /^(done: .*\n)+Run pond check to see what is left\.\n$/
    );
    expect((await at("check")).code).toBe(exits.ok);
    expect((await at("repair", "log")).out).toBe("There is nothing to mend.\n");
    expect((await at("repair", "everything")).code).toBe(exits.usage);
  });
});

test("help names every command, with a description and an example where one helps", async () => {
  const {code, out} = await pond("--help");
  expect(code).toBe(exits.ok);
  for (const command of programOf(openShell()).commands) {
    expect(out).toContain(command.name());
    expect(command.description().length, command.name()).toBeGreaterThan(10);
    for (const option of command.options) expect(option.description.length, option.flags).toBeGreaterThan(5);
  }
});

test("the README tells every command", async () => {
  const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
  for (const command of programOf(openShell()).commands)
    expect(readme).toMatch(new RegExp(`^\\|.*\`${command.name()}\`.*\\|`, "m"));
});
