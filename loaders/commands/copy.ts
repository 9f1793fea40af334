import {mkdir, readdir, readFile, stat as hostStat, writeFile} from "node:fs/promises";
import {basename, dirname, join, posix} from "node:path";
import {Command} from "commander";
import type {Reader, Stat, Transaction} from "../../pond/types.js";
import {formatCount} from "../format.js";
import type {Shell} from "../shell.js";

const host = "host:";

/** `pond copy from… to`: files and directory trees into the pond or out of it. */
export function copy(shell: Shell): Command {
  return new Command("copy")
    .description("copy files and directory trees into the pond, or out of it")
    .argument("<paths...>", `what to copy, then the directory to copy it to; paths of the host are written ${host}path`)
    .addHelpText("after", `\nSeries and tables come out as Parquet files.\n\nExamples:\n${examples}`)
    .action((paths: string[], _: unknown, command: Command) => {
      const [from, to] = [paths.slice(0, -1), paths.at(-1)!];
      if (from.length === 0) command.error("error: say what to copy, and where to");
      const inward = from.every((path) => path.startsWith(host)) && !to.startsWith(host);
      const outward = !from.some((path) => path.startsWith(host)) && to.startsWith(host);
      if (!inward && !outward) command.error(`error: either all sources or the target begins with ${host}`);
      return shell.withPond(async (pond) => {
        const copied = inward
          ? (await pond.transaction({command: "pond copy"}, (tx) => copyIn(tx, from, to))).result
          : await copyOut(await pond.fs(), from, to.slice(host.length));
        shell.out(`Copied ${formatCount(copied)} files.`);
      });
    });
}

const examples = `  pond copy host:notes.txt host:photos /attic
  pond copy '/sites/*' host:out`;

// ---- Into the pond ----

async function copyIn(tx: Transaction, from: readonly string[], to: string): Promise<number> {
  let copied = 0;
  for (const path of from.map((source) => source.slice(host.length)))
    copied += await copyInto(tx, path, posix.join(to, basename(path)));
  return copied;
}

async function copyInto(tx: Transaction, path: string, to: string): Promise<number> {
  if ((await hostStat(path)).isDirectory()) {
    await tx.mkdir(to, {recursive: true});
    let copied = 0;
    for (const name of await readdir(path)) copied += await copyInto(tx, join(path, name), posix.join(to, name));
    return copied;
  }
  await tx.write(to, await readFile(path), {parents: true});
  return 1;
}

// ---- Out of the pond ----

async function copyOut(fs: Reader, from: readonly string[], to: string): Promise<number> {
  let copied = 0;
  for (const pattern of from) {
    const found = await fs.glob(pattern);
    if (found.length === 0) throw new Error(`nothing in the pond matches ${pattern}: pond list shows what there is`);
    for (const {path} of found) copied += await copyFrom(fs, await fs.stat(path), join(to, basename(path)));
  }
  return copied;
}

async function copyFrom(fs: Reader, {path, kind}: Stat, to: string): Promise<number> {
  if (kind === "directory" || kind === "dynamic") {
    await mkdir(to, {recursive: true});
    let copied = 0;
    for (const {path: child, name} of await fs.list(path))
      copied += await copyFrom(fs, await fs.stat(child), join(to, name));
    return copied;
  }
  await mkdir(dirname(to), {recursive: true});
  await writeFile(kind === "file" ? to : `${to}.parquet`, await fs.read(path));
  return 1;
}
