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
  return writes.some((written) => reads.some((read) => meet(written, read)));
}

/** Whether one pattern may lead to, or below, where the other does. */
function meet(a: string, b: string): boolean {
  const [fixedA, fixedB] = [fixedPart(a), fixedPart(b)];
  return isAtOrBelow(fixedA, b) || isAtOrBelow(fixedB, a);
}

/** Whether a path is at or below what a pattern leads to, as far as what stands before its first wildcard tells. */
function isAtOrBelow(path: string, pattern: string): boolean {
  const fixed = fixedPart(pattern);
  if (fixed !== pattern || fixed.endsWith("/")) return path.startsWith(fixed);
  return path === fixed || path.startsWith(`${fixed}/`);
}

/** What stands before the first wildcard or capture of a pattern. */
function fixedPart(pattern: string): string {
  const [fixed] = pattern.split(/[*?[{$\\]/);
  return fixed!;
}
