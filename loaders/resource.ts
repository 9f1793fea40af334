import {readFile, readdir} from "node:fs/promises";
import {join, relative} from "node:path";
import process from "node:process";
import {LineCounter, isMap, isNode, isScalar, parseAllDocuments} from "yaml";
import type {Document} from "yaml";
import {z} from "zod";
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
    .filter((document) => document.contents !== null)
    .map((document) => readDocument(new Source(file, document as Document, lines), kinds, env));
  return {resources: found.flatMap(({resources}) => resources), problems: found.flatMap(({problems}) => problems)};
}

const outer = z.strictObject({
  apiVersion: z.literal("duckpond/v1"),
  kind: z.string(),
  metadata: z.strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "write letters, digits, dots, dashes and underscores"),
    description: z.string().default("")
  }),
  spec: z.unknown().optional()
});

function readDocument(source: Source, kinds: readonly Kind[], env: Effects["env"]): Found {
  if (source.document.errors.length > 0) return {resources: [], problems: source.document.errors.map(source.yamlError)};
  const written = source.document.toJS() as unknown;
  const head = outer.safeParse(written);
  if (!head.success) return {resources: [], problems: source.problems(head.error, outer, [])};
  const {kind: name, metadata, spec: raw} = head.data;
  const kind = kinds.find((one) => one.name === name);
  if (!kind) return {resources: [], problems: [source.unknownKind(name, kinds)]};
  const missing: string[] = [];
  const spec = kind.schema.safeParse(
    interpolate(raw ?? {}, env, ["spec"], (path, text) => missing.push(source.at(path, text)))
  );
  if (missing.length > 0) return {resources: [], problems: missing};
  if (!spec.success) return {resources: [], problems: source.problems(spec.error, kind.schema, ["spec"])};
  const place = source.place([]);
  return {resources: [{kind: name, ...metadata, spec: spec.data, source: raw ?? {}, place}], problems: []};
}

type Path = readonly PropertyKey[];

/** Replaces `${env:NAME}`, `${env:NAME:-default}` and `$$` in every text of a value. */
function interpolate(
  value: unknown,
  env: Effects["env"],
  path: Path,
  missing: (path: Path, text: string) => void
): unknown {
  if (Array.isArray(value)) return value.map((item, index) => interpolate(item, env, [...path, index], missing));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, interpolate(item, env, [...path, name], missing)])
    );
  if (typeof value !== "string") return value;
  return value.replace(/\$\$|\$\{env:([A-Za-z_]\w*)(?::-([^}]*))?\}/g, (whole, name: string, fallback?: string) => {
    if (whole === "$$") return "$";
    const found = env[name] ?? fallback;
    if (found === undefined)
      missing(path, `the environment has no ${name}: set it, or write \${env:${name}:-default} for a default.`);
    return found ?? "";
  });
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

  yamlError = ({pos, message}: {pos: [number, number]; message: string}): string => {
    const [first] = message.split(" at line ");
    return sentence(this.#placeAt(pos[0]), `this is not YAML: ${first!.toLowerCase()}.`);
  };

  unknownKind(name: string, kinds: readonly Kind[]): string {
    const names = kinds.map((kind) => kind.name);
    return this.at(["kind"], `there is no kind "${name}"${meant(name, names)}; the kinds are ${names.join(", ")}.`);
  }

  problems(error: z.ZodError, schema: z.ZodType, path: Path): string[] {
    return error.issues.flatMap((issue) => this.#problem(issue, schema, path));
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
    const found = this.document.getIn(path);
    if (found === undefined) return [this.at(path, `the field ${fieldName(path)} is missing: ${allowed(issue)}.`)];
    const shown = isNode(found) ? (found.toJSON() as unknown) : found;
    const words = issue.code === "invalid_value" ? issue.values.map(String) : [];
    return [
      this.at(path, `${fieldName(path)} is ${JSON.stringify(shown)}: ${allowed(issue)}${meant(String(shown), words)}.`)
    ];
  }
}

function sentence({file, line, column}: Place, text: string): string {
  return `${relative(process.cwd(), file)}:${line}:${column}: ${text}`;
}

/** What is allowed, in words. */
function allowed(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value")
    return `it may be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
  if (issue.code === "invalid_type") return `it must be ${article(issue.expected)}`;
  return issue.message.replace(/\.$/, "");
}

function article(type: string): string {
  const words: Record<string, string> = {
    string: "text",
    array: "a list",
    object: "a group of fields",
    int: "a whole number"
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
        sentence(
          resource.place,
          `there is a ${key} already, in ${sentence(first.place, "").replace(/: $/, "")}: rename one.`
        )
      );
  }
  return problems;
}
