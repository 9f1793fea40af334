import {posix} from "node:path";
import type {DynamicDirectory, Series, Transaction} from "../pond/types.js";

/**
 * Where a series that is computed on access stands. A dynamic node of the pond is a directory, so the series has one of
 * its own below `/sys`, and the output is a symbolic link to it: `/sites/BDock` → `/sys/combined/sites/BDock/readings`.
 * It reads, globs and queries as a series, and any number of resources put theirs into `/sites`.
 */

/** The one entry of the dynamic directory. */
const entry = "readings";

/** The dynamic directory behind an output; `folder` is the kind's own below `/sys`. */
export function placeOf(folder: string, output: string): string {
  return posix.join("/sys", folder, output);
}

/** A dynamic directory that holds one series, which is made when it is first asked for. */
export function directoryOf(make: () => Promise<Series>): DynamicDirectory {
  let series: Promise<Series> | undefined;
  return {
    list: async () => [entry],
    get: async (name) => (name === entry ? {kind: "series", series: await (series ??= make())} : undefined)
  };
}

/** Links the output to its series. Throws when something else has its name. */
export async function linkOutput(tx: Transaction, output: string, place: string): Promise<void> {
  const target = posix.join(place, entry);
  if (await tx.exists(posix.dirname(output))) {
    const found = (await tx.list(posix.dirname(output))).find(({name}) => name === posix.basename(output));
    if (found?.kind === "symlink" && found.target === target) return;
    if (found && found.kind !== "symlink")
      throw new Error(`${output} is a ${found.kind} already: give the computed series another output.`);
    if (found) await tx.remove(output);
  }
  await tx.mkdir(posix.dirname(output), {recursive: true});
  await tx.symlink(target, output);
}
