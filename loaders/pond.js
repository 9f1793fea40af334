#!/usr/bin/env node
// The `pond` command. Plain JavaScript only to bring in the TypeScript that does the work.
import {join} from "node:path";
import process from "node:process";
import {pathToFileURL} from "node:url";
import {compiled} from "./compiled.js";

/** The program, compiled; as it is where that cannot be kept. */
async function program() {
  const file = await compiled(join(import.meta.dirname, ".."));
  if (file === undefined) (await import("tsx/esm/api")).register();
  else process.setSourceMapsEnabled(true); // stacks tell of the sources
  return import(file === undefined ? "./main.ts" : pathToFileURL(file).href);
}

const {main} = await program();
process.exitCode = await main(process.argv.slice(2));
