import {createHash} from "node:crypto";
import {tableToIPC} from "apache-arrow";
import type {Table} from "apache-arrow";
import fc from "fast-check";
import {beforeAll, describe, expect, test} from "vitest";
import {isOut, oxygenSaturation, runoff, tide} from "../../loaders/cloud/harbour.js";
import type {Mooring} from "../../loaders/cloud/harbour.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import {mooringsOf, simulate, simulator} from "../../loaders/kinds/simulator.js";
import {rowsOf} from "./memory.js";
import {openPond, resource} from "./pond.js";

const quarter = 15 * 60_000;
const hour = 3_600_000;
const day = 24 * hour;
const begin = Date.parse("2024-03-01T00:00Z");
const harbour = mooringsOf(simulator.schema.parse({}));

function mooring(site: string, level: Mooring["level"]): Mooring {
  return harbour.find((one) => one.site === site && one.level === level)!;
}

/** Columns as arrays: `time` in milliseconds, NaN where a reading is missing. */
function columnsOf(table: Table): Record<string, number[]> {
  const names = table.schema.fields.map(({name}) => name).filter((name) => name !== "timestamp");
  const times = [...(table.getChild("timestamp")!.toArray() as BigInt64Array)].map((time) => Number(time) / 1000);
  const column = (name: string): [string, number[]] => [
    name,
    [...(table.getChild(name)! as Iterable<number | null>)].map((value) => value ?? NaN)
  ];
  return {time: times, ...Object.fromEntries(names.map(column))};
}

/** Mean of the values that are there, of those that a time picks. */
function mean(values: readonly number[], pick: (index: number) => boolean = () => true): number {
  const found = values.filter((value, index) => !Number.isNaN(value) && pick(index));
  return found.reduce((sum, value) => sum + value, 0) / found.length;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const both = a.map((_, index) => index).filter((index) => !Number.isNaN(a[index]! + b[index]!));
  const [meanA, meanB] = [a, b].map((values) => mean(both.map((index) => values[index]!))) as [number, number];
  const sum = (f: (index: number) => number) => both.reduce((total, index) => total + f(index), 0);
  const spread = (values: readonly number[], centre: number) => sum((index) => (values[index]! - centre) ** 2);
  const joint = sum((index) => (a[index]! - meanA) * (b[index]! - meanB));
  return joint / Math.sqrt(spread(a, meanA) * spread(b, meanB));
}

// ---- The same again ----

test("the same seed and span give the same bytes", () => {
  const bytes = (seed: number) => tableToIPC(simulate(seed, harbour[0]!, {begin, end: begin + 30 * day}));
  expect(bytes(1)).toEqual(bytes(1));
  expect(bytes(2)).not.toEqual(bytes(1));
});

test("the harbour is the one it was: another would not go on from what ponds hold", () => {
  const hash = createHash("sha256");
  for (const one of harbour) hash.update(JSON.stringify(columnsOf(simulate(1, one, {begin, end: begin + 90 * day}))));
  expect(hash.digest("hex").slice(0, 16)).toBe("e3a3b69b52838e87");
});

test("readings do not depend on the span that they are computed in", () => {
  const end = begin + 400 * day;
  const span = fc.tuple(fc.nat(400 * 96), fc.integer({min: 1, max: 300}));
  const whole = new Map(harbour.slice(0, 2).map((one) => [one, columnsOf(simulate(1, one, {begin, end}))]));
  fc.assert(
    fc.property(fc.constantFrom(...whole.keys()), span, (one, [from, steps]) => {
      const [first, last] = [begin + from * quarter, Math.min(end, begin + (from + steps) * quarter)];
      const part = columnsOf(simulate(1, one, {begin: first, end: last}));
      const all = whole.get(one)!;
      for (const [name, values] of Object.entries(part))
        expect(values).toEqual(all[name]!.filter((_, i) => all.time![i]! >= first && all.time![i]! <= last));
    }),
    {numRuns: 60}
  );
});

test("readings are on whole quarters of an hour, and say what they are", () => {
  const table = simulate(1, mooring("basin", "surface"), {begin: begin + 1, end: begin + hour});
  expect(columnsOf(table).time).toEqual([1, 2, 3, 4].map((step) => begin + step * quarter));
  const [time, ...columns] = table.schema.fields;
  expect(String(time!.type)).toBe("Timestamp<MICROSECOND, UTC>");
  expect(columns.map(({name}) => name)).toEqual([
    "Depth.m",
    "Temperature.C",
    "Salinity.psu",
    "DO.mg/L",
    "pH.pH",
    "Battery.V"
  ]);
  expect(Object.fromEntries(columns[3]!.metadata)).toEqual({
    instrument: "basin-surface",
    parameter: "DO",
    unit: "mg/L"
  });
});

