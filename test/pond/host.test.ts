import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  unlink,
  writeFile
} from "node:fs/promises";
import {join, posix} from "node:path";
import fc from "fast-check";
import {expect, test} from "vitest";
import {PondError} from "../../pond/error.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import type {Reader, Transaction} from "../../pond/types.js";
import {scratch} from "./harness.js";

/** The words of a filesystem mean here what they mean on the host: both do the same operations and are compared. */

type Operation =
  | {readonly does: "mkdir" | "mkdirs" | "remove" | "tree" | "read" | "list" | "stat" | "lstat"; readonly path: string}
  | {readonly does: "write"; readonly path: string; readonly text: string}
  | {readonly does: "rename" | "symlink"; readonly path: string; readonly to: string};

const codes: Readonly<Record<string, string>> = {
  ENOENT: "NOT_FOUND",
  EEXIST: "EXISTS",
  ENOTDIR: "NOT_A_DIRECTORY",
  EISDIR: "IS_A_DIRECTORY",
  ENOTEMPTY: "NOT_EMPTY",
  ELOOP: "LOOP",
  EINVAL: "BAD_PATH"
};

/** From where a link stands to where it is to lead, for a host has its root somewhere else. */
const targetFrom = (link: string, to: string): string => posix.relative(posix.dirname(link), to) || ".";

async function onHost(root: string, operation: Operation): Promise<string> {
  const {does, path} = operation;
  const at = join(root, path);
  if (does === "mkdir" || does === "mkdirs") await mkdir(at, {recursive: does === "mkdirs"});
  else if (does === "tree") await rm(at, {recursive: true});
  else if (does === "remove") await ((await lstat(at)).isDirectory() ? rmdir(at) : unlink(at));
  else if (does === "write") await writeFile(at, operation.text);
  else if (does === "rename") await rename(at, join(root, operation.to));
  else if (does === "symlink") await symlink(targetFrom(path, operation.to), at);
  else if (does === "read") return readFile(at, "utf8");
  else if (does === "list") return (await readdir(at)).sort().join();
  else return hostKind(does === "stat" ? await stat(at) : await lstat(at));
  return "";
}

function hostKind(found: Awaited<ReturnType<typeof lstat>>): string {
  return found.isDirectory() ? "directory" : found.isSymbolicLink() ? "symlink" : `file ${String(found.size)}`;
}

async function onPond(tx: Transaction, operation: Operation): Promise<string> {
  const {does, path} = operation;
  if (does === "mkdir" || does === "mkdirs") await tx.mkdir(path, {recursive: does === "mkdirs"});
  else if (does === "remove" || does === "tree") await tx.remove(path, {recursive: does === "tree"});
  else if (does === "write") await tx.write(path, operation.text);
  else if (does === "rename") await tx.rename(path, operation.to);
  else if (does === "symlink") await tx.symlink(targetFrom(path, operation.to), path);
  else if (does === "read") return Buffer.from(await tx.read(path)).toString();
  else if (does === "list") return (await tx.list(path)).map(({name}) => name).join();
  else {
    const {kind, size} = does === "stat" ? await tx.stat(path) : await tx.lstat(path);
    return kind === "file" ? `file ${size}` : kind;
  }
  return "";
}

/** What an operation gives, or the code of its error in the pond's words. */
async function outcome(work: Promise<string>): Promise<string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PondError) return error.code;
    const code = codes[(error as NodeJS.ErrnoException).code ?? ""];
    if (code === undefined) throw error;
    return code;
  }
}

async function treeOf(root: string, path = ""): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(join(root, path))).sort()) {
    const child = `${path}/${name}`;
    const found = await lstat(join(root, child));
    if (found.isDirectory()) lines.push(`${child}/`, ...(await treeOf(root, child)));
    else if (found.isSymbolicLink()) lines.push(`${child} -> ${await readlink(join(root, child))}`);
    else lines.push(`${child} ${await readFile(join(root, child), "utf8")}`);
  }
  return lines;
}

async function pondTree(fs: Reader): Promise<string[]> {
  const lines: string[] = [];
  for await (const {path, kind, target} of fs.walk("/"))
    if (kind === "directory") lines.push(`${path}/`);
    else if (kind === "symlink") lines.push(`${path} -> ${target}`);
    else lines.push(`${path} ${Buffer.from(await fs.read(path)).toString()}`);
  return lines;
}

const base = "/1/2/3"; // so deep that a link that moved up still leads to somewhere below the root
const path = fc
  .array(fc.constantFrom("a", "b", "ü ü"), {minLength: 1, maxLength: 3})
  .map((names) => `${base}/${names.join("/")}`);
const alone = fc.constantFrom(...(["mkdir", "mkdirs", "remove", "tree", "read", "list", "stat", "lstat"] as const));
const pairwise = fc.constantFrom(...(["rename", "symlink"] as const));
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({does: alone, path}),
  fc.record({does: fc.constant("write" as const), path, text: fc.string()}),
  fc.record({does: pairwise, path, to: path})
);

test("each operation does what node:fs does, links included, and fails as it does", {timeout: 120_000}, async () => {
  const [cache, place] = [await scratch(), await scratch()];
  await fc.assert(
    fc.asyncProperty(fc.array(operation, {minLength: 5, maxLength: 40, size: "max"}), async (operations) => {
      const root = await mkdtemp(join(place, "host-"));
      const pond = await Pond.over(new MemoryStore(), cache, {create: true});
      await mkdir(join(root, base), {recursive: true});
      await pond.transaction({command: "test"}, async (tx) => {
        await tx.mkdir(base, {recursive: true});
        for (const step of operations) {
          const [theirs, ours] = [await outcome(onHost(root, step)), await outcome(onPond(tx, step))];
          const isOpen = step.does === "rename" || step.does === "mkdirs"; // of several things wrong either is told
          if (isOpen) expect(ours === "", JSON.stringify(step)).toBe(theirs === "");
          else expect(ours, JSON.stringify(step)).toBe(theirs);
        }
        expect(await pondTree(tx)).toEqual(await treeOf(root));
      });
      expect(await pondTree(await pond.fs())).toEqual(await treeOf(root));
      await pond.close();
    }),
    {numRuns: 100}
  );
});
