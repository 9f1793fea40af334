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

/** Readings of a number between 0 and 1, some of which a mean does not stand in the middle of. */
const shapes: Readonly<Record<string, (x: number, y: number) => number>> = {
  "mostly small": (x, y) => (x < 0.98 ? y : 1000 + y),
  "in two heaps": (x, y) => (x < 0.755 ? y : 1e6 + y),
  "in heaps, each ten times as far": (x, y) => 10 ** Math.floor(10 * x) + y,
  "a power each": (x) => 2 ** (900 * x),
  "of long tails": (x, y) => (y < 0.5 ? -1 : 1) / (x + 1e-9) ** 3,
  even: (x) => x
};

/** How many readings each of the finest bins has, and how many bins each coarser one. */
const ladders = [[1440], [3600, 12], [1800, 6, 4], [300, 6, 4, 7], [60, 10, 24]];

test("percentiles of any readings are told within a share of 0.01, folded up to four times", {timeout: 60_000}, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(shapes)),
      fc.constantFrom(...ladders),
      fc.integer(),
      fc.boolean(),
      (name, [first = 1, ...fans], seed, isRising) => {
        let state = seed >>> 0;
        const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
        const length = first * fans.reduce((product, fan) => product * fan, 1);
        const values = Array.from({length}, () => shapes[name]!(next(), next()));
        if (isRising) values.sort((x, y) => x - y); // each bin has other readings
        const sorted = [...values].sort((x, y) => x - y);
        let count = first;
        let bins = Array.from({length: length / first}, (_, bin) =>
          digest(values.slice(bin * first, (bin + 1) * first))
        );
        for (const fan of fans) {
          const back = bins.map((bin) => Digest.from(bin.kept(), count));
          bins = Array.from({length: bins.length / fan}, (_, bin) =>
            Digest.merge(back.slice(bin * fan, (bin + 1) * fan))
          );
          count *= fan;
        }
        const all = Digest.from(bins[0]!.kept(), count);
        for (const share of [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
          expect([share, missOf(sorted, all.quantile(share), share) < 0.01]).toEqual([share, true]);
      }
    ),
    {numRuns: 60, examples: Object.keys(shapes).map((name) => [name, ladders[3]!, 7, false])}
  );
});

test("there is no percentile of nothing", () => {
  expect(digest([]).quantile(0.5)).toBeNaN();
});
