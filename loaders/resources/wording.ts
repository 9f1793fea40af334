import type * as z from "zod";
import type {Path} from "./interpolation.js";
import {nearest} from "../word.js";

/** What zod finds wrong, in words for who writes YAML. */

type Issue = z.core.$ZodIssue;

/**
 * The issues with those of unions in their place: where a value may be one thing or another, those of the one that it
 * was most likely meant to be.
 */
export function resolved(issues: readonly Issue[], before: Path = []): readonly Issue[] {
  return issues.flatMap((issue): readonly Issue[] => {
    const path = [...before, ...issue.path];
    if (issue.code !== "invalid_union") return [{...issue, path}];
    if ("options" in issue && issue.options)
      return [{code: "invalid_value", values: issue.options, path, message: issue.message}];
    const meant = issue.errors.filter((errors) => !errors.some(isOfAnotherKind)).sort((a, b) => a.length - b.length);
    return meant[0] ? resolved(meant[0], path) : [{...issue, path}];
  });
}

/** Whether a value is not at all what is expected, and not merely wrong within. */
function isOfAnotherKind({code, path}: Issue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

/** What is allowed: the schema's own words where it has some, else ours for zod's. `found` is what is written. */
export function allowed(issue: Issue, found?: unknown): string {
  switch (issue.code) {
    case "invalid_value":
      return `it may be ${anyOf(issue.values.map((value) => JSON.stringify(value)))}`;
    case "invalid_type":
      return `it must be ${article(issue.expected)}${hint(issue.expected, found)}`;
    case "invalid_union":
      return `it must be ${anyOf([...new Set(issue.errors.flatMap(firstAllowed))])}`;
    case "too_small":
      return bound(issue.origin, issue.inclusive ? "at least" : "more than", issue.minimum);
    case "too_big":
      return bound(issue.origin, issue.inclusive ? "at most" : "less than", issue.maximum);
    case "invalid_format":
      return issue.message.startsWith("Invalid ") ? formatted(issue) : lowered(issue.message);
    case "not_multiple_of":
      return `it must be a multiple of ${issue.divisor}`;
    default:
      return lowered(issue.message);
  }
}

function firstAllowed([issue]: readonly Issue[]): readonly string[] {
  return issue ? [allowed(issue).replace(/^it (must|may) be /, "")] : [];
}

/** The words of a list of allowed values that are near to what is written. */
export function meantAmong(issue: Issue, found: unknown): string {
  return issue.code === "invalid_value" && typeof found === "string" ? meant(found, issue.values.map(String)) : "";
}

export function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}

function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function article(type: string): string {
  const words: Record<string, string> = {
    string: "text",
    array: "a list",
    tuple: "a list",
    object: "a group of fields",
    record: "a group of fields",
    int: "a whole number",
    boolean: "true or false",
    null: "empty",
    never: "left out"
  };
  return words[type] ?? `a ${type}`;
}

/** How what is written becomes what is expected, when it is near. */
function hint(expected: string, found: unknown): string {
  if (expected === "string" && (typeof found === "number" || typeof found === "boolean")) return "; put it in quotes";
  if (expected === "array" && typeof found === "string") return `, such as [${found}]`;
  if (expected !== "number" && expected !== "int") return "";
  if (typeof found !== "string" || found.trim() === "") return "";
  if (found.includes("${env:")) return ", and what the environment holds is text; write the number itself";
  return Number.isNaN(Number(found)) ? "" : "; take the quotes away";
}

function formatted(issue: Extract<Issue, {code: "invalid_format"}>): string {
  const words: Record<string, string> = {
    url: "be a URL such as https://example.org/",
    email: "be an address such as ann@example.org",
    date: "be a day such as 2024-03-01",
    datetime: "be an instant such as 2024-03-01T00:00:00Z",
    uuid: "be a UUID",
    regex: `match ${issue.pattern}`
  };
  return `it must ${words[issue.format] ?? issue.message.replace(/^Invalid \w+: must /, "").replace(/^Invalid /, "be another ")}`;
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  const counted: Record<string, string> = {string: "character", array: "entry"};
  const unit = counted[origin];
  if (unit === undefined) return `it must be ${relation} ${limit}`;
  return `it must have ${relation} ${limit} ${Number(limit) === 1 ? unit : unit.replace(/y$/, "ie") + "s"}`;
}

/** A sentence as a part of another. */
export function lowered(text: string): string {
  return text.replace(/^[A-Z](?=[a-z]* )/, (first) => first.toLowerCase()).replace(/\.$/, "");
}
