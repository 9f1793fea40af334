import fc from "fast-check";
import {expect, test} from "vitest";
import {CombinedSeries, type Deployment} from "../../loaders/series/combined.js";
import {hour, merged, micros, openDuck, type Reading, readingsSeries, rowsOf} from "./memory.js";

const change = micros("2025-10-16T21:00Z");

function instrument(name: string, readings: readonly Reading[]) {
  return readingsSeries(`/hydrovu/${name}`, [readings]);
}

const at = (time: number, value: number, column = "DO.mg/L"): Reading => ({time, values: {[column]: value}});

test.each([1, 2, 3, 12])("%i scopes: each timestamp once, each reading in its column", async (count) => {
  const duck = await openDuck();
  const deployments = Array.from({length: count}, (_, index): Deployment => {
    const readings = Array.from({length: 24}, (_, t) => at(t * (index + 1) * hour, index * 100 + t));
    return {scope: `S${index}`, period: {}, series: instrument(`I${index}`, readings)};
  });
  const series = new CombinedSeries("/sites/X", deployments);
  const rows = await rowsOf(duck, series);
  const times = new Set(deployments.flatMap((_, index) => Array.from({length: 24}, (_, t) => t * (index + 1) * hour)));
  expect(rows.map(({time}) => time)).toEqual([...times].sort((a, b) => a - b));
  for (const index of deployments.keys())
    expect(rows.flatMap((row) => row[`S${index}.DO.mg/L`] ?? [])).toEqual(
      Array.from({length: 24}, (_, t) => index * 100 + t)
    );
});

test("columns say what they are", async () => {
  const series = new CombinedSeries("/sites/X", [
    {scope: "Surface", period: {}, series: instrument("AT500_1", [at(0, 1), at(0, 2, "odd")])},
    {scope: "Bottom", period: {}, series: instrument("AT500_2", [at(0, 1)])}
  ]);
  expect(await series.columns()).toEqual([
    {
      name: "Surface.DO.mg/L",
      type: "DOUBLE",
      attributes: {instrument: "AT500_1", scope: "Surface", parameter: "DO", unit: "mg/L"}
    },
    {name: "Surface.odd", type: "DOUBLE", attributes: {instrument: "AT500_1", scope: "Surface"}},
    {
      name: "Bottom.DO.mg/L",
      type: "DOUBLE",
      attributes: {instrument: "AT500_2", scope: "Bottom", parameter: "DO", unit: "mg/L"}
    }
  ]);
});

test("a deployment has its first instant and not its last", async () => {
  const duck = await openDuck();
  const readings = [at(change - 1, 1), at(change, 2), at(change + 1, 3)];
  const until = new CombinedSeries("/x", [{scope: "S", period: {end: change}, series: instrument("A", readings)}]);
  const from = new CombinedSeries("/x", [{scope: "S", period: {begin: change}, series: instrument("A", readings)}]);
  expect((await rowsOf(duck, until)).map(({time}) => time)).toEqual([change - 1]);
  expect((await rowsOf(duck, from)).map(({time}) => time)).toEqual([change, change + 1]);
  expect((await until.pieces()).map(({maxTime}) => maxTime)).toEqual([change - 1]);
  expect(await until.pieces({begin: change})).toEqual([]);
  expect(await rowsOf(duck, until, {begin: change})).toEqual([]);
});

test("within a scope the later deployment wins per timestamp and column, and what it lacks stays", async () => {
  const duck = await openDuck();
  const first = instrument("A", [{time: 0, values: {"a.u": 1, "b.u": 2}}, at(hour, 3, "a.u")]);
  const second = instrument("B", [{time: 0, values: {"a.u": 10, "b.u": null}}]);
  const series = new CombinedSeries("/x", [
    {scope: "S", period: {}, series: first},
    {scope: "S", period: {}, series: second}
  ]);
  expect(await rowsOf(duck, series)).toEqual([
    {time: 0, "S.a.u": 10, "S.b.u": 2},
    {time: hour, "S.a.u": 3, "S.b.u": null}
  ]);
});

