import fc from "fast-check";
import {expect, test} from "vitest";
import {columnsOf, lower, outline, upper} from "../../src/components/chart/outline.js";

const places = fc
  .array(fc.record({x: fc.integer({min: -300, max: 300}), y: fc.integer({min: -50, max: 50})}), {minLength: 1})
  .map((all) => {
    const sorted = all.sort((a, b) => a.x - b.x);
    return {xs: Int32Array.from(sorted, ({x}) => x), ys: Int32Array.from(sorted, ({y}) => y)};
  });

/** The values of some points by the column of ten that they are in. */
function byColumn(indices: readonly number[], {xs, ys}: {xs: Int32Array; ys: Int32Array}): Map<number, number[]> {
  const columns = new Map<number, number[]>();
  for (const index of indices) {
    const column = Math.floor(xs[index]! / 10);
    columns.set(column, [...(columns.get(column) ?? []), ys[index]!]);
  }
  return columns;
}

test("keeps of each column of pixels what a line through all is seen by, in order, and no more than four", () => {
  fc.assert(
    fc.property(places, (all) => {
      const kept = outline(columnsOf(all.xs), all.ys);
      expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
      const [wanted, found] = [byColumn([...all.xs.keys()], all), byColumn(kept, all)];
      expect([...found.keys()]).toEqual([...wanted.keys()]);
      for (const [column, values] of wanted) {
        const own = found.get(column)!;
        expect([own[0], own.at(-1)]).toEqual([values[0], values.at(-1)]);
        expect([Math.min(...own), Math.max(...own)]).toEqual([Math.min(...values), Math.max(...values)]);
        expect(own.length).toBeLessThanOrEqual(4);
      }
    })
  );
});

test("keeps of each column the highest for a band's upper side, the lowest for its lower", () => {
  fc.assert(
    fc.property(places, (all) => {
      const wanted = [...byColumn([...all.xs.keys()], all).values()];
      const columns = columnsOf(all.xs);
      const found = (indices: readonly number[]) => [...byColumn(indices, all).values()];
      expect(found(upper(columns, all.ys))).toEqual(wanted.map((values) => [Math.min(...values)])); // y is downwards
      expect(found(lower(columns, all.ys))).toEqual(wanted.map((values) => [Math.max(...values)]));
    })
  );
});
