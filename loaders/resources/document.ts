import {isDeepStrictEqual} from "node:util";
import {isMap, isNode, isScalar, visit} from "yaml";
import type {Alias, Document, LineCounter, Pair, Scalar, YAMLError} from "yaml";
import type * as z from "zod";
import {former} from "./former.js";
import type {Path} from "./interpolation.js";
import {fieldsAt} from "./schema.js";
import type {JsonSchema} from "./schema.js";
import {isReference} from "./secret.js";
import {sentence} from "./spot.js";
import type {Place} from "../types.js";
import {allowed, lowered, meant, meantAmong, resolved} from "./wording.js";

/** What a document's problems are told with. */
export interface Found {
  readonly schema: JsonSchema;
  readonly at: Path; // where the schema begins in the document
  readonly hidden?: ReadonlySet<string>; // names of fields whose values may not be shown, since they are secret
}

/** One YAML document: what is written in it, and where. */
export class ResourceDocument {
  readonly #file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(file: string, document: Document, lines: LineCounter) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
  }

  /** What is written, as plain values, or why it cannot be read. */
  read(): {readonly fields: Readonly<Record<string, unknown>>} | {readonly problems: readonly string[]} {
    const problems = [...this.#faults(), ...this.#oddities()];
    if (problems.length > 0) return {problems};
    if (!isMap(this.#document.contents))
      return {problems: [this.at([], "this is no resource: write apiVersion, kind, metadata and spec.")]};
    try {
      return {fields: this.#document.toJS() as Record<string, unknown>};
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error; // aliases of aliases of aliases
      return {problems: [this.at([], "this is not YAML that can be read: its aliases come to far too much.")]};
    }
  }

  /** Fields that stand twice are all told; of other faults the first, for the rest is most often its consequence. */
  #faults(): readonly string[] {
    const faults: readonly YAMLError[] = [...this.#document.errors, ...this.#document.warnings];
    const twice = faults.filter(({code}) => code === "DUPLICATE_KEY");
    return (twice.length > 0 ? twice : faults.slice(0, 1)).flatMap((fault) => this.#fault(fault) ?? []);
  }

  #fault({code, pos: [offset], message}: YAMLError): string | undefined {
    const tell = (text: string) => sentence(this.#placeAt(offset), text);
    if (code === "TAG_RESOLVE_FAILED")
      return tell("this is a tag, which says nothing here: put text with a ! in quotes.");
    if (code !== "DUPLICATE_KEY") return tell(`this is not YAML: ${lowered(message.split(" at line ")[0]!)}.`);
    const {name, isOutermost} = this.#keyAt(offset);
    if (!isOutermost || !outermost.includes(name) || !this.#isTwo())
      return tell(`the field "${name}" stands here twice: take one away.`);
    return name === "apiVersion" ? tell("a second resource begins: write a line --- before it.") : undefined;
  }

  /** Whether a second resource begins without a line between. */
  #isTwo(): boolean {
    const {contents} = this.#document;
    const names = isMap(contents) ? contents.items.map(({key}) => (isScalar(key) ? key.value : undefined)) : [];
    return names.filter((name) => name === "apiVersion").length > 1;
  }

  /** What YAML allows and a resource does not. */
  #oddities(): readonly string[] {
    const told: string[] = [];
    const tell = (node: unknown, text: string) =>
      void told.push(sentence(this.#placeAt((isNode(node) && node.range?.[0]) || 0), text));
    visit(this.#document, {
      Alias: (_, alias: Alias, ancestors) => {
        const meant = alias.resolve(this.#document);
        if (!meant) tell(alias, "this is an alias of nothing: put text with a * in quotes.");
        else if (ancestors.includes(meant))
          tell(alias, "this is an alias of what it stands in, which would never end: write what is meant.");
      },
      Pair: (_, {key}: Pair) => {
        if (!isScalar(key)) tell(key, "a field's name must be text.");
        if (!isScalar(key) || !isMerge(key)) return undefined;
        tell(key, "<< merges nothing here: write the fields of the other group out.");
        return visit.SKIP;
      }
    });
    return told;
  }

  #keyAt(offset: number): {readonly name: string; readonly isOutermost: boolean} {
    let name = "";
    let isOutermost = false;
    visit(this.#document, {
      Pair: (_, {key}: Pair, ancestors) => {
        if (!isScalar(key) || key.range?.[0] !== offset) return;
        name = String(key.value);
        isOutermost = ancestors.at(-1) === this.#document.contents;
      }
    });
    return {name, isOutermost};
  }

  /** The place of a value, or of the nearest thing around it that is there. */
  place(path: Path): Place {
    const node = this.#nodeAt(path);
    return isNode(node) ? this.#placeAt(node.range?.[0] ?? 0) : this.place(path.slice(0, -1));
  }

  /** What is wrong with a value, with its place. */
  at(path: Path, text: string): string {
    return sentence(this.place(path), text);
  }

  /** The path of the text that is written somewhere below a path; that path itself where there is none. */
  pathOf(text: string, below: Path): Path {
    const values: {path: Path; value: unknown}[] = [{path: below, value: this.#valueAt(below)}];
    for (const {path, value} of values) {
      if (value === text) return path;
      if (typeof value === "object" && value !== null)
        for (const [name, inner] of Object.entries(value))
          values.push({path: [...path, Array.isArray(value) ? Number(name) : name], value: inner});
    }
    return below;
  }

  /** Everything that zod found, each in a sentence with its place; unknown fields first, for they may explain the rest. */
  problems(issues: readonly z.core.$ZodIssue[], found: Found): readonly string[] {
    const all = resolved(issues);
    const unknown = all.filter(({code}) => code === "unrecognized_keys");
    const others = all.filter(({path}) => !unknown.some((issue) => explains(issue, path)));
    return [...new Set([...unknown, ...others])].flatMap((issue) => this.#problem(issue, found));
  }

  #problem(issue: z.core.$ZodIssue, {schema, at, hidden = new Set()}: Found): readonly string[] {
    const path = [...at, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const known = fieldsAt(schema, issue.path);
      const fields = known.length === 0 ? "there are none" : `the fields are ${known.join(", ")}`;
      return issue.keys.map((key) =>
        sentence(
          this.#keyPlace(path, key),
          `there is no field "${key}" here${now(key, known) ?? meant(key, known)}; ${fields}.`
        )
      );
    }
    if (issue.code === "invalid_key") {
      const [name, group] = [String(path.at(-1)), path.slice(0, -1)];
      const words = resolved(issue.issues).map((inner) => allowed(inner));
      return [
        sentence(
          this.#keyPlace(group, name),
          `the name "${name}" in ${fieldName(group)} cannot be: ${words.join(", ")}.`
        )
      ];
    }
    const value = this.#valueAt(path);
    if (value === undefined) return [this.at(path, `the field ${fieldName(path)} is missing: ${allowed(issue)}.`)];
    const told = value === null ? "empty" : this.#shown(path, hidden);
    return [this.at(path, `${fieldName(path)} is ${told}: ${allowed(issue, value)}${meantAmong(issue, value)}.`)];
  }

  /** A value as it is written, without what is secret in it. */
  #shown(path: Path, hidden: ReadonlySet<string>): string {
    const node = this.#nodeAt(path);
    const isHidden = path.some((name) => hidden.has(String(name)));
    if (isScalar(node) && typeof node.value !== "string") return isHidden ? "…" : (node.source ?? String(node.value));
    const value = this.#valueAt(path);
    const shown = isHidden && !isReference(value) ? "…" : withoutUser(JSON.stringify(without(value, hidden)));
    return shown.length > 80 ? `${shown.slice(0, 79)}…` : shown;
  }

  #nodeAt(path: Path): unknown {
    return path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
  }

  #valueAt(path: Path): unknown {
    const node = this.#nodeAt(path);
    return isNode(node) ? (node.toJS(this.#document) as unknown) : node;
  }

  #keyPlace(path: Path, key: string): Place {
    const map = this.#nodeAt(path);
    const pair = isMap(map)
      ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    return pair && isScalar(pair.key) ? this.#placeAt(pair.key.range?.[0] ?? 0) : this.place(path);
  }

  #placeAt(offset: number): Place {
    const {line, col} = this.#lines.linePos(offset);
    return {file: this.#file, line, column: col};
  }
}

/** Whether a name is YAML 1.1's for the fields of another group, and no text in quotes. */
function isMerge({value, type}: Scalar): boolean {
  return value === "<<" && type === "PLAIN";
}

/** Fields of a resource that another resource begins with. */
const outermost = ["apiVersion", "kind", "metadata", "spec"];

/** Of a field that is written as it was called before. */
function now(name: string, known: readonly string[]): string | undefined {
  const called = former[name];
  return called !== undefined && known.includes(called) ? ` (it is called ${called} now)` : undefined;
}

/** Whether a field is missing because it stands there as it was called before. */
function explains({path, ...issue}: z.core.$ZodIssue, field: Path): boolean {
  const names = issue.code === "unrecognized_keys" ? issue.keys.map((name) => former[name]) : [];
  return names.some((name) => name !== undefined && isDeepStrictEqual([...path, name], field));
}

/** "spec.scopes[0].name" */
export function fieldName(path: Path): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`))
    .join("");
}

/** A text in which no URL says who asks, and with which password. */
function withoutUser(text: string): string {
  return text.replace(/:\/\/[^/\s"]+@/g, "://…@");
}

/** A value with what stands under the names left out, but for the names of variables. */
function without(value: unknown, hidden: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, hidden));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]: [string, unknown]) => [
    name,
    hidden.has(name) && !isReference(inner) ? "…" : without(inner, hidden)
  ]);
  return Object.fromEntries(entries) as unknown;
}
