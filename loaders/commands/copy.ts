import {createReadStream, existsSync} from "node:fs";
import {mkdir, readdir, readFile, realpath, stat as hostStat, writeFile} from "node:fs/promises";
import {basename, dirname, join, posix} from "node:path";
import {Command} from "commander";
import {followed} from "../../pond/tree.js";
import type {Reader, Transaction} from "../../pond/types.js";
import {counted} from "../format.js";
import type {Shell} from "./shell.js";

const host = "host:";

/** `pond copy from… to`: files and directory trees into the pond or out of it. */
export function copy(shell: Shell): Command {
  return new Command("copy")
    .description("copy files and directory trees into the pond, or out of it")
    .argument(
      "<paths...>",
      `what to copy, paths or patterns, then the directory to copy it to; those of the host are written ${host}path`
    )
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
          : await copyOut(shell, await pond.fs(), {from, to: to.slice(host.length)});
        shell.out(`Copied ${counted(copied, "file")}.`);
      });
    });
}

const examples = `  pond copy host:notes.txt host:photos /attic
  pond copy 'host:logs/*.csv' /attic
  pond copy '/sites/*' host:out`;

// ---- Into the pond ----

async function copyIn(tx: Transaction, from: readonly string[], to: string): Promise<number> {
  let copied = 0;
  for (const source of from)
    for (const path of await onHost(source.slice(host.length)))
      copied += await copyInto(tx, path, posix.join(to, basename(path)));
  return copied;
}

/** The paths of the host that a path or a pattern stands for; what is there by that very name is no pattern. */
async function onHost(pattern: string): Promise<readonly string[]> {
  const {glob, isDynamicPattern} = await import("tinyglobby");
  if (!isDynamicPattern(pattern) || existsSync(pattern)) return [pattern];
  const found = await glob(pattern, {onlyFiles: false, expandDirectories: false});
  if (found.length > 0) return found.sort().map((path) => path.replace(/\/$/, ""));
  throw new Error(`nothing on the host matches ${pattern}: ls shows what there is`);
}

async function copyInto(tx: Transaction, path: string, to: string, above: readonly string[] = []): Promise<number> {
  if ((await hostStat(path)).isDirectory()) {
    const real = await realpath(path);
    if (above.includes(real)) throw new Error(`${path} leads back to a directory that it stands in: copy without it`);
    await tx.mkdir(to, {recursive: true});
    let copied = 0;
    for (const name of await readdir(path))
      copied += await copyInto(tx, join(path, name), posix.join(to, name), [...above, real]);
    return copied;
  }
  const isFile = (await hostStat(path)).isFile();
  await tx.write(to, isFile ? () => piecesOf(path) : await readFile(path), {parents: true}); // a pipe is read but once
  return 1;
}

function piecesOf(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, {highWaterMark: 1 << 20}) as AsyncIterable<Uint8Array>;
}

// ---- Out of the pond ----

interface Way {
  readonly from: readonly string[]; // paths and patterns of the pond
  readonly to: string; // a directory of the host
}

async function copyOut(shell: Shell, fs: Reader, {from, to}: Way): Promise<number> {
  let copied = 0;
  for (const pattern of from) {
    const found = await fs.glob(pattern);
    if (found.length === 0) throw new Error(`nothing in the pond matches ${pattern}: pond list shows what there is`);
    for (const {path} of found) copied += await copyFrom(shell, fs, {path, to: join(to, basename(path))});
  }
  return copied;
}

/** A path with all below it, links followed; one that cannot be is told, and the rest goes on. */
async function copyFrom(shell: Shell, fs: Reader, {path: top, to}: {path: string; to: string}): Promise<number> {
  let copied = 0;
  for await (const {stat, astray} of followed(fs, top)) {
    const target = join(to, stat.path.slice(top.length));
    if (astray !== undefined) {
      const where = astray === "back" ? "back to a directory that it stands in" : "nowhere";
      shell.effects.reporter.warn(`${stat.path} is a link that leads ${where}: it was left out.`);
      shell.troubled = true;
    } else if (stat.kind === "directory" || stat.kind === "dynamic") await mkdir(target, {recursive: true});
    else {
      await mkdir(dirname(target), {recursive: true});
      await writeFile(stat.kind === "file" ? target : `${target}.parquet`, fs.stream(stat.path));
      copied++;
    }
  }
  return copied;
}
