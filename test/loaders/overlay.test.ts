import fc from "fast-check";
import {expect, test} from "vitest";
import {spansOf} from "../../loaders/overlay.js";

/** Shards that follow each other, with holes: none meets another. */
const shards = fc.array(fc.tuple(fc.nat(3), fc.integer({min: 1, max: 9})), {maxLength: 8}).map((steps) => {
  let time = 0;
  return steps.map(([hole, length]) => {
    const begin = time + hole;
    time = begin + length;
    return {begin: new Date(begin).toISOString(), end: new Date(time).toISOString()};
  });
});

/** Each millisecond that a span holds. */
function within({begin, end}: {begin: number; end: number}): number[] {
  return Array.from({length: end - begin}, (_, index) => begin + index);
}

test("shards across datasets hold each instant of any of them once, and are cut as the first one is", () => {
  fc.assert(
    fc.property(fc.array(shards, {maxLength: 4}), (cuts) => {
      const spans = spansOf(cuts);
      const held = spans.flatMap(within);
      const wanted = cuts.flat().flatMap(({begin, end}) => within({begin: Date.parse(begin), end: Date.parse(end)}));
      expect(held).toEqual([...new Set(wanted)].sort((a, b) => a - b));
      const [first = []] = cuts;
      for (const {begin, end} of first) expect(spans).toContainEqual({begin: Date.parse(begin), end: Date.parse(end)});
    })
  );
});
