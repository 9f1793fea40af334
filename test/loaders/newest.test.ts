import {readFile} from "node:fs/promises";
import fc from "fast-check";
import {afterAll, expect, test} from "vitest";
import {Engine} from "../../loaders/reduction/engine.js";
import {newestOf} from "../../loaders/reduction/newest.js";
import {readingsSql} from "../../loaders/reduction/partial.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {parseResolutions} from "../../loaders/time/resolution.js";
import type {Pond} from "../../pond/pond.js";
import type {Range, Series} from "../../pond/types.js";
import {newPond, write} from "../pond/harness.js";
import {readings} from "../pond/readings.js";
import {temporaryDirectory} from "./memory.js";

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

const knows = () => false;
const asked = (series: Series) => newestOf(series, {range, columns, engine, knows});

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
  expect(await newestOf(sole, {range, columns, engine, knows})).toEqual(await mergedOf(twice));
  expect((await mergedOf(twice))[1]).toEqual(new Float64Array(20).fill(2));
});

test("where it is known when readings were, older versions are not asked", async () => {
  const {pond} = await newPond();
  await append(pond, full(seconds(0, 100), 1));
  await append(pond, full(seconds(10, 30), 2));
  const series = await seriesOf(pond);
  const older = "nothing that could be read";
  const alone: Series = {...silent(series), newest: async () => ({...(await series.newest!(range))!, older})};
  const [, piece] = await series.pieces(range);
  const known = (key: string, times: Float64Array) => key === piece!.key && times.length === 20 && times[0] === 10e6;
  expect(await newestOf(alone, {range, columns, engine, knows: known})).toEqual(await mergedOf(series));
  await expect(newestOf(alone, {range, columns, engine, knows})).rejects.toThrow("nothing");
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

test("a day that is told in full once more is reduced without older versions, where its times are those of before", async () => {
  const {pond} = await newPond();
  const cache = await temporaryDirectory();
  const minutes = (from: number, to: number) => seconds(from, to).map((minute) => minute * 60);
  const ladder = async () => ({resolutions: parseResolutions(["10m", "1h"])});
  const older = "nothing that could be read";
  const reduced = async (series: Series, place: string) => {
    const reduction = new Reduction(series, {ladder, cache: place, engine});
    const files = await Promise.all((await reduction.levels()).map((level) => reduction.build(level)));
    return Promise.all(files.flat().map(({file}) => readFile(file)));
  };
  /** As it is from nothing, though what is there already is computed without older versions. */
  const alone = async () => {
    const series = await seriesOf(pond);
    const path = series.path;
    const newest = async (asked: Required<Range>) => {
      const found = await series.newest!(asked);
      return found && {...found, older};
    };
    const relation = () => Promise.reject(new Error("versions are merged"));
    const same: Series = {
      path,
      columns: () => series.columns(),
      pieces: (asked) => series.pieces(asked),
      relation,
      newest
    };
    expect(await reduced(same, cache)).toEqual(await reduced(series, await temporaryDirectory()));
  };
  await append(pond, full(minutes(0, 4 * 1440), 1));
  await reduced(await seriesOf(pond), cache);
  for (const value of [2, 3]) {
    await append(pond, full(minutes(1440, 2880), value));
    await alone();
  }
  await append(pond, new Map([[90_001, [5, 5]]])); // another time
  await append(pond, full(minutes(1440, 2880), 4));
  await expect(alone()).rejects.toThrow("nothing that could be read");
  await reduced(await seriesOf(pond), cache);
  await append(pond, full(minutes(1440, 2880), 5));
  await expect(alone()).rejects.toThrow("nothing that could be read");
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
