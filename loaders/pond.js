#!/usr/bin/env node
// The `pond` command. Plain JavaScript only to bring in the TypeScript that does the work.
import {register} from "tsx/esm/api";

register();
const {main} = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));
