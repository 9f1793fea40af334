import {mkdir} from "node:fs/promises";
import {join} from "node:path";
import {Pond} from "../pond/pond.js";
import {deploymentFrom, publishedIn} from "./deployment.js";
import {dynamicFactories, kinds} from "./kinds.js";
import {withLock} from "./lock.js";
import {publish} from "./publish.js";
import {readResources} from "./resource.js";
import {run, type RunResult} from "./run.js";
import type {Catalogue, Effects} from "./types.js";

/** What a pipeline is run on. */
export interface PipelineOptions {
  readonly root: string; // the project's directory
  readonly effects: Effects;
  readonly only?: readonly string[]; // run these resources alone: a name, or Kind/name; none: all
}

export interface PipelineResult {
  readonly run: RunResult;
  readonly catalogue: Catalogue;
  readonly directory: string; // host directory of the published files
}

/**
 * Collects, stores, transforms and publishes what the resources say: the pond is made when it is missing. One pipeline
 * at a time runs on a pond, the next waits. Throws when the resources are wrong; trouble of one resource is in `run`.
 */
export async function pipeline({root, effects, only = []}: PipelineOptions): Promise<PipelineResult> {
  const deployment = deploymentFrom(root, effects.env);
  const resources = await readResources(deployment.resources, kinds, effects.env);
  const directory = publishedIn(deployment.pond);
  await mkdir(join(directory, ".."), {recursive: true});
  return withLock(join(directory, "../pipeline.lock"), async () => {
    const pond = await Pond.open(deployment.pond, {
      create: true,
      dynamic: dynamicFactories(),
      effects: {now: effects.now}
    });
    try {
      const result = await run(pond, resources, effects, only.length > 0 ? {only} : {});
      effects.reporter.step("Publishing");
      const [fs, commits] = [await pond.fs(), await pond.log()];
      const catalogue = await publish({fs, commits, resources, effects, cache: pond.cache, directory});
      return {run: result, catalogue, directory};
    } finally {
      await pond.close();
    }
  });
}
