import {readdir, rm} from "node:fs/promises";
import {join} from "node:path";
import type {Contents} from "./contents.js";
import {isAbsence} from "./disk.js";
import {toOpFile} from "./log.js";
import type {LogState} from "./log.js";
import {recall, remember} from "./memo.js";
import {attributesIn, decodeRecords} from "./record.js";
import type {OpFile, OpRecord} from "./record.js";

/**
 * The records of large op files, as maintenance leaves them under cache/ by the hash of the file. Whoever opens a pond
 * reads all records of a directory, and the contents that stand beside them are a hundred times as long.
 */

/** So many bytes, about, an op file has that is outlined; an outline of a smaller one would be as long as the file. */
const least = 2 ** 19;

/** What stands in an outline. */
interface Outline {
  readonly attributes: readonly string[]; // JSON, each once
  readonly records: readonly Line[];
}

interface Line extends Omit<OpRecord, "partId" | "file" | "attributes" | "content"> {
  readonly attributes: number; // which of them
  readonly content: string | null; // base64
}

/** The records of an op file, without contents but for those of directories and symlinks. CORRUPT when it is damaged. */
export async function recordsOf(contents: Contents, file: OpFile): Promise<readonly OpRecord[]> {
  return (await read(contents, file)) ?? decodeRecords(await contents.opFile(file), file);
}

/** Leaves an outline of each large op file of what is newest, and takes away those of files that are no more. */
export async function outline(contents: Contents, state: LogState): Promise<void> {
  const outlined = [...state.adds()].map(toOpFile).filter(isOutlined);
  const there = new Set(await namesIn(folder(contents)));
  for (const file of outlined) if (!there.delete(nameOf(file))) await write(contents, file);
  for (const name of there) await rm(join(folder(contents), name), {force: true}); // another maintenance may be faster
}

async function read(contents: Contents, file: OpFile): Promise<readonly OpRecord[] | undefined> {
  if (!isOutlined(file)) return undefined;
  const text = await recall(join(folder(contents), nameOf(file)));
  if (text === undefined) return undefined;
  const {attributes, records} = JSON.parse(text) as Outline;
  const recordOf = (line: Line): OpRecord => {
    const content = line.content === null ? null : new Uint8Array(Buffer.from(line.content, "base64"));
    const {partId, path} = file;
    return Object.assign(line, {partId, file: path, attributes: attributesIn(attributes[line.attributes]!), content});
  };
  return records.map(recordOf); // the parsed ones themselves: copies of thousands take longer than their parsing
}

async function write(contents: Contents, file: OpFile): Promise<void> {
  const places = new Map<string, number>();
  const records = (await decodeRecords(await contents.opFile(file), file)).map((record): Line => {
    const {partId: _, file: __, content, ...line} = record;
    const attributes = JSON.stringify(record.attributes);
    if (!places.has(attributes)) places.set(attributes, places.size);
    const held = content === null ? null : Buffer.from(content).toString("base64");
    return {...line, attributes: places.get(attributes)!, content: held};
  });
  const told: Outline = {attributes: [...places.keys()], records};
  await remember(contents, join(folder(contents), nameOf(file)), JSON.stringify(told));
}

/** The outlines that there are; not what another process is about to write. */
async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (!isAbsence(error)) throw error;
    return [];
  });
  return names.filter((name) => name.endsWith(".json"));
}

/** Those of the past are read by few. */
function isOutlined({sha256, bytes, isPast}: OpFile): boolean {
  return sha256 !== undefined && bytes >= least && !isPast;
}

function nameOf({sha256}: OpFile): string {
  return `${sha256}.json`;
}

function folder({cache}: Contents): string {
  return join(cache, "outlines-1"); // another number where what stands in them is another
}
