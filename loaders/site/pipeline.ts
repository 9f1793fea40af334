import {mkdir} from "node:fs/promises";
import {join} from "node:path";
import type {Pond} from "../../pond/pond.js";
import {apply, type ApplyResult} from "../runs/apply.js";
import {type Deployment, deploymentFrom, openPond, publishedIn} from "../runs/deployment.js";
import {transactionsShown} from "./details.js";
import {kinds} from "../kinds.js";
import {withLock} from "../runs/lock.js";
import {publish} from "./publish.js";
import {readResources} from "../resources/resource.js";
import {run, type RunResult} from "../runs/run.js";
import type {Catalogue, Effects} from "../types.js";

/** What a pipeline is run on. */
export interface PipelineOptions {
  readonly root: string; // the project's directory
  readonly effects: Effects;
  readonly only?: readonly string[]; // run these resources alone: a name, or Kind/name; none: all
  readonly onRun?: (run: RunResult) => void; // told what came of the run before anything is published
}

export interface PipelineResult {
  readonly run: RunResult;
  readonly catalogue: Catalogue;
  readonly directory: string; // host directory of the published files
  readonly failed: boolean; // whether a resource was in trouble, or a dataset could not be made
}

/**
 * Collects, stores, transforms and publishes what the resources say: the pond is made when it is missing. Throws when
 * the resources are wrong; trouble of one resource is in `run`.
 */
export async function pipeline({root, effects, only = [], onRun}: PipelineOptions): Promise<PipelineResult> {
  const deployment = deploymentFrom(root, effects.env);
  const resources = await readResources(deployment.resources, kinds, effects.env);
  const directory = publishedIn(deployment.pond);
  return alone(deployment, effects, async (pond) => {
    const result = await run(pond, resources, effects, only.length > 0 ? {only} : {});
    onRun?.(result);
    effects.reporter.step("Publishing");
    const [fs, commits] = [await pond.fs(), await pond.log({limit: transactionsShown})];
    let failed = result.failed;
    const onTrouble = () => void (failed = true);
    const catalogue = await publish({fs, commits, resources, effects, cache: pond.cache, directory, onTrouble});
    return {run: result, catalogue, directory, failed};
  });
}

/** Makes the pond's resources those of a deployment's files. Throws when they are wrong. */
export async function applyResources(
  deployment: Deployment,
  effects: Effects,
  options: {readonly prune?: boolean}
): Promise<ApplyResult> {
  const resources = await readResources(deployment.resources, kinds, effects.env);
  return alone(deployment, effects, (pond) => apply(pond, resources, options));
}

/** One pipeline at a time works on a pond; the next waits. */
async function alone<T>(deployment: Deployment, effects: Effects, work: (pond: Pond) => Promise<T>): Promise<T> {
  const cache = join(publishedIn(deployment.pond), "..");
  await mkdir(cache, {recursive: true});
  return withLock(join(cache, "pipeline.lock"), async () => {
    const pond = await openPond(deployment, effects, {create: true});
    try {
      return await work(pond);
    } finally {
      await pond.close();
    }
  });
}
