import {PondError} from "./error.js";
import {namesOf, normalize} from "./path.js";

/**
 * Patterns over paths: `*` and `?` within a name, `**` any number of directories (also none), `[a-z]`, `[!…]` or
 * `[^…]` one character, `{a,b}` one of several, `\` takes the next character as it is. Each wildcard captures what it
 * stood for: a group in braces counts as one, wildcards inside it do not.
 */
export interface Glob {
  /** Per directory level: a name's pattern, or `**`. */
  readonly levels: readonly (RegExp | "**")[];
  /** The captures of a path that matches, or undefined. */
  match(path: string): string[] | undefined;
}

/** Whether a path has anything that a glob treats specially. */
export function isGlob(path: string): boolean {
  return /[*?[{\\]/.test(path);
}

/** Makes a pattern ready; throws BAD_PATH for a bracket or brace that is not closed, and a range that runs backwards. */
export function compile(pattern: string): Glob {
  const names = namesOf(normalize(pattern));
  const levels = names.map((name) => (name === "**" ? name : new RegExp(`^${translate(name, pattern)}$`, "su")));
  const whole = new RegExp(`^${joined(names, pattern)}$`, "su");
  const match = (path: string): string[] | undefined =>
    whole
      .exec(path === "/" ? "" : path)
      ?.slice(1)
      .map((capture: string | undefined) => (capture ?? "").replace(/^\//, ""));
  return {levels, match};
}

/** The whole path's pattern; a `**` captures the directories with the slash before them, which is then cut off. */
function joined(names: readonly string[], pattern: string): string {
  return names.map((name) => (name === "**" ? "((?:/[^/]+)*)" : `/${translate(name, pattern)}`)).join("");
}

function translate(name: string, pattern: string): string {
  const fail = (what: string): never => {
    throw new PondError("BAD_PATH", `The pattern ${pattern} has a ${what}; a \\ before it takes it as it is.`, {
      pattern
    });
  };
  let out = "";
  let depth = 0;
  for (let i = 0; i < name.length; i++) {
    const char = name[i]!;
    const open = depth > 0 ? "(?:" : "(";
    if (char === "\\" && i + 1 < name.length) out += escape(name[++i]!);
    else if (char === "*") out += `${open}[^/]*)`;
    else if (char === "?") out += `${open}[^/])`;
    else if (char === "[") {
      const end = name.indexOf("]", /[!^]/.test(name[i + 1] ?? "") ? i + 3 : i + 2);
      if (end < 0) return fail("[ that is not closed within its name");
      const one = characters(name.slice(i + 1, end));
      if (one === undefined) return fail(`range in ${name.slice(i, end + 1)} that runs backwards`);
      out += `${open}${one})`;
      i = end;
    } else if (char === "{") {
      out += open;
      depth++;
    } else if (char === "}" && depth > 0) {
      out += ")";
      depth--;
    } else if (char === "," && depth > 0) out += "|";
    else out += escape(char);
  }
  return depth > 0 ? fail("{ that is not closed within its name") : out;
}

/** The pattern of one character, or undefined when a range ends before it begins. */
function characters(inside: string): string | undefined {
  const negated = /^[!^]/.test(inside);
  const body = (negated ? inside.slice(1) : inside).replace(/[\\\]^[]/g, "\\$&");
  const one = `[${negated ? "^/" : ""}${body}]`;
  try {
    return new RegExp(one, "su").source;
  } catch {
    return undefined; // nothing else can be wrong with it
  }
}

function escape(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
