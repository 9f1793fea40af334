import {Command} from "commander";
import type {Change} from "../../pond/diff.js";
import {counted} from "../format.js";
import {momentOf, parseMoment} from "./moment.js";
import type {Moment} from "./moment.js";
import type {Shell} from "./shell.js";

/** `pond diff from [to]`: what came, went, changed and moved between two snapshots. */
export function diff(shell: Shell): Command {
  return new Command("diff")
    .description("tell what differs between two snapshots")
    .argument("<from>", "a transaction (a number) or an instant (ISO 8601)", parseMoment)
    .argument("[to]", "likewise; now unless given", parseMoment)
    .option("--json", "for a program to read")
    .addHelpText("after", "\nExamples:\n  pond diff 12\n  pond diff 2026-02-01T00:00Z 2026-03-01T00:00Z")
    .action((from: Moment, to: Moment | undefined, {json}: {readonly json?: boolean}) =>
      shell.withPond(async (pond) => {
        const changes = await pond.diff(momentOf(from), to === undefined ? await pond.fs() : momentOf(to));
        if (json) shell.out(JSON.stringify(changes, null, 2));
        else for (const change of changes) shell.out(changeSentence(change));
      })
    );
}

/** A change in one line. */
export function changeSentence({what, path, from, versions, rows}: Change): string {
  const where = from === undefined ? "" : ` from ${from}`;
  const which = versions === undefined ? "" : `, version ${versions[0]} to ${versions[1]}`;
  const how = rows === undefined ? "" : `, ${counted(rows, "reading")}`;
  return `${what} ${path}${where}${which}${how}`;
}
