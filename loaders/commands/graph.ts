import {Command, Option} from "commander";
import {isPondError} from "../../pond/error.js";
import {kinds} from "../kinds.js";
import {foreseen, type Foreseen} from "../runs/apply.js";
import {dependenciesOf, inOrder, type Party} from "../runs/order.js";
import {nameOf, readResources} from "../resources/resource.js";
import type {Shell} from "./shell.js";
import type {Resource} from "../types.js";

interface GraphOptions {
  readonly format: "text" | "mermaid";
  readonly json?: boolean;
}

/** `pond graph`: which resource waits for which. */
export function graph(shell: Shell): Command {
  return new Command("graph")
    .description("tell which resource is made of what which others make, in the order in which they run")
    .addOption(new Option("--format <format>", "how to tell it").choices(["text", "mermaid"]).default("text"))
    .option("--json", "for a program to read")
    .addHelpText("after", explanation)
    .action(async ({format, json}: GraphOptions) => {
      const resources = await readResources(shell.deployment().resources, kinds, shell.effects.env);
      const found = await foreseenBy(shell, resources);
      if (json) shell.out(JSON.stringify(plain(found), null, 2));
      else shell.out((format === "text" ? text : mermaid)(found));
    });
}

const explanation = `
In Mermaid an arrow says what is read. Links that stand in the pond are followed, and what
left the files and is not pruned counts where something reads it. Resources that wait for
one another are refused, with the cycle drawn, as they are when they are applied.

Examples:
  pond graph
  pond graph --format mermaid > graph.mmd`;

/** With what the pond holds beside the resources; by these alone while there is no pond. */
async function foreseenBy(shell: Shell, resources: readonly Resource[]): Promise<Foreseen> {
  const dependencies = dependenciesOf(resources, kinds);
  let found: Foreseen = {ordered: inOrder(resources, dependencies), dependencies};
  const look = shell.withPond(async (pond) => void (found = await foreseen(await pond.fs(), resources)));
  await look.catch((error: unknown) => {
    if (!isPondError(error, "NOT_A_POND")) throw error;
  });
  return found;
}

/** Of one that left the files that as well. */
function labelOf(one: Party): string {
  return one.place ? nameOf(one) : `${nameOf(one)} (left)`;
}

/** A line each, with the sources after an arrow. */
function text({ordered, dependencies}: Foreseen): string {
  const lines = ordered.map((one) => {
    const sources = dependencies.filter(({reader}) => reader === one).map(({source}) => labelOf(source));
    return sources.length === 0 ? labelOf(one) : `${labelOf(one)} ← ${sources.join(", ")}`;
  });
  return lines.join("\n");
}

/** See https://mermaid.js.org/syntax/flowchart.html: what is in quotes may be anything but a quote. */
function mermaid({ordered, dependencies}: Foreseen): string {
  const id = (one: Party) => `r${ordered.indexOf(one)}`;
  const nodes = ordered.map((one) => `  ${id(one)}["${labelOf(one)}"]`);
  const edges = dependencies.map(
    ({source, reader, paths}) => `  ${id(source)} -->|"${paths.join("<br>").replaceAll('"', "#quot;")}"| ${id(reader)}`
  );
  return ["flowchart LR", ...nodes, ...edges].join("\n");
}

function plain({ordered, dependencies}: Foreseen) {
  return {
    resources: ordered.map(({kind, name, description, place}) => ({
      ...{kind, name, description},
      ...(place ? {} : {left: true})
    })),
    dependencies: dependencies.map(({source, reader, paths}) => ({from: nameOf(source), to: nameOf(reader), paths}))
  };
}
