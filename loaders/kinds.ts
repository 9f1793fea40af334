import type {DynamicFactory} from "../pond/types.js";
import {combine} from "./combine.js";
import {correct} from "./correct.js";
import {dashboard} from "./dashboard.js";
import {derive} from "./derive.js";
import {hydrovu} from "./hydrovu.js";
import {inbox} from "./inbox.js";
import {manual} from "./manual.js";
import {pivot} from "./pivot.js";
import {reduce} from "./reduce.js";
import {rename} from "./rename.js";
import {simulator} from "./simulator.js";
import type {Kind} from "./types.js";
import {validate} from "./validate.js";

/**
 * Every kind of resource: one file that exports one object, and one name here. A kind is only ever given resources that
 * its own schema made, so the type of its spec may be forgotten.
 */
export const kinds: readonly Kind[] = [
  simulator,
  hydrovu,
  inbox,
  manual,
  rename,
  combine,
  pivot,
  derive,
  correct,
  validate,
  reduce,
  dashboard
].map((kind) => kind as unknown as Kind);

/** How the directories that kinds compute are made, by the kind's name, as the pond wants to know it when it opens. */
export function dynamicFactories(among: readonly Kind[] = kinds): Record<string, DynamicFactory> {
  const factories = among.flatMap(({name, dynamic}): [string, DynamicFactory][] =>
    dynamic ? [[name, (config, context) => dynamic.factory(config, {...context, kinds: among})]] : []
  );
  return Object.fromEntries(factories);
}
