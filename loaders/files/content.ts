import {createHash} from "node:crypto";
import {createReadStream, createWriteStream} from "node:fs";
import {open} from "node:fs/promises";
import {pipeline} from "node:stream/promises";
import {createGunzip} from "node:zlib";
import {unpacked} from "./zstandard.js";

/** What the bytes of a host file are, told in parts, so that a file that has grown is known by how it began. */

/** A part of a file: where it ends, and the hash of what stands between that and the end of the part before. */
export type Segment = readonly [end: number, sha256: string];

/** The hashes of a file's parts, which end as told, rising. A file that is shorter has fewer. */
export async function segmentsOf(path: string, ends: readonly number[], begin = 0): Promise<readonly Segment[]> {
  const segments: Segment[] = [];
  let from = begin;
  for (const end of ends) {
    const hash = createHash("sha256");
    let bytes = 0;
    if (end > from)
      for await (const chunk of createReadStream(path, {start: from, end: end - 1, highWaterMark: 1 << 20})) {
        hash.update(chunk as Buffer);
        bytes += (chunk as Buffer).length;
      }
    if (bytes < end - from) return segments;
    segments.push([end, hash.digest("hex")]);
    from = end;
  }
  return segments;
}

/** Whether a file is packed so. */
export function isGzip(path: string): boolean {
  return path.endsWith(".gz");
}

/** Whether a file is packed, in either way that is read. */
export function isPacked(path: string): boolean {
  return isGzip(path) || path.endsWith(".zst");
}

/** A file of the host, unpacked where it is `.gz` or `.zst`. */
export function bytesOf(path: string): AsyncIterable<Buffer> {
  const file = createReadStream(path, {highWaterMark: 2 ** 20});
  if (path.endsWith(".zst")) return unpacked(file);
  if (!isGzip(path)) return file;
  const gunzip = createGunzip({chunkSize: 2 ** 20});
  file.on("error", (error) => gunzip.destroy(error)).pipe(gunzip);
  gunzip.on("close", () => file.destroy()); // whoever reads may leave early
  return gunzip;
}

/** How many bytes are packed in a file, as its end tells (RFC 1952, section 2.3.1), which wraps at 4 GB. */
export async function packedSize(path: string, size: number): Promise<number> {
  const handle = await open(path, "r");
  try {
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4));
    return bytesRead === 4 ? buffer.readUInt32LE() : 0;
  } finally {
    await handle.close();
  }
}

/** Whether what is packed in a file is these parts and nothing else, or more that begins with them, or neither. */
export async function packedAs(path: string, segments: readonly Segment[]): Promise<"these" | "more" | undefined> {
  let [from, next, hash] = [0, 0, createHash("sha256")];
  for await (const chunk of bytesOf(path)) {
    let rest = chunk;
    for (; next < segments.length && from + rest.length >= segments[next]![0]; next++) {
      const [end, sha256] = segments[next]!;
      if (hash.update(rest.subarray(0, end - from)).digest("hex") !== sha256) return undefined;
      rest = rest.subarray(end - from);
      [from, hash] = [end, createHash("sha256")];
    }
    if (next === segments.length && rest.length > 0) return "more";
    hash.update(rest);
    from += rest.length;
  }
  return next === segments.length ? "these" : undefined;
}

/** Whether a file begins with these parts. */
export async function beginsWith(path: string, segments: readonly Segment[]): Promise<boolean> {
  let from = 0;
  for (const [end, sha256] of segments) {
    const [found] = await segmentsOf(path, [end], from);
    if (found?.[1] !== sha256) return false;
    from = end;
  }
  return true;
}

/** The hash of some bytes of a file. */
export async function sample(path: string, begin: number, end: number): Promise<string> {
  const [found] = await segmentsOf(path, [end], begin);
  return found?.[1] ?? "";
}

/** The first bytes of a file, or of what is packed in it, and no more than there are. */
export async function headOf(path: string, length: number): Promise<Buffer> {
  if (isPacked(path)) {
    let head = Buffer.alloc(0);
    for await (const chunk of bytesOf(path)) {
      head = Buffer.concat([head, chunk]); // a first one may be short, where who packed it wrote line by line
      if (head.length >= length) break;
    }
    return head.subarray(0, length);
  }
  const handle = await open(path, "r");
  try {
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The hash of the first bytes of what was read; none where there are fewer. */
export function hashOf(content: Buffer, length: number): string {
  if (content.length < length) return "";
  return createHash("sha256").update(content.subarray(0, length)).digest("hex");
}

/** Where the last whole line of a file ends, behind its line feed; 0 when there is none. */
export async function lastLineEnd(path: string, size: number): Promise<number> {
  const handle = await open(path, "r");
  const step = 65_536;
  try {
    for (let end = size; end > 0; end -= step) {
      const begin = Math.max(0, end - step);
      const {buffer, bytesRead} = await handle.read(Buffer.alloc(end - begin), 0, end - begin, begin);
      const found = buffer.subarray(0, bytesRead).lastIndexOf(10);
      if (found >= 0) return begin + found + 1;
    }
    return 0;
  } finally {
    await handle.close();
  }
}

/** Where a number of lines ends; undefined when there are fewer within what a header may take. */
export async function endOfLines(path: string, lines: number): Promise<number | undefined> {
  const handle = await open(path, "r");
  try {
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(1 << 20), 0, 1 << 20, 0);
    let end = 0;
    for (let line = 0; line < lines; line++) {
      const found = buffer.subarray(0, bytesRead).indexOf(10, end);
      if (found < 0) return undefined;
      end = found + 1;
    }
    return end;
  } finally {
    await handle.close();
  }
}

/** How many lines end within the first bytes of a file, or of what is packed in it. */
export async function linesWithin(path: string, bytes: number): Promise<number> {
  let [lines, left] = [0, bytes];
  for await (const chunk of bytesOf(path)) {
    const part = chunk.subarray(0, left);
    for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) lines++;
    left -= part.length;
    if (left === 0) break;
  }
  return lines;
}

/**
 * Writes a file of text, or what is packed in it, without some of its lines, which are told with their line feeds and
 * by their numbers, from 1. What stands behind the last line feed stays.
 */
export async function writeWithout(
  path: string,
  target: string,
  isLeft: (line: Buffer, number: number) => boolean
): Promise<void> {
  const kept = async function* (chunks: AsyncIterable<Buffer>) {
    let [number, rest] = [0, Buffer.alloc(0)];
    for await (const chunk of chunks) {
      rest = Buffer.concat([rest, chunk]);
      const lines: Buffer[] = [];
      let from = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
        const line = rest.subarray(from, end + 1);
        if (!isLeft(line, ++number)) lines.push(line);
        from = end + 1;
      }
      yield Buffer.concat(lines);
      rest = rest.subarray(from);
    }
    yield rest;
  };
  await pipeline(bytesOf(path), kept, createWriteStream(target));
}

/** Writes the tail of a file, below the lines that it began with. */
export async function writeTail(
  path: string,
  target: string,
  {lead, begin}: {lead: number; begin: number}
): Promise<void> {
  const parts = lead > 0 ? [{start: 0, end: lead - 1}, {start: begin}] : [{start: begin}];
  for (const [index, part] of parts.entries())
    await pipeline(createReadStream(path, part), createWriteStream(target, {flags: index === 0 ? "w" : "a"}));
}
