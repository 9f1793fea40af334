import type {DynamicFactory} from "../pond/types.js";
import {combine} from "./kinds/combine.js";
import {correct} from "./kinds/correct.js";
import {dashboard} from "./kinds/dashboard.js";
import {derive} from "./kinds/derive.js";
import {hydrovu} from "./kinds/hydrovu.js";
import {inbox} from "./kinds/inbox.js";
import {manual} from "./kinds/manual.js";
import {pivot} from "./kinds/pivot.js";
import {reduce} from "./kinds/reduce.js";
import {rename} from "./kinds/rename.js";
import {simulator} from "./kinds/simulator.js";
import {renewed} from "./resources/former.js";
import type {Kind} from "./types.js";
import {validate} from "./kinds/validate.js";

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
  const factories = among.flatMap(({name, dynamic, schema}): [string, DynamicFactory][] =>
    dynamic ? [[name, (config, context) => dynamic.factory(renewed(config, schema), {...context, kinds: among})]] : []
  );
  return Object.fromEntries(factories);
}
