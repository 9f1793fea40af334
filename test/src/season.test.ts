import fc from "fast-check";
import {describe, expect, test} from "vitest";
import {clockIn} from "../../src/components/time/clock.js";
import {placeText, placeTicks, seasonOf, wallIn, yearAxis, yearsIn} from "../../src/components/chart/season.js";

const day = 86_400_000;
const daily = {widthMs: day};
const zones = ["America/Los_Angeles", "UTC", "Pacific/Auckland", "Asia/Kathmandu", "Australia/Lord_Howe"];

function point(time: number, avg = 1, count = 4) {
  return {time, avg, min: avg - 1, max: avg + 1, count};
}

/** Every day of UTC of some years, as a daily resolution has them. */
function daysOf(first: number, last: number) {
  const points = [];
  for (let time = Date.UTC(first, 0); time < Date.UTC(last + 1, 0); time += day) points.push(point(time, time));
  return points;
}

describe("a year on the axis of years", () => {
  test.each(zones)("has each day once, 1 March in one place, and no gap at the end of February, in %s", (zone) => {
    const points = daysOf(2019, 2026);
    const march = new Set<number>();
    for (const year of [2020, 2021, 2024, 2025]) {
      const season = seasonOf(year, zone);
      const laid = season.lay({points, flagged: []}, daily).points;
      expect(laid).toHaveLength(year % 4 === 0 ? 366 : 365);
      const steps = laid.slice(1).map(({time}, index) => (time - laid[index]!.time) / day);
      expect(Math.max(...steps)).toBe(1);
      expect(Math.min(...steps)).toBe(year % 4 === 0 ? 0.5 : 1);
      for (const {time, avg} of laid) {
        const shown = new Date(clockIn(zone).wall(avg + day / 2)); // avg is the bin's own time
        expect(placeText(time).replace("Sept", "Sep")).toBe(shown.toUTCString().slice(5, 11).replace(/^0/, ""));
        if (placeText(time) === "1 Mar") march.add(time);
      }
    }
    expect(march.size).toBe(1);
  });

  test("asks for the instants of its days and no others", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(2023, 2024),
        fc.integer({min: 0, max: 364}),
        fc.integer({min: 1, max: 60}),
        (zone, year, first, length) => {
          const begin = yearAxis.begin + first * day;
          const range = {begin, end: Math.min(yearAxis.end, begin + length * day)};
          const season = seasonOf(year, zone);
          const own = season.own(range);
          const laid = season.lay({points: daysOf(2022, 2025), flagged: []}, daily).points;
          for (const {time, avg} of laid) {
            const middle = avg + day / 2;
            expect(middle >= own.begin && middle <= own.end).toBe(time >= range.begin && time <= range.end);
          }
        }
      ),
      {
        numRuns: 40,
        examples: [
          ["America/Los_Angeles", 2023, 359, 5], // the day after the last is in another year
          ["UTC", 2024, 53, 5] // the day after the last is the 29th of February
        ]
      }
    );
  });

  test("makes days of hours, each by the clock of the zone, and of flags what they count", () => {
    const zone = "America/Los_Angeles";
    const hours = Array.from({length: 48}, (_, hour) =>
      point(Date.UTC(2025, 2, 9) + hour * 3_600_000, hour, 1 + (hour % 2))
    );
    const flagged = [3, 5, 40].map((hour) => ({time: hours[hour]!.time, suspect: 1, fail: 2}));
    const laid = seasonOf(2025, zone).lay({points: hours, flagged}, {widthMs: 3_600_000});
    expect(laid.points.map(({time}) => placeText(time))).toEqual(["8 Mar", "9 Mar", "10 Mar"]);
    const spring = hours.filter(({time}) => new Date(clockIn(zone).wall(time + 1)).getUTCDate() === 9);
    expect(spring).toHaveLength(23); // the day on which clocks go forward
    const count = spring.reduce((total, one) => total + one.count, 0);
    expect(laid.points[1]).toEqual({
      time: Date.UTC(2001, 2, 9),
      avg: spring.reduce((total, one) => total + one.avg * one.count, 0) / count,
      min: spring[0]!.min,
      max: spring.at(-1)!.max,
      count
    });
    expect(laid.flagged).toEqual([
      {time: Date.UTC(2001, 2, 8), suspect: 2, fail: 4},
      {time: Date.UTC(2001, 2, 10), suspect: 1, fail: 2}
    ]);
  });

  test("places what is in other years at its ends", () => {
    const season = seasonOf(2025, "UTC");
    expect(season.place(Date.UTC(2024, 5))).toBe(yearAxis.begin);
    expect(season.place(Date.UTC(2026, 0))).toBe(yearAxis.end);
    expect(season.place(Date.UTC(2025, 6, 4, 6))).toBe(Date.UTC(2001, 6, 4, 6));
  });
});

test("marks the axis with months and days, and never with a year or an hour", () => {
  expect(placeTicks(yearAxis, 14).map(({label}) => label)).toEqual(
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Jan".split(" ")
  );
  const days = placeTicks({begin: Date.UTC(2001, 1, 27), end: Date.UTC(2001, 2, 2)}, 40);
  expect(days.map(({label}) => label)).toEqual(["27 Feb", "28 Feb", "1 Mar", "2 Mar"]);
});

test("tells the wall clock as the zone has it, also in the week in which it is changed", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({min: Date.UTC(1990, 0), max: Date.UTC(2040, 0)}),
      (zone, time) => {
        const second = Math.floor(time / 1000) * 1000;
        expect(wallIn(zone)(second)).toBe(clockIn(zone).wall(second));
      }
    ),
    {numRuns: 300}
  );
});

test("tells the years of a span by the wall clock", () => {
  const span = {begin: Date.parse("2024-01-01T07:00Z"), end: Date.parse("2026-01-01T07:59Z")};
  expect(yearsIn(span, "America/Los_Angeles")).toEqual([2023, 2024, 2025]);
  expect(yearsIn(span, "UTC")).toEqual([2024, 2025, 2026]);
});
