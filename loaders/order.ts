import {kindNamed} from "./kinds.js";
import type {Resource} from "./types.js";

/**
 * Resources so that each comes after those whose paths it reads; where nothing decides, in the order given. Throws a
 * sentence that draws the cycle when resources wait for one another.
 */
export function inOrder(resources: readonly Resource[]): readonly Resource[] {
  const ordered = new Set<Resource>();
  const visit = (resource: Resource, waiting: readonly Resource[]): void => {
    if (ordered.has(resource)) return;
    if (waiting.includes(resource)) throw new Error(cycle([...waiting.slice(waiting.indexOf(resource)), resource]));
    for (const source of resources)
      if (source !== resource && feeds(source, resource)) visit(source, [...waiting, resource]);
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource, []);
  return [...ordered];
}

function cycle(resources: readonly Resource[]): string {
  const names = resources.map(({kind, name}) => `${kind} ${name}`).join(" → ");
  return `these resources wait for one another: ${names}; have one of them read from elsewhere`;
}

/** Whether one resource writes where the other reads. */
function feeds(source: Resource, reader: Resource): boolean {
  const writes = kindNamed(source.kind).writes?.(source.spec) ?? [];
  const reads = kindNamed(reader.kind).reads?.(reader.spec) ?? [];
  return writes.some((written) => reads.some((read) => meet(fixedPart(written), fixedPart(read))));
}

/** What stands before the first wildcard of a pattern. */
function fixedPart(pattern: string): string {
  const [fixed] = pattern.split(/[*?[{$]/);
  return fixed!;
}

/** Whether one path is above or at the other; a part name cut by a wildcard counts as met. */
function meet(a: string, b: string): boolean {
  const below = (path: string, root: string) =>
    path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
  return below(a, b) || below(b, a) || (a.startsWith(b) && b.length > 1) || (b.startsWith(a) && a.length > 1);
}
