import {resolve} from "node:path";
import {Command} from "commander";
import {mirror as mirrorOut, mirrorBack} from "../../pond/mirror.js";
import type {Mirrored, MirroredBack} from "../../pond/mirror.js";
import type {Pond} from "../../pond/pond.js";
import type {Shell} from "./shell.js";

interface MirrorOptions {
  readonly back?: boolean;
  readonly watch?: boolean;
  readonly json?: boolean;
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
    .option("--json", "for a program to read; with --watch an object on a line for each transaction")
    .addHelpText("after", explanation)
    .action((paths: string[], options: MirrorOptions, command: Command) => {
      if (paths.length !== (options.back ? 1 : 2))
        command.error("error: give a pattern and a directory, or --back and a directory");
      if (options.back && options.watch) command.error("error: --watch follows the pond, --back the host; give one");
      const directory = resolve(paths.at(-1)!);
      return shell.withPond((pond) =>
        options.back
          ? back(shell, pond, {directory, options})
          : out(shell, pond, {pattern: paths[0]!, directory, options})
      );
    });
}

const explanation = `
Links are followed, and what is computed on access is written as it is now. Series and
tables become Delta tables, which Spark, Trino, ClickHouse, Polars and DuckDB read.

Examples:
  pond mirror '/sites/*' out
  pond mirror --back out`;

interface Back {
  readonly directory: string;
  readonly options: MirrorOptions;
}

interface Out extends Back {
  readonly pattern: string;
}

async function back(shell: Shell, pond: Pond, {directory, options}: Back): Promise<void> {
  const done = await mirrorBack(pond, directory);
  if (options.json) shell.out(JSON.stringify(done, null, 2));
  else for (const path of done.written) shell.out(`stored ${path}`);
  tellTrouble(shell, done);
}

async function out(shell: Shell, pond: Pond, task: Out): Promise<void> {
  const from = await pond.fs();
  await once(shell, pond, task);
  if (!task.options.watch) return;
  for await (const {version} of pond.watch({from})) {
    shell.effects.reporter.line(`transaction ${version}`);
    await once(shell, pond, task);
  }
}

async function once(shell: Shell, pond: Pond, {pattern, directory, options}: Out): Promise<void> {
  const done = await mirrorOut(pond, pattern, directory);
  if (options.json) shell.out(JSON.stringify(done, null, options.watch ? 0 : 2));
  else for (const line of linesOf(done)) shell.out(line);
  tellTrouble(shell, done);
}

function linesOf({written, removed, waiting, astray}: Mirrored): string[] {
  const ways = {nowhere: "leads nowhere", back: "leads back to a directory that it stands in"};
  return [
    ...removed.map((path) => `removed ${path}`),
    ...written.map((path) => `wrote ${path}`),
    ...waiting.map((path) => `left ${path}: it was changed on the host; pond mirror --back brings it in`),
    ...astray.map(({path, leads}) => `left out ${path}: the link ${ways[leads]}`)
  ];
}

function tellTrouble(shell: Shell, {conflicts, computed}: Pick<MirroredBack, "conflicts" | "computed">): void {
  const {reporter} = shell.effects;
  for (const path of conflicts)
    reporter.warn(`${path} was changed on both sides, and neither was touched: rename the host's file and run again.`);
  for (const path of computed)
    reporter.warn(`${path} is computed in the pond, and the host's file was left: rename that and run again.`);
  if (conflicts.length + computed.length > 0) shell.troubled = true;
}
