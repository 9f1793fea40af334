import {readdir, readFile, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import fc from "fast-check";
import {describe, expect, onTestFinished, test} from "vitest";
import {hydrovu} from "../../loaders/kinds/hydrovu.js";
import {kinds} from "../../loaders/kinds.js";
import {readResources} from "../../loaders/resources/resource.js";
import {serveCloud} from "../../loaders/cloud/cloud.js";
import {instrumentsIn} from "../../loaders/cloud/instrument.js";
import type {CloudLocation} from "../../loaders/cloud/offer.js";
import {progressPath} from "../../loaders/cloud/progress.js";
import type {Progress} from "../../loaders/cloud/progress.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run as runAll} from "../../loaders/runs/run.js";
import {attributesOf} from "../../loaders/readings/readings.js";
import type {Pond} from "../../pond/pond.js";
import {describeShared, shared} from "../shared.js";
import {mostWithin} from "./arrivals.js";
import {Bench, collector, hour} from "./cloud.js";
import {temporaryDirectory} from "./memory.js";
import {resource} from "./pond.js";

const nothing = {read: 0, stored: 0, aside: 0, notes: [], errors: []};

/** An instrument with a reading every hour of the first days of 2026: temperature and oxygen. */
function bench(hours = 48): Bench {
  const source = new Bench();
  const gps = {latitude: 39.4, longitude: -123.8};
  source.place({id: 71, name: "AT500_1", description: "Near the surface", gps}, "1/1", "2/7");
  source.put(71, hourly(0, hours));
  return source;
}

function hourly(from: number, to: number): Record<number, number[]> {
  return Object.fromEntries(Array.from({length: to - from}, (_, i) => [hour(from + i), [10 + (from + i) / 100, 8]]));
}

async function progressOf(pond: Pond, id = "71"): Promise<Progress> {
  const bytes = await (await pond.fs()).read(progressPath({kind: "HydroVu", name: "noyo"}, id));
  return JSON.parse(new TextDecoder().decode(bytes)) as Progress;
}

test("an instrument's readings are a series, with what its columns are", async () => {
  const {run, rows, pond} = await collector(bench());
  expect(await run()).toEqual({...nothing, read: 48, stored: 48});
  const found = await rows("/hydrovu/AT500_1");
  expect(found).toHaveLength(48);
  expect(found[5]).toEqual({time: hour(5) * 1e6, "Temperature.C": 10.05, "DO.mg/L": 8});
  const columns = await (await (await pond.fs()).series("/hydrovu/AT500_1")).columns();
  expect(columns.map(({attributes}) => attributes)).toEqual([
    {instrument: "AT500_1", parameter: "Temperature", unit: "C"},
    {instrument: "AT500_1", parameter: "DO", unit: "mg/L"}
  ]);
});

test("a run with nothing new reads the overlap again, and writes nothing", async () => {
  const {run, pond, asked} = await collector(bench(240), {page: 100});
  await run();
  const {version} = await pond.fs();
  const since = asked();
  expect(await run()).toEqual({...nothing, read: 73});
  expect((await pond.fs()).version).toBe(version);
  expect(since()[0]!.from).toBe(hour(239 - 72));
  expect(since()).toHaveLength(1);
});

test("late and restated readings of the overlap are found, and new ones; others are not asked for", async () => {
  const source = bench();
  const {run, rows, state} = await collector(source);
  await run();
  source.put(71, {...hourly(48, 50), [hour(30.5)]: [1, 2], [hour(40)]: [5, 8], [hour(1.5)]: [3, 4]});
  state.clock += 3_600_000;
  expect(await run({overlap: "1d"})).toEqual({...nothing, read: 28, stored: 4});
  const found = await rows("/hydrovu/AT500_1");
  expect(found).toHaveLength(51);
  expect(found.find(({time}) => time === hour(40) * 1e6)).toMatchObject({"Temperature.C": 5, "DO.mg/L": 8});
  expect(await run({overlap: "30d"})).toMatchObject({stored: 1}); // once it reaches back
});

test("a new parameter is a new column; what has no name keeps its number; of two with one name one is told apart", async () => {
  const source = bench(4);
  const {run, rows, pond} = await collector(source);
  await run();
  const [before] = source.locations;
  source.place(before!, "1/1", "2/7", "3/8", "44/45", "9/1", "2/0");
  source.put(71, {[hour(4)]: [11, 8, 99, 1, 12, 7]});
  await run();
  const columns = await (await (await pond.fs()).series("/hydrovu/AT500_1")).columns();
  const names = ["% Saturation O₂.% sat", "Parameter 44.unit 45", "Temperature (9).C", "DO"];
  expect(columns.map(({name}) => name)).toEqual(["Temperature.C", "DO.mg/L", ...names]);
  expect((await rows("/hydrovu/AT500_1")).at(-1)).toMatchObject({"Temperature (9).C": 12, "Temperature.C": 11, DO: 7});
  source.names.parameters["2"] = "Dissolved Oxygen";
  source.put(71, {[hour(5)]: [11, 8.5, 99, 1, 12, 7]});
  await run();
  expect((await rows("/hydrovu/AT500_1")).at(-1)).toMatchObject({"DO.mg/L": 8.5}); // the column goes on
});

test("of two parameters whose names differ by case alone one is told apart", async () => {
  const source = bench(1);
  source.names.parameters["2"] = "temperature";
  source.names.units["7"] = source.names.units["1"]!;
  const {run, rows} = await collector(source);
  expect(await run()).toEqual({...nothing, read: 1, stored: 1});
  const [{time: _, ...values}] = (await rows("/hydrovu/AT500_1")) as [Record<string, number>];
  expect(values).toEqual({"Temperature.C": 10, "temperature (2).C": 8});
});

test("readings of a clock that was not set are kept aside, and counted", async () => {
  const source = bench(30);
  source.put(71, {120: [24, 9], 10_800: [14, 10], 14_400: [12, 10]});
  const {run, rows} = await collector(source);
  expect(await run()).toEqual({...nothing, read: 33, stored: 30, aside: 3});
  expect((await rows("/hydrovu/AT500_1"))[0]!.time).toBe(hour(0) * 1e6);
  expect((await rows("/sys/aside/hydrovu/AT500_1")).map(({time}) => time! / 1e6)).toEqual([120, 10_800, 14_400]);
});

test("text that holds a number is a reading, and what is empty or no number is none", async () => {
  const source = bench(0);
  const told = ["", "  ", "n/a", "12.5", "0", " 7 "] as unknown as number[]; // as the server may write them
  source.put(71, Object.fromEntries(told.map((value, index) => [hour(index), [value, NaN]])));
  const {run, rows} = await collector(source);
  expect(await run()).toEqual({...nothing, read: 3, stored: 3});
  const found = (await rows("/hydrovu/AT500_1")).map(({time, ...values}) => [time! / 1e6, values]);
  expect(found).toEqual([
    [hour(3), {"Temperature.C": 12.5}],
    [hour(4), {"Temperature.C": 0}],
    [hour(5), {"Temperature.C": 7}]
  ]);
});

test("an instrument in trouble is reported, and the others are stored", async () => {
  const source = bench();
  source.place({id: 72, name: "Broken", description: ""}, "/1");
  source.put(72, {[hour(0)]: [1]});
  source.place({id: 73, name: "Empty", description: ""}, "1/1");
  const {run, cloud} = await collector(source);
  const {errors, ...counts} = await run({devices: [{id: 72}, {id: 71}, {id: 73}, {id: 74, name: "Gone"}]});
  expect(counts).toEqual({read: 48, stored: 48, aside: 0, notes: []});
  expect(errors).toEqual([
    "The account has no location 74: take it out of devices.",
    `Broken was not read to its end: GET ${cloud.url}/v1/locations/72/data?startTime=0&endTime=${hour(264)} ` +
      "answered in another form than expected: parameters.0.parameterId is wrong (Too small: expected string to have >=1 characters)."
  ]);
});

test("what stands where a series should be is said", async () => {
  const {run, pond} = await collector(bench());
  await pond.transaction({command: "test"}, (tx) => tx.write("/hydrovu/AT500_1", "a file", {parents: true}));
  const {errors, stored} = await run();
  expect(stored).toBe(0);
  expect(errors[0]).toMatch(/^AT500_1 was not stored: \/hydrovu\/AT500_1 is .*a file/);
});

describe("a run that is cut off", () => {
  test("loses a page at most: the next goes on behind what was kept", async () => {
    const {run, state, rows, cloud} = await collector(bench(95));
    for (const diesAfter of [1, 2, 4]) {
      state.diesAfter = diesAfter; // the first keeps what instruments there are
      await expect(run()).rejects.toThrow("killed");
    }
    state.diesAfter = Infinity;
    expect(await run()).toMatchObject({read: 95 - 10 * (0 + 2 + 4)});
    expect(await rows("/hydrovu/AT500_1")).toHaveLength(95);
    const pages = cloud.exchanges.flatMap(({from}) => from ?? []);
    expect(new Set(pages).size).toBe(10);
    expect(pages.length - 10).toBe(3); // each time the page that was not kept
  });

  test("is ended first, and what came meanwhile is read after that", async () => {
    const source = bench(95);
    const {run, state, rows, asked} = await collector(source);
    state.diesAfter = 4;
    await expect(run()).rejects.toThrow("killed");
    state.diesAfter = Infinity;
    source.put(71, {...hourly(95, 100), ...hourly(290, 300)});
    state.clock += 86_400_000 * 5;
    const since = asked();
    expect(await run({overlap: "1h"})).toMatchObject({errors: []});
    expect(await rows("/hydrovu/AT500_1")).toHaveLength(110);
    const begins = new Set(since().map(({path}) => /startTime=(\d+)/.exec(path)![1]));
    expect([...begins]).toEqual(["0", String(hour(99 - 1))]); // to the end that was meant then, and what is behind it
  });

  test("is over once its last page was read, though that brought nothing", async () => {
    const source = bench(95);
    const {run, state, pond, asked} = await collector(source);
    await run();
    source.put(71, {[hour(30.5)]: [1, 2]});
    state.diesAfter = 1;
    await expect(run()).rejects.toThrow("killed");
    expect((await progressOf(pond)).sweep).toMatchObject({begin: hour(94 - 72)});
    state.diesAfter = Infinity;
    const since = asked();
    expect(await run()).toMatchObject({stored: 0});
    expect(since()[0]!.from).toBe(hour(31)); // the page behind the one that was kept
    expect((await progressOf(pond)).sweep).toBeUndefined();
  });

  test.each([
    ["pages come by time: from what was kept, and the overlap", {}, hour(10)],
    ["they do not: from where it began", {isUnordered: true}, 0]
  ])("where the server has forgotten the cursor, and %s", async (_, change, from) => {
    const {run, state, pond, rows, asked} = await collector(bench(95));
    state.diesAfter = 5;
    await expect(run()).rejects.toThrow("killed");
    state.diesAfter = Infinity;
    const progress = await progressOf(pond);
    expect(progress.sweep).toMatchObject({begin: 0, since: hour(30), newest: hour(39)});
    const spoilt = {...progress, sweep: {...progress.sweep, next: "forgotten", ...change}};
    await pond.transaction({command: "test"}, (tx) =>
      tx.write(progressPath({kind: "HydroVu", name: "noyo"}, "71"), JSON.stringify(spoilt))
    );
    const since = asked();
    expect(await run({overlap: "20h"})).toMatchObject({errors: []});
    expect(await rows("/hydrovu/AT500_1")).toHaveLength(95);
    expect(since()[0]!.from).toBe(from);
  });
});

describe("maxPointsPerRun", () => {
  test("ends a run, and the next goes on; instruments take turns, so that a long history leaves the others theirs", async () => {
    const source = bench(95);
    place(source, 70, 95);
    const {run, rows, asked} = await collector(source);
    await run({devices: [{id: 71}]});
    const runs = [];
    for (let i = 0; i < 4; i++) {
      const since = asked();
      const {notes} = await run({overlap: "4h", maxPointsPerRun: 40, parallel: 1});
      runs.push([...since().map(({location}) => location), ...notes]);
    }
    const note = "Stopped after 40 points, as maxPointsPerRun says; the next run goes on."; // 2 × 5 and 3 × 10
    expect(runs).toEqual([
      [70, 71, 70, 70, note],
      [70, 71, 70, 70, note],
      [70, 71, 70, 70, note],
      [70, 71]
    ]);
    expect(await rows("/hydrovu/70")).toHaveLength(95);
  });

  test("that is less than the overlap: the next run goes on in it, with what was read written once", async () => {
    const source = new Bench();
    place(source, 71, 240);
    const {run, rows, state, pond, asked} = await collector(source, {page: 24});
    const tight = {maxPointsPerRun: 40, parallel: 1};
    await run();
    const since = asked();
    const note = "Stopped after 48 points, as maxPointsPerRun says; the next run goes on.";
    expect(await run(tight)).toEqual({...nothing, read: 48, notes: [note]});
    expect(state.commits).toBe(1);
    put(source, 71, [170.5, 239.5, 240, 241]); // the first is behind what was read
    state.clock += 7_200_000;
    await rm(pond.cache, {recursive: true, force: true}); // which anyone may do
    expect(await run(tight)).toMatchObject({stored: 3, notes: []});
    const froms = since().map(({from}) => from);
    expect(froms).toEqual([167, 191, 215, 239].map(hour));
    expect(await run()).toMatchObject({stored: 1});
    expect(await rows("/hydrovu/71")).toHaveLength(244);
    const {version} = await pond.fs();
    expect(await run({...tight, maxPointsPerRun: 80})).toMatchObject({stored: 0, notes: []});
    expect((await pond.fs()).version).toBe(version); // a run that comes to its end writes nothing
  });

  test("that is less than what is read again: an instrument with a day more each night goes on, and late readings are found", async () => {
    const source = new Bench();
    place(source, 71, 240);
    const {run, rows, state} = await collector(source, {page: 24});
    await run();
    for (let night = 0; night < 12; night++) {
      const from = 240 + 24 * night;
      put(source, 71, [from - 30.5, ...Array.from({length: 24}, (_, i) => from + i)]);
      state.clock += 86_400_000;
      await run({maxPointsPerRun: 40, parallel: 1});
      const newest = (await rows("/hydrovu/71")).at(-1)!.time!;
      if (night > 3) expect(newest / 1e6).toBeGreaterThanOrEqual(hour(from - 3 * 24));
    }
    for (let night = 0; night < 8; night++) await run({maxPointsPerRun: 40, parallel: 1});
    expect(await rows("/hydrovu/71")).toHaveLength(240 + 12 * 25);
  });

  test("that is less than what the instruments read again: each goes on, and has what is new", async () => {
    const source = new Bench();
    const ids = [1, 2, 3, 4, 5];
    for (const id of ids) place(source, id, 100);
    const {run, rows, state} = await collector(source, {page: 24});
    state.clock = hour(100) * 1000;
    for (let night = 0; night < 28; night++) {
      for (const id of ids) put(source, id, [100 + night]);
      state.clock += 3_600_000;
      expect(await run({maxPointsPerRun: 100, parallel: 1})).toMatchObject({errors: []});
    }
    for (const id of ids) expect((await rows(`/hydrovu/${id}`)).length).toBeGreaterThan(100 + 28 - 8);
    for (let night = 0; night < 8; night++) await run({maxPointsPerRun: 100, parallel: 1});
    for (const id of ids) expect(await rows(`/hydrovu/${id}`)).toHaveLength(100 + 28);
  });

  test("that stretches reading over nights: what comes late meanwhile, behind it, is found after that", async () => {
    const source = new Bench();
    place(source, 71, 8);
    const {run, rows, state} = await collector(source, {page: 4});
    state.clock = hour(20) * 1000;
    const tight = {maxPointsPerRun: 4, overlap: "12h"};
    expect(await run(tight)).toMatchObject({stored: 4});
    put(source, 71, [-0.5, 21, 22, 23, 24, 25, 26]);
    state.clock = hour(26) * 1000;
    for (let night = 0; night < 6; night++) await run(tight);
    expect((await rows("/hydrovu/71")).map(({time}) => time! / 1e6)).toEqual(
      [-0.5, 0, 1, 2, 3, 4, 5, 6, 7, 21, 22, 23, 24, 25, 26].map(hour)
    );
  });

  test("whatever it is, the pond holds in the end what it holds without", async () => {
    await fc.assert(fc.asyncProperty(histories, holdsTheSame), {numRuns: 3, endOnFailure: true});
  }, 120_000);
});

const histories = fc.record({
  devices: fc.array(fc.record({length: fc.integer({min: 1, max: 20}), until: fc.nat(5)}), {minLength: 1, maxLength: 3}),
  limit: fc.integer({min: 1, max: 25}),
  page: fc.integer({min: 3, max: 9}),
  parallel: fc.integer({min: 1, max: 3}),
  nights: fc.array(fc.array(fc.option(fc.nat(11)), {minLength: 3, maxLength: 3}), {maxLength: 5}) // hours of late ones
});

type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

/** Six hours each night, until an instrument ends, and readings that are late by less than the overlap. */
async function holdsTheSame({devices, limit, page, parallel, nights}: History): Promise<void> {
  const source = new Bench();
  for (const [id, {length}] of devices.entries()) {
    place(source, id, 0);
    put(
      source,
      id,
      Array.from({length}, (_, i) => 20 - i)
    );
  }
  const [free, tight] = [await collector(source, {page}), await collector(source, {page})];
  const held = ({rows}: typeof free) => Promise.all(devices.map((_, id) => rows(`/hydrovu/${id}`).catch(() => [])));
  const spec = {overlap: "12h", parallel};
  const run = async (clock: number) => {
    free.state.clock = tight.state.clock = hour(clock) * 1000;
    await free.run(spec);
    await tight.run({...spec, maxPointsPerRun: limit});
  };
  await run(20);
  for (const [night, late] of nights.entries()) {
    for (const [id, {until}] of devices.entries()) {
      if (late[id] !== null) put(source, id, [20 + 6 * Math.min(night, until) - late[id]! - 0.5]);
      if (night < until)
        put(
          source,
          id,
          Array.from({length: 6}, (_, i) => 21 + 6 * night + i)
        );
    }
    await run(26 + 6 * night);
  }
  const expected = await held(free);
  const pages = Math.ceil((20 + 7 * nights.length) / page) + 1; // of an instrument at most, for what is begun and all again
  for (let left = 2 * pages * devices.length; left > 0 && !isEqual(await held(tight), expected); left--)
    await tight.run({...spec, maxPointsPerRun: limit});
  expect(await held(tight)).toEqual(expected);
}

const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** An instrument that measures temperature, every hour so far. */
function place(source: Bench, id: number, hours: number): void {
  source.place({id, name: String(id), description: ""}, "1/1");
  put(
    source,
    id,
    Array.from({length: hours}, (_, i) => i)
  );
}

function put(source: Bench, id: number, hours: readonly number[]): void {
  source.put(id, Object.fromEntries(hours.map((at) => [hour(at), [at]])));
}

test("a series stays where it is when HydroVu renames it; twins have their ids beside their names", async () => {
  const source = bench();
  const {run, pond, rows} = await collector(source);
  await run();
  source.place({id: 71, name: "Moved/away", description: "Now at the pier"}, "1/1", "2/7");
  for (const id of [81, 82]) {
    source.place({id, name: "Twin", description: ""}, "1/1");
    source.put(id, {[hour(0)]: [id]});
  }
  source.place({id: 83, name: "a/b *", description: ""}, "1/1");
  await run();
  expect((await (await pond.fs()).list("/hydrovu")).map(({name}) => name)).toEqual(["AT500_1", "Twin-81", "Twin-82"]);
  expect(await rows("/hydrovu/Twin-82")).toEqual([{time: hour(0) * 1e6, "Temperature.C": 82}]);
  expect(await instrumentsIn(await pond.fs())).toEqual([
    {series: "/hydrovu/AT500_1", name: "Moved/away", description: "Now at the pier"},
    {series: "/hydrovu/Twin-81", name: "Twin", description: ""},
    {series: "/hydrovu/Twin-82", name: "Twin", description: ""},
    {series: "/hydrovu/a-b -", name: "a/b *", description: ""}
  ]);
});

test("a name that two instruments would have is theirs to settle; a new one evades it", async () => {
  const source = bench();
  const {run, pond} = await collector(source);
  await run();
  source.place({id: 71, name: "Renamed", description: ""}, "1/1", "2/7");
  source.place({id: 72, name: "AT500_1", description: ""}, "1/1");
  source.put(72, {[hour(0)]: [1]});
  expect(await run()).toMatchObject({stored: 1, errors: []});
  expect((await (await pond.fs()).list("/hydrovu")).map(({name}) => name)).toEqual(["AT500_1", "AT500_1-72"]);
  const {errors} = await run({devices: [{id: 71}, {id: 72, name: "AT500_1"}]});
  expect(errors).toEqual([
    "/hydrovu/AT500_1 would hold two instruments: name location 71 in devices.",
    "/hydrovu/AT500_1 would hold two instruments: name location 72 in devices."
  ]);
});

test("two accounts with instruments of one name have a series for each", async () => {
  const {pond, rows, cloud} = await collector(bench());
  const other = new Bench();
  other.place({id: 81, name: "AT500_1", description: ""}, "1/1");
  other.put(81, {[hour(0)]: [-1]});
  const second = await serveCloud({source: other, page: 10, retryAfter: 0});
  onTestFinished(() => second.close());
  const account = (name: string, spec: object) =>
    resource("HydroVu", name, {clientId: "a", clientSecret: "b", rateLimit: {requests: 1000, per: "1s"}, ...spec});
  const first = account("first", {url: cloud.url});
  const both = (spec: object = {}) =>
    runAll(pond, [first, account("second", {url: second.url, ...spec})], {
      ...{now: () => hour(240) * 1000, env: {}, reporter: silent}
    });
  for (let night = 0; night < 2; night++) expect((await both()).rows.flatMap(({errors}) => errors)).toEqual([]);
  const paths = (await (await pond.fs()).list("/hydrovu")).map(({name}) => name);
  expect(paths).toHaveLength(2);
  expect(paths.filter((name) => /^AT500_1(-71|-81)?$/.test(name))).toEqual(paths);
  const lengths = await Promise.all(paths.map(async (name) => (await rows(`/hydrovu/${name}`)).length));
  expect(lengths.toSorted((a, b) => a - b)).toEqual([1, 48]);
  const taken = paths[lengths.indexOf(48)]!;
  const {rows: told} = await both({devices: [{id: 81, name: taken}]});
  expect(told.flatMap(({errors}) => errors)).toEqual([
    `/hydrovu/${taken} would hold two instruments: name location 81 in devices.`
  ]);
});

test("a clock that is ahead does not hide what comes before it", async () => {
  const source = bench();
  const {run, rows, state} = await collector(source);
  state.clock = hour(47) * 1000;
  source.put(71, {[hour(60)]: [99, 9]}); // thirteen hours ahead
  expect(await run({overlap: "1h"})).toMatchObject({stored: 49});
  state.clock = hour(72) * 1000;
  source.put(71, hourly(48, 73));
  await run({overlap: "1h"});
  expect(await rows("/hydrovu/AT500_1")).toHaveLength(73);
});

test("positions and descriptions are kept for the map, and a resource may name its instruments", async () => {
  const {run, pond, rows} = await collector(bench());
  await run({into: "/cloud", devices: [{id: 71, name: "Pier"}]});
  expect(await rows("/cloud/Pier")).toHaveLength(48);
  const position = [-123.8, 39.4];
  expect(await instrumentsIn(await pond.fs())).toEqual([
    {series: "/cloud/Pier", name: "AT500_1", description: "Near the surface", position}
  ]);
  expect(await run({into: "/cloud", devices: [{id: "71", name: "Quay"}]})).toMatchObject({stored: 48}); // elsewhere, from its begin
});

test("the rate limit holds from run to run", async () => {
  const {run, cloud} = await collector(bench(4));
  for (let i = 0; i < 3; i++) await run({rateLimit: {requests: 5, per: "1s"}}); // four requests each
  const arrivals = cloud.exchanges.map(({at}) => at);
  expect(arrivals).toHaveLength(12);
  expect(mostWithin(arrivals, 1000)).toBeLessThanOrEqual(5);
});

test("the rate limit holds for all resources of an account together", async () => {
  const {pond, cloud} = await collector(bench(4));
  const source = {url: cloud.url, clientId: "a", clientSecret: "b", rateLimit: {requests: 3, per: "1s"}};
  const both = ["one", "two"].map((name) => resource("HydroVu", name, {...source, into: `/${name}`}));
  const {rows} = await runAll(pond, both, {now: () => hour(240) * 1000, env: {}, reporter: silent});
  expect(rows.map(({stored, errors}) => [stored, errors])).toEqual([
    [4, []],
    [4, []]
  ]);
  const arrivals = cloud.exchanges.map(({at}) => at);
  expect(arrivals).toHaveLength(8);
  expect(mostWithin(arrivals, 1000)).toBeLessThanOrEqual(3);
});

test("a pause that is longer than a run waits is obeyed by all instruments, and told once", async () => {
  const source = new Bench();
  for (let id = 1; id <= 8; id++) place(source, id, 5);
  const {run, cloud} = await collector(source, {limit: {requests: 4, per: 3_600_000}});
  const pause = "HydroVu asks for a pause of 60 min, which is longer than a run waits: the next run goes on.";
  expect(await run({parallel: 2})).toEqual({...nothing, errors: [pause]});
  const refused = cloud.exchanges.filter(({fault}) => fault === "limit"); // behind a token, the names, and two pages of locations
  expect(cloud.exchanges.length - refused.length).toBe(4);
  expect(refused.length).toBeLessThanOrEqual(2);
});

test("a location of which something is odd is read; one without an id is told, unless others are asked for", async () => {
  const source = bench(2);
  const odd = {
    72: {name: null, gps: {latitude: null, longitude: 1}, description: 5},
    73: {name: "North", gps: "here"}
  };
  for (const [id, told] of Object.entries(odd)) {
    source.place({id: Number(id), ...told} as unknown as CloudLocation, "1/1");
    source.put(Number(id), {[hour(0)]: [1]});
  }
  source.place({id: 2 ** 60, name: "Far", description: ""}, "1/1");
  source.names.parameters["1"] = null as unknown as string;
  const {run, pond} = await collector(source);
  const words =
    'HydroVu tells of a location "Far" whose id is no number that can be asked for: list in devices what is to be read.';
  expect(await run()).toEqual({...nothing, read: 4, stored: 4, errors: [words]});
  expect(await run({devices: [{id: 71}]})).toMatchObject({errors: []});
  expect((await (await pond.fs()).list("/hydrovu")).map(({name}) => name)).toEqual(["72", "AT500_1", "North"]);
  const columns = await (await (await pond.fs()).series("/hydrovu/72")).columns();
  expect(columns.map(({name}) => name)).toEqual(["Parameter 1.C"]);
});

test("a series that was taken away is read again from its begin", async () => {
  const {run, pond} = await collector(bench());
  await run();
  await pond.transaction({command: "test"}, (tx) => tx.remove("/hydrovu/AT500_1"));
  expect(await run()).toMatchObject({stored: 48});
});

test.each([
  [{url: "http://www.hydrovu.com/public-api"}, "http is for this machine alone"],
  [{url: "https://me:secret@www.hydrovu.com/public-api"}, "without a user"],
  [{url: "ftp://www.hydrovu.com"}, "Invalid URL"],
  [{devices: [{id: 7}, {id: "7"}]}, "two devices have one id"],
  [
    {
      devices: [
        {id: 7, name: "a"},
        {id: 8, name: "a"}
      ]
    },
    "two devices have one name"
  ],
  [{devices: [{id: 7, name: "a/b"}]}, "write a name without /"],
  [{rateLimit: {per: "0s"}}, "write more than 0s"],
  [{overlap: "three days"}, "write a whole number and s, m, h or d"],
  [{devices: [{id: 7, name: ".."}]}, "none of dots alone"],
  [{into: "hydrovu"}, "write a path of the pond"],
  [{into: "/hydrovu/*"}, "it is a pattern, and something is stored at one place; write a path of the pond"],
  [{into: "/sys/resources"}, "what is below /sys is the pond's own; write a path of the pond"],
  [{into: "/"}, "it is where all of the pond begins; write a path of the pond"]
])("%j is refused", (spec, words) => {
  const {error} = hydrovu.schema.safeParse({clientId: "a", clientSecret: "b", ...spec});
  expect(error!.issues.map(({message}) => message).join()).toContain(words);
});

test("credentials that stand in a file are refused, and not shown", async () => {
  const folder = await temporaryDirectory();
  const text =
    "apiVersion: duckpond/v1\nkind: HydroVu\nmetadata: {name: noyo}\nspec: {clientId: mine, clientSecret: hush}\n";
  await writeFile(join(folder, "a.yaml"), text);
  let said = "";
  await readResources(folder, kinds, {}).catch((error: Error) => (said = error.message));
  for (const field of ["spec.clientId", "spec.clientSecret"]) expect(said).toContain(`${field} is a secret`);
  expect(said).not.toMatch(/mine|hush/);
});

test("what is not given is as the documents say", () => {
  expect(hydrovu.schema.parse({clientId: "a", clientSecret: "b"})).toEqual({
    ...{url: "https://www.hydrovu.com/public-api", clientId: "a", clientSecret: "b", into: "/hydrovu"},
    ...{overlap: "3d", rateLimit: {requests: 60, per: "1m"}, parallel: 4}
  });
});

test("no credential reaches the pond, its cache, or what is said", async () => {
  const {run, root, state, pond} = await collector(bench(), {
    credentials: {clientId: "harbour-id", clientSecret: "harbour-secret"}
  });
  await run();
  const said = [state.said];
  for (const clientSecret of ["harbour-secrets"])
    await run({clientSecret}).catch((error: Error) => said.push(error.stack!));
  await pond.close();
  const secrets = ["harbour-id", "harbour-secret", Buffer.from("harbour-id:harbour-secret").toString("base64")];
  const entries = await readdir(root, {recursive: true, withFileTypes: true});
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) said.push(file, await readFile(file, "latin1"));
  expect(said[1]).toContain("answered 401 Unauthorized");
  for (const text of said) for (const secret of secrets) expect(text).not.toContain(secret);
});

