import {Command} from "commander";
import type {Pond} from "../../pond/pond.js";
import {formatCount, formatRows} from "../format.js";
import type {Row} from "../format.js";
import {lastRuns} from "../runs/history.js";
import type {Shell} from "./shell.js";
import type {Fared} from "../types.js";

/** `pond status`: how each resource fared in the last run that had news of it. */
export function status(shell: Shell): Command {
  return new Command("status")
    .description("tell how each resource fared, and what the pond holds; exit status 1 when one is in trouble")
    .option("--json", "for a program to read")
    .action((options: {readonly json?: boolean}) => shell.withPond((pond) => print(shell, pond, options)));
}

async function print(shell: Shell, pond: Pond, {json}: {readonly json?: boolean}): Promise<void> {
  const fs = await pond.fs();
  const runs = await lastRuns(fs, pond.cache);
  shell.troubled = runs.some((run) => run.errors.length > 0);
  if (json) return shell.out(JSON.stringify({version: fs.version, runs}, null, 2));
  shell.out(`Transaction ${fs.version}; ${runs.length} resources.`);
  if (runs.length > 0) shell.out(formatRows(runs.map(statusRow), "table"));
  for (const run of runs) for (const line of toldOf(run)) shell.out(`${run.kind}/${run.name}: ${line}`);
}

function toldOf({errors, stale}: Fared): readonly string[] {
  return stale.length === 0 ? errors : [...errors, `stale: it went on without what is new of ${stale.join(", ")}`];
}

function statusRow(run: Fared): Row {
  return {
    resource: `${run.kind}/${run.name}`,
    "last run": new Date(run.last.started).toISOString(),
    "took ms": run.last.tookMs,
    "last news": new Date(run.started).toISOString(),
    read: formatCount(run.read),
    stored: formatCount(run.stored),
    "set aside": formatCount(run.aside),
    errors: run.errors.length,
    stale: run.stale.length > 0 ? "yes" : ""
  };
}
