import {Command} from "commander";
import type {AppliedRow, ApplyResult} from "../runs/apply.js";
import {counted} from "../format.js";
import {applyResources} from "../site/pipeline.js";
import type {Shell} from "./shell.js";

interface ApplyOptions {
  readonly prune?: boolean;
  readonly json?: boolean;
}

/** `pond apply`: makes the pond's resources those of the files, without running them. */
export function apply(shell: Shell): Command {
  return new Command("apply")
    .description("check all resources and make the pond's those of the files, in one transaction, without running them")
    .option("--prune", "remove resources that left the files from the pond; what they stored stays")
    .option("--json", "for a program to read")
    .addHelpText("after", explanation)
    .action(async ({json, ...options}: ApplyOptions) => {
      const result = await applyResources(shell.deployment(), shell.effects, options);
      if (json) return shell.out(JSON.stringify({...result, version: result.commit?.version}, null, 2));
      for (const line of linesOf(result)) shell.out(line);
    });
}

const explanation = `
Tells of each resource whether it was created, updated, renamed or is unchanged. One that
left the files stays in the pond as it was, and is told of, until it is pruned. A resource
keeps its UUID when it is edited. It does so too when it is renamed and nothing else about
it is changed at the same time, or when its UUID stands in its metadata.

Examples:
  pond apply
  pond apply --prune`;

function linesOf({rows, commit}: ApplyResult): readonly string[] {
  const resources = counted(rows.length, "resource");
  const last = commit
    ? `Applied ${resources} as transaction ${commit.version}.`
    : `${resources} as before: no transaction.`;
  return [...rows.map(lineOf), last];
}

function lineOf({kind, name, change, before}: AppliedRow): string {
  const more = {renamed: ` (it was ${before})`, left: ": it is in no file; --prune removes it"}[change as string] ?? "";
  return `${change.padEnd("unchanged".length)}  ${kind}/${name}${more}`;
}
