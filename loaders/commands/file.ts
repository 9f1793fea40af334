import {posix} from "node:path";
import {Command} from "commander";
import type {Transaction} from "../../pond/types.js";
import type {Shell} from "./shell.js";

/** The commands that change names and directories, each one transaction. */

export function mkdir(shell: Shell): Command {
  return new Command("mkdir")
    .description("make directories")
    .argument("<path...>", "where")
    .option("-p, --parents", "make missing parents, and mind none that is there")
    .action((paths: string[], {parents}: {readonly parents?: boolean}) =>
      change(shell, "pond mkdir", async (tx) => {
        for (const path of paths) await tx.mkdir(path, {recursive: parents});
      })
    );
}

export function rm(shell: Shell): Command {
  return new Command("rm")
    .description("remove files, series, links and directories; earlier transactions keep them")
    .argument("<path...>", "what")
    .option("-r, --recursive", "directories with all that is in them")
    .option("-f, --force", "mind none that is not there")
    .action((paths: string[], options: {readonly recursive?: boolean; readonly force?: boolean}) =>
      change(shell, "pond rm", async (tx) => {
        for (const path of paths) await tx.remove(path, options);
      })
    );
}

export function mv(shell: Shell): Command {
  return new Command("mv")
    .description("rename or move; the history goes along")
    .argument("<paths...>", "what, then its new path; or a directory that takes all of it")
    .addHelpText("after", "\nExamples:\n  pond mv /notes.txt /old.txt\n  pond mv /a.txt /b.txt /attic")
    .action((paths: string[], _: unknown, command: Command) => {
      const [from, to] = [paths.slice(0, -1), paths.at(-1)!];
      if (from.length === 0) command.error("error: say what to move, and where to");
      return change(shell, "pond mv", (tx) => move(tx, from, to));
    });
}

/** Into the target when that is a directory, or has to be one; else to its name. */
async function move(tx: Transaction, from: readonly string[], to: string): Promise<void> {
  const kind = (await tx.exists(to)) ? (await tx.stat(to)).kind : undefined;
  const isInto = kind === "directory" || kind === "dynamic";
  if (!isInto && (from.length > 1 || to.endsWith("/")))
    throw new Error(`${to} is no directory of the pond: make it with pond mkdir, or move one path to a new name`);
  for (const path of from) await tx.rename(path, isInto ? posix.join(to, posix.basename(path)) : to);
}

export function ln(shell: Shell): Command {
  return new Command("ln")
    .description("make a symbolic link")
    .argument("<target>", "where it leads, absolute or relative to the link")
    .argument("<path>", "the link")
    .action((target: string, path: string) => change(shell, "pond ln", (tx) => tx.symlink(target, path)));
}

function change(shell: Shell, command: string, body: (tx: Transaction) => Promise<void>): Promise<void> {
  return shell.withPond(async (pond) => void (await pond.transaction({command}, body)));
}
