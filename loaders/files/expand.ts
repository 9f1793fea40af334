import {createReadStream, createWriteStream} from "node:fs";
import {Transform} from "node:stream";
import {pipeline} from "node:stream/promises";
import {bytesOf} from "./content.js";

/** Writes a file of text again: unpacked where it is packed, in UTF-8 where it is in another encoding, cut after `bytes`. */
export async function expand(path: string, target: string, encoding?: string, bytes = Infinity): Promise<void> {
  const source = Number.isFinite(bytes) ? createReadStream(path, {end: bytes - 1}) : bytesOf(path);
  const file = createWriteStream(target);
  await (encoding === undefined ? pipeline(source, file) : pipeline(source, decoder(encoding), file));
}

function decoder(encoding: string): Transform {
  const text = new TextDecoder(encoding);
  return new Transform({
    transform: (chunk: Buffer, _, done) => done(null, text.decode(chunk, {stream: true})),
    flush: (done) => done(null, text.decode())
  });
}
