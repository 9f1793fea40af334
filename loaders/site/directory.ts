import type {Dirent} from "node:fs";
import {mkdir, readdir, rm, rmdir} from "node:fs/promises";
import {join, relative, sep} from "node:path";

/** What stood in the published directory when this publication began, by paths below it. */
export interface Found {
  readonly files: ReadonlySet<string>;
  readonly folders: readonly string[];
}

/** What stands in a directory, which is made where there is none. */
export async function foundIn(directory: string): Promise<Found> {
  await mkdir(directory, {recursive: true});
  const entries = await readdir(directory, {recursive: true, withFileTypes: true});
  const pathOf = ({parentPath, name}: Dirent) => relative(directory, join(parentPath, name)).replaceAll(sep, "/");
  const files = new Set(entries.filter((entry) => entry.isFile()).map(pathOf));
  return {files, folders: entries.filter((entry) => entry.isDirectory()).map(pathOf)};
}

/** Removes published shards that were there and that nothing names, and directories that are left empty. */
export async function removeOthers(
  directory: string,
  {files, folders}: Found,
  kept: ReadonlySet<string>
): Promise<void> {
  const isOld = (path: string) => /\.parquet(\..*\.tmp)?$/.test(path) && !kept.has(path);
  const left = [...kept, ...[...files].filter((path) => !isOld(path))];
  const needed = new Set(left.flatMap(aboveOf));
  for (const path of files) if (isOld(path)) await rm(join(directory, path));
  for (const folder of [...folders].sort().reverse()) if (!needed.has(folder)) await rmdir(join(directory, folder));
}

/** The folders that a path stands in: of "a/b/c" "a" and "a/b". */
function aboveOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}
