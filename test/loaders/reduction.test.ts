import {readdir, readFile, truncate} from "node:fs/promises";
import {join} from "node:path";
import {afterAll, expect, test} from "vitest";
import {Engine} from "../../loaders/reduction/engine.js";
import type {Level, Shard} from "../../loaders/reduction/level.js";
import {ReducedSeries} from "../../loaders/reduction/reduced.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {parseResolutions} from "../../loaders/time/resolution.js";
import type {Range} from "../../pond/types.js";
import {
  day,
  hour,
  micros,
  minute,
  openDuck,
  type Reading,
  readingsSeries,
  rowsOf,
  temporaryDirectory
} from "./memory.js";

const engine = new Engine(2);
afterAll(() => engine.close());

const ladder = ["1h", "2h", "4h", "12h", "24h"];
const told = ["avg", "min", "max", "count"] as const;

const ladderOf = (names: readonly string[]) => async () => ({resolutions: parseResolutions(names)});

interface Work {
  readonly cache: string;
  readonly names?: readonly string[];
  readonly built?: (shard: Shard, level: Level) => void;
}

/** A resolution as SQL reads it. */
function series(reduction: Reduction, name: string, cache: string): ReducedSeries {
  return new ReducedSeries(reduction, {name, statistics: told, path: `/reduced/x/${name}`, cache});
}

function reductionOf(versions: readonly (readonly Reading[])[], {cache, names = ladder, built}: Work): Reduction {
  return new Reduction(readingsSeries("/x", versions), {ladder: ladderOf(names), cache, engine, built});
}

/** Hourly through 2025: a day's wave on a year's. */
function synthetic(): readonly Reading[] {
  const begin = micros("2025-01-01T00:00Z");
  return Array.from({length: 8760}, (_, t) => ({
    time: begin + t * hour,
    values: {"T.C": 14 + 4 * Math.sin((2 * Math.PI * t) / 24) + 6 * Math.sin((2 * Math.PI * t) / 8760 - 1.5708)}
  }));
}

test("a year of hours comes to the figures that its formula has", async () => {
  const duck = await openDuck();
  const cache = await temporaryDirectory();
  const reduction = reductionOf([synthetic()], {cache});
  const found = [];
  for (const name of ladder) {
    const rows = await rowsOf(duck, series(reduction, name, cache));
    const [first] = rows;
    const spread = rows.reduce((sum, row) => sum + row["T.C.max"]! - row["T.C.min"]!, 0) / rows.length;
    const bin = ["avg", "min", "max"].map((statistic) => Number(first![`T.C.${statistic}`]!.toFixed(2)));
    found.push([name, rows.length, Number(spread.toFixed(4)), ...bin]);
  }
  expect(found).toEqual([
    ["1h", 8760, 0, 8, 8, 8],
    ["2h", 4380, 0.6667, 8.52, 8, 9.04],
    ["4h", 2190, 1.9311, 9.47, 8, 10.83],
    ["12h", 730, 4, 10.53, 8, 12],
    ["24h", 365, 8, 8, 4, 12]
  ]);
});

test("nothing that did not change is computed again, and a late or restated reading costs its own shards", async () => {
  const cache = await temporaryDirectory();
  const duck = await openDuck();
  const year = synthetic();
  const added = (versions: Reading[][]) => built([year, ...versions], cache);
  expect((await built([year], cache)).length).toBe(12 + 3 + 3 + 2 + 1); // quarters and twenty days; half years; a year; a decade
  expect(await built([year], cache)).toEqual([]);
  const late = [{time: micros("2025-05-05T05:30Z"), values: {"T.C": 99}}];
  expect(await added([late])).toEqual([
    "1h/2025-Q2",
    "2h/2025-H1",
    "4h/2025-H1",
    "12h/2025-until-2025-Q4",
    "24h/2020s-from-2025"
  ]);
  const turn = [{time: micros("2026-01-01T00:00Z"), values: {"T.C": 1}}]; // of the year: what was newest is cut anew
  const halves = ["2h", "4h"].flatMap((name) => [`${name}/2025-H2`, `${name}/2026-H1`]);
  const coarse = [...halves, "12h/2025", "12h/2026"];
  expect((await added([late, turn])).sort()).toEqual(
    [
      "1h/2025-Q3",
      "1h/2025-09-29-20d",
      "1h/2025-12-18-20d",
      ...coarse,
      "24h/2020s-until-2026",
      "24h/2020s-from-2026"
    ].sort()
  );
  const next = [{time: micros("2026-01-02T00:00Z"), values: {"T.C": 1}}];
  expect(await added([late, turn, next])).toEqual([
    "1h/2025-12-18-20d", // which lies across the new year, and costs no shard that ends with it
    "2h/2026-H1",
    "4h/2026-H1",
    "12h/2026",
    "24h/2020s-from-2026"
  ]);
  const rows = await rowsOf(duck, series(reductionOf([year, late], {cache}), "24h", cache), {
    begin: micros("2025-05-05T00:00Z"),
    end: micros("2025-05-06T00:00Z")
  });
  const bin = rows.find(({time}) => time === micros("2025-05-05T00:00Z"))!;
  expect([bin["T.C.count"], bin["T.C.max"]]).toEqual([25, 99]);
});

