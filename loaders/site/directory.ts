import {mkdirSync, readdirSync, rmdirSync, rmSync} from "node:fs";
import {join} from "node:path";

/** What stood in the published directory when this publication began, by paths below it. */
export interface Found {
  readonly files: ReadonlySet<string>;
  readonly folders: readonly string[];
}

/** What is published as shards at several resolutions. */
interface Sharded {
  readonly resolutions: readonly {readonly shards: readonly {readonly file: string}[]}[];
}

/** The published files of something, below the directory. */
export function filesOf({resolutions}: Sharded): string[] {
  return resolutions.flatMap(({shards}) => shards.map(({file}) => file));
}

/** Whether all files of something are there. */
export function isPublished({resolutions}: Sharded, {files}: Found): boolean {
  return resolutions.every(({shards}) => shards.every(({file}) => files.has(file)));
}

/** What stands in a directory, which is made where there is none. Looked at on the spot: see `host` in pond/disk.ts. */
export function foundIn(directory: string): Found {
  mkdirSync(directory, {recursive: true});
  const found = {files: new Set<string>(), folders: [] as string[]};
  const look = (below: string) => {
    for (const entry of readdirSync(join(directory, below), {withFileTypes: true})) {
      const path = `${below}${entry.name}`;
      if (entry.isFile()) found.files.add(path);
      if (!entry.isDirectory()) continue;
      found.folders.push(path);
      look(`${path}/`);
    }
  };
  look("");
  return found;
}

/** Removes published shards that were there and that nothing names, and directories that are left empty; how many went. */
export function removeOthers(directory: string, {files, folders}: Found, kept: ReadonlySet<string>): number {
  const old = new Set([...files].filter((path) => !kept.has(path) && /\.parquet(\..*\.tmp)?$/.test(path)));
  const needed = new Set<string>();
  for (const path of kept) addAbove(path, needed);
  for (const path of files) if (!old.has(path)) addAbove(path, needed);
  for (const path of old) rmSync(join(directory, path));
  const empty = folders.filter((folder) => !needed.has(folder)).sort();
  for (const folder of empty.reverse()) rmdirSync(join(directory, folder));
  return old.size;
}

/** The folders that a path stands in: of "a/b/c" "a/b" and "a". One that is known brings those above it. */
function addAbove(path: string, known: Set<string>): void {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  if (folder === "" || known.has(folder)) return;
  known.add(folder);
  addAbove(folder, known);
}
