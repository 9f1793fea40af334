import {posix} from "node:path";
import type {DynamicDirectory, Series} from "../pond/types.js";

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

/** Where the series in such a directory stands. */
export function targetIn(place: string): string {
  return posix.join(place, entry);
}