test("two columns with one name are refused", async () => {
  const base = instrument("A", [{time: 0, values: {"DO.mg/L": 1}}]);
  const twin = {name: "O2", type: "DOUBLE", attributes: {parameter: "DO", unit: "mg/L"}};
  const series = {...base, columns: async () => [...(await base.columns()), twin]};
  await expect(new CombinedSeries("/x", [{scope: "S", period: {}, series}]).columns()).rejects.toThrow(
    "The columns DO.mg/L and O2 of /hydrovu/A would both be S.DO.mg/L in scope S: rename one."
  );
});

test("what one input tells in feet, and later in metres, is one column in the unit that is wanted", async () => {
  const duck = await openDuck();
  const feet = [0, 1, 2].map((t) => at(t * hour, 10, "Depth.ft"));
  const metres = [at(2 * hour, 2, "Depth.m"), {time: 3 * hour, values: {"Depth.m": 3, "DO.mg/L": 8}}];
  const combined = (order: readonly (readonly Reading[])[], unit: string) => {
    const deployment = {scope: "S", period: {begin: hour}, series: readingsSeries("/hydrovu/A", order)};
    return new CombinedSeries("/x", [deployment], new Map([["Depth", unit]]));
  };
  for (const order of [
    [feet, metres],
    [metres, feet]
  ]) {
    const series = combined(order, "m");
    expect(await rowsOf(duck, series)).toEqual([
      {time: hour, "S.Depth.m": 3.048, "S.DO.mg/L": null},
      {time: 2 * hour, "S.Depth.m": 2, "S.DO.mg/L": null}, // what needs no conversion counts
      {time: 3 * hour, "S.Depth.m": 3, "S.DO.mg/L": 8}
    ]);
    expect(await series.notes()).toEqual([
      "The columns Depth.m and Depth.ft of /hydrovu/A are one in scope S: S.Depth.m."
    ]);
    const names = (await combined(order, "cm").columns()).map(({name}) => name).sort();
    expect(names).toEqual(["S.DO.mg/L", "S.Depth.cm"]);
  }
  const alone = combined([feet], "m");
  expect([(await alone.pieces()).length, await alone.notes()]).toEqual([1, []]);
});

test("readings of a unit that has no flags are not evaluated beside those of one that has", async () => {
  const duck = await openDuck();
  const depths = [[{time: 0, values: {"Depth.ft": 10}}], [{time: hour, values: {"Depth.m": 2, "Depth.m.flag": 1}}]];
  const base = readingsSeries("/hydrovu/A", depths);
  const flagOf = (name: string) => (name === "Depth.m.flag" ? {attributes: {flags: "Depth.m"}} : {});
  const series = {...base, columns: async () => (await base.columns()).map((one) => ({...one, ...flagOf(one.name)}))};
  const combined = new CombinedSeries("/x", [{scope: "S", period: {}, series}], new Map([["Depth", "m"]]));
  expect(await rowsOf(duck, combined)).toEqual([
    {time: 0, "S.Depth.m": 3.048, "S.Depth.m.flag": 2},
    {time: hour, "S.Depth.m": 2, "S.Depth.m.flag": 1}
  ]);
});

test("no deployment at all is an empty series", async () => {
  const duck = await openDuck();
  const series = new CombinedSeries("/x", []);
  expect([await series.columns(), await series.pieces(), await rowsOf(duck, series)]).toEqual([[], [], []]);
});

test("a period changes the keys only where it cuts", async () => {
  const readings = [at(0, 1), at(100 * hour, 2)];
  const keys = async (end: number | undefined, range: {begin: number; end: number}) => {
    const series = new CombinedSeries("/x", [{scope: "S", period: {end}, series: instrument("A", readings)}]);
    return (await series.pieces(range)).map(({key}) => key);
  };
  const early = {begin: 0, end: 10 * hour};
  const late = {begin: 40 * hour, end: 60 * hour};
  expect(await keys(50 * hour, early)).toEqual(await keys(undefined, early));
  expect(await keys(50 * hour, late)).not.toEqual(await keys(undefined, late));
  expect(await keys(51 * hour, late)).not.toEqual(await keys(50 * hour, late));
});

