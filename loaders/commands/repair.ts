import {Argument, Command} from "commander";
import {planRepair, repairable} from "../../pond/repair.js";
import type {Shell} from "./shell.js";
import {sentenceOf} from "./check.js";

interface RepairOptions {
  readonly from?: string;
  readonly apply?: boolean;
  readonly json?: boolean;
}

/** `pond repair part`: tells what would mend one part of the pond, and with --apply does it. */
export function repair(shell: Shell): Command {
  return new Command("repair")
    .description("mend what pond check finds, one part at a time; only tells the steps, unless --apply is given")
    .addArgument(new Argument("<part>", "what to mend").choices(repairable))
    .option("--from <directory>", "a copy of the pond: what is damaged here and whole there is restored from it")
    .option("--apply", "take the steps")
    .option("--json", "for a program to read")
    .addHelpText("after", explanation)
    .action(async (part: (typeof repairable)[number], {from, apply = false, json}: RepairOptions) => {
      const {steps, left} = await planRepair(shell.place(), part, from === undefined ? {} : {from});
      for (const {sentence, take} of steps) {
        if (apply) await take();
        if (!json) shell.out(`${apply ? "done" : "would"}: ${sentence}`);
      }
      if (left.length > 0) shell.troubled = true;
      if (json) return shell.out(JSON.stringify({apply, steps: steps.map(({sentence}) => sentence), left}, null, 2));
      for (const problem of left) shell.out(`left: ${sentenceOf(problem)}`);
      shell.out(conclusion(steps.length, left.length, apply));
    });
}

const explanation = `
  log         restores commits and op files from the copy; where there is none, sets the
              commits from a break in the chain on aside: the pond is what it was before
  checkpoint  sets damaged checkpoints aside and makes one anew from the commits
  blobs       restores content from the copy

What is damaged is never deleted, but set aside under lost/ in the pond. Make a copy of
the pond first, run pond check after, and again where it says so.

Examples:
  pond repair blobs --from /backup/pond
  pond repair log --apply`;

function conclusion(steps: number, left: number, apply: boolean): string {
  if (steps === 0)
    return left === 0 ? "There is nothing to mend." : "Nothing here can be mended without a copy that has it.";
  return apply ? "Run pond check to see what is left." : "Nothing was changed; --apply takes these steps.";
}
