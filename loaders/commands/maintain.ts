import {Command, InvalidArgumentError} from "commander";
import type {Maintained} from "../../pond/maintain.js";
import {counted, formatBytes} from "../format.js";
import {parseSpan} from "./moment.js";
import type {Shell} from "./shell.js";

interface MaintainOptions {
  readonly keep?: number; // ms
  readonly retention?: number; // ms
  readonly json?: boolean;
}

/** `pond maintain`: keeps a pond quick to open, and as small as it may be. */
export function maintain(shell: Shell): Command {
  return new Command("maintain")
    .description("make the pond quick to open: compact the log, write a checkpoint, delete what nothing needs")
    .option("--keep <span>", "how far back the past must be readable, such as 90d; all of it unless given", parse)
    .option("--retention <span>", "how long what nothing refers to stays; 7d unless given", parse)
    .option("--json", "for a program to read")
    .addHelpText("after", explanation)
    .action(({json, ...options}: MaintainOptions) =>
      shell.withPond(async (pond) => {
        const done = await pond.maintain(options);
        shell.out(json ? JSON.stringify(done, null, 2) : sentences(done).join("\n"));
      })
    );
}

const explanation = `
Safe at any moment, also beside a run, and after being cut off. What paths hold never
changes. Without --keep all of the past stays. A span is a number with h, d or w.

Examples:
  pond maintain
  pond maintain --keep 365d`;

function sentences(done: Maintained): string[] {
  const {opFiles, partitions, versions, records, checkpoint, commits, files, bytes} = done;
  const said = [
    opFiles > 0 && `Compacted ${counted(opFiles, "op file")} of ${counted(partitions, "directory", "directories")}.`,
    versions > 0 && `Merged ${counted(versions, "version")} of series.`,
    records > 0 && `Let ${counted(records, "record")} of the past go.`,
    checkpoint !== undefined && `Wrote a checkpoint of transaction ${checkpoint}.`,
    commits > 0 && `Deleted ${counted(commits, "commit")} of the past.`,
    files > 0 && `Deleted ${counted(files, "file")} that nothing needs, ${formatBytes(bytes)}.`
  ].filter((sentence) => sentence !== false);
  return said.length === 0 ? ["There was nothing to do."] : said;
}

function parse(text: string): number {
  const span = parseSpan(text);
  if (span === undefined) throw new InvalidArgumentError("It is a number with h, d or w, such as 90d.");
  return span;
}
