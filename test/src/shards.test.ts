import fc from "fast-check";
import {expect, test} from "vitest";
import {pack, stampOf} from "../../loaders/site/pack.js";
import type {Catalogue, ResolutionEntry} from "../../loaders/types.js";
import {unpack} from "../../src/components/data/shards.js";

/** Shards one after another, in whole minutes, some of them missing. */
const resolution = fc
  .record({
    begin: fc.integer({min: Date.UTC(1900, 0, 1), max: Date.UTC(2100, 0, 1)}).map((time) => time - (time % 1000)),
    steps: fc.array(fc.record({seconds: fc.integer({min: 1, max: 1e8}), there: fc.boolean()}), {maxLength: 9}),
    name: fc.constantFrom("1h", "raw")
  })
  .map(({begin, steps, name}): ResolutionEntry => {
    let time = begin;
    const shards = steps.flatMap(({seconds, there}) => {
      const [from, to] = [time, (time += seconds * 1000)];
      const [begin, end] = [new Date(from).toISOString(), new Date(to).toISOString()];
      return there ? [{file: `A/${name}/${stampOf(begin)}-0123abcd.parquet`, begin, end}] : [];
    });
    return {name, widthMs: 3_600_000, rows: 1, bytes: 2, shards};
  });

const dataset = {name: "A", label: "A", intervalMs: 900_000, columns: []};

function catalogueOf(resolutions: readonly ResolutionEntry[]): Catalogue {
  return {title: "T", datasets: [{...dataset, resolutions}]} as unknown as Catalogue;
}

test("a catalogue comes out of its packing as it went in, gaps and all", () => {
  fc.assert(
    fc.property(fc.array(resolution, {maxLength: 3}), (resolutions) => {
      const written = JSON.stringify(pack(catalogueOf(resolutions)));
      expect(JSON.parse(JSON.stringify(unpack(JSON.parse(written) as ReturnType<typeof pack>)))).toEqual(
        catalogueOf(resolutions)
      );
    }),
    {numRuns: 300}
  );
});

test("a shard costs a dozen and a half characters", () => {
  const [begin, end] = ["2025-04-01T00:00:00.000Z", "2025-07-01T00:00:00.000Z"];
  const shards = [{file: "A/1h/2025-04-01-0123abcd.parquet", begin, end}];
  const [packed] = pack(catalogueOf([{name: "1h", widthMs: 1, rows: 1, bytes: 1, shards}])).datasets;
  expect(packed!.resolutions[0]!.shards).toEqual(["2025-04-01-0123abcd", "2025-07-01"]);
});

test("what is not named by its begin is refused", () => {
  const [begin, end] = ["2025-04-01T07:30:00.000Z", "2025-07-01T00:00:00.000Z"];
  const shards = [{file: "A/1h/2025-04-01-0123abcd.parquet", begin, end}];
  expect(() => pack(catalogueOf([{name: "1h", widthMs: 1, rows: 1, bytes: 1, shards}]))).toThrow(
    "The shard A/1h/2025-04-01-0123abcd.parquet is not named by where it begins, 2025-04-01T07:30:00.000Z."
  );
});
