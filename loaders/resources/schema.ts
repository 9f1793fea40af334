import * as z from "zod";
import type {Path} from "./interpolation.js";

/** The part of JSON Schema (draft 7) that the fields of kinds come to. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly unit?: string; // ours, of a number
  readonly secret?: boolean; // ours: see secret.ts
}

const known = new WeakMap<z.ZodType, JsonSchema>();

/** What may be written for a zod schema, with the words that describe it. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const made = known.get(schema) ?? (z.toJSONSchema(schema, options) as JsonSchema);
  known.set(schema, made);
  return made;
}

const options: z.core.ToJSONSchemaParams = {io: "input", unrepresentable: "any", target: "draft-7", override: tidy};

/** JSON Schema knows no patterns that mind no case, and need not be told how far numbers are exact; defaults are told always. */
function tidy({zodSchema, jsonSchema}: {zodSchema: z.core.$ZodTypes; jsonSchema: z.core.JSONSchema.BaseSchema}): void {
  const checks = (zodSchema._zod.def.checks ?? []) as readonly z.core.$ZodCheck[];
  const patterns = checks.map(({_zod: {def}}) => (def as {readonly pattern?: RegExp}).pattern);
  if (patterns.some((pattern) => pattern?.ignoreCase)) delete jsonSchema.pattern;
  const {def} = zodSchema._zod;
  if (def.type === "default" || def.type === "prefault") jsonSchema.default = def.defaultValue;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** Whether any text may stand there. */
export function isPlainText({type, description: _, default: __, ...rest}: JsonSchema): boolean {
  return type === "string" && Object.keys(rest).length === 0;
}

/** A schema and those of which one may hold in its place. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const others = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [schema, ...others.flatMap(alternatives)];
}

/** The schema of an entry of a list (by its index) or of a field; undefined where none is known. */
export function childAt(schema: JsonSchema, name: PropertyKey): JsonSchema | undefined {
  const found = alternatives(schema).flatMap(({items, properties, additionalProperties: others}) => {
    if (typeof name === "number")
      return (Array.isArray(items) ? (items as JsonSchema[])[name] : (items as JsonSchema)) ?? [];
    return properties?.[String(name)] ?? (typeof others === "object" ? others : []);
  });
  return found.length > 1 ? {anyOf: found} : found[0];
}

/** The names of the fields that are known at a path. */
export function fieldsAt(schema: JsonSchema, path: Path): readonly string[] {
  const here = path.reduce<JsonSchema | undefined>((at, name) => at && childAt(at, name), schema);
  const fields = here ? alternatives(here).flatMap(({properties = {}}) => Object.keys(properties)) : [];
  return [...new Set(fields)];
}
