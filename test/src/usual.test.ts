import {expect, test} from "vitest";
import {Duck} from "../../pond/duck.js";
import {usualOf} from "../../src/components/chart/usual.js";

const day = 86_400_000;

/** Daily means of some years, no two alike, without those of every ninth day. */
function daysOf(first: number, last: number) {
  const points = [];
  for (let time = Date.UTC(first, 0); time < Date.UTC(last + 1, 0); time += day) {
    const index = time / day;
    const avg = 10 + 5 * Math.sin(index / 58) + ((index * 7919) % 101) / 50;
    if (index % 9 > 0) points.push({time, avg, min: avg, max: avg, count: 1});
  }
  return points;
}

test("is what DuckDB finds within a week of each day, in all years", async () => {
  const points = daysOf(2019, 2025);
  const usual = usualOf(points, {widthMs: day}, "UTC");
  expect(usual).toHaveLength(365);
  const duck = new Duck();
  const values = points.map(({time, avg}) => `(TIMESTAMP '${new Date(time).toISOString().slice(0, 10)}', ${avg})`);
  const rows = await duck.rows(`
    WITH days AS (SELECT t, v, make_date(2001, month(t), least(day(t), CASE WHEN month(t) = 2 THEN 28 ELSE 31 END)) AS d FROM (VALUES ${values.join(",")}) AS made(t, v)),
    axis AS (SELECT unnest(range(DATE '2001-01-01', DATE '2002-01-01', INTERVAL 1 DAY))::DATE AS d)
    SELECT quantile_cont(v, 0.1) AS low, quantile_cont(v, 0.5) AS middle, quantile_cont(v, 0.9) AS high, count(DISTINCT year(t))::INTEGER AS years
    FROM axis JOIN days ON least(abs(days.d - axis.d), 365 - abs(days.d - axis.d)) <= 7
    GROUP BY axis.d ORDER BY axis.d`);
  await duck.close();
  expect(rows).toHaveLength(365);
  for (const [index, row] of rows.entries())
    for (const name of ["low", "middle", "high", "years"] as const)
      expect(usual[index]![name], `${name} of day ${index}`).toBeCloseTo(row[name] as number, 9);
});

test("is not told of a single year, and says how many there are", () => {
  expect(usualOf(daysOf(2024, 2024), {widthMs: day}, "UTC").every((one) => one === undefined)).toBe(true);
  const summers = daysOf(2022, 2025).filter(({time}) => new Date(time).getUTCMonth() === 6);
  const usual = usualOf([...summers, ...daysOf(2026, 2026)], {widthMs: day}, "UTC");
  expect(usual[195]!.years).toBe(5); // mid July
  expect(usual[30]).toBeUndefined(); // 2026 alone
});
