import {readFile, readdir} from "node:fs/promises";
import {join, relative} from "node:path";
import process from "node:process";
import {LineCounter, isMap, isNode, isScalar, parseAllDocuments} from "yaml";
import type {Document} from "yaml";
import {z} from "zod";
import {interpolate} from "./interpolation.js";
import type {Path} from "./interpolation.js";
import type {Effects, Kind, Place, Resource} from "./types.js";
import {nearest} from "./word.js";

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
  const problems = [...readings.flatMap(({problems}) => problems), ...twins(resources)];
  if (problems.length > 0) throw new ResourceError(problems);
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
  readonly problems: readonly string[];
}

async function readFileOf(file: string, kinds: readonly Kind[], env: Effects["env"]): Promise<Found> {
  const lines = new LineCounter();
  const documents = parseAllDocuments(await readFile(file, "utf8"), {lineCounter: lines});
  if ("empty" in documents) return {resources: [], problems: []};
  const found = documents
    .filter(({contents}) => contents !== null && !(isScalar(contents) && contents.value === null))
    .map((document) => readDocument(new Source(file, document as Document, lines), kinds, env));
  return {resources: found.flatMap(({resources}) => resources), problems: found.flatMap(({problems}) => problems)};
}

const outer = z.strictObject({
  apiVersion: z.literal("duckpond/v1"),
  kind: z.string(),
  metadata: z.strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "write letters, digits, dots, dashes and underscores"),
    description: z.string().default(""),
    uuid: z.uuid("write a UUID such as the pond keeps").optional()
  }),
  spec: z.unknown().optional()
});

function readDocument(source: Source, kinds: readonly Kind[], env: Effects["env"]): Found {
  const written = source.read();
  if ("problems" in written) return {resources: [], problems: written.problems};
  const {kind: name, spec: own = {}} = written.fields;
  const head = outer.safeParse(written.fields);
  const kind = kinds.find((one) => one.name === name);
  const body = kind && readSpec(source, own ?? {}, {kind, env});
  const problems = [
    ...(head.success ? [] : source.problems(head.error, outer, [])),
    ...(kind || typeof name !== "string" ? [] : [source.unknownKind(name, kinds)]),
    ...(body?.problems ?? [])
  ];
  if (!head.success || !kind || problems.length > 0) return {resources: [], problems};
  const {metadata} = head.data;
  const resource = {kind: kind.name, ...metadata, spec: body!.spec, source: own ?? {}, place: source.place([])};
  return {resources: [resource], problems};
}

interface Body {
  readonly spec?: unknown; // undefined when there are problems
  readonly problems: readonly string[];
}

/** A directory that is computed from its applied form has no environment, and so its form may name none. */
function readSpec(source: Source, own: unknown, {kind, env}: {kind: Kind; env: Effects["env"]}): Body {
  const unfilled = new Map<string, string>();
  const complain = (path: Path, text: string) =>
    unfilled.set(fieldName(["spec", ...path]), source.at(["spec", ...path], text));
  const spec = kind.schema.safeParse(interpolate(own, {env: kind.dynamic ? undefined : env, complain}));
  const issues = (spec.error?.issues ?? []).filter(({path}) => !unfilled.has(fieldName(["spec", ...path])));
  const problems = [...unfilled.values(), ...source.problems({issues}, kind.schema, ["spec"])];
  return {spec: spec.data, problems};
}

/** One YAML document and where everything in it stands. */
class Source {
  readonly #file: string;
  readonly document: Document;
  readonly #lines: LineCounter;

  constructor(file: string, document: Document, lines: LineCounter) {
    this.#file = file;
    this.document = document;
    this.#lines = lines;
  }

