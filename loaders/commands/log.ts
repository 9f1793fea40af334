import {Command, InvalidArgumentError} from "commander";
import type {Commit} from "../../pond/types.js";
import {formatRows} from "../format.js";
import type {Row} from "../format.js";
import type {Shell} from "../shell.js";

interface LogOptions {
  readonly count: number;
  readonly json?: boolean;
}

/** `pond log`: who did what, when, how long it took and how many readings it stored. */
export function log(shell: Shell): Command {
  return new Command("log")
    .description("tell the pond's transactions, the newest first")
    .option("-n, --count <number>", "how many at the most", parseCount, 20)
    .option("--json", "for a program to read")
    .action((options: LogOptions) =>
      shell.withPond(async (pond) => {
        const commits = (await pond.log()).toReversed().slice(0, options.count);
        shell.out(options.json ? JSON.stringify(commits, null, 2) : formatRows(commits.map(logRow), "table"));
      })
    );
}

function logRow(commit: Commit): Row {
  return {
    version: commit.version,
    time: new Date(commit.timestamp / 1000).toISOString(),
    user: commit.user,
    command: commit.command,
    "took ms": commit.tookMs,
    operations: commit.operations,
    rows: commit.rows
  };
}

function parseCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It is a whole number from 1.");
  return Number(text);
}
