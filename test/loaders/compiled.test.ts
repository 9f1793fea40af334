import {execFile} from "node:child_process";
import {existsSync} from "node:fs";
import {
  appendFile,
  cp,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  utimes,
  writeFile
} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {promisify} from "node:util";
import {afterAll, beforeAll, beforeEach, expect, test} from "vitest";

/** The command as it starts in a clone of its own: compiled, and compiled again when something changed. */

const project = join(import.meta.dirname, "../..");

let root: string;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "pond-compiled-")));
  for (const name of ["loaders", "pond", "package.json"])
    await cp(join(project, name), join(root, name), {recursive: true});
  await symlink(join(project, "node_modules"), join(root, "node_modules"));
});
afterAll(() => rm(root, {recursive: true}));
beforeEach(() => rm(join(root, ".compiled"), {recursive: true, force: true}));

async function pond(...args: string[]): Promise<{out: string; err: string}> {
  const said = promisify(execFile)(process.execPath, [join(root, "loaders/pond.js"), ...args]);
  const {stdout: out, stderr: err} = await said.catch((error: {stdout: string; stderr: string}) => error);
  return {out, err};
}

const kept = () => readdir(join(root, ".compiled"));

test("is compiled once, whoever starts at the same time", async () => {
  const said = await Promise.all([pond("--version"), pond("--version"), pond("--version")]);
  expect(said).toEqual(Array(3).fill({out: "0.1.0\n", err: ""}));
  const [only, ...others] = await kept();
  expect(others).toEqual([]);
  expect(only).toMatch(/^[0-9a-f]{64}$/);
  const {out} = await pond("kinds", "Simulator"); // reads a file beside the sources
  expect(out).toContain("seed");
  expect(await kept()).toEqual([only]);
});

test("what V8 made of it is kept for each command, and is made again where it is not as it was written", async () => {
  const caches = async () => {
    const directory = join(root, ".compiled", (await kept())[0]!);
    const names = (await readdir(directory)).filter((name) => name.endsWith(".cache")).sort();
    return Promise.all(
      names.map(async (name) => {
        const file = join(directory, name);
        return {file, name, bytes: await readFile(file), written: (await stat(file)).mtimeMs};
      })
    );
  };
  const said = await pond("kinds");
  await pond("--version");
  const first = await caches();
  expect(first.map(({name}) => name)).toEqual(["main.js.any.cache", "main.js.kinds.cache"]);
  expect(await pond("kinds")).toEqual(said);
  expect(await caches()).toEqual(first); // V8 took it as it is
  const {file, bytes} = first[1]!;
  const broken = Buffer.from(bytes);
  broken[broken.length >> 1]! ^= 1;
  for (const content of [broken, bytes.subarray(0, 1000), Buffer.alloc(0)]) {
    await writeFile(file, content);
    expect(await pond("kinds")).toEqual(said);
    const {bytes: renewed} = (await caches())[1]!;
    expect(renewed.length).toBeGreaterThan(100_000);
    expect(renewed.equals(content)).toBe(false);
  }
});

test("has its engines, which it brings in when they are needed", async () => {
  const place = ["--pond", join(root, "made")];
  await pond("init", ...place);
  const {out, err} = await pond("cat", "--sql", "SELECT 40 + 2 AS answer", "--format", "json", ...place);
  expect({rows: JSON.parse(out) as unknown, err}).toEqual({rows: [{answer: 42}], err: ""});
});

test("a change in a source counts at once, and what nobody began with for a week goes", async () => {
  await pond("--version");
  const [first] = await kept();
  const old = new Date(Date.now() - 8 * 24 * 60 * 60 * 1000);
  await utimes(join(root, ".compiled", first!), old, old);
  const source = join(root, "loaders/main.ts");
  const text = await readFile(source, "utf8");
  await appendFile(
    source,
    'exits satisfies object; process.stdout.write("changed "); import process from "node:process";\n'
  );
  expect((await pond("--version")).out).toBe("changed 0.1.0\n");
  expect(await kept()).not.toContain(first);
  await rm(source);
  await appendFile(source, text);
  expect((await pond("--version")).out).toBe("0.1.0\n");
  expect(await kept()).toHaveLength(2);
});

test("a stack tells of the sources, compiled or not", async () => {
  // nothing can be written below /sys, not even by root; where there is none, compiled alone
  for (const place of existsSync("/sys") ? [undefined, "/sys"] : [undefined]) {
    if (place !== undefined) await symlink(place, join(root, ".compiled"));
    const {err} = await pond("list", "--debug", "--pond", join(root, "nothing"));
    const [, file, line] = /at .*open.* \((?:file:\/\/)?(.*\/pond\/pond\.ts):(\d+):\d+\)/.exec(err)!;
    expect(file).toBe(join(root, "pond/pond.ts"));
    expect((await readFile(file!, "utf8")).split("\n")[Number(line) - 1]).toContain("throw new PondError");
    await rm(join(root, ".compiled"), {recursive: true});
  }
});

test("a source that is wrong is named", async () => {
  const source = join(root, "pond/error.ts");
  const text = await readFile(source, "utf8");
  await appendFile(source, "const wrong = ;\n");
  const {err} = await pond("--version");
  expect(err).toContain(`pond/error.ts:${text.split("\n").length}:14`);
  expect(await kept()).toEqual([]);
  await rm(source);
  await appendFile(source, text);
});
