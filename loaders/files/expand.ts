import {createReadStream, createWriteStream} from "node:fs";
import {Transform} from "node:stream";
import {pipeline} from "node:stream/promises";
import {createGunzip} from "node:zlib";
import {isGzip} from "./content.js";

/** Writes a file of text again: unpacked where it is `.gz`, in UTF-8 where it is in another encoding, cut after `bytes`. */
export async function expand(path: string, target: string, encoding?: string, bytes = Infinity): Promise<void> {
  const source = createReadStream(path, Number.isFinite(bytes) ? {end: bytes - 1} : {});
  const unpack = isGzip(path) ? [createGunzip()] : [];
  const decode = encoding === undefined ? [] : [decoder(encoding)];
  await pipeline([source, ...unpack, ...decode, createWriteStream(target)]);
}

function decoder(encoding: string): Transform {
  const text = new TextDecoder(encoding);
  return new Transform({
    transform: (chunk: Buffer, _, done) => done(null, text.decode(chunk, {stream: true})),
    flush: (done) => done(null, text.decode())
  });
}
