import {relative, resolve} from "node:path";
import {compile, isGlob} from "../pond/glob.js";

/** A file of the host that a pattern matched, and what its wildcards stood for. */
export interface HostMatch {
  readonly path: string; // absolute
  readonly captures: readonly string[]; // $0, $1, … from left to right
}

/**
 * The files of the host that a pattern matches, sorted by path; the pattern means what it means in the pond, and is
 * relative to `base`. Names that begin with a dot are passed over: programs write half-finished files under them.
 */
export async function hostFiles(base: string, pattern: string): Promise<readonly HostMatch[]> {
  const {directory, rest} = split(pattern);
  const root = resolve(base, directory);
  const compiled = compile(`/${rest}`);
  const deep = compiled.levels.includes("**") ? Infinity : compiled.levels.length;
  const {glob} = await import("tinyglobby"); // few commands look for files of the host
  const found = await glob("**", {cwd: root, deep, onlyFiles: true, expandDirectories: false});
  return found.sort().flatMap((name) => {
    const captures = compiled.match(`/${relative(root, resolve(root, name))}`);
    return captures ? [{path: resolve(root, name), captures}] : [];
  });
}

/** How many captures a pattern has. Throws a sentence for one that is not closed. */
export function capturesIn(pattern: string): number {
  const counts = compile(`/${split(pattern).rest}`).levels.map((level) =>
    level === "**" ? 1 : new RegExp(`${level.source}|`, level.flags).exec("")!.length - 1
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What is wrong with a template that asks for more captures than the pattern has; undefined where nothing is. */
export function unfillable(template: string, pattern: string, count: number): string | undefined {
  const asked = [...template.matchAll(/\$(\d+)/g)].map(([, index]) => Number(index)).find((index) => index >= count);
  if (asked === undefined) return undefined;
  const has = `${pattern} has ${count === 0 ? "no wildcard" : count === 1 ? "1 wildcard" : `${count} wildcards`}`;
  return `there is no $${asked}, since ${has}${count === 0 ? "" : " (the first is $0)"}`;
}

/** Puts captures where `$0, $1, …` stand; nothing where there are fewer. */
export function fill(template: string, captures: readonly string[]): string {
  return template.replace(/\$(\d+)/g, (_, index) => captures[Number(index)] ?? "");
}

/** What stands before the first name with a wildcard, and the rest: at least the file's name. */
function split(pattern: string): {readonly directory: string; readonly rest: string} {
  const names = pattern.split("/");
  const wild = names.findIndex(isGlob);
  const cut = wild < 0 ? names.length - 1 : wild;
  const directory = names.slice(0, cut).join("/");
  return {directory: pattern.startsWith("/") ? `/${directory}` : directory, rest: names.slice(cut).join("/")};
}
