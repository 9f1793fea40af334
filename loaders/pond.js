#!/usr/bin/env node
// The `pond` command. Plain JavaScript only to bring in the TypeScript that does the work.
import {join} from "node:path";
import process from "node:process";
import {compiled} from "./compiled.js";
import {exportsOf} from "./program.js";

/** The program, compiled; as it is where that cannot be kept. */
async function program() {
  const file = await compiled(join(import.meta.dirname, ".."));
  if (file !== undefined) return exportsOf(file, process.argv[2]);
  (await import("tsx/esm/api")).register();
  return import("./main.ts");
}

const {main} = await program();
process.exitCode = await main(process.argv.slice(2));
