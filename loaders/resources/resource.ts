import {isUtf8} from "node:buffer";
import {readFile, readdir} from "node:fs/promises";
import {join} from "node:path";
import {LineCounter, isScalar, parseAllDocuments} from "yaml";
import type {Document} from "yaml";
import * as z from "zod";
import {PondError} from "../../pond/error.js";
import {compile} from "../../pond/glob.js";
import {fieldName, ResourceDocument} from "./document.js";
import {interpolate} from "./interpolation.js";
import type {Path} from "./interpolation.js";
import {jsonSchemaOf} from "./schema.js";
import {isReference, secretNames, secretsIn} from "./secret.js";
import {sentence, spot} from "./spot.js";
import type {Effects, Kind, Place, Resource} from "../types.js";
import {nearest} from "../word.js";
import {lowered, meant} from "./wording.js";

/** What is wrong with the resources: every problem in a sentence, with its place. Nothing was applied. */
export class ResourceError extends Error {
  override readonly name = "ResourceError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads every resource in the `.yaml` and `.yml` files of a directory, several documents a file, in the order of the
 * files' names. Throws ResourceError with every problem found, each as `file:line:column: sentence`.
 */
export async function readResources(
  directory: string,
  kinds: readonly Kind[],
  env: Effects["env"]
): Promise<readonly Resource[]> {
  const files = await yamlFiles(directory);
  const readings = await Promise.all(files.map((file) => readFileOf(file, kinds, env)));
  const resources = readings.flatMap(({resources}) => resources);
  const problems = [...readings.flatMap(({problems}) => problems), ...twins(readings.flatMap(({heads}) => heads))];
  if (problems.length > 0) throw new ResourceError(problems);
  if (resources.length === 0)
    throw new ResourceError([`${directory} holds no resource: write one into a .yaml file there`]);
  return resources;
}

async function yamlFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new ResourceError([`${directory} cannot be read for resources: ${(error as Error).message}`]);
  });
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  if (files.length === 0) throw new ResourceError([`${directory} holds no resource: put a .yaml file there`]);
  return files.map((name) => join(directory, name));
}

interface Found {
  readonly resources: readonly Resource[];
  readonly heads: readonly Head[]; // also of what is wrong otherwise
  readonly problems: readonly string[];
}

/** By what a resource is told from others. */
type Head = Pick<Resource, "kind" | "name" | "uuid" | "place">;

/** What is nothing but wrong. */
function faulty(...problems: readonly string[]): Found {
  return {resources: [], heads: [], problems};
}

async function readFileOf(file: string, kinds: readonly Kind[], env: Effects["env"]): Promise<Found> {
  const lines = new LineCounter();
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => unreadable(file, error));
  if (typeof bytes === "string") return faulty(bytes);
  if (!isUtf8(bytes)) return faulty(notUtf8(file, bytes));
  const documents = parseAllDocuments(bytes.toString(), {lineCounter: lines});
  if ("empty" in documents) return faulty();
  const found = documents
    .filter(({contents, errors}) => errors.length > 0 || !isNothing(contents))
    .map((document) => readDocument(new ResourceDocument(file, document as Document, lines), kinds, env));
  return {
    resources: found.flatMap(({resources}) => resources),
    heads: found.flatMap(({heads}) => heads),
    problems: found.flatMap(({problems}) => problems)
  };
}

function unreadable(file: string, {code, message}: NodeJS.ErrnoException): string {
  const isDirectory = code === "EISDIR";
  const text = isDirectory
    ? "this is a directory: give it a name that does not end so."
    : `this cannot be read: ${message}.`;
  return sentence({file, line: 1, column: 1}, text);
}

/** Other encodings would be read as marks that nobody wrote. */
function notUtf8(file: string, bytes: Buffer): string {
  const read = new TextDecoder().decode(bytes);
  const before = read.slice(0, read.indexOf("\ufffd")).split("\n");
  const place = {file, line: before.length, column: before.at(-1)!.length + 1};
  return sentence(place, "this is not UTF-8, as YAML is: save the file in that encoding.");
}

function isNothing(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

/** What is the same for every kind. */
export const outer = z.strictObject({
  apiVersion: z.literal("duckpond/v1").describe("the version of this form"),
  kind: z.string().describe("what the resource does"),
  metadata: z.strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "write letters, digits, dots, dashes and underscores")
      .describe("its name, one of a kind"),
    description: z.string().default("").describe("a sentence for people"),
    uuid: z
      .uuid("write a UUID such as the pond keeps")
      .optional()
      .describe("its identity, by which it is known after its name and more were changed; the pond gives it one")
  }),
  spec: z.unknown().optional().describe("the fields of its kind")
});

