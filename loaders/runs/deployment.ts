import {join, resolve} from "node:path";
import {dynamicFactories} from "../kinds.js";
import {Pond} from "../../pond/pond.js";
import type {Effects} from "../types.js";

/** Where a deployment's parts are on this host: absolute paths. */
export interface Deployment {
  readonly root: string; // the project's directory
  readonly pond: string; // $POND, or .pond in the root
  readonly resources: string; // $POND_RESOURCES, or resources in the root
}

/** The deployment that the environment describes; relative paths start from the root. */
export function deploymentFrom(root: string, env: Effects["env"]): Deployment {
  return {
    root,
    pond: resolve(root, env.POND || ".pond"),
    resources: resolve(root, env.POND_RESOURCES || "resources")
  };
}

/** Where the published data of a pond is: it can be made again at any time. */
export function publishedIn(pond: string): string {
  return join(pond, "cache/published");
}

/** Opens the deployment's pond, with the directories that its kinds compute. Throws a sentence when there is none. */
export async function openPond({pond}: Deployment, {now}: Pick<Effects, "now">, {create = false} = {}): Promise<Pond> {
  return Pond.open(pond, {create, dynamic: dynamicFactories(), effects: {now}});
}
