import type * as z from "zod";

/**
 * Has a check of several fields run where those are right, whatever is wrong with others. Left to itself zod runs it on
 * text that was refused, and not at all where any field is of another type. `*` in a path is any entry of a list.
 */
export function ifSound(...fields: readonly string[]) {
  const paths = fields.map((field) => field.split("."));
  return {
    when: ({issues}: z.core.ParsePayload): boolean =>
      !issues.some(({code, path = []}) => {
        if (path.length === 0 || code === "unrecognized_keys") return code !== "custom" && code !== "unrecognized_keys";
        return paths.some((names) => meet(names, path));
      })
  };
}

/** Whether one is the other, or in it. */
function meet(names: readonly string[], path: readonly PropertyKey[]): boolean {
  return path.every((name, index) => [undefined, "*", String(name)].includes(names[index]));
}
