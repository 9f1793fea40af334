import {afterAll, expect, test, vi} from "vitest";
import {columnDetails, completenessOf} from "../../loaders/reduction/completeness.js";
import {Engine} from "../../loaders/reduction/engine.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {parseResolutions} from "../../loaders/time/resolution.js";
import {day, hour, micros, minute, type Reading, readingsSeries, temporaryDirectory} from "./memory.js";

const engine = new Engine(1);
afterAll(() => engine.close());

const begin = micros("2024-01-01T00:00Z");
const now = micros("2025-03-15T12:00Z");

/** Half-hourly for fourteen months, but for the turn of the year, where shards meet too, and two days in June. */
const readings: readonly Reading[] = Array.from({length: 48 * 425}, (_, n) => begin + n * 30 * minute)
  .filter((time) => time < micros("2024-12-20T00:00Z") || time >= micros("2025-01-05T06:00Z"))
  .filter((time) => time < micros("2024-06-10T00:00Z") || time >= micros("2024-06-12T00:00Z"))
  .map((time) => ({time, values: {"Temperature.C": 1, ...(time % day < hour ? {"DO.mg/L": 2} : {})}}));

/** How complete the record is, and of how many shards the bins were read for that. */
async function told(versions: readonly (readonly Reading[])[], cache: string) {
  const ladder = async () => ({resolutions: parseResolutions(["1h", "1d"])});
  const reduction = new Reduction(readingsSeries("/x", versions), {ladder, cache, engine});
  for (const level of await reduction.levels()) await reduction.build(level);
  const use = vi.spyOn(reduction, "use");
  const columns = await reduction.columns();
  const told = await completenessOf(reduction, {columns, now, interval: 30 * minute, cache});
  const completeness = {columns: columnDetails(told, now), gaps: told.gaps};
  return {completeness, read: use.mock.calls.length};
}

test("how complete a record is, and where it has gaps, is told over the borders of shards", async () => {
  const {completeness} = await told([readings], await temporaryDirectory());
  const hours = (425 - 2) * 24 - (16 * 24 + 6);
  const days = 425 - 2 - 17;
  const share = (part: number, whole: number) => Math.floor((part / whole) * 10_000) / 10_000;
  const due = (micros("2025-03-01T00:00Z") - micros("2025-02-13T13:00Z")) / hour; // of thirty days
  expect(completeness.columns).toEqual([
    {readings: 2 * hours, coverage: share(hours, 425 * 24), recent: share(due, 720)},
    {readings: 2 * days, coverage: share(days, 424 * 24 + 1), recent: share(15, 720)}
  ]);
  expect(completeness.gaps).toEqual([
    {
      scope: "",
      count: 2,
      missingMs: (16 * 24 + 6 + 48) * 3600e3,
      longest: [
        {begin: "2024-12-20T00:00:00.000Z", end: "2025-01-05T06:00:00.000Z"},
        {begin: "2024-06-10T00:00:00.000Z", end: "2024-06-12T00:00:00.000Z"}
      ]
    }
  ]);
});

test("what is kept of shards comes to what is told anew, and only shards that changed, or are recent, are read", async () => {
  const cache = await temporaryDirectory();
  const first = await told([readings], cache);
  const again = await told([readings], cache);
  expect(again.completeness).toEqual(first.completeness);
  expect(again.read).toBeLessThan(first.read / 2);
  const late = [{time: micros("2024-06-11T00:00Z"), values: {"DO.mg/L": 1}}];
  const kept = await told([readings, late], cache);
  expect(kept.read).toBe(again.read + 1);
  expect(kept.completeness).toEqual((await told([readings, late], await temporaryDirectory())).completeness);
  expect(kept.completeness).not.toEqual(first.completeness);
});
