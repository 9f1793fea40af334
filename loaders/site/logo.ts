import {readFile, rm} from "node:fs/promises";
import {dirname, extname, join, resolve} from "node:path";
import type {DashboardSpec} from "../kinds/dashboard.js";
import {replaceFile} from "../file.js";
import {formatBytes} from "../format.js";
import type {Effects, Resource} from "../types.js";

/** Where a logo is from, and where it goes. */
interface Logo {
  readonly resources: readonly Resource[];
  readonly directory: string; // of what is published
  readonly effects: Effects;
}

const forms = [".svg", ".png"] as const; // src/data has a loader for each
const largest = 200_000; // bytes: every page shows it

/** Publishes the Dashboard's logo under a name of its own, and gives that; says why when it cannot be had. */
export async function publishLogo({resources, directory, effects}: Logo): Promise<string | undefined> {
  const dashboard = resources.find(({kind}) => kind === "Dashboard") as Resource<DashboardSpec> | undefined;
  const name = await copyLogo(dashboard, directory).catch((error: unknown) => {
    effects.reporter.warn(`The dashboard's logo ${dashboard!.spec.logo} is not shown: ${reasonOf(error)}.`);
    return undefined;
  });
  for (const form of forms) if (name !== `logo${form}`) await rm(join(directory, `logo${form}`), {force: true});
  return name;
}

async function copyLogo(
  dashboard: Resource<DashboardSpec> | undefined,
  directory: string
): Promise<string | undefined> {
  const file = dashboard?.spec.logo;
  if (file === undefined) return undefined;
  const bytes = await readFile(resolve(dirname(dashboard!.place.file), file));
  if (bytes.length > largest)
    throw new Error(`it has ${formatBytes(bytes.length)}, and may have ${formatBytes(largest)}`);
  const name = `logo${extname(file).toLowerCase()}`;
  const target = join(directory, name);
  if (bytes.equals(await readFile(target).catch(() => Buffer.alloc(0)))) return name;
  await replaceFile(target, bytes);
  return name;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
