import {existsSync} from "node:fs";
import {mkdir, readdir, readFile, rm, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {replace} from "./disk.js";
import {isPondError, PondError} from "./error.js";
import type {FS} from "./fs.js";
import {mirrorTable} from "./mirrored.js";
import type {Pond} from "./pond.js";
import {hash} from "./record.js";
import {followed} from "./tree.js";
import type {Astray} from "./tree.js";
import type {Stat, Transaction} from "./types.js";

/** What one mirroring did, in paths of the pond. */
export interface Mirrored {
  readonly written: readonly string[]; // on the host, new or changed
  readonly removed: readonly string[]; // from the host: gone from the pond, and unchanged here
  readonly waiting: readonly string[]; // changed on the host alone: mirroring back brings them in
  readonly conflicts: readonly string[]; // changed on both sides: neither was touched
  readonly computed: readonly string[]; // changed on the host, and computed in the pond: neither was touched
  readonly astray: readonly {readonly path: string; readonly leads: Astray}[]; // links that have no file to be
}

/** What mirroring back did, in paths of the pond. */
export interface MirroredBack {
  readonly written: readonly string[]; // new versions in the pond
  readonly conflicts: readonly string[]; // changed on both sides: neither was touched
  readonly computed: readonly string[]; // where the pond computes what stands: neither was touched
}

/** Remembers what was the same on both sides, so that a change of either is seen. */
interface Manifest {
  readonly pattern: string;
  readonly files: Readonly<Record<string, string>>; // pond path to SHA-256
  readonly tables: readonly string[]; // pond paths
}

const manifestName = ".pond-mirror.json";

/**
 * Makes ordinary files of what a pattern matches, directories with all that is in them: bytes as they are, stored or
 * computed, series and tables as Delta tables; links are followed. Run again it changes only what changed, and rebuilds
 * what was deleted; what was changed on the host's side is never overwritten. Throws NOT_FOUND when nothing matches.
 */
export async function mirror(pond: Pond, pattern: string, directory: string): Promise<Mirrored> {
  const fs = await pond.fs();
  const {files, tables, astray} = await foundBy(fs, pattern);
  const manifest = await readManifest(directory, pattern);
  const removed = await removeGone(directory, manifest, {
    files: new Set(files.map(({path}) => path)),
    tables: new Set(tables.map(({path}) => path))
  });
  const done: Record<Outcome, string[]> = {written: [], waiting: [], conflicts: [], computed: []};
  const known: Record<string, string> = {};
  for (const stat of files) {
    const side = await mirrorFile(fs, stat, {directory, known: manifest.files[stat.path]});
    if (side.known !== undefined) known[stat.path] = side.known;
    if (side.outcome !== undefined) done[side.outcome].push(stat.path);
  }
  for (const stat of tables) if (await mirrorTable(fs, stat, join(directory, stat.path))) done.written.push(stat.path);
  await writeManifest(directory, {pattern, files: known, tables: tables.map(({path}) => path)});
  return {...done, removed, astray};
}

interface Found {
  readonly files: readonly Stat[];
  readonly tables: readonly Stat[]; // series as well
  readonly astray: Mirrored["astray"];
}

/** Files, series and tables that a pattern matches or that stand below what it matches; links followed. */
async function foundBy(fs: FS, pattern: string): Promise<Found> {
  const matches = await fs.glob(pattern);
  if (matches.length === 0)
    throw new PondError("NOT_FOUND", `Nothing in the pond matches ${pattern}; pond list shows what there is.`, {
      pattern
    });
  const seen = new Set<string>();
  const [files, tables, astray]: [Stat[], Stat[], Mirrored["astray"][number][]] = [[], [], []];
  for (const match of matches.filter(({path}) => !seen.has(path)))
    for await (const {stat, astray: leads} of followed(fs, match.path)) {
      if (seen.has(stat.path)) continue;
      seen.add(stat.path);
      if (leads !== undefined) astray.push({path: stat.path, leads});
      else if (stat.kind === "file") files.push(stat);
      else if (stat.kind !== "directory" && stat.kind !== "dynamic") tables.push(stat);
    }
  return {files, tables, astray};
}

interface Side {
  readonly directory: string;
  readonly known: string | undefined; // what both sides had when last mirrored
}

type Outcome = "written" | "waiting" | "conflicts" | "computed";

/** What a path computes is known only once it is read; of what is stored, the hash is. */
async function mirrorFile(fs: FS, {path, sha256}: Stat, side: Side): Promise<{outcome?: Outcome; known?: string}> {
  const file = join(side.directory, path);
  const computed = sha256 === undefined ? await fs.read(path) : undefined;
  const theirs = sha256 ?? hash(computed!);
  const own = await hashOf(file);
  if (own === theirs) return {known: theirs};
  if (own === undefined || own === side.known) {
    await mkdir(dirname(file), {recursive: true});
    await replace(file, async (temp) => writeFile(temp, computed ?? fs.stream(path)));
    return {outcome: "written", known: theirs};
  }
  if (computed !== undefined) return {outcome: "computed", known: side.known};
  return {outcome: theirs === side.known ? "waiting" : "conflicts", known: side.known};
}

async function hashOf(file: string): Promise<string | undefined> {
  return existsSync(file) ? hash(await readFile(file)) : undefined;
}

/** Takes from the host what left the pond; what was changed here since stays. */
async function removeGone(
  directory: string,
  manifest: Manifest,
  kept: {readonly files: ReadonlySet<string>; readonly tables: ReadonlySet<string>}
): Promise<string[]> {
  const removed: string[] = [];
  for (const [path, known] of Object.entries(manifest.files)) {
    if (kept.files.has(path) || (await hashOf(join(directory, path))) !== known) continue;
    await rm(join(directory, path));
    removed.push(path);
  }
  for (const path of manifest.tables) {
    if (kept.tables.has(path)) continue;
    await rm(join(directory, path), {recursive: true, force: true});
    removed.push(path);
  }
  return removed;
}

/**
 * Brings files that were changed or added in a mirror back into the pond, as new versions in one transaction. One that
 * changed on both sides is a conflict: it is told, and neither side is touched. Throws NOT_FOUND when the directory is
 * no mirror.
 */
export async function mirrorBack(pond: Pond, directory: string): Promise<MirroredBack> {
  const manifest = await readManifest(directory);
  const changed = await changedOnHost(directory, manifest);
  const {result} = await pond.transaction({command: "pond mirror --back"}, async (tx) => {
    const done: Record<keyof MirroredBack, string[]> = {written: [], conflicts: [], computed: []};
    for (const path of changed) {
      const own = await readFile(join(directory, path));
      const outcome = await bringBack(tx, path, {own, known: manifest.files[path]});
      if (outcome !== undefined) done[outcome].push(path);
    }
    return done;
  });
  const files = {...manifest.files};
  for (const path of result.written) files[path] = (await hashOf(join(directory, path)))!;
  await writeManifest(directory, {...manifest, files});
  return result;
}

interface HostFile {
  readonly own: Uint8Array;
  readonly known: string | undefined; // what both sides had when last mirrored
}

async function bringBack(
  tx: Transaction,
  path: string,
  {own, known}: HostFile
): Promise<keyof MirroredBack | undefined> {
  const found = (await tx.exists(path)) ? await tx.stat(path) : undefined;
  if (found !== undefined && found.sha256 === undefined) return "computed";
  if (found?.sha256 === hash(own)) return undefined;
  if (found?.sha256 !== known) return "conflicts";
  try {
    await tx.write(path, own, {parents: true});
    return "written";
  } catch (error) {
    if (isPondError(error, "READ_ONLY")) return "computed"; // in a directory that is
    throw error;
  }
}

async function changedOnHost(directory: string, {files, tables}: Manifest): Promise<string[]> {
  const entries = await readdir(directory, {recursive: true, withFileTypes: true});
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.replace(/\/$/, "").length))
    .filter((path) => path !== `/${manifestName}` && !tables.some((table) => path.startsWith(`${table}/`)));
  const changed: string[] = [];
  for (const path of paths.sort()) if ((await hashOf(join(directory, path))) !== files[path]) changed.push(path);
  return changed;
}

async function readManifest(directory: string, pattern?: string): Promise<Manifest> {
  const file = join(directory, manifestName);
  if (existsSync(file)) return JSON.parse(await readFile(file, "utf8")) as Manifest;
  if (pattern !== undefined) return {pattern, files: {}, tables: []};
  throw new PondError("NOT_FOUND", `${directory} is no mirror of a pond; make one with pond mirror.`, {directory});
}

async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  await mkdir(directory, {recursive: true});
  await replace(join(directory, manifestName), (temp) => writeFile(temp, JSON.stringify(manifest, null, 1)));
}
