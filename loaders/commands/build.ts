import {Command} from "commander";
import {buildSite} from "../site/framework.js";
import type {Shell} from "./shell.js";
import {runPipeline} from "./run.js";

/** `pond build`: the pipeline, then the pages: everything from source to `dist/`. */
export function build(shell: Shell): Command {
  return new Command("build")
    .description("run the pipeline and build the site into dist/")
    .option("--base <path>", "the path that the site is served under (default: $POND_BASE, or /)")
    .addHelpText("after", "\nExample:\n  pond build --base /some-repo/")
    .action(async ({base}: {readonly base?: string}) => {
      const started = performance.now();
      const published = await runPipeline(shell);
      shell.effects.reporter.step("Building the pages");
      const {pages, files, bytes} = await buildSite({root: shell.root, published, base});
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      shell.out(`Built ${pages} pages, ${files} files, ${bytes} in dist/ in ${seconds} s.`);
    });
}
