import {relative, resolve} from "node:path";
import process from "node:process";
import {literally} from "../../pond/regexp.js";
import type {Resource, RunContext} from "../types.js";

/** From so many letters on, a value that stands within a word is no coincidence. */
const long = 6;

/**
 * Gives what puts `${env:NAME}` back into a text, wherever that says what the environment filled into a resource; a
 * value that is a path is known in its absolute and relative spellings too, and any as URLs and JSON have it. One that
 * is short counts where it is a word of its own: to mask the a in day would tell what is hidden. One of dots and
 * slashes alone hides nothing.
 */
export function maskOf({source}: Resource, {effects, base}: RunContext): (text: string) => string {
  const names = new Set(Array.from(JSON.stringify(source).matchAll(/\$\{env:(\w+)/g), ([, name]) => name!));
  const spellings = new Map<string, string>();
  for (const name of names)
    for (const spelling of spellingsOf(effects.env[name] ?? "", base)) spellings.set(spelling, `\${env:${name}}`);
  if (spellings.size === 0) return (text) => text;
  const longestFirst = [...spellings.keys()].sort((a, b) => b.length - a.length).map(patternOf);
  const pattern = new RegExp(["\\$\\{env:\\w+\\}", ...longestFirst].join("|"), "gu"); // what is masked stays
  return (text) => text.replace(pattern, (found) => spellings.get(found) ?? found);
}

function spellingsOf(value: string, base: string): string[] {
  if (!/[^./\\\s]/.test(value)) return [];
  const path = resolve(base, value);
  const inside = [encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
  const shown = [path, relative(process.cwd(), path), relative(base, path)];
  return [value, ...inside, ...shown].filter((spelling) => spelling !== "");
}

function patternOf(spelling: string): string {
  const pattern = literally(spelling);
  if (spelling.length >= long) return pattern;
  const [before, after] = [/^[\p{L}\p{N}]/u, /[\p{L}\p{N}]$/u].map((edge) => edge.test(spelling));
  return `${before ? "(?<![\\p{L}\\p{N}])" : ""}${pattern}${after ? "(?![\\p{L}\\p{N}])" : ""}`;
}
