import {readFile} from "node:fs/promises";
import {join} from "node:path";
import process from "node:process";
import type {PackedCatalogue} from "../types.js";

/**
 * The directory of the published files: `catalogue.json` and `<dataset>/<resolution>/<shard>.parquet`. A build that has
 * run the pipeline says where in `POND_PUBLISHED`; otherwise the pipeline is run here, and the processes that this one
 * starts find its result in the same place.
 */
export async function published(): Promise<string> {
  process.env.POND_PUBLISHED ||= await runPipeline();
  return process.env.POND_PUBLISHED;
}

async function runPipeline(): Promise<string> {
  const [{pipeline}, {effectsFrom}, {reporterTo}] = await Promise.all([
    import("./pipeline.js"), // only here: a loader whose data is published starts faster without it
    import("../runs/effects.js"),
    import("../runs/reporter.js")
  ]);
  const root = join(import.meta.dirname, "../..");
  const {directory} = await pipeline({root, effects: effectsFrom(process.env, reporterTo(process.stderr))});
  return directory;
}

/** The published catalogue. */
export async function readCatalogue(): Promise<PackedCatalogue> {
  return JSON.parse(await readFile(join(await published(), "catalogue.json"), "utf8")) as PackedCatalogue;
}
