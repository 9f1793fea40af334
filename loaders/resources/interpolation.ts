import type {Effects} from "../types.js";

/** Where a value stands in a document. */
export type Path = readonly PropertyKey[];

/** What texts may name, and where it goes when they name what is not there. */
export interface Surroundings {
  readonly env: Effects["env"] | undefined; // undefined: the environment may not be named here
  readonly complain: (path: Path, text: string) => void;
}

/**
 * Replaces `${env:NAME}`, `${env:NAME:-default}` (for a NAME that is unset or empty) and `$$` (a dollar sign) in every
 * text of a value.
 */
export function interpolate(value: unknown, surroundings: Surroundings, path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => interpolate(item, surroundings, [...path, index]));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, interpolate(item, surroundings, [...path, name])])
    );
  return typeof value === "string" ? replaceIn(value, surroundings, path) : value;
}

function replaceIn(text: string, {env, complain}: Surroundings, path: Path): string {
  return text.replace(/\$\$|\$\{(?:env:([A-Za-z_]\w*)(?::-([^}]*))?\})?/g, (whole, name?: string, other?: string) => {
    if (whole === "$$") return "$";
    if (name === undefined) complain(path, "after ${ comes env:NAME: write ${env:NAME}, or $$ for a dollar sign.");
    else if (!env)
      complain(
        path,
        `what is computed is the same whoever reads it, and so names no environment (${whole}): write the value itself.`
      );
    else return filledIn(env[name], other) ?? missing(name);
    return "";
  });

  function missing(name: string): string {
    complain(path, `the environment has no ${name}: set it, or write \${env:${name}:-default} for a default.`);
    return "";
  }
}

function filledIn(value: string | undefined, other: string | undefined): string | undefined {
  return other !== undefined && !value ? other : value;
}
