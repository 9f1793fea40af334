/** Things in their order, in portions: each but the last is just larger than a limit. */
export function portionsOf<T>(things: readonly T[], limit: number, sizeOf: (thing: T) => number): T[][] {
  const portions: T[][] = [];
  let size = Infinity;
  for (const thing of things) {
    if (size > limit) {
      portions.push([]);
      size = 0;
    }
    portions.at(-1)!.push(thing);
    size += sizeOf(thing);
  }
  return portions;
}
