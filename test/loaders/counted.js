// Preloaded into a process: at its end it writes to $COUNTED which files it opened, in order, and what it loaded of the machine.
import fs from "node:fs";
import {syncBuiltinESMExports} from "node:module";
import process from "node:process";

const opened = [];
let depth = 0; // one call may be made of others

function count(module, name) {
  const call = module[name];
  module[name] = (path, ...rest) => {
    if (depth === 0 && typeof path !== "number") opened.push(String(path));
    depth++;
    try {
      return call.call(module, path, ...rest);
    } finally {
      depth--;
    }
  };
}

for (const name of ["openSync", "readFileSync", "createReadStream"]) count(fs, name);
for (const name of ["open", "readFile"]) count(fs.promises, name);
syncBuiltinESMExports();

const {writeFileSync} = fs;
process.on("exit", () => {
  depth++;
  const {sharedObjects} = process.report.getReport();
  writeFileSync(process.env.COUNTED, JSON.stringify({opened, sharedObjects}));
});