test("any deployments come to what a plain merge of their readings is", async () => {
  const duck = await openDuck();
  const time = fc.integer({min: 0, max: 30});
  const deployment = fc.record({
    scope: fc.constantFrom("A", "B", "C"),
    begin: fc.option(time, {nil: undefined}),
    end: fc.option(time, {nil: undefined}),
    readings: fc.uniqueArray(fc.record({time, value: fc.integer({min: -9, max: 9})}), {
      maxLength: 8,
      selector: (r) => r.time
    })
  });
  await fc.assert(
    fc.asyncProperty(fc.array(deployment, {minLength: 1, maxLength: 5}), time, time, async (list, from, span) => {
      const deployments = list.map(({scope, begin, end, readings}, index) => ({
        scope,
        period: {begin, end},
        series: instrument(
          `I${index}`,
          readings.map((r) => at(r.time, r.value, "v.u"))
        )
      }));
      const range = {begin: from, end: from + span};
      const inside = ({time}: {time: number}, {begin = -Infinity, end = Infinity}) => time >= begin && time < end;
      const expected = merged(
        list.map(({scope, begin, end, readings}) =>
          readings
            .filter((r) => inside(r, {begin, end}) && inside(r, range))
            .map((r) => at(r.time, r.value, `${scope}.v.u`))
        )
      );
      const rows = await rowsOf(duck, new CombinedSeries("/x", deployments), range);
      const told = rows.map(({time, ...values}) => ({
        time,
        values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null))
      }));
      expect(told).toEqual(expected);
    }),
    {numRuns: 100}
  );
});

test("under whatever names inputs tell a thing no reading is lost, and one column has one thing in one unit", async () => {
  const duck = await openDuck();
  const names = ["DO.mg/L", "dissolved oxygen.ppm", "ODO.mg/L", "DO.% sat", "SpCond.µS/cm", "Cond.µS/cm", "Depth.m"];
  const thing = (name: string) => (/^(DO|diss.*|ODO)\.(mg|ppm)/.test(name) ? "oxygen" : name);
  const input = fc.uniqueArray(fc.constantFrom(...names), {minLength: 1, maxLength: 4});
  await fc.assert(
    fc.asyncProperty(fc.array(input, {minLength: 1, maxLength: 5}), async (inputs) => {
      const told = inputs.map((own, at) => own.map((name, index) => [name, 10 * at + index] as const));
      const deployments = told.map((own, index): Deployment => {
        const readings = [{time: index * hour, values: Object.fromEntries(own)}];
        return {scope: "S", period: {}, series: instrument(`I${index}`, readings)};
      });
      const rows = await rowsOf(duck, new CombinedSeries("/sites/X", deployments));
      const cells = rows.flatMap(({time: _, ...row}) => Object.entries(row).filter(([, value]) => value !== null));
      expect(cells.map(([, value]) => value).sort()).toEqual(
        told.flatMap((own) => own.map(([, value]) => value)).sort()
      );
      const things = new Map<string, Set<string>>();
      for (const [column, value] of cells) {
        const [source] = told.flat().find(([, own]) => own === value)!;
        things.set(column, (things.get(column) ?? new Set()).add(thing(source)));
      }
      expect([...things.values()].filter(({size}) => size > 1)).toEqual([]);
      const single = inputs.every((own) => own.filter((name) => thing(name) === "oxygen").length < 2);
      const columns = [...things].filter(([, its]) => its.has("oxygen")).length;
      if (single) expect(columns).toBeLessThanOrEqual(1);
    }),
    {numRuns: 40}
  );
});
