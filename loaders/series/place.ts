import {posix} from "node:path";
import type * as z from "zod";
import type {DynamicContext, DynamicDirectory, Series} from "../../pond/types.js";
import {late} from "./late.js";
import type {Kind} from "../types.js";

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

/** A dynamic directory that holds one series, or none while there is nothing to make it of. */
export function directoryOf(find: () => Promise<Series | undefined>): DynamicDirectory {
  let found: Promise<Series | undefined> | undefined;
  return {
    list: async () => ((await (found ??= find())) ? [entry] : []),
    get: async (name) => {
      const series = name === entry ? await (found ??= find()) : undefined;
      return series && {kind: "series", series};
    }
  };
}

/** What a kind says of itself that computes one series, at its output: `folder` is the kind's own below `/sys`. */
export function oneSeries<Spec extends {readonly output: string}>(
  folder: string,
  schema: z.ZodType<Spec>,
  make: (spec: Spec, context: DynamicContext) => Promise<Series>
): Required<Pick<Kind<Spec>, "writes" | "dynamic">> {
  return {
    writes: ({output}) => [output, placeOf(folder, output)],
    dynamic: {
      path: ({output}) => placeOf(folder, output),
      output: ({output}) => output,
      factory: (config, context) => {
        const spec = schema.parse(config);
        return directoryOf(async () => late(spec.output, context, (ground) => make(spec, ground)));
      }
    }
  };
}

/** Where the series in such a directory stands. */
export function targetIn(place: string): string {
  return posix.join(place, entry);
}
