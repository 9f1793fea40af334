import {Command, InvalidArgumentError} from "commander";
import type {Change} from "../../pond/diff.js";
import {isPondError} from "../../pond/error.js";
import type {Pond} from "../../pond/pond.js";
import type {Commit} from "../../pond/types.js";
import {formatRows} from "../format.js";
import type {Row} from "../format.js";
import type {Shell} from "./shell.js";
import {changeSentence} from "./diff.js";

interface LogOptions {
  readonly count: number;
  readonly json?: boolean;
}

/** `pond log`: who did what, when, how long it took and how many readings it stored. */
export function log(shell: Shell): Command {
  return new Command("log")
    .description("tell the pond's transactions, the newest first, or one in full")
    .argument("[transaction]", "its number; all unless given", parseVersion)
    .option("-n, --count <number>", "how many at the most", parseCount, 20)
    .option("--json", "for a program to read")
    .addHelpText("after", "\nExamples:\n  pond log -n 5\n  pond log 12")
    .action((version: number | undefined, options: LogOptions) =>
      shell.withPond(async (pond) => {
        if (version !== undefined) return shell.out(await inFull(pond, version, options.json ?? false));
        const commits = (await pond.log({limit: options.count})).reverse();
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
    message: commit.message ?? "",
    "took ms": commit.tookMs,
    operations: commit.operations,
    rows: commit.rows
  };
}

/** A transaction with all that its commit tells, and what it changed. */
async function inFull(pond: Pond, version: number, json: boolean): Promise<string> {
  const {commit, operation} = await pond.commit(version);
  const changes = await changesOf(pond, version);
  if (json) return JSON.stringify({...commit, operation, changes}, null, 2);
  const told = changes?.map(changeSentence) ?? ["What it changed cannot be told: the past before it was let go."];
  const {txnId, previous} = commit;
  const facts = {...logRow(commit), operation, transaction: txnId, previous};
  const lines = Object.entries(facts).filter(([, value]) => value !== undefined && value !== "");
  return [...lines.map(([name, value]) => `${name.padEnd(12)}${String(value)}`), "", ...told].join("\n").trimEnd();
}

/** What is different from the transaction before; undefined when that one cannot be read any more. */
async function changesOf(pond: Pond, version: number): Promise<readonly Change[] | undefined> {
  if (version === 0) return [];
  return pond.diff({version: version - 1}, {version}).catch((error: unknown) => {
    if (!isPondError(error, "NOT_FOUND")) throw error;
    return undefined;
  });
}

function parseVersion(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It is a whole number from 0.");
  return Number(text);
}

function parseCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It is a whole number from 1.");
  return Number(text);
}
