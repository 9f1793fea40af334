import {PondError} from "./error.js";

/** Paths are normalised here and nowhere else. */

/**
 * The path as absolute and normalised: one `/` between names, no `.` or `..`, none at the end but for the root.
 * A relative path starts from `base`. `..` is taken away by the words, before symlinks are followed.
 */
export function normalize(path: string, base = "/"): string {
  if (path === "") throw new PondError("BAD_PATH", "The path is empty; write / for the root.", {path});
  if (path.includes("\0")) throw new PondError("BAD_PATH", `The path ${JSON.stringify(path)} holds a NUL.`, {path});
  if (/\p{Surrogate}/u.test(path))
    throw new PondError("BAD_PATH", `The path ${JSON.stringify(path)} holds half a character.`, {path});
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

/** The names on the way to a normalised path; none for the root. */
export function namesOf(path: string): string[] {
  return path === "/" ? [] : path.slice(1).split("/");
}

/** The directory that a normalised path stands in; the root stands in itself. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The last name of a normalised path; empty for the root. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path of an entry in a directory. */
export function childOf(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

/** Whether a normalised path is the directory or lies under it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || directory === "/" || path.startsWith(`${directory}/`);
}
