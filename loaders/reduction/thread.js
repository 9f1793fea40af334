// What a thread starts with where the sources run as they are, in tests and benchmarks: it has the program compiled all
// the same, which starts several times as fast. Plain JavaScript only to bring that in.
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {compiled} from "../compiled.js";

const file = await compiled(join(import.meta.dirname, "../.."), "thread.js");
if (file === undefined) (await import("tsx/esm/api")).register();
await import(file === undefined ? "./worker.ts" : pathToFileURL(file).href);
