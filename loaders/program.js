import {createHash} from "node:crypto";
import {readFileSync, renameSync, rmSync, writeFileSync} from "node:fs";
import {createRequire, SourceMap} from "node:module";
import {dirname, resolve} from "node:path";
import process from "node:process";
import {Script} from "node:vm";

/**
 * Runs the compiled program. What V8 makes of its text is kept beside it, for each command what that needs of it, so that
 * the next start need not parse a megabyte and a half again. Plain JavaScript, since it runs before all else.
 */

/** What the compiled file exports. `command` tells apart what is kept: the first word of the command line. */
export function exportsOf(file, command = "") {
  tellOfSources(file);
  const kept = `${file}.${/^[a-z]+$/.test(command) ? command : "any"}.cache`;
  const cachedData = provenIn(kept);
  const script = new Script(readFileSync(file, "latin1"), {filename: file, cachedData});
  const module = {exports: {}};
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  if (cachedData === undefined || script.cachedDataRejected)
    process.once("exit", () => keep(kept, script.createCachedData())); // by then it knows what the command needs
  return module.exports;
}

/** V8 believes what it is given: so the bytes are preceded by their hash. Undefined where there are none, or others. */
function provenIn(file) {
  try {
    const bytes = readFileSync(file);
    return hashOf(bytes.subarray(32)).equals(bytes.subarray(0, 32)) ? bytes.subarray(32) : undefined;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  }
}

/** Where that cannot be, the next start parses again. */
function keep(file, bytes) {
  const temp = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temp, Buffer.concat([hashOf(bytes), bytes]));
    renameSync(temp, file);
  } catch (error) {
    rmSync(temp, {force: true});
    if (!["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOENT"].includes(error.code)) throw error;
  }
}

function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest();
}

/** Has stacks tell of the sources. The map is read when a stack is first asked for, since that takes as long as a start. */
function tellOfSources(file) {
  let map;
  const told = (call) => {
    if (call.getFileName() !== file) return String(call);
    map ??= new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8")));
    const [line, column] = [call.getLineNumber(), call.getColumnNumber()];
    const {originalSource, originalLine, originalColumn} = map.findEntry(line - 1, column - 1);
    if (originalSource === undefined) return String(call);
    const source = resolve(dirname(file), originalSource);
    return String(call).replace(`${file}:${line}:${column}`, `${source}:${originalLine + 1}:${originalColumn + 1}`);
  };
  Error.prepareStackTrace = (error, calls) =>
    [Error.prototype.toString.call(error), ...calls.map((call) => `    at ${told(call)}`)].join("\n");
}
