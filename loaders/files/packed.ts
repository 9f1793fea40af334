import {open, stat} from "node:fs/promises";
import type {FileHandle} from "node:fs/promises";
import {Writable} from "node:stream";
import {pipeline} from "node:stream/promises";
import {bytesOf, isGzip} from "./content.js";

/**
 * Throws, in words that follow the file's name, where a packed file ends too early, as one does that is still copied:
 * DuckDB reads what is there without a word, and its last line is a part of one.
 */
export async function refuseCut(path: string): Promise<void> {
  if (isGzip(path)) await unpack(path, new Writable({write: (_chunk, _encoding, done) => done()}));
  if (path.endsWith(".zst") && !(await areFrames(path))) throw new Error(cut);
}

const cut = "it ends in the middle of what is packed in it, as a copy that is not finished does";

/** What is packed in a file as `.gz`. Throws likewise. */
export async function unpack(path: string, target: Writable): Promise<void> {
  try {
    await pipeline(bytesOf(path), target);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR") throw new Error(cut, {cause: error});
    throw error;
  }
}

// ---- Zstandard (RFC 8878, section 3): frames of blocks that tell their sizes ----

async function areFrames(path: string): Promise<boolean> {
  const {size} = await stat(path);
  const handle = await open(path, "r");
  try {
    let at = 0;
    while (at < size) at = await endOfFrame(handle, at);
    return at === size;
  } finally {
    await handle.close();
  }
}

/** Where a frame ends, if all of it is there; what is no frame is left to who reads it. */
async function endOfFrame(handle: FileHandle, begin: number): Promise<number> {
  const head = await bytesAt(handle, begin, 5);
  const magic = head.length < 4 ? 0 : head.readUInt32LE();
  if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50)
    return begin + 8 + (await bytesAt(handle, begin + 4, 4)).readUInt32LE();
  if (magic !== 0xfd2fb528 || head.length < 5) throw new Error("it is not packed as .zst, as its name says");
  const descriptor = head[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const content = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  let at = begin + 5 + (isSingle ? 0 : 1) + dictionary + content;
  for (let isLast = false; !isLast;) {
    const block = await bytesAt(handle, at, 3);
    if (block.length < 3) return Infinity;
    const header = block.readUIntLE(0, 3);
    isLast = (header & 1) !== 0;
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3); // a block of one byte repeated holds that one
  }
  return at + ((descriptor & 4) !== 0 ? 4 : 0);
}

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const {buffer, bytesRead} = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
