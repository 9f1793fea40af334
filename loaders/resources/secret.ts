import * as z from "zod";
import type {Path} from "./interpolation.js";
import {alternatives, childAt} from "./schema.js";
import type {JsonSchema} from "./schema.js";

/**
 * A field for what nobody may read in the files or in the pond: a password, a key. It is written `${env:NAME}`, whole
 * and without a default; a literal is refused. The spec that a kind is given holds what the variable does.
 */
export function secret() {
  return z.string().min(1).meta({secret: true});
}

const reference = /^\$\{env:[A-Za-z_]\w*\}$/;

/** Whether what is written for a secret only says where it is. */
export function isReference(value: unknown): value is string {
  return typeof value === "string" && reference.test(value);
}

/** The names of the fields that are secret, wherever in a schema they are. */
export function secretNames(schema: JsonSchema): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (one: JsonSchema, name: string): void => {
    if (one.secret) names.add(name);
    for (const [field, inner] of Object.entries(one.properties ?? {})) visit(inner, field);
    const {items = [], additionalProperties: others, anyOf = [], oneOf = []} = one;
    const within = typeof others === "object" ? [others] : [];
    for (const inner of [items, within, anyOf, oneOf].flat()) visit(inner, name);
  };
  visit(schema, "");
  return names;
}

interface Written {
  readonly path: Path;
  readonly value: unknown;
}

/** All that stands in the secret fields of a spec, as it is written. */
export function secretsIn(schema: JsonSchema, value: unknown, path: Path = []): readonly Written[] {
  if (value === undefined) return [];
  if (alternatives(schema).some((one) => one.secret)) return [{path, value}];
  if (typeof value !== "object" || value === null) return [];
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item])
    : Object.entries(value);
  return entries.flatMap(([name, inner]) => {
    const child = childAt(schema, name);
    return child ? secretsIn(child, inner, [...path, name]) : [];
  });
}
