import {Command} from "commander";
import {pipeline} from "../site/pipeline.js";
import {counted, formatCount} from "../format.js";
import type {Shell} from "./shell.js";
import type {RunResult} from "../runs/run.js";
import type {RunRow} from "../types.js";

/** `pond run`: collect, store and publish the data, without making the pages. */
export function run(shell: Shell): Command {
  return new Command("run")
    .description("collect what is new, store it, and publish the data")
    .argument("[name...]", "run these resources alone: a name, or Kind/name")
    .addHelpText("after", "\nExamples:\n  pond run\n  pond run Inbox/files")
    .action(async (names: string[]) => void (await runPipeline(shell, names)));
}

/** Runs the pipeline, tells what came of it, and remembers trouble for the exit status. Gives the published directory. */
export async function runPipeline(shell: Shell, only: readonly string[] = []): Promise<string> {
  const onRun = (result: RunResult) => tellRun(shell, result);
  const made = await pipeline({root: shell.root, effects: shell.effects, only, onRun});
  shell.out(`Published ${made.catalogue.datasets.map((dataset) => dataset.label).join(", ") || "no dataset"}.`);
  if (made.failed) shell.troubled = true;
  return made.directory;
}

function tellRun(shell: Shell, result: RunResult): void {
  for (const {kind, name, change} of result.applied)
    if (change === "left") shell.out(`${kind}/${name} is in no file any more: pond apply --prune removes it.`);
  for (const row of result.rows) tellRow(shell, row);
  shell.out(storedIn(result));
}

function storedIn({rows, commits}: RunResult): string {
  if (commits.length === 0) return "Nothing new: no transaction.";
  const stored = rows.reduce((sum, row) => sum + row.stored, 0);
  const into = counted(commits.length, "transaction");
  return `Stored ${counted(stored, "reading")} in ${into}, the last ${commits.at(-1)!.version}.`;
}

function tellRow(shell: Shell, row: RunRow): void {
  const name = `${row.kind}/${row.name}`;
  if (row.read > 0 || row.aside > 0) {
    const aside = row.aside > 0 ? `, ${formatCount(row.aside)} set aside` : "";
    shell.out(`${name}: ${formatCount(row.read)} read, ${formatCount(row.stored)} stored${aside}.`);
  }
  for (const note of row.notes) shell.out(`${name}: ${note}`);
  if (row.stale.length > 0)
    shell.effects.reporter.warn(`${name} went on without what is new of ${row.stale.join(", ")}.`);
  for (const error of row.errors) shell.effects.reporter.warn(`${name}: ${error}`);
}
