import {Command} from "commander";
import {Pond} from "../../pond/pond.js";
import type {Shell} from "./shell.js";

/** `pond init`: makes an empty pond. */
export function init(shell: Shell): Command {
  return new Command("init")
    .description("make an empty pond; pond run and pond build make one themselves")
    .addHelpText("after", "\nExamples:\n  pond init\n  pond --pond /data/harbour init")
    .action(async () => {
      const {pond: directory} = shell.deployment();
      const pond = await Pond.init(directory, {effects: {now: shell.effects.now}});
      await pond.close();
      shell.out(`Made a pond in ${directory}.`);
    });
}
