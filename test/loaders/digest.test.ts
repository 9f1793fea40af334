import fc from "fast-check";
import {expect, test} from "vitest";
import {Digest, exactUpTo} from "../../loaders/reduction/digest.js";

const digest = (values: readonly number[]) => Digest.of(Float64Array.from(values).sort());

/** The share of ascending readings that lie below a value, as near to the wanted one as the value's own place lets it be. */
function missOf(sorted: readonly number[], value: number, share: number): number {
  const below = sorted.filter((one) => one < value).length / sorted.length;
  const upTo = sorted.filter((one) => one <= value).length / sorted.length;
  return Math.max(0, below - share, share - upTo);
}

test("few readings are told exactly, in whatever parts they came", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.double({noNaN: true, min: -1e9, max: 1e9}).map((x) => x + 0),
        {minLength: 1, maxLength: exactUpTo}
      ),
      fc.nat(),
      (values, cut) => {
        const sorted = [...values].sort((x, y) => x - y);
        const at = cut % values.length;
        const merged = Digest.merge([digest(values.slice(0, at)), digest(values.slice(at))]);
        expect([...merged.kept()]).toEqual(sorted);
        expect([merged.quantile(0), merged.quantile(1)]).toEqual([sorted[0], sorted.at(-1)]);
        const middle = (sorted.length - 1) / 2;
        const median =
          sorted[Math.floor(middle)]! + (sorted[Math.ceil(middle)]! - sorted[Math.floor(middle)]!) * (middle % 1);
        expect(merged.quantile(0.5)).toBeCloseTo(median, 3);
      }
    )
  );
});

test.each([
  ["even", (x: number) => x],
  ["skewed", (x: number) => Math.exp(8 * x)],
  ["in two heaps", (x: number) => (x < 0.5 ? x : 1000 + x)],
  ["coarse", (x: number) => Math.round(10 * x)]
])("many readings that are %s are told within a share of 0.01, folded many times", (_, shape) => {
  const parts = Array.from({length: 100}, (_, part) =>
    Array.from({length: 300}, (_, index) => shape(((part * 300 + index) * 0.6180339887) % 1))
  );
  const sorted = parts.flat().sort((x, y) => x - y);
  const back = (one: Digest, count: number) => Digest.from(one.kept(), count);
  let all = digest([]);
  for (const [index, part] of parts.entries())
    all = back(Digest.merge([all, back(digest(part), 300)]), 300 * (index + 1));
  expect(all.kept().length).toBeLessThanOrEqual(exactUpTo);
  for (const share of [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
    expect([share, missOf(sorted, all.quantile(share), share) < 0.01]).toEqual([share, true]);
});

test("there is no percentile of nothing", () => {
  expect(digest([]).quantile(0.5)).toBeNaN();
});
