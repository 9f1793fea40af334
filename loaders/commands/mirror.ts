import {resolve} from "node:path";
import {Command} from "commander";
import {mirror as mirrorOut, mirrorBack} from "../../pond/mirror.js";
import type {Pond} from "../../pond/pond.js";
import type {Shell} from "../shell.js";

interface MirrorOptions {
  readonly back?: boolean;
  readonly watch?: boolean;
}

/** `pond mirror pattern directory`: physical files of chosen paths, updated both ways. */
export function mirror(shell: Shell): Command {
  return new Command("mirror")
    .description("keep chosen paths as ordinary files on the host: bytes as they are, series as Delta tables")
    .argument(
      "<paths...>",
      "a path or pattern of the pond and a directory of the host; with --back the directory alone"
    )
    .option("--back", "bring files that were changed in the mirror back into the pond")
    .option("--watch", "go on, and follow every transaction")
    .addHelpText("after", "\nExamples:\n  pond mirror '/sites/*' out\n  pond mirror --back out")
    .action((paths: string[], options: MirrorOptions, command: Command) => {
      if (paths.length !== (options.back ? 1 : 2))
        command.error("error: give a pattern and a directory, or --back and a directory");
      const directory = resolve(paths.at(-1)!);
      return shell.withPond((pond) =>
        options.back ? back(shell, pond, directory) : out(shell, pond, {pattern: paths[0]!, directory, options})
      );
    });
}

async function back(shell: Shell, pond: Pond, directory: string): Promise<void> {
  const {written, conflicts} = await mirrorBack(pond, directory);
  for (const path of written) shell.out(`stored ${path}`);
  tellConflicts(shell, conflicts);
}

interface Task {
  readonly pattern: string;
  readonly directory: string;
  readonly options: MirrorOptions;
}

async function out(shell: Shell, pond: Pond, task: Task): Promise<void> {
  await once(shell, pond, task);
  if (!task.options.watch) return;
  for await (const {version} of pond.watch()) {
    shell.effects.reporter.line(`transaction ${version}`);
    await once(shell, pond, task);
  }
}

async function once(shell: Shell, pond: Pond, {pattern, directory}: Task): Promise<void> {
  const {written, removed, waiting, conflicts} = await mirrorOut(pond, pattern, directory);
  for (const path of written) shell.out(`wrote ${path}`);
  for (const path of removed) shell.out(`removed ${path}`);
  for (const path of waiting) shell.out(`left ${path}: it was changed on the host; pond mirror --back brings it in`);
  tellConflicts(shell, conflicts);
}

function tellConflicts(shell: Shell, conflicts: readonly string[]): void {
  for (const path of conflicts)
    shell.effects.reporter.warn(
      `${path} was changed on both sides, and neither was touched: rename the host's file and run again.`
    );
  if (conflicts.length > 0) shell.troubled = true;
}
