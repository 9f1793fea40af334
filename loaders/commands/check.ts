import {Command, InvalidArgumentError} from "commander";
import {check as inspect} from "../../pond/check.js";
import type {Checked} from "../../pond/check.js";
import type {Problem} from "../../pond/types.js";
import {checkedIn} from "../site/details.js";
import {replaceFile} from "../file.js";
import {counted, formatBytes} from "../format.js";
import type {Shell} from "./shell.js";
import type {CheckEntry} from "../types.js";

interface CheckOptions {
  readonly data?: boolean;
  readonly subset?: number;
  readonly json?: boolean;
}

/** `pond check`: proves that the pond is as it was written. */
export function check(shell: Shell): Command {
  return new Command("check")
    .description("prove that the pond is as it was written: log, checkpoints, op files, blobs, directories")
    .option("--data", "also hash all content")
    .option("--subset <share>", "with --data: only this share of the content, chosen at random, such as 5%", parseShare)
    .option("--json", "for a program to read")
    .addHelpText(
      "after",
      "\nThe exit status is 1 when something is wrong.\n\nExamples:\n  pond check\n  pond check --data --subset 5%"
    )
    .action(async ({json, ...options}: CheckOptions, command: Command) => {
      if (options.subset !== undefined && !options.data) command.error("error: --subset is a share of --data");
      const place = shell.place();
      const checked = await inspect(place, options);
      await keep(checkedIn(place.cache), checked, shell);
      if (json) shell.out(JSON.stringify(checked, null, 2));
      else tell(shell, checked);
      if (checked.problems.length > 0) shell.troubled = true;
    });
}

/** Keeps what was found for the page Status; a disk that takes no writing can be checked all the same. */
async function keep(file: string, {problems, commits, records, hashed}: Checked, shell: Shell): Promise<void> {
  const time = new Date(shell.effects.now()).toISOString();
  const entry: CheckEntry = {time, commits, records, hashed, problems: problems.length};
  await replaceFile(file, JSON.stringify(entry)).catch((error: NodeJS.ErrnoException) => {
    if (!["EROFS", "EACCES", "EPERM"].includes(error.code ?? "")) throw error;
    shell.effects.reporter.warn(`The page Status will not tell of this check: ${file} cannot be written.`);
  });
}

function tell(shell: Shell, {problems, ...counts}: Checked): void {
  const told = [
    [counts.commits, "commit"],
    [counts.checkpoints, "checkpoint"],
    [counts.opFiles, "op file"],
    [counts.records, "record"],
    [counts.blobs, "blob"],
    [counts.nodes, "node"]
  ] as const;
  shell.out(`Checked ${told.map(([count, noun]) => counted(count, noun)).join(", ")}.`);
  if (counts.hashed > 0) shell.out(`Hashed ${counted(counts.hashed, "content")}, ${formatBytes(counts.bytes)}.`);
  for (const problem of problems) shell.out(sentenceOf(problem));
  shell.out(problems.length === 0 ? "All is well." : `Found ${counted(problems.length, "problem")}.`);
}

/** A problem in one line: which file, of which transaction, what, and what to do. */
export function sentenceOf({file, version, sentence, remedy}: Problem): string {
  return `${file}${version === undefined ? "" : ` (transaction ${version})`}: ${sentence} ${remedy}`;
}

function parseShare(text: string): number {
  const share = Number(/^(\d+(\.\d+)?)%$/.exec(text)?.[1]) / 100;
  if (share > 0 && share <= 1) return share;
  throw new InvalidArgumentError("It is a share in percent, above 0% and up to 100%.");
}
