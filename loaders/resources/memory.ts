import type {Applied} from "./applied.js";

/** Where in the pond a kind keeps what it has to remember of a resource: it moves along when the resource is renamed. */
export function memoryOf({kind, name}: Pick<Applied, "kind" | "name">): string {
  return `/sys/${kind.toLowerCase()}/${name}`;
}
