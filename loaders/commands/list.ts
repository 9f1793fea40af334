import {Command} from "commander";
import {isGlob} from "../../pond/glob.js";
import type {Reader, Stat} from "../../pond/types.js";
import {formatBytes, formatCount, formatRows} from "../format.js";
import type {Row} from "../format.js";
import type {Shell} from "./shell.js";

interface ListOptions {
  readonly long?: boolean;
  readonly json?: boolean;
}

/** `pond list [pattern]`: what a directory holds, or what a pattern matches. */
export function list(shell: Shell): Command {
  return new Command("list")
    .description("list a directory of the pond, or the paths that a pattern matches")
    .argument("[pattern]", "a path, or a pattern with * ** ? [a-z] {a,b}", "/")
    .option("-l, --long", "with kind, version, rows, bytes and time span")
    .option("--json", "for a program to read")
    .addHelpText("after", "\nExamples:\n  pond list\n  pond list -l '/sites/*'\n  pond list '/instruments/**'")
    .action((pattern: string, options: ListOptions) =>
      shell.withPond(async (pond) => print(shell, await find(await pond.fs(), pattern), options))
    );
}

async function find(fs: Reader, pattern: string): Promise<readonly Stat[]> {
  if (isGlob(pattern) && !(await fs.exists(pattern))) return matching(fs, pattern);
  const stat = await fs.stat(pattern);
  return stat.kind === "directory" || stat.kind === "dynamic" ? fs.list(pattern) : [stat];
}

async function matching(fs: Reader, pattern: string): Promise<readonly Stat[]> {
  const found = await fs.glob(pattern);
  if (found.length > 0) return found.map(({stat}) => stat);
  throw new Error(`nothing in the pond matches ${pattern}: pond list '/**' shows all there is`);
}

function print(shell: Shell, found: readonly Stat[], {json, long}: ListOptions): void {
  if (json) shell.out(JSON.stringify(found, null, 2));
  else if (found.length === 0) return;
  else if (long) shell.out(formatRows(found.map(longRow), "table"));
  else shell.out(found.map(shortName).join("\n"));
}

function shortName(stat: Stat): string {
  if (stat.kind === "symlink") return `${stat.path} -> ${stat.target}${stat.dangling ? " (dangling)" : ""}`;
  const isDirectory = stat.kind === "directory" || stat.kind === "dynamic";
  return isDirectory && stat.path !== "/" ? `${stat.path}/` : stat.path;
}

function longRow(stat: Stat): Row {
  return {
    kind: stat.kind,
    version: stat.version,
    rows: stat.rows === undefined ? "" : formatCount(stat.rows),
    bytes: formatBytes(stat.size),
    first: day(stat.minTime),
    last: day(stat.maxTime),
    path: shortName(stat)
  };
}

/** Minutes are enough to tell readings apart in a listing. */
function day(micros: number | undefined): string {
  return micros === undefined ? "" : new Date(micros / 1000).toISOString().replace(/:\d\d\.\d+Z$/, "Z");
}