test("a new column costs only the shards that it has readings in", async () => {
  const cache = await temporaryDirectory();
  const year = synthetic();
  await built([year], cache);
  const salt = [{time: micros("2025-12-31T23:00Z"), values: {"Salinity.PSU": 30}}];
  expect((await built([year, salt], cache))[0]).toBe("1h/2025-12-18-20d");
  const duck = await openDuck();
  const rows = await rowsOf(duck, series(reductionOf([year, salt], {cache}), "1h", cache));
  expect(rows.length).toBe(8760);
  expect([rows[0]!["Salinity.PSU.count"], rows[0]!["Salinity.PSU.avg"]]).toEqual([0, null]);
  expect([rows.at(-1)!["Salinity.PSU.count"], rows.at(-1)!["Salinity.PSU.avg"]]).toEqual([1, 30]);
});

test("what is no number is no reading, wherever it stands", async () => {
  const duck = await openDuck();
  const strange = [NaN, Infinity, -Infinity].map((a, index) => ({time: index * hour, values: {a, b: 1}}));
  const plain = strange.map(({time}) => ({time, values: {a: null, b: 1}}));
  const [rows, expected] = await Promise.all(
    [strange, plain].map(async (version) => {
      const cache = await temporaryDirectory();
      const reduction = reductionOf([[...version, {time: 5 * minute, values: {a: 2, b: 1}}]], {cache});
      return rowsOf(duck, series(reduction, "2h", cache));
    })
  );
  expect(rows).toEqual(expected);
  expect(rows!.map((row) => [row["a.count"], row["b.count"]])).toEqual([
    [1, 3],
    [0, 1]
  ]);
});

test("a shard that is not as it was written is computed again", async () => {
  const cache = await temporaryDirectory();
  const reduction = reductionOf([synthetic()], {cache});
  const levels = await reduction.levels();
  const [fine, coarse] = [levels[0]!, levels.at(-1)!];
  const bins = (level: Level) => Promise.all(level.shards.map((shard) => reduction.bins(level, shard)));
  const before = [await bins(fine), await bins(coarse)];
  for (const {file} of [fine.shards[0]!, fine.shards[1]!, coarse.shards[0]!]) await truncate(file, 1000);
  expect([await bins(fine), await bins(coarse)]).toEqual(before);
});

test("of a shard that changed only the stretches that changed are read, and without a trace the whole is, to the same bytes", async () => {
  const [cache, anew] = [await temporaryDirectory(), await temporaryDirectory()];
  const year = synthetic();
  const late = [{time: micros("2025-05-05T05:30Z"), values: {"T.C": 99}}];
  await built([year], cache);
  const read: (Range | undefined)[] = [];
  const spied = (versions: readonly (readonly Reading[])[], directory: string) => {
    const series = readingsSeries("/x", versions);
    const relation = (range?: Range) => (read.push(range), series.relation(range));
    return new Reduction({...series, relation}, {ladder: ladderOf(ladder), cache: directory, engine});
  };
  const files = async (reduction: Reduction) => {
    const levels = await reduction.levels();
    for (const level of levels) await reduction.build(level);
    return Promise.all(levels.flatMap(({shards}) => shards.map(({file}) => readFile(file))));
  };
  const spliced = await files(spied([year, late], cache));
  expect(read).toEqual([{begin: micros("2025-05-01T00:00Z"), end: micros("2025-05-08T00:00Z")}]); // weeks, from Thursday
  read.length = 0;
  const whole = await files(spied([year, late], anew));
  expect(read.some((range) => range!.end! - range!.begin! > 31 * day)).toBe(true);
  expect(spliced.every((content, index) => content.equals(whole[index]!))).toBe(true);
  for (const name of await readdir(join(cache, "reduce")))
    if (name.endsWith(".trace")) await truncate(join(cache, "reduce", name), 10);
  read.length = 0;
  const restated = [...late, {time: micros("2025-05-06T05:30Z"), values: {"T.C": 98}}];
  await files(spied([year, restated], cache));
  expect(read).toEqual([{begin: micros("2025-04-01T00:00Z"), end: micros("2025-07-01T00:00Z")}]);
});

test("another resolution is folded from what is there", async () => {
  const cache = await temporaryDirectory();
  const year = synthetic();
  await built([year], cache);
  expect((await built([year], cache, [...ladder, "3h"])).sort()).toEqual([
    "3h/2025-H1",
    "3h/2025-H2-from-2025-12",
    "3h/2025-H2-until-2025-12"
  ]);
});

test("one thread or many, one at a time or side by side: the same bytes", async () => {
  const [one, two] = [await temporaryDirectory(), await temporaryDirectory()];
  const versions = [synthetic(), synthetic().map(({time}) => ({time: time + minute, values: {"T.C": time % 7}}))];
  const alone = new Engine(1);
  const many = new Engine(4);
  const files = async (cache: string, engine: Engine) => {
    const options = {ladder: ladderOf(ladder), cache, engine};
    const reduction = new Reduction(readingsSeries("/x", versions), options);
    const levels = await reduction.levels();
    await Promise.all(levels.map((level) => reduction.build(level)));
    await engine.close();
    return levels.flatMap(({shards}) => shards);
  };
  const [first, second] = [await files(one, alone), await files(two, many)];
  expect(first.map(({key}) => key)).toEqual(second.map(({key}) => key));
  for (const [index, shard] of first.entries())
    expect(Buffer.compare(await readFile(shard.file), await readFile(second[index]!.file))).toBe(0);
}, 90_000);

/** The shards that had to be computed to have all levels, as "1h/2025-Q1", fine to coarse. */
async function built(versions: readonly (readonly Reading[])[], cache: string, names = ladder): Promise<string[]> {
  const found: string[] = [];
  const tell = (shard: Shard, level: Level) => found.push(`${level.resolution.name}/${shard.span.name}`);
  const reduction = reductionOf(versions, {cache, names, built: tell});
  for (const level of await reduction.levels()) await reduction.build(level);
  return found;
}