// ---- In the pond ----

const smallSpec = {sites: [{name: "quay", depth: 5, river: 0.2, shelter: 0.5}]};

async function harbourIn(spec: object) {
  const pond = await openPond();
  const simulated = resource("Simulator", "sea", spec);
  const runAt = (now: number) => run(pond, [simulated], {now: () => now, env: {}, reporter: silent});
  const all = async (path: string) => rowsOf(pond.duck, await (await pond.fs()).series(path));
  return {pond, runAt, all};
}

test("run to one day and then to the next stores what one run to the next would have", async () => {
  const now = Date.parse("2026-03-01T10:07Z");
  const split = fc.array(fc.integer({min: 1, max: 6 * 96}), {maxLength: 3});
  await fc.assert(
    fc.asyncProperty(split, async (steps) => {
      const spec = {...smallSpec, from: "2026-02-20T00:00:00Z"};
      const [once, often] = [await harbourIn(spec), await harbourIn(spec)];
      await once.runAt(now);
      for (const step of steps.sort((a, b) => b - a)) await often.runAt(now - step * quarter);
      await often.runAt(now);
      for (const path of ["/instruments/quay-surface", "/instruments/quay-bottom"])
        expect(await often.all(path)).toEqual(await once.all(path));
      expect((await often.runAt(now)).commits).toEqual([]);
    }),
    {numRuns: 5}
  );
});

test("the first reading is two years before the first run, and stays there", async () => {
  const {pond, runAt} = await harbourIn(smallSpec);
  const now = Date.parse("2026-03-01T10:07Z");
  await runAt(now);
  const path = "/instruments/quay-surface";
  const first = await (await pond.fs()).stat(path);
  expect([first.minTime! / 1000, first.maxTime! / 1000]).toEqual([
    Date.parse("2024-03-01T00:00Z"),
    Date.parse("2026-03-01T10:00Z")
  ]);
  const {rows, commits} = await runAt(now + day);
  expect(rows[0]).toMatchObject({read: 192, stored: 192, aside: 0, errors: []});
  expect(commits[0]!.rows).toBe(192);
  const fs = await pond.fs();
  expect((await fs.stat(path)).minTime).toBe(first.minTime);
  expect((await fs.versions(path)).map(({rows}) => rows)).toEqual([first.rows, 96]);
  expect((await fs.versions(path))[0]!.sha256).toBe(first.sha256);
});

test("sites with one name, and water too shallow for two instruments, are refused", () => {
  const [site] = smallSpec.sites;
  const wrong = (sites: unknown) => simulator.schema.safeParse({sites}).error!.issues.map(({message}) => message);
  expect(wrong([site, site])).toEqual(["two sites have one name"]);
  expect(wrong([{...site, depth: 1}])).toHaveLength(1);
});

// ---- The tide ----

describe("the tide", () => {
  const year = Array.from({length: 366 * 96}, (_, step) => begin + step * quarter);
  const heights = year.map(tide);

  /** Amplitude of a constituent, by projection on its speed in degrees per hour. */
  function amplitude(speed: number): number {
    const angles = year.map((time) => ((speed * time) / hour) * (Math.PI / 180));
    const part = (wave: (angle: number) => number) => mean(heights.map((height, i) => 2 * height * wave(angles[i]!)));
    return Math.hypot(part(Math.cos), part(Math.sin));
  }

  test("comes twice a day: heights are most like those 12.42 hours later", () => {
    const lags = Array.from({length: 13}, (_, i) => 44 + i); // 11 to 14 hours
    const likeness = lags.map((lag) => correlation(heights.slice(0, -lag), heights.slice(lag)));
    const best = lags[likeness.indexOf(Math.max(...likeness))]! / 4;
    expect(Math.abs(best - 12.42)).toBeLessThanOrEqual(0.25);
  });

  test("has the constituents of a mixed, mainly semidiurnal coast", () => {
    const [m2, s2, k1, o1] = [28.9841042, 30, 15.0410686, 13.9430356].map(amplitude) as [
      number,
      number,
      number,
      number
    ];
    expect(m2).toBeCloseTo(0.92, 1);
    expect(s2).toBeCloseTo(0.27, 1);
    const form = (k1 + o1) / (m2 + s2); // Courtier's form number: 0.25 to 1.5 is mixed, mainly semidiurnal
    expect(form).toBeGreaterThan(0.25);
    expect(form).toBeLessThan(1.5);
  });

  test("springs and neaps follow each other in a fortnight", () => {
    const ranges = Array.from({length: 360}, (_, i) => {
      const one = heights.slice(i * 96, (i + 1) * 96);
      return Math.max(...one) - Math.min(...one);
    });
    expect(Math.max(...ranges)).toBeLessThan(4.5);
    expect(Math.min(...ranges)).toBeGreaterThan(0.8);
    expect(Math.max(...ranges) / Math.min(...ranges)).toBeGreaterThan(1.8);
    const likeness = (lag: number) => correlation(ranges.slice(0, -lag), ranges.slice(lag));
    expect(likeness(15)).toBeGreaterThan(0.4);
    expect(likeness(7)).toBeLessThan(0);
  });
});

