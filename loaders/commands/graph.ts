import {Command, Option} from "commander";
import {kinds} from "../kinds.js";
import {dependenciesOf, inOrder} from "../runs/order.js";
import type {Dependency} from "../runs/order.js";
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
      const dependencies = dependenciesOf(resources, kinds);
      const ordered = inOrder(resources, dependencies);
      if (json) shell.out(JSON.stringify(plain(ordered, dependencies), null, 2));
      else shell.out((format === "text" ? text : mermaid)(ordered, dependencies));
    });
}

const explanation = `
In Mermaid an arrow says what is read. Resources that wait for one another are refused,
with the cycle drawn.

Examples:
  pond graph
  pond graph --format mermaid > graph.mmd`;

/** A line each, with the sources after an arrow. */
function text(resources: readonly Resource[], dependencies: readonly Dependency[]): string {
  const lines = resources.map((resource) => {
    const sources = dependencies.filter(({reader}) => reader === resource).map(({source}) => nameOf(source));
    return sources.length === 0 ? nameOf(resource) : `${nameOf(resource)} ← ${sources.join(", ")}`;
  });
  return lines.join("\n");
}

/** See https://mermaid.js.org/syntax/flowchart.html: what is in quotes may be anything but a quote. */
function mermaid(resources: readonly Resource[], dependencies: readonly Dependency[]): string {
  const id = (resource: Resource) => `r${resources.indexOf(resource)}`;
  const nodes = resources.map((resource) => `  ${id(resource)}["${nameOf(resource)}"]`);
  const edges = dependencies.map(
    ({source, reader, paths}) => `  ${id(source)} -->|"${paths.join("<br>").replaceAll('"', "#quot;")}"| ${id(reader)}`
  );
  return ["flowchart LR", ...nodes, ...edges].join("\n");
}

function plain(resources: readonly Resource[], dependencies: readonly Dependency[]) {
  return {
    resources: resources.map(({kind, name, description}) => ({kind, name, description})),
    dependencies: dependencies.map(({source, reader, paths}) => ({from: nameOf(source), to: nameOf(reader), paths}))
  };
}