describeShared("real instruments", "noyo/hydrovu", () => {
  test("come out of the cloud as they went in: names, units, gaps, and clocks that were not set", async () => {
    const source = new Bench();
    const {run, pond, rows, state} = await collector(source, {page: 5000});
    state.clock = Date.parse("2026-03-01T00:00:00Z");
    const names = ["AT500_2", "Vulink_1"];
    const read = (name: string, where: string) => {
      const file = shared(`noyo/hydrovu/NoyoCenter${name}.parquet`);
      return pond.duck.rows(`SELECT timestamp::DOUBLE AS time, * EXCLUDE timestamp FROM '${file}' WHERE ${where}`);
    };
    for (const [id, name] of names.entries()) {
      const found = await read(name, "true");
      const columns = Object.keys(found[0]!).slice(1);
      const ids = columns.map((column, index) => {
        const {parameter, unit} = attributesOf(column);
        Object.assign(source.names.parameters, {[`${id}.${index}`]: parameter});
        Object.assign(source.names.units, {[`${id}.${index}`]: unit});
        return `${id}.${index}/${id}.${index}`;
      });
      source.place({id, name, description: ""}, ...ids);
      source.put(
        id,
        Object.fromEntries(
          found.map((row) => [row.time as number, columns.map((column) => (row[column] as number | null) ?? NaN)])
        )
      );
    }
    expect(await run()).toEqual({read: 29_984, stored: 29_960, aside: 24, notes: [], errors: []});
    for (const name of names) {
      const expected = await read(name, "timestamp > 946684800 ORDER BY timestamp");
      const found = await rows(`/hydrovu/${name}`);
      expect(found).toEqual(expected.map(({time, ...values}) => ({time: Number(time) * 1e6, ...values})));
    }
  });
});
