import {readdir, readFile, truncate} from "node:fs/promises";
import {join} from "node:path";
import fc from "fast-check";
import {afterAll, expect, test} from "vitest";
import {Engine} from "../../loaders/reduction/engine.js";
import {type Level, meeting, type Page} from "../../loaders/reduction/level.js";
import {ReducedSeries} from "../../loaders/reduction/reduced.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {summarise} from "../../loaders/reduction/summary.js";
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
  readonly built?: (page: Page, level: Level) => void;
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

test("nothing that did not change is computed again, and a late or restated reading costs its own pages", async () => {
  const cache = await temporaryDirectory();
  const duck = await openDuck();
  const year = synthetic();
  const added = (versions: Reading[][]) => built([year, ...versions], cache);
  expect((await built([year], cache)).length).toBe(12 + 12 + 12 + 4 + 1); // months, quarters, a year
  expect(await built([year], cache)).toEqual([]);
  const late = [{time: micros("2025-05-05T05:30Z"), values: {"T.C": 99}}];
  const ofMay = ["1h/2025-05", "2h/2025-05", "4h/2025-05", "12h/2025-Q2", "24h/2025"];
  expect(await added([late])).toEqual(ofMay);
  expect(await added([[{...late[0]!, values: {"T.C": 98}}]])).toEqual(ofMay); // restated: as many, and as small ones
  const turn = [{time: micros("2026-01-01T00:00Z"), values: {"T.C": 1}}];
  const ofJanuary = ["1h/2026-01", "2h/2026-01", "4h/2026-01", "12h/2026-Q1", "24h/2026"];
  expect(await added([late, turn])).toEqual(ofJanuary);
  const next = [{time: micros("2026-01-02T00:00Z"), values: {"T.C": 1}}];
  expect(await added([late, turn, next])).toEqual(ofJanuary);
  const rows = await rowsOf(duck, series(reductionOf([year, late], {cache}), "24h", cache), {
    begin: micros("2025-05-05T00:00Z"),
    end: micros("2025-05-06T00:00Z")
  });
  const bin = rows.find(({time}) => time === micros("2025-05-05T00:00Z"))!;
  expect([bin["T.C.count"], bin["T.C.max"]]).toEqual([25, 99]);
});

