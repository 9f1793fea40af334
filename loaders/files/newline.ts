import {createWriteStream} from "node:fs";
import {join} from "node:path";
import {pipeline} from "node:stream/promises";
import {bytesOf, isPacked} from "./content.js";
import {isCsv} from "./open.js";
import type {Cut} from "./source.js";

const [feed, carriage] = [10, 13];

/**
 * A CSV whose lines all end in a line feed alone, where some end with a carriage return before it, as where an editor or
 * another program went on with it: DuckDB takes one or the other. Undefined where all lines end alike.
 */
export async function withOneNewline(path: string, scratch: string): Promise<Cut | undefined> {
  if (!isCsv(path) || !(await isMixed(path))) return undefined;
  const target = join(scratch, "newline.csv");
  await pipeline(bytesOf(path), withoutCarriages, createWriteStream(target));
  return {path: target, isSame: !isPacked(path), left: []};
}

async function isMixed(path: string): Promise<boolean> {
  let [isBare, isPaired, last] = [false, false, 0];
  for await (const chunk of bytesOf(path)) {
    for (let at = chunk.indexOf(feed); at >= 0; at = chunk.indexOf(feed, at + 1)) {
      if ((at === 0 ? last : chunk[at - 1]) === carriage) isPaired = true;
      else isBare = true;
      if (isBare && isPaired) return true;
    }
    last = chunk.at(-1) ?? last;
  }
  return false;
}

async function* withoutCarriages(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isHeld = false; // whether the chunk before ended with a carriage return
  for await (const chunk of chunks) {
    const whole: Buffer = isHeld ? Buffer.concat([Buffer.of(carriage), chunk]) : chunk;
    const kept = Buffer.allocUnsafe(whole.length);
    let length = 0;
    isHeld = whole.at(-1) === carriage;
    for (let at = 0; at < whole.length - (isHeld ? 1 : 0); at++)
      if (whole[at] !== carriage || whole[at + 1] !== feed) kept[length++] = whole[at]!;
    yield kept.subarray(0, length);
  }
  if (isHeld) yield Buffer.of(carriage);
}
