import fc from "fast-check";
import {expect, test} from "vitest";
import {ticksOf} from "../../src/components/time/ticks.js";

const zone = "America/Los_Angeles";
const span = (from: string, to: string) => ({begin: Date.parse(from), end: Date.parse(to)});
const iso = (time: number) => new Date(time).toISOString();

test("days begin at local midnight, also when the clocks change", () => {
  const ticks = ticksOf(span("2025-03-08T00:00Z", "2025-03-11T12:00Z"), 4, zone);
  expect(ticks.map(({time}) => iso(time))).toEqual([
    "2025-03-08T08:00:00.000Z",
    "2025-03-09T08:00:00.000Z",
    "2025-03-10T07:00:00.000Z",
    "2025-03-11T07:00:00.000Z"
  ]);
  expect(ticks.map(({label}) => label)).toEqual(["8 Mar\n2025", "9 Mar", "10 Mar", "11 Mar"]);
});

test("hours name their day where it turns", () => {
  const ticks = ticksOf(span("2025-06-01T06:00Z", "2025-06-01T19:00Z"), 4, zone);
  expect(ticks.map(({label}) => label)).toEqual(["00:00\n1 Jun", "06:00", "12:00"]);
});

test("long ranges are marked at months and years", () => {
  const months = ticksOf(span("2024-11-15T00:00Z", "2025-05-20T00:00Z"), 7, "UTC").map(({label}) => label);
  expect(months).toEqual(["Dec\n2024", "Jan\n2025", "Feb", "Mar", "Apr", "May"]);
  const years = ticksOf(span("2010-06-01T00:00Z", "2025-06-01T00:00Z"), 8, "UTC").map(({label}) => label);
  expect(years[0]).toMatch(/^Jan\n20\d\d$/);
});

test("marks lie in the range, in order, and are not too many", () => {
  const begins = fc.integer({min: Date.UTC(2000, 0), max: Date.UTC(2030, 0)});
  const lengths = fc.integer({min: 3_600_000, max: 20 * 365 * 86_400_000});
  fc.assert(
    fc.property(
      begins,
      lengths,
      fc.constantFrom("UTC", zone, "Australia/Lord_Howe", "Asia/Kathmandu"),
      (begin, length, timeZone) => {
        const ticks = ticksOf({begin, end: begin + length}, 8, timeZone);
        expect(ticks.length).toBeLessThanOrEqual(10);
        for (const [index, {time}] of ticks.entries()) {
          expect(time).toBeGreaterThanOrEqual(index > 0 ? ticks[index - 1]!.time + 1 : begin);
          expect(time).toBeLessThanOrEqual(begin + length);
        }
      }
    ),
    {numRuns: 300}
  );
});