// ---- The water ----

test("oxygen in balance with air is what the tables say", () => {
  expect(oxygenSaturation(10, 35) / 1.42905).toBeCloseTo(6.315, 3); // the check value of Garcia and Gordon, cm³/dm³
  for (const [celsius, psu, mg] of [
    [0, 0, 14.62],
    [10, 0, 11.29],
    [20, 0, 9.09],
    [30, 0, 7.56],
    [20, 35, 7.39]
  ] as const)
    expect(Math.abs(oxygenSaturation(celsius, psu) - mg)).toBeLessThan(0.02); // USGS and APHA tables
});

describe("two years of a harbour", () => {
  const end = begin + 730 * day;
  const data = new Map<Mooring, Record<string, number[]>>();
  const of = (site: string, level: Mooring["level"]) => data.get(mooring(site, level))!;
  const month = (columns: Record<string, number[]>, months: readonly number[]) => (index: number) =>
    months.includes(new Date(columns.time![index]!).getUTCMonth() + 1);
  const hourOf = (columns: Record<string, number[]>, hours: readonly number[]) => (index: number) =>
    hours.includes(new Date(columns.time![index]!).getUTCHours());

  beforeAll(() => {
    for (const one of harbour) data.set(one, columnsOf(simulate(1, one, {begin, end})));
  });

  test("every reading is one that an instrument could give", () => {
    const bounds = {
      "Depth.m": [0, 13],
      "Temperature.C": [4, 28],
      "Salinity.psu": [0, 36],
      "DO.mg/L": [0, 16],
      "pH.pH": [6.8, 8.6],
      "Battery.V": [11, 14]
    };
    for (const columns of data.values())
      for (const [name, [least, most]] of Object.entries(bounds)) {
        const values = columns[name]!.filter((value) => !Number.isNaN(value));
        expect(values.every((value) => value >= least! && value <= most!)).toBe(true);
      }
  });

  test("the surface is warmer than the bottom in summer, and swings more over day and year", () => {
    for (const site of ["basin", "mouth", "river"]) {
      const [top, low] = [of(site, "surface"), of(site, "bottom")];
      const temperature = (columns: Record<string, number[]>, months: readonly number[]) =>
        mean(columns["Temperature.C"]!, month(columns, months));
      expect(temperature(top, [6, 7, 8]) - temperature(low, [6, 7, 8])).toBeGreaterThan(1);
      const swing = (columns: Record<string, number[]>) =>
        temperature(columns, [7, 8, 9]) - temperature(columns, [1, 2, 3]);
      expect(swing(top)).toBeGreaterThan(swing(low));
      expect(swing(low)).toBeGreaterThan(1);
      const daily = (columns: Record<string, number[]>) =>
        mean(columns["Temperature.C"]!, hourOf(columns, [22, 23, 0])) -
        mean(columns["Temperature.C"]!, hourOf(columns, [12, 13, 14]));
      expect(daily(top)).toBeGreaterThan(0.2); // three in the afternoon against before dawn
      expect(daily(low)).toBeLessThan(daily(top) / 2);
    }
  });

  test("the river is fresher, most so after rain and near the surface, and salts up again", () => {
    const salt = (site: string, level: Mooring["level"]) => mean(of(site, level)["Salinity.psu"]!);
    expect(salt("river", "surface")).toBeLessThan(salt("river", "bottom") - 2);
    expect(salt("river", "surface")).toBeLessThan(salt("mouth", "surface") - 2);
    const river = of("river", "surface");
    const rain = river.time!.map((time) => runoff(1, time));
    expect(correlation(river["Salinity.psu"]!, rain)).toBeLessThan(-0.7);
    const wet = mean(river["Salinity.psu"]!, (index) => rain[index]! > 0.5);
    const dry = mean(river["Salinity.psu"]!, (index) => rain[index]! < 0.02);
    expect(dry - wet).toBeGreaterThan(5);
    expect(rain.filter((water) => water < 0.02).length).toBeGreaterThan(rain.length / 10);
  });

  test("a day after a rain the river is fresher than a day before it", () => {
    const river = of("river", "surface");
    const days = Array.from({length: 728}, (_, i) => begin + (i + 1) * day);
    const rainy = days.filter((time) => runoff(1, time + day) - runoff(1, time) > 0.5);
    expect(rainy.length).toBeGreaterThanOrEqual(10);
    const saltOf = (from: number) =>
      mean(river["Salinity.psu"]!, (index) => river.time![index]! >= from && river.time![index]! < from + day);
    const falls = rainy.map((time) => saltOf(time - day) - saltOf(time + day)).filter((fall) => !Number.isNaN(fall));
    expect(falls.length).toBeGreaterThanOrEqual(rainy.length - 2); // the instrument may be out
    expect(Math.min(...falls)).toBeGreaterThan(0);
  });

  test("oxygen follows light and goes with pH", () => {
    for (const site of ["basin", "mouth", "river"]) {
      const top = of(site, "surface");
      const share = top["DO.mg/L"]!.map(
        (value, i) => value / oxygenSaturation(top["Temperature.C"]![i]!, top["Salinity.psu"]![i]!)
      );
      expect(mean(share)).toBeGreaterThan(0.85);
      expect(mean(share)).toBeLessThan(1.15);
      expect(mean(share, hourOf(top, [21, 22, 23]))).toBeGreaterThan(mean(share, hourOf(top, [11, 12, 13])));
      const dry = top.time!.map((time, i) => (runoff(1, time) < 0.05 ? share[i]! : NaN));
      expect(correlation(dry, top["pH.pH"]!)).toBeGreaterThan(0.5);
      expect(mean(of(site, "bottom")["DO.mg/L"]!)).toBeLessThan(mean(top["DO.mg/L"]!));
    }
  });

  test("the sun charges the batteries of buoys, and a service changes those below", () => {
    const buoy = of("mouth", "surface");
    const volts = (hours: readonly number[]) => mean(buoy["Battery.V"]!, hourOf(buoy, hours));
    expect(volts([20, 21, 22])).toBeGreaterThan(volts([8, 9, 10]) + 0.3);
    const below = of("mouth", "bottom")["Battery.V"]!.filter((value) => !Number.isNaN(value));
    const changed = below.filter((value, i) => i > 0 && value - below[i - 1]! > 0.8);
    expect(changed.length).toBeGreaterThanOrEqual(7); // every 91 days
    expect(changed.length).toBeLessThanOrEqual(9);
  });

  test("instruments fail as instruments do: days out, hours stuck, spikes, lost values", () => {
    for (const [one, columns] of data) {
      const steps = columns.time!.slice(1).map((time, i) => time - columns.time![i]!);
      const outages = steps.filter((step) => step > quarter);
      expect(outages.length).toBeGreaterThanOrEqual(1);
      for (const outage of outages) {
        expect(outage).toBeGreaterThan(1.4 * day);
        expect(outage).toBeLessThan(6.1 * day);
      }
      expect(columns.time!.some((time) => isOut(1, one, time))).toBe(false);
      for (const name of ["Temperature.C", "DO.mg/L"]) {
        const missing = columns[name]!.filter((value) => Number.isNaN(value)).length / columns[name]!.length;
        expect(missing).toBeGreaterThan(0.0008);
        expect(missing).toBeLessThan(0.003);
      }
      expect(longestRun(columns["DO.mg/L"]!)).toBeGreaterThanOrEqual(8 * 4);
      expect(longestRun(columns["DO.mg/L"]!)).toBeLessThanOrEqual(40 * 4);
      const spikes = columns["Temperature.C"]!.filter(
        (value, i, all) => value - all[i - 1]! > 2.5 && value - all[i + 1]! > 2.5
      );
      expect(spikes.length).toBeGreaterThan(3);
      expect(spikes.length).toBeLessThan(40);
    }
  });
});

/** The longest run of one value, lost ones not counted. */
function longestRun(values: readonly number[]): number {
  let [longest, current] = [0, 0];
  const there = values.filter((value) => !Number.isNaN(value));
  for (const [index, value] of there.entries()) {
    current = index > 0 && value === there[index - 1] ? current + 1 : 1;
    longest = Math.max(longest, current);
  }
  return longest;
}
