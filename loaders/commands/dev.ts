import {Command} from "commander";
import {previewSite} from "../site/framework.js";
import type {Shell} from "./shell.js";
import {runPipeline} from "./run.js";

/** `pond dev`: the pipeline, then the same site served live while its pages are edited. */
export function dev(shell: Shell): Command {
  return new Command("dev")
    .description("run the pipeline and serve the site live on this machine")
    .option("--port <number>", "the port to listen on (default: the first free from 3000)")
    .action(async ({port}: {readonly port?: string}) => {
      await previewSite({root: shell.root, published: await runPipeline(shell), port});
    });
}
