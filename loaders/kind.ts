import type {Kind} from "./types.js";

/** A kind by its name. Throws when there is none: resources are validated before. */
export function kindNamed(name: string, among: readonly Kind[]): Kind {
  const kind = among.find((one) => one.name === name);
  if (!kind) throw new Error(`there is no kind "${name}" of resource`);
  return kind;
}
