import {isUtf8} from "node:buffer";
import {createWriteStream} from "node:fs";
import {join} from "node:path";
import {pipeline} from "node:stream/promises";
import {bytesOf, isPacked} from "./content.js";
import {expand} from "./expand.js";
import type {Cut} from "./source.js";

/**
 * Text is in UTF-16, which its first bytes tell, or in UTF-8. A line that is not, as of a program that knows Windows-1252
 * alone, or of a logger whose power went, is in Windows-1252 whatever stands above it: so a name in a header is read
 * alike as the file grows.
 */

const windows = new TextDecoder("windows-1252"); // some versions of Node take it for Latin-1, unless they are told that there may be more

/** Whether DuckDB says that a file is not all UTF-8. */
export function isOtherEncoding(error: unknown): boolean {
  return error instanceof Error && /not utf-8 encoded/i.test(error.message);
}

/** What UTF-16 a file begins in, as TextDecoder names it; undefined for any other. */
export function wideIn([a, b, c, d]: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if ((a === 0xff && b === 0xfe) || (a !== 0 && b === 0 && c !== 0 && d === 0)) return "utf-16le";
  return (a === 0xfe && b === 0xff) || (a === 0 && b !== 0 && c === 0 && d !== 0) ? "utf-16be" : undefined;
}

/** A file whose lines are not all in UTF-8, written again so that they are, into `scratch`; no line is left out. */
export async function withOneEncoding(path: string, scratch: string): Promise<Cut> {
  const target = join(scratch, "utf8.csv");
  await writeUtf8(path, target);
  return {path: target, isSame: !isPacked(path), left: []};
}

/** The text of a small file, or of the first lines of one, without a byte order mark. */
export function textIn(bytes: Buffer): string {
  const wide = wideIn(bytes);
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  return inUtf8(bytes)
    .toString("utf8")
    .replace(/^\ufeff/, "");
}

/** Writes a file again in UTF-8, or what is packed in it: from UTF-16, or line by line. */
export async function writeUtf8(path: string, target: string, wide?: string): Promise<void> {
  if (wide !== undefined) return expand(path, target, wide);
  await pipeline(bytesOf(path), linesInUtf8, createWriteStream(target));
}

/** Whether all lines of a file are in UTF-8. */
export async function isAllUtf8(path: string): Promise<boolean> {
  for await (const lines of wholeLines(bytesOf(path))) if (!isUtf8(lines)) return false;
  return true;
}

async function* linesInUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const lines of wholeLines(chunks)) yield inUtf8(lines);
}

async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(10) + 1;
    if (end > 0) yield Buffer.concat([rest, chunk.subarray(0, end)]);
    rest = Buffer.concat(end > 0 ? [chunk.subarray(end)] : [rest, chunk]);
  }
  yield rest;
}

function inUtf8(lines: Buffer): Buffer {
  if (isUtf8(lines)) return lines;
  const parts: Buffer[] = [];
  for (let begin = 0; begin < lines.length;) {
    const end = lines.indexOf(10, begin) + 1 || lines.length;
    const line = lines.subarray(begin, end);
    parts.push(isUtf8(line) ? line : Buffer.from(windows.decode(line, {stream: true})));
    begin = end;
  }
  return Buffer.concat(parts);
}
