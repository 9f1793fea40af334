import fc from "fast-check";
import {afterAll, expect, test} from "vitest";
import {Engine} from "../../loaders/reduction/engine.js";
import {newestOf} from "../../loaders/reduction/newest.js";
import {readingsSql} from "../../loaders/reduction/partial.js";
import type {Pond} from "../../pond/pond.js";
import type {Series} from "../../pond/types.js";
import {newPond, write} from "../pond/harness.js";
import {readings} from "../pond/readings.js";

const engine = new Engine(2);
afterAll(() => engine.close());

const columns = [{name: "a"}, {name: "b"}];
const range = {begin: 10e6, end: 30e6}; // µs

/** What versions tell, by second. */
type Told = ReadonlyMap<number, readonly [a: number | null, b: number | null]>;

async function append(pond: Pond, told: Told): Promise<void> {
  const [times, values] = [[...told.keys()], [...told.values()]];
  const cells = {a: values.map(([a]) => a), b: values.map(([, b]) => b)};
  await write(pond, (tx) => tx.append("/x", readings(times, cells)));
}

async function seriesOf(pond: Pond): Promise<Series> {
  return (await pond.fs()).series("/x");
}

const asked = (series: Series) => newestOf(series, {range, columns, engine});

async function mergedOf(series: Series): Promise<readonly Float64Array[]> {
  const sql = readingsSql(await series.relation(range), columns, range);
  return engine.use((duck) => duck.numbers(`${sql} ORDER BY timestamp`));
}

const seconds = (begin: number, end: number) => Array.from({length: end - begin}, (_, index) => begin + index);
const full = (times: readonly number[], value: number): Told => new Map(times.map((time) => [time, [value, -value]]));

test("a stretch that is told once more is read from the newest version alone", async () => {
  const {pond} = await newPond();
  await append(pond, full(seconds(0, 100), 1));
  const year = await seriesOf(pond);
  expect(await asked(year)).toBeUndefined(); // there is but one version
  await append(pond, full(seconds(10, 30), 2));
  const twice = await seriesOf(pond);
  const sole: Series = {...silent(twice), newest: (range) => twice.newest!(range)};
  expect(await newestOf(sole, {range, columns, engine})).toEqual(await mergedOf(twice));
  expect((await mergedOf(twice))[1]).toEqual(new Float64Array(20).fill(2));
});

/** A series whose readings are not to be merged. */
function silent(series: Series): Series {
  const fail = () => Promise.reject(new Error("versions are merged"));
  return {path: series.path, columns: () => series.columns(), pieces: fail, relation: fail};
}

test("where the newest version misses a time or a value, older ones are heard", async () => {
  const {pond} = await newPond();
  const times = seconds(10, 30);
  await append(pond, full(seconds(0, 100), 1));
  await append(pond, full(times.slice(1), 2));
  expect(await asked(await seriesOf(pond))).toBeUndefined();
  await append(pond, new Map([...full(times, 3), [15, [3, null]]]));
  expect(await asked(await seriesOf(pond))).toBeUndefined();
  await append(pond, full(times, 4));
  expect((await asked(await seriesOf(pond)))![1]).toEqual(new Float64Array(20).fill(4));
});

const versions = fc.array(
  fc.uniqueArray(fc.tuple(fc.integer({min: 8, max: 14}), fc.option(fc.integer(), {freq: 9}), fc.integer()), {
    selector: ([time]) => time,
    minLength: 1
  }),
  {minLength: 2, maxLength: 4}
);

test("what the newest version tells alone is what all tell together", async () => {
  let alone = 0;
  await fc.assert(
    fc.asyncProperty(versions, async (lists) => {
      const {pond} = await newPond();
      for (const list of lists)
        await append(pond, new Map([...list].sort(([a], [b]) => a - b).map(([time, a, b]) => [time, [a, b]])));
      const series = await seriesOf(pond);
      const found = await asked(series);
      if (found) expect(found).toEqual(await mergedOf(series));
      if (found) alone++;
    }),
    {numRuns: 60}
  );
  expect(alone).toBeGreaterThan(2);
});
