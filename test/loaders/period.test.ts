import {expect, test} from "vitest";
import {instant, lasts, microsOf, rangeOf} from "../../loaders/time/period.js";
import {micros} from "./memory.js";

const second = micros("2025-01-01T00:00:30Z");

test.each([
  ["2025-01-01T00:00:30Z", second],
  ["2025-01-01T00:00:30.5Z", second + 500_000],
  ["2025-01-01T00:00:30.1235Z", second + 123_500],
  ["2025-01-01T01:00:30.123456+01:00", second + 123_456],
  ["2025-01-01T00:00:30.123456999Z", second + 123_456], // what is finer is cut, as in files
  ["1969-12-31T23:59:59.999999Z", -1]
])("%s is an instant to the microsecond", (text, expected) => {
  expect(instant.safeParse(text).success).toBe(true);
  expect(microsOf(text)).toBe(expected);
});

test("periods are as fine as readings", () => {
  const [from, to] = ["2025-01-01T00:00:30.1231Z", "2025-01-01T00:00:30.123456Z"];
  expect(rangeOf({from, to})).toEqual({begin: second + 123_100, end: second + 123_456});
  expect(lasts({from, to})).toBe(true);
  expect(lasts({from: to, to: from})).toBe(false);
  expect(lasts({from, to: from})).toBe(false);
});
