import {parse} from "yaml";
import {exampleOf} from "./guide.js";
import {alternatives, jsonSchemaOf} from "./schema.js";
import type {JsonSchema} from "./schema.js";
import type {Kind} from "../types.js";

/** One field of a kind, as people are told of it. */
export interface FieldEntry {
  readonly name: string; // from the spec on; `[]` is any item of a list, `*` any name: "sites[].name"
  readonly type: string; // in words
  readonly isRequired: boolean;
  readonly default?: unknown;
  readonly unit?: string;
  readonly example?: unknown;
  readonly description: string;
}

/** Every field of a kind, with an example from the guide. */
export async function fieldsOf(kind: Kind): Promise<readonly FieldEntry[]> {
  const text = await exampleOf(kind.name);
  const {spec} = (text === undefined ? {} : parse(text)) as {spec?: unknown};
  return fieldsIn(jsonSchemaOf(kind.schema), {name: "", examples: [spec]});
}

/** Where a schema stands, and what the guide has there. */
interface Spot {
  readonly name: string;
  readonly examples: readonly unknown[];
}

function fieldsIn(schema: JsonSchema, {name, examples}: Spot): readonly FieldEntry[] {
  const groups = alternatives(schema);
  const own = groups.flatMap(({properties = {}, required = []}) =>
    Object.entries(properties).flatMap(([field, inner]) => {
      const spot = {
        name: name === "" ? field : `${name}.${field}`,
        examples: examples.flatMap((one) => at(one, field))
      };
      return [entryOf(inner, spot, required.includes(field)), ...fieldsIn(inner, spot)];
    })
  );
  const items = groups.flatMap(({items}) => (items === undefined || Array.isArray(items) ? [] : [items as JsonSchema]));
  const others = groups.flatMap(({additionalProperties: inner}) => (typeof inner === "object" ? [inner] : []));
  const all = examples.flatMap((one) =>
    typeof one === "object" && one !== null ? (Object.values(one) as unknown[]) : []
  );
  return [
    ...own,
    ...items.flatMap((inner) => fieldsIn(inner, {name: `${name}[]`, examples: all})),
    ...others.flatMap((inner) => fieldsIn(inner, {name: `${name}.*`, examples: all}))
  ];
}

function at(value: unknown, field: string): readonly unknown[] {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[field] : undefined;
  return found === undefined ? [] : [found];
}

function entryOf(schema: JsonSchema, {name, examples: [example]}: Spot, isRequired: boolean): FieldEntry {
  const {description = "", default: standard, unit} = schema;
  return {
    ...{name, type: typeOf(schema), isRequired},
    ...(standard === undefined ? {} : {default: standard}),
    ...(unit === undefined ? {} : {unit}),
    ...(example === undefined ? {} : {example}),
    description
  };
}

/** "a list of text", "one of keep, drop". */
function typeOf(schema: JsonSchema): string {
  if (schema.secret) return "secret";
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const others = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (others.length > 0) return [...new Set(others.map(typeOf))].join(" or ");
  return [schema.type ?? "anything"]
    .flat()
    .map((type) => wordOf(type, schema))
    .join(" or ");
}

function wordOf(type: string, {items, properties, additionalProperties: others}: JsonSchema): string {
  if (type === "array" && Array.isArray(items)) return `list of ${items.length}`;
  if (type === "array") return items ? `list of ${typeOf(items as JsonSchema)}` : "list";
  if (type === "object" && !properties && typeof others === "object") return `${typeOf(others)} by name`;
  const words: Record<string, string> = {
    string: "text",
    integer: "whole number",
    boolean: "true or false",
    object: "group"
  };
  return words[type] ?? type;
}