function readDocument(document: ResourceDocument, kinds: readonly Kind[], env: Effects["env"]): Found {
  const written = document.read();
  if ("problems" in written) return faulty(...written.problems);
  const {kind: name, spec: own} = written.fields;
  const head = outer.safeParse(written.fields);
  const kind = kinds.find((one) => one.name === name);
  const body = kind && !isMisspelt(own, written.fields) ? readSpec(document, own ?? {}, {kind, env}) : undefined;
  const issues = (head.error?.issues ?? []).filter(({path}) => path[0] !== "kind");
  const problems = [
    ...document.problems(issues, {schema: jsonSchemaOf(outer), at: []}),
    ...(kind ? [] : [noKind(document, name, kinds)]),
    ...(body?.problems ?? [])
  ];
  const place = document.place([]);
  const heads = headIn(written.fields, place);
  if (!head.success || !kind || !body || problems.length > 0) return {resources: [], heads, problems};
  const {name: called, description, uuid} = head.data.metadata;
  const metadata = {name: called, description, ...(uuid === undefined ? {} : {uuid})};
  const resource = {kind: kind.name, ...metadata, spec: body.spec, source: own ?? {}, place};
  return {resources: [resource], heads, problems};
}

const names = z.object({
  kind: z.string(),
  metadata: z.object({name: z.string(), uuid: z.string().optional().catch(undefined)})
});

/** None where kind or name is no text. */
function headIn(fields: unknown, place: Place): readonly Head[] {
  const {data} = names.safeParse(fields);
  if (!data) return [];
  const {name, uuid} = data.metadata;
  return [{kind: data.kind, name, place, ...(uuid === undefined ? {} : {uuid})}];
}

/** Whether what stands under another word is the spec: then its fields are not missing. */
function isMisspelt(spec: unknown, fields: Readonly<Record<string, unknown>>): boolean {
  return spec === undefined && Object.keys(fields).some((name) => nearest(name, ["spec"]) !== undefined);
}

function noKind(document: ResourceDocument, name: unknown, kinds: readonly Kind[]): string {
  const names = kinds.map((kind) => kind.name);
  const list = `the kinds are ${names.join(", ")}.`;
  if (name === undefined) return document.at(["kind"], `the field kind is missing; ${list}`);
  const word = typeof name === "string" ? name : JSON.stringify(name);
  return document.at(["kind"], `there is no kind "${word}"${meant(word, names)}; ${list}`);
}

interface Body {
  readonly spec?: unknown; // undefined when there are problems
  readonly problems: readonly string[];
}

interface Reading {
  readonly kind: Kind;
  readonly env: Effects["env"];
}

/** A directory that is computed from its applied form has no environment, and so its form may name none. */
function readSpec(document: ResourceDocument, own: unknown, {kind, env}: Reading): Body {
  const schema = jsonSchemaOf(kind.schema);
  const secrets = secretsIn(schema, own);
  const wrong = new Map<string, string>(); // by field
  const complain = (path: Path, text: string) =>
    void wrong.set(fieldName(["spec", ...path]), document.at(["spec", ...path], text));
  const filled = interpolate(own, {env: kind.dynamic ? undefined : env, complain});
  for (const {path, value} of secrets) {
    const field = fieldName(["spec", ...path]);
    if (!isReference(value)) complain(path, literal(field));
    else if (wrong.has(field))
      complain(path, `${field} is ${value}, which the environment does not have: set it there.`);
  }
  const parsed = kind.schema.safeParse(filled);
  const issues = (parsed.error?.issues ?? []).filter(({path}) => !wrong.has(fieldName(["spec", ...path])));
  const found = {schema, at: ["spec"], hidden: secretNames(schema)};
  const problems = [...wrong.values(), ...document.problems(issues, found)];
  if (!parsed.success || problems.length > 0) return {problems};
  return {spec: parsed.data, problems: brokenPatterns(document, parsed.data, kind)};
}

/** What is found is not told: it may be a password. */
function literal(field: string): string {
  return `${field} is a secret, which may not be written here: write \${env:NAME}, and set NAME in the environment.`;
}

/** Patterns that are never closed: of whatever kind the resource is, those that it reads tell the order of the run. */
function brokenPatterns(document: ResourceDocument, spec: unknown, kind: Kind): readonly string[] {
  return (kind.reads?.(spec) ?? []).flatMap((pattern) => {
    try {
      compile(pattern);
      return [];
    } catch (error) {
      if (!(error instanceof PondError)) throw error;
      return [document.at(document.pathOf(pattern, ["spec"]), lowered(error.message) + ".")];
    }
  });
}

/** A resource in words: "Inbox/files". */
export function nameOf({kind, name}: Pick<Resource, "kind" | "name">): string {
  return `${kind}/${name}`;
}

function twins(heads: readonly Head[]): string[] {
  return heads.flatMap(({uuid, place, ...resource}, index) => {
    const before = heads.slice(0, index);
    const namesake = before.find((one) => nameOf(one) === nameOf(resource));
    const twin = uuid === undefined ? undefined : before.find((one) => one.uuid === uuid);
    const tell = (what: string, {place: other}: Head, remedy: string) =>
      sentence(place, `there is already a resource ${what}, at ${spot(other)}: ${remedy}.`);
    return [
      ...(namesake ? [tell(nameOf(resource), namesake, "rename one")] : []),
      ...(twin ? [tell(`with the UUID ${uuid}`, twin, "leave it out of one")] : [])
    ];
  });
}
