import {existsSync} from "node:fs";
import {writeFile} from "node:fs/promises";
import {join} from "node:path";
import process from "node:process";
import type {DashboardSpec} from "../kinds/dashboard.js";
import {deploymentFrom} from "../runs/deployment.js";
import {kinds} from "../kinds.js";
import {readResources} from "../resources/resource.js";

/** `npm run new -- page "Name"`: a page to start from, about what the Dashboard shows. */

/** What is made, and what to tell. */
interface Made {
  readonly file: string; // below the project's directory
  readonly listed: boolean; // whether the sidebar lists it by itself
}

/** Writes `src/<name>.md`. Throws a sentence when there is one already, or the name has no letter. */
export async function newPage(root: string, name: string, dashboard?: DashboardSpec): Promise<Made> {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  if (slug === "") throw new Error(`"${name}" has no letter or digit for the page's address: write another name`);
  const file = `src/${slug}.md`;
  for (const taken of [file, `${file}.ts`])
    if (existsSync(join(root, taken))) throw new Error(`${taken} is there already: write another name, or edit it`);
  await writeFile(join(root, file), pageOf(name, dashboard), {flag: "wx"});
  return {file, listed: dashboard?.pages === undefined};
}

/** The page of the guide, with names that this deployment has. */
function pageOf(name: string, dashboard?: DashboardSpec): string {
  const parameter = dashboard?.parameters.find(({hidden}) => !hidden)?.name;
  const sites = dashboard?.sites.slice(0, 2).map((site) => site.name);
  return `# ${name}

What this page shows, in a sentence.

\`\`\`js
import {chart} from "./components/page.js";
display(chart({
  parameter: ${JSON.stringify(parameter ?? "write the name of a parameter")},
  sites: ${JSON.stringify(sites ?? ["write the names of sites"])}
}));
\`\`\`
`;
}

const usage = 'npm run new -- page "Name"';

async function main([what, name, ...rest]: readonly string[]): Promise<number> {
  if (what !== "page" || name === undefined || rest.length > 0) {
    process.stderr.write(`Usage: ${usage}\n`);
    return 2;
  }
  const root = join(import.meta.dirname, "../..");
  const resources = await readResources(deploymentFrom(root, process.env).resources, kinds, process.env);
  const dashboard = resources.find(({kind}) => kind === "Dashboard")?.spec as DashboardSpec | undefined;
  const {file, listed} = await newPage(root, name, dashboard);
  const next = listed ? "npm run dev shows it" : "name it under pages in the Dashboard, and npm run dev shows it";
  process.stdout.write(`Made ${file}: ${next}. PAGES.md says what a page can do.\n`);
  return 0;
}

if (process.argv[1] === import.meta.filename)
  process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`new: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  });
