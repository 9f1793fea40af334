import {existsSync} from "node:fs";
import {mkdir, readdir, readFile, rm, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {replace} from "./disk.js";
import {PondError} from "./error.js";
import type {FS} from "./fs.js";
import {mirrorSeries} from "./mirrored.js";
import type {Pond} from "./pond.js";
import {hash} from "./record.js";
import type {Stat} from "./types.js";

/** What one mirroring did, in paths of the pond. */
export interface Mirrored {
  readonly written: readonly string[]; // on the host, new or changed
  readonly removed: readonly string[]; // from the host: gone from the pond, and unchanged here
  readonly waiting: readonly string[]; // changed on the host alone: mirroring back brings them in
  readonly conflicts: readonly string[]; // changed on both sides: neither was touched
}

/** What mirroring back did, in paths of the pond. */
export interface MirroredBack {
  readonly written: readonly string[]; // new versions in the pond
  readonly conflicts: readonly string[]; // changed on both sides: neither was touched
}

/** Remembers what was the same on both sides, so that a change of either is seen. */
interface Manifest {
  readonly pattern: string;
  readonly files: Readonly<Record<string, string>>; // pond path to SHA-256
  readonly tables: readonly string[]; // pond paths
}

const manifestName = ".pond-mirror.json";

/**
 * Makes ordinary files of what a pattern matches, directories with all that is in them: bytes as they are, series and
 * tables as Delta tables. Run again it changes only what changed, and rebuilds what was deleted; what was changed on
 * the host's side is never overwritten. Throws NOT_FOUND when nothing matches.
 */
export async function mirror(pond: Pond, pattern: string, directory: string): Promise<Mirrored> {
  const fs = await pond.fs();
  const stats = await leavesOf(fs, pattern);
  const manifest = await readManifest(directory, pattern);
  const done = {written: [] as string[], removed: [] as string[], waiting: [] as string[], conflicts: [] as string[]};
  const files: Record<string, string> = {};
  for (const stat of stats) {
    if (stat.kind !== "file") {
      if (await mirrorSeries(await fs.series(stat.path), join(directory, stat.path), pond.duck))
        done.written.push(stat.path);
      continue;
    }
    const {outcome, known} = await mirrorFile(fs, stat, {directory, known: manifest.files[stat.path]});
    if (known !== undefined) files[stat.path] = known;
    if (outcome !== undefined) done[outcome].push(stat.path);
  }
  done.removed.push(...(await removeGone(directory, manifest, new Set(stats.map(({path}) => path)))));
  const tables = stats.filter(({kind}) => kind !== "file").map(({path}) => path);
  await writeManifest(directory, {pattern, files, tables});
  return done;
}

/** Files, series and tables that a pattern matches or that stand below what it matches; links followed. */
async function leavesOf(fs: FS, pattern: string): Promise<readonly Stat[]> {
  const matches = await fs.glob(pattern);
  if (matches.length === 0)
    throw new PondError("NOT_FOUND", `Nothing in the pond matches ${pattern}; pond list shows what there is.`, {
      pattern
    });
  const found = new Map<string, Stat>();
  const visit = async (path: string): Promise<void> => {
    const stat = {...(await fs.stat(path)), path};
    if (stat.kind !== "directory" && stat.kind !== "dynamic") return void found.set(path, stat);
    for (const child of await fs.list(path)) if (!child.dangling) await visit(child.path);
  };
  for (const {path, stat} of matches) if (!stat.dangling) await visit(path);
  return [...found.values()];
}

interface Side {
  readonly directory: string;
  readonly known: string | undefined; // what both sides had when last mirrored
}

type Outcome = "written" | "waiting" | "conflicts";

async function mirrorFile(fs: FS, {path, sha256}: Stat, side: Side): Promise<{outcome?: Outcome; known?: string}> {
  const file = join(side.directory, path);
  const own = await hashOf(file);
  if (own === sha256) return {known: sha256};
  if (own === undefined || own === side.known) {
    await mkdir(dirname(file), {recursive: true});
    await replace(file, async (temp) => writeFile(temp, await fs.read(path)));
    return {outcome: "written", known: sha256};
  }
  return {outcome: sha256 === side.known ? "waiting" : "conflicts", known: side.known};
}

async function hashOf(file: string): Promise<string | undefined> {
  return existsSync(file) ? hash(await readFile(file)) : undefined;
}

/** Takes from the host what left the pond; what was changed here since stays. */
async function removeGone(directory: string, manifest: Manifest, kept: ReadonlySet<string>): Promise<string[]> {
  const removed: string[] = [];
  for (const [path, known] of Object.entries(manifest.files)) {
    if (kept.has(path) || (await hashOf(join(directory, path))) !== known) continue;
    await rm(join(directory, path));
    removed.push(path);
  }
  for (const path of manifest.tables) {
    if (kept.has(path)) continue;
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
    const done = {written: [] as string[], conflicts: [] as string[]};
    for (const path of changed) {
      const now = (await tx.exists(path)) ? (await tx.stat(path)).sha256 : undefined;
      const own = await readFile(join(directory, path));
      if (now === hash(own)) continue;
      const safe = now === manifest.files[path];
      if (safe) await tx.write(path, own, {parents: true});
      done[safe ? "written" : "conflicts"].push(path);
    }
    return done;
  });
  const files = {...manifest.files};
  for (const path of result.written) files[path] = (await hashOf(join(directory, path)))!;
  await writeManifest(directory, {...manifest, files});
  return result;
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
