import fc from "fast-check";
import {expect, test} from "vitest";
import {
  fromQuery,
  lastOf,
  panned,
  presetOf,
  presetsOf,
  toQuery,
  within,
  zoomed
} from "../../src/components/time/range.js";

const day = 86_400_000;
const record = {begin: Date.UTC(2024, 0, 1), end: Date.UTC(2026, 0, 1)};

test("a preset ends at the last reading and does not begin before the first", () => {
  expect(lastOf(record, "7d")).toEqual({begin: record.end - 7 * day, end: record.end});
  expect(lastOf({begin: 0, end: day / 2}, "7d")).toEqual({begin: 0, end: day / 2});
  expect(lastOf(record, "all")).toEqual(record);
});

test("a range comes back from its link", () => {
  for (const name of presetsOf(record)) {
    const range = lastOf(record, name);
    expect(fromQuery(record, toQuery(record, range)), name).toEqual(range);
    expect(presetOf(record, range)).toBe(name);
  }
  const range = {begin: Date.UTC(2025, 5, 1), end: Date.UTC(2025, 5, 9)};
  expect(fromQuery(record, toQuery(record, range))).toEqual(range);
});

test("only lengths shorter than the record are offered, and all of it", () => {
  expect(presetsOf(record)).toEqual(["24h", "7d", "30d", "90d", "1y", "all"]);
  expect(presetsOf({begin: 0, end: day / 2})).toEqual(["all"]);
});

test("zooming about an instant keeps it where it is", () => {
  const range = {begin: Date.UTC(2025, 5, 1), end: Date.UTC(2025, 5, 9)};
  const about = Date.UTC(2025, 5, 3);
  const {begin, end} = zoomed(record, range, 0.5, about);
  expect((about - begin) / (end - begin)).toBeCloseTo(0.25, 6);
  expect(end - begin).toBe(4 * day);
});

test("a link that cannot be followed shows nothing of its own", () => {
  for (const query of ["", "range=fortnight", "from=yesterday&to=today", "from=2025-02-01T00:00Z&to=2025-01-01T00:00Z"])
    expect(fromQuery(record, new URLSearchParams(query))).toBeUndefined();
});

const ranges = fc
  .tuple(fc.integer({min: record.begin, max: record.end - 1}), fc.integer({min: 1, max: 365 * day}))
  .map(([begin, length]) => within(record, {begin, end: begin + length}));

test("moving and zooming stay within the record, and moving keeps the length", () => {
  fc.assert(
    fc.property(
      ranges,
      fc.double({min: -2, max: 2, noNaN: true}),
      fc.double({min: 0.1, max: 8, noNaN: true}),
      (range, share, factor) => {
        const [moved, resized] = [panned(record, range, share), zoomed(record, range, factor)];
        for (const {begin, end} of [moved, resized]) {
          expect(begin).toBeGreaterThanOrEqual(record.begin);
          expect(end).toBeLessThanOrEqual(record.end);
          expect(end).toBeGreaterThan(begin);
        }
        expect(moved.end - moved.begin).toBe(range.end - range.begin);
      }
    )
  );
});
