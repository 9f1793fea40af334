interface Named {
  readonly kind: string;
  readonly name: string;
}

/** Where in the pond the applied form of a resource stands. */
export function formOf({kind, name}: Named): string {
  return `/sys/resources/${kind}/${name}`;
}

/** Where in the pond a kind keeps what it has to remember of a resource: it moves along when the resource is renamed. */
export function memoryOf({kind, name}: Named): string {
  return `/sys/${kind.toLowerCase()}/${name}`;
}
