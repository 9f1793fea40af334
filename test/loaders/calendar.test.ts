import {readFile} from "node:fs/promises";
import fc from "fast-check";
import {expect, test} from "vitest";
import {holds, nextPeriod, type Period, periods, periodStart, periodsOver} from "../../loaders/time/calendar.js";
import {describeShared, shared} from "../shared.js";
import {day, hour, micros} from "./memory.js";

const reference = "local-days.json";

describeShared("local days", reference, () => {
  test("begin and end where the reference says", async () => {
    const cases = JSON.parse(await readFile(shared(reference), "utf8")) as {zone: string; start: string; end: string}[];
    for (const {zone, start, end} of cases) {
      const calendar = {period: "day", timeZone: zone} as const;
      const [begin, next] = [micros(start), micros(end)];
      expect([zone, periodStart(calendar, begin), nextPeriod(calendar, begin + 1)]).toEqual([zone, begin, next]);
      expect([zone, periodStart(calendar, next - 1), periodStart(calendar, next)]).toEqual([zone, begin, next]);
    }
    expect(cases.length).toBeGreaterThan(0);
  });
});

test.each([
  ["Pacific/Apia", "2011-12-30T09:59Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z"], // the day after is the 31st
  ["America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-04T03:00Z", "2018-11-05T02:00Z"], // no midnight
  ["America/Toronto", "1919-03-31T05:00Z", "1919-03-31T04:30Z", "1919-04-01T04:00Z"], // clocks jump from 23:30 over midnight
  ["Australia/Lord_Howe", "2024-10-06T00:00Z", "2024-10-05T13:30Z", "2024-10-06T13:00Z"], // 23.5 hours
  ["America/Havana", "2024-11-03T12:00Z", "2024-11-03T04:00Z", "2024-11-04T05:00Z"] // midnight twice
])("in %s the day of %s is from %s to %s", (timeZone, time, begin, end) => {
  const calendar = {period: "day", timeZone} as const;
  expect(periodStart(calendar, micros(time))).toBe(micros(begin));
  expect(nextPeriod(calendar, micros(time))).toBe(micros(time) === micros(begin) ? micros(begin) : micros(end));
  expect(nextPeriod(calendar, micros(begin) + 1)).toBe(micros(end));
});

test("weeks begin on Monday, years in January", () => {
  const of = (period: Period, time: string) => new Date(periodStart({period, timeZone: "UTC"}, micros(time)) / 1000);
  expect(of("week", "2025-01-01T00:00Z").toISOString()).toBe("2024-12-30T00:00:00.000Z");
  expect(of("quarter", "2025-06-30T23:59Z").toISOString()).toBe("2025-04-01T00:00:00.000Z");
  expect(of("year", "2025-06-30T23:59Z").toISOString()).toBe("2025-01-01T00:00:00.000Z");
});

const zones = [
  "UTC",
  "America/Los_Angeles",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Africa/Casablanca",
  "Asia/Kathmandu"
];

test("periods follow each other without gap or overlap, and hold what lies in them", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...periods),
      fc.integer({min: -20 * 365 * 24, max: 60 * 365 * 24}),
      (timeZone, period, hours) => {
        const calendar = {period, timeZone};
        const time = hours * hour + 1;
        const [start, next] = [periodStart(calendar, time), nextPeriod(calendar, time)];
        expect(start).toBeLessThan(time);
        expect(next).toBeGreaterThan(time);
        expect(periodStart(calendar, start)).toBe(start);
        expect(periodStart(calendar, next - 1)).toBe(start);
        expect(nextPeriod(calendar, next)).toBe(next);
        expect(periodsOver(calendar, start, next + 1)).toEqual([start, next]);
      }
    ),
    {numRuns: 300}
  );
});

test("where a period holds another, its borders are the other's too", () => {
  const [begin, end] = [micros("2010-01-01T00:00Z"), micros("2013-01-01T00:00Z")];
  for (const timeZone of zones)
    for (const coarse of periods)
      for (const fine of periods) {
        const starts = new Set(periodsOver({period: fine, timeZone}, begin - 400 * day, end));
        const all = periodsOver({period: coarse, timeZone}, begin, end).every((start) => starts.has(start));
        expect([coarse, fine, holds({period: coarse, timeZone}, {period: fine, timeZone})]).toEqual([
          coarse,
          fine,
          all
        ]);
      }
});
