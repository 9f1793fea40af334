import {mkdir, readFile, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {blobKey} from "./contents.js";
import type {Contents} from "./contents.js";
import {replace} from "./disk.js";
import {toOpFile} from "./log.js";
import type {LogState} from "./log.js";
import {recall, remember} from "./memo.js";
import {recordsOf} from "./outline.js";
import type {OpFile} from "./record.js";
import type {Listed} from "./types.js";

/** What a vacuum took away. */
export interface Vacuumed {
  readonly files: number;
  readonly bytes: number;
}

/** Objects that nothing refers to: since when that is known (ms since 1970), and the store's mark then. */
type Orphans = Readonly<Record<string, {readonly since: number; readonly mark: string}>>;

/**
 * Deletes op files that were replaced, and objects that nothing refers to, longer ago than the retention. How long an
 * object has been without a reference is not what its modification time says, but since when a vacuum knows it; and a
 * put of the same content in between, whose commit may be on its way, begins the time anew.
 */
export async function vacuum(
  contents: Contents,
  state: LogState,
  {now, retention}: {readonly now: number; readonly retention: number}
): Promise<Vacuumed> {
  const list = join(contents.cache, "orphans.json");
  const remembered = await textOf(list);
  const known = JSON.parse(remembered ?? "{}") as Orphans;
  const replaced = new Map([...state.removes()].map((remove) => [`oplog/${remove.path}`, remove.deletionTimestamp]));
  const referred = await referredTo(contents, state);
  const orphans: Record<string, {since: number; mark: string}> = {};
  let [files, bytes] = [0, 0];
  for await (const {key, stat} of objects(contents)) {
    if (referred.has(key)) continue;
    const found = await stat();
    if (found === undefined) continue;
    const {size, mark} = found;
    const before = known[key]?.mark === mark ? known[key]?.since : undefined;
    const since = replaced.get(key) ?? before ?? now;
    if (since > now - retention || mark === undefined) {
      if (!replaced.has(key) && mark !== undefined) orphans[key] = {since, mark};
      continue;
    }
    await contents.store.delete(key);
    files++;
    bytes += size;
  }
  await keep(list, JSON.stringify(orphans), remembered);
  return {files, bytes};
}

async function* objects({store}: Contents): AsyncIterable<Listed> {
  yield* store.list("oplog/part_id=");
  yield* store.list("blobs/");
}

/** The blobs that op files need, by the hash of the op file: it never changes, and those of the past are many and large. */
type Needs = Readonly<Record<string, readonly string[]>>;

/** Keys of the op files of a state, and of the blobs that their records need. */
async function referredTo(contents: Contents, state: LogState): Promise<ReadonlySet<string>> {
  const file = join(contents.cache, "needs.json");
  const before = await recall(file);
  const known = JSON.parse(before ?? "{}") as Needs; // nothing where that was changed: what nothing needs is deleted
  const needs: Record<string, readonly string[]> = {};
  const keys = new Set<string>();
  for (const op of [...state.adds()].map(toOpFile)) {
    const needed = known[op.sha256 ?? ""] ?? (await neededBy(contents, op));
    if (op.sha256 !== undefined) needs[op.sha256] = needed;
    for (const key of [`oplog/${op.path}`, ...needed.map(blobKey)]) keys.add(key);
  }
  const text = JSON.stringify(needs);
  if (text !== before) await remember(contents, file, text);
  return keys;
}

async function neededBy(contents: Contents, op: OpFile): Promise<readonly string[]> {
  const records = await recordsOf(contents, op);
  return [...new Set(records.filter(({inline}) => !inline).map(({sha256}) => sha256))];
}

/** Writes what the next vacuum is to know, unless that stands there. */
async function keep(file: string, text: string, before: string | undefined): Promise<void> {
  if (text === before) return;
  await mkdir(dirname(file), {recursive: true});
  await replace(file, (temp) => writeFile(temp, text));
}

async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
}
