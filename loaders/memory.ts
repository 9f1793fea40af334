/** Where in the pond a kind keeps what it has to remember of a resource: it moves along when the resource is renamed. */
export function memoryOf({kind, name}: {readonly kind: string; readonly name: string}): string {
  return `/sys/${kind.toLowerCase()}/${name}`;
}
