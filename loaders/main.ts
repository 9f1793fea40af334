import {Command, CommanderError} from "commander";
import {apply} from "./commands/apply.js";
import {build} from "./commands/build.js";
import {cat} from "./commands/cat.js";
import {check} from "./commands/check.js";
import {copy} from "./commands/copy.js";
import {describe} from "./commands/describe.js";
import {dev} from "./commands/dev.js";
import {diff} from "./commands/diff.js";
import {ln, mkdir, mv, rm} from "./commands/file.js";
import {graph} from "./commands/graph.js";
import {init} from "./commands/init.js";
import {kinds} from "./commands/kinds.js";
import {list} from "./commands/list.js";
import {log} from "./commands/log.js";
import {maintain} from "./commands/maintain.js";
import {mirror} from "./commands/mirror.js";
import {repair} from "./commands/repair.js";
import {run} from "./commands/run.js";
import {simulate} from "./commands/simulate.js";
import {status} from "./commands/status.js";
import {openShell} from "./commands/shell.js";
import type {Shell, ShellOptions} from "./commands/shell.js";

/** What the `pond` command can do: one file, one line. */
const commands = [
  ...[init, apply, run, build, dev, list, cat, describe, copy, mkdir, rm, mv, ln, mirror],
  ...[kinds, graph, log, diff, status, check, repair, maintain, simulate]
];

/** Exit statuses of the `pond` command. */
export const exits = {ok: 0, trouble: 1, usage: 2} as const;

/**
 * Runs the `pond` command and gives its exit status: 0 done, 1 trouble (said in one sentence), 2 wrong usage.
 * The stack of an error is shown only with `--debug`.
 */
export async function main(argv: readonly string[], shell: Shell = openShell()): Promise<number> {
  const program = programOf(shell);
  try {
    await program.parseAsync(argv, {from: "user"});
    return shell.troubled ? exits.trouble : exits.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exits.ok : exits.usage;
    shell.err(program.opts<ShellOptions>().debug ? stackOf(error) : `pond: ${sentenceOf(error)}`);
    return exits.trouble;
  }
}

/** The whole command line, ready to parse or to be documented. */
export function programOf(shell: Shell): Command {
  const program = new Command("pond")
    .description("Collect, keep and publish the readings of a small sensor network.")
    .option("--pond <directory>", "where the pond is (default: $POND, or .pond)")
    .option("--resources <directory>", "where the YAML resources are (default: $POND_RESOURCES, or resources)")
    .option("--debug", "show where an error comes from")
    .version("0.1.0")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({writeOut: (text) => shell.write(text), writeErr: (text) => shell.err(text.trimEnd())})
    .showHelpAfterError("Try `pond --help`.")
    .hook("preAction", () => shell.configure(program.opts<ShellOptions>()));
  for (const command of commands) program.addCommand(command(shell).copyInheritedSettings(program));
  return program;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