  /** What is written, as plain values, or why it cannot be read. */
  read(): {readonly fields: Readonly<Record<string, unknown>>} | {readonly problems: readonly string[]} {
    const faults = [...this.document.errors, ...this.document.warnings];
    if (faults.length > 0) return {problems: faults.map(this.#fault)};
    if (!isMap(this.document.contents))
      return {problems: [this.at([], "this is no resource: write apiVersion, kind, metadata and spec.")]};
    try {
      return {fields: this.document.toJS() as Record<string, unknown>};
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error; // an alias of nothing, or of far too much
      return {problems: [this.at([], `this is not YAML: ${lowered(error.message)}.`)]};
    }
  }

  /** The place of a value, or of the nearest thing around it that is there. */
  place(path: Path): Place {
    const node = path.length === 0 ? this.document.contents : this.document.getIn(path, true);
    if (!isNode(node)) return this.place(path.slice(0, -1));
    return this.#placeAt(node.range?.[0] ?? 0);
  }

  #placeAt(offset: number): Place {
    const {line, col} = this.#lines.linePos(offset);
    return {file: this.#file, line, column: col};
  }

  #keyPlace(path: Path, key: string): Place {
    const map = path.length === 0 ? this.document.contents : this.document.getIn(path, true);
    const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    return pair && isScalar(pair.key) ? this.#placeAt(pair.key.range?.[0] ?? 0) : this.place(path);
  }

  at(path: Path, text: string): string {
    return sentence(this.place(path), text);
  }

  readonly #fault = ({pos, message}: {pos: [number, number]; message: string}): string =>
    sentence(this.#placeAt(pos[0]), `this is not YAML: ${lowered(message.split(" at line ")[0]!)}.`);

  unknownKind(name: string, kinds: readonly Kind[]): string {
    const names = kinds.map((kind) => kind.name);
    return this.at(["kind"], `there is no kind "${name}"${meant(name, names)}; the kinds are ${names.join(", ")}.`);
  }

  problems({issues}: Pick<z.ZodError, "issues">, schema: z.ZodType, path: Path): string[] {
    const unknown = issues.filter(({code}) => code === "unrecognized_keys"); // often why another is missing
    return [...new Set([...unknown, ...issues])].flatMap((issue) => this.#problem(issue, schema, path));
  }

  #problem(issue: z.core.$ZodIssue, schema: z.ZodType, root: Path): string[] {
    const path = [...root, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const known = fieldsAt(schema, issue.path);
      return issue.keys.map((key) =>
        sentence(
          this.#keyPlace(path, key),
          `there is no field "${key}" here${meant(key, known)}; the fields are ${known.join(", ")}.`
        )
      );
    }
    const found: unknown = this.document.getIn(path);
    if (found === undefined) return [this.at(path, `the field ${fieldName(path)} is missing: ${allowed(issue)}.`)];
    const shown = JSON.stringify(isNode(found) ? found.toJSON() : found);
    const words = issue.code === "invalid_value" ? issue.values.map(String) : [];
    const near = typeof found === "string" ? meant(found, words) : "";
    return [this.at(path, `${fieldName(path)} is ${clipped(shown)}: ${allowed(issue)}${near}.`)];
  }
}

function clipped(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What is wrong, with its place before it. */
export function sentence(place: Place, text: string): string {
  return `${spot(place)}: ${text}`;
}

/** A resource in words: "Inbox/files". */
export function nameOf({kind, name}: Pick<Resource, "kind" | "name">): string {
  return `${kind}/${name}`;
}

/** Where something stands, from where the command runs: "resources/harbour.yaml:2:7" */
export function spot({file, line, column}: Place): string {
  return `${relative(process.cwd(), file)}:${line}:${column}`;
}

/** What is allowed, in words: the schema's own where it has some, else ours for zod's. */
function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return `it may be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "invalid_type":
      return `it must be ${article(issue.expected)}`;
    case "too_small":
      return bound(issue.origin, issue.inclusive ? "at least" : "more than", issue.minimum);
    case "too_big":
      return bound(issue.origin, issue.inclusive ? "at most" : "less than", issue.maximum);
    default:
      return issue.message.replace(/^Invalid \w+: must/, "it must").replace(/\.$/, "");
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  const counted: Record<string, string> = {string: "character", array: "entry"};
  const unit = counted[origin];
  if (unit === undefined) return `it must be ${relation} ${limit}`;
  return `it must have ${relation} ${limit} ${Number(limit) === 1 ? unit : unit.replace(/y$/, "ie") + "s"}`;
}

function article(type: string): string {
  const words: Record<string, string> = {
    string: "text",
    array: "a list",
    tuple: "a list",
    object: "a group of fields",
    int: "a whole number",
    boolean: "true or false"
  };
  return words[type] ?? `a ${type}`;
}

function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}

/** "spec.scopes[0].name" */
function fieldName(path: Path): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");
}

interface JsonSchema {
  readonly properties?: Record<string, JsonSchema>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The fields that a schema knows at a path. */
function fieldsAt(schema: z.ZodType, path: Path): string[] {
  let here: JsonSchema | undefined = z.toJSONSchema(schema, {io: "input", unrepresentable: "any"}) as JsonSchema;
  for (const part of path) here = typeof part === "number" ? here?.items : here?.properties?.[String(part)];
  return Object.keys(here?.properties ?? {});
}

function twins(resources: readonly Resource[]): string[] {
  const seen = new Map<string, Resource>();
  const problems: string[] = [];
  for (const resource of resources) {
    const key = `${resource.kind} ${resource.name}`;
    const first = seen.get(key);
    if (!first) seen.set(key, resource);
    else
      problems.push(
        sentence(resource.place, `there is already a resource ${key}, at ${spot(first.place)}: rename one.`)
      );
  }
  return problems;
}