test("a new column costs only the pages that it has readings in", async () => {
  const cache = await temporaryDirectory();
  const year = synthetic();
  await built([year], cache);
  const salt = [{time: micros("2025-12-31T23:00Z"), values: {"Salinity.PSU": 30}}];
  expect((await built([year, salt], cache))[0]).toBe("1h/2025-12");
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

test("a range is asked of the pages that have bins in it, and of no other", async () => {
  const zone = "Europe/London";
  const names = ["1h", "6h", "1d", "1mo"];
  const levelsOf = () => {
    const ladder = async () => ({resolutions: parseResolutions(names, zone)});
    return new Reduction(readingsSeries("/x", [synthetic()]), {ladder, cache: "/nowhere", engine}).levels();
  };
  const told = (pages: readonly Page[]) => pages.map(({file, trace, cover}) => ({file, trace, cover}));
  const all = await levelsOf();
  const pages = (await Promise.all(all.map((level) => level.pages()))).flat();
  const borders = pages.flatMap(({cover}) => [cover.begin, cover.end]);
  const near = fc.integer({min: -1, max: 1});
  const instant = fc.oneof(
    fc.integer({min: -2000, max: 11_000}).map((t) => micros("2025-01-01T00:00Z") + t * hour),
    fc.tuple(fc.constantFrom(...borders), near).map(([border, more]) => border + more)
  );
  const range = fc.record({begin: instant, end: instant}, {requiredKeys: []});
  const year = {begin: micros("2025-01-01T00:00Z"), end: micros("2025-12-31T23:00Z") + 1}; // of readings
  await fc.assert(
    fc.asyncProperty(fc.array(range, {minLength: 1, maxLength: 4}), async (ranges) => {
      for (const [index, level] of (await levelsOf()).entries())
        for (const one of ranges) {
          const begin = Math.max(one.begin ?? -Infinity, year.begin);
          const end = Math.min(one.end ?? Infinity, year.end);
          const met = begin < end ? meeting(await all[index]!.pages(), {begin, end}) : [];
          expect(told(await level.pages(one))).toEqual(told(met));
        }
    })
  );
});

test("a page that is not as it was written is computed again", async () => {
  const cache = await temporaryDirectory();
  const reduction = reductionOf([synthetic()], {cache});
  const levels = await reduction.levels();
  const [fine, coarse] = [levels[0]!, levels.at(-1)!];
  const [pages, [page]] = [await fine.pages(), await coarse.pages()];
  const bins = async (level: Level) => Promise.all((await level.pages()).map((one) => reduction.bins(level, one)));
  const before = [await bins(fine), await bins(coarse)];
  for (const {file} of [pages[0]!, pages[1]!, page!]) await truncate(file, 1000);
  expect([await bins(fine), await bins(coarse)]).toEqual(before);
});

test("of a page that changed only the stretches that changed are read, and without a trace the whole is, to the same bytes", async () => {
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
    const built: Page[] = [];
    for (const level of levels) built.push(...(await reduction.build(level)));
    return Promise.all(built.map(({file}) => readFile(file)));
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
  expect(read).toEqual([{begin: micros("2025-05-01T00:00Z"), end: micros("2025-06-01T00:00Z")}]);
});

test("a column whose only readings go leaves the pages that it was in, to the same bytes as if they never came", async () => {
  const day4 = micros("2025-01-09T00:00Z");
  const hours = (from: number, count: number, more: object) =>
    Array.from({length: count}, (_, t) => ({time: from + t * hour, values: {"T.C": t, ...more}}));
  const before = hours(micros("2025-01-06T00:00Z"), 72, {});
  const others = hours(micros("2025-03-01T00:00Z"), 1, {"Salinity.PSU": 30}); // of other pages: the series has the column
  const files = async (readings: readonly Reading[], cache: string) => {
    const reduction = reductionOf([before, readings, others], {cache, names: ["10m", "1h"]});
    const pages = [];
    for (const level of await reduction.levels()) pages.push(...(await reduction.build(level)));
    return Promise.all(pages.map(({file}) => readFile(file)));
  };
  const cache = await temporaryDirectory();
  const [fine] = await files(hours(day4, 24, {"Salinity.PSU": 30}), cache);
  expect(fine!.toString("latin1")).toContain("Salinity.PSU");
  const bare = hours(day4, 24, {});
  expect(await files(bare, cache)).toEqual(await files(bare, await temporaryDirectory()));
});

test("columns that go are told no more, though shards without them were kept while they were there", async () => {
  const cache = await temporaryDirectory();
  const duck = await openDuck();
  const plain = ["2025-02-05", "2026-05-05"].map((time) => ({time: micros(time), values: {"T.C": 8}}));
  const untested = plain.map((reading) => [reading]);
  const flagged = [{time: micros("2025-09-05"), values: {"T.C": 9, "T.C.flag": 4}}];
  const rows = async (versions: readonly (readonly Reading[])[]) => {
    const stored = readingsSeries("/x", versions);
    const flagOf = (name: string) => (name === "T.C.flag" ? {attributes: {flags: "T.C"}} : {});
    const columns = async () => (await stored.columns()).map((one) => ({...one, ...flagOf(one.name)}));
    const reduction = new Reduction({...stored, columns}, {ladder: ladderOf(["1h"]), cache, engine});
    return rowsOf(duck, series(reduction, "1h", cache));
  };
  const told = await rows([...untested, flagged]);
  expect(told.map((row) => [row["T.C.count"], row["T.C.fail"]])).toEqual([
    [1, 0],
    [0, 1],
    [1, 0]
  ]);
  const names = ["time", ...["avg", "min", "max", "count"].map((name) => `T.C.${name}`)];
  expect((await rows(untested)).map((row) => Object.keys(row))).toEqual([names, names]);
});

test("another resolution is folded from what is there", async () => {
  const cache = await temporaryDirectory();
  const year = synthetic();
  await built([year], cache);
  const months = Array.from({length: 12}, (_, index) => `3h/2025-${String(index + 1).padStart(2, "0")}`);
  expect((await built([year], cache, [...ladder, "3h"])).sort()).toEqual(months);
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
    const pages = await Promise.all(levels.map((level) => reduction.build(level)));
    await engine.close();
    return pages.flat();
  };
  const [first, second] = [await files(one, alone), await files(two, many)];
  expect(first.map(({key}) => key)).toEqual(second.map(({key}) => key));
  for (const [index, page] of first.entries())
    expect(Buffer.compare(await readFile(page.file), await readFile(second[index]!.file))).toBe(0);
}, 90_000);

test.each(["T.C", "S.psu"])("a series that tells less of an hour than of all is told so, of %s", async (name) => {
  const readings = Array.from({length: 48}, (_, t) => ({
    time: micros("2025-06-01T00:00Z") + t * hour,
    values: {"T.C": t, "S.psu": t}
  }));
  const whole = readingsSeries("/x", [readings]);
  const lacking = readings.map(({time, values}) => ({time, values: name === "T.C" ? {} : {...values, [name]: null}}));
  const less = readingsSeries("/x", [[{time: 0, values: {"T.C": 0, "S.psu": 0}}, ...lacking]]);
  const isHour = ({begin = -Infinity, end = Infinity}: Range = {}) => end - begin <= hour;
  const source = {...whole, relation: (range?: Range) => (isHour(range) ? less : whole).relation(range)};
  const reduction = new Reduction(source, {ladder: ladderOf(ladder), cache: await temporaryDirectory()});
  const asked = {columns: await reduction.columns(), now: Date.parse("2025-06-03T00:00Z") * 1000};
  await expect(summarise(reduction, asked)).rejects.toThrow(
    /^\/x had readings from 2025-06-0[12]T\d\d:00:00.000Z on when all were read, and has none when those are: make what/
  );
});

/** The pages that had to be computed to have all levels, as "1h/2025-Q1", fine to coarse. */
async function built(versions: readonly (readonly Reading[])[], cache: string, names = ladder): Promise<string[]> {
  const found: string[] = [];
  const tell = (page: Page, level: Level) => found.push(`${level.resolution.name}/${page.span.name}`);
  const reduction = reductionOf(versions, {cache, names, built: tell});
  for (const level of await reduction.levels()) await reduction.build(level);
  return found;
}
