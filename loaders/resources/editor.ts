import {outer} from "./resource.js";
import {isPlainText, jsonSchemaOf} from "./schema.js";
import type {JsonSchema} from "./schema.js";
import type {Kind} from "../types.js";

/**
 * A JSON Schema (draft 7) of resources, for editors: it completes and checks what people write, as far as a schema can.
 * It is made of the definitions by which resources are read, and refuses nothing that those take.
 */
export function editorSchema(kinds: readonly Kind[]): object {
  const head = plain(jsonSchemaOf(outer), false);
  const {kind, ...properties} = head.properties as Record<string, object>;
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A resource of Duckpond",
    ...head,
    properties: {...properties, kind: {...kind, enum: kinds.map(({name}) => name)}},
    allOf: kinds.map(bodyOf)
  };
}

/** What holds for a document of one kind. */
function bodyOf({name, summary, schema, dynamic}: Kind): object {
  const spec = {...plain(jsonSchemaOf(schema), dynamic === undefined), description: summary};
  const required = "required" in spec ? {required: ["spec"]} : {};
  return {if: {properties: {kind: {const: name}}, required: ["kind"]}, then: {properties: {spec}, ...required}};
}

const variable = {type: "string", pattern: "\\$\\{env:[A-Za-z_]\\w*(:-[^}]*)?\\}"};
const reference = {type: "string", pattern: "^\\$\\{env:[A-Za-z_]\\w*\\}$"};

/** A schema without words of our own; in `open` ones any text may name the environment. */
function plain(schema: JsonSchema, open: boolean): Record<string, unknown> {
  const {unit, secret, description, default: standard, ...rest} = schema;
  const told = unit === undefined ? description : `${description} (${unit})`;
  const notes = {
    ...(told === undefined ? {} : {description: told}),
    ...(standard === undefined ? {} : {default: standard})
  };
  if (secret) return {...notes, ...reference};
  const inner = Object.fromEntries(
    Object.entries(rest)
      .filter(([name]) => name !== "$schema" && name !== "format")
      .map(([name, value]) => [name, within(name, value, open)])
  );
  if (!open || schema.type !== "string" || isPlainText(schema)) return {...notes, ...inner};
  return {...notes, anyOf: [inner, variable]};
}

function within(name: string, value: unknown, open: boolean): unknown {
  if (name === "properties")
    return Object.fromEntries(
      Object.entries(value as object).map(([field, one]) => [field, plain(one as JsonSchema, open)])
    );
  if (["anyOf", "oneOf", "allOf"].includes(name)) return (value as JsonSchema[]).map((one) => plain(one, open));
  if (name === "items" && Array.isArray(value)) return value.map((one) => plain(one as JsonSchema, open));
  if (["items", "additionalProperties"].includes(name) && typeof value === "object")
    return plain(value as JsonSchema, open);
  return value;
}
