import fc from "fast-check";
import {describe, expect, test} from "vitest";
import {patience, pauseAfter} from "../../loaders/cloud/retry.js";

const now = Date.parse("2026-01-10T00:00:00Z");
const first = {attempt: 1, now, chance: 0};

describe("what the server asks for is waited out", () => {
  test.each([
    ["seconds", {status: 429, retryAfter: "7"}, 7000],
    ["none", {status: 503, retryAfter: "0"}, 0],
    ["a date", {status: 503, retryAfter: "Sat, 10 Jan 2026 00:00:09 GMT"}, 9000],
    ["a date that is over", {status: 429, retryAfter: "Fri, 09 Jan 2026 23:00:00 GMT"}, 0],
    [
      "a date of a clock that is behind ours",
      {status: 429, retryAfter: "Fri, 09 Jan 2026 23:00:04 GMT", date: "Fri, 09 Jan 2026 23:00:00 GMT"},
      4000
    ]
  ])("%s", (_, failure, pause) => {
    expect(pauseAfter(failure, first)).toBe(pause);
    expect(pauseAfter(failure, {...first, chance: 0.99})).toBeGreaterThan(pause); // not all at once
  });

  test("unless that is unreasonable, or no time at all", () => {
    expect(pauseAfter({status: 429, retryAfter: "86400"}, first)).toBeUndefined();
    expect(pauseAfter({status: 429, retryAfter: "soon"}, first)).toBe(patience.first / 2);
    expect(pauseAfter({status: 500, retryAfter: "7"}, first)).toBe(patience.first / 2); // means something of 429 and 503
  });
});

test("pauses grow from attempt to attempt, within their jitter, up to a longest, and end", () => {
  const chance = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true});
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 20}),
      chance,
      fc.constantFrom(undefined, 408, 500, 502, 504),
      (attempt, of, status) => {
        const pause = pauseAfter({status}, {attempt, now, chance: of});
        expect(pause === undefined).toBe(attempt >= patience.attempts);
        if (pause === undefined) return;
        const whole = Math.min(patience.most, patience.first * 2 ** (attempt - 1));
        expect(pause).toBeGreaterThanOrEqual(whole / 2);
        expect(pause).toBeLessThanOrEqual(whole);
      }
    )
  );
});

test("a refused token is renewed at once, and then with pauses", () => {
  expect(pauseAfter({status: 401}, first)).toBe(0);
  expect(pauseAfter({status: 401}, {...first, attempt: 2})).toBe(patience.first);
});

test.each([400, 403, 404, 410, 422, 501, 505])("what %i says is said once and for all", (status) => {
  expect(pauseAfter({status}, first)).toBeUndefined();
});
