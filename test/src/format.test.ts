import {expect, test} from "vitest";
import {
  formatAge,
  formatBytes,
  formatChange,
  formatReading,
  formatShare,
  formatTime,
  formatUnit
} from "../../src/components/data/format.js";

test("values keep the digits that matter at their size", () => {
  expect([3.4, -0.004, 9.996, 12.04, 99.96, -1013.2].map((value) => formatReading(value))).toEqual([
    "3.40",
    "0.00",
    "10.0",
    "12.0",
    "100",
    "-1013"
  ]);
});

test("changes have a sign, and a true minus", () => {
  expect([0.3, -1.2, 0.001].map(formatChange)).toEqual(["+0.30", "−1.20", "±0"]);
});

test("units are written beside numbers", () => {
  expect([formatUnit("C"), formatUnit("mg/L"), formatUnit("pH", "pH")]).toEqual(["°C", "mg/L", ""]);
});

test("times say their zone, by its abbreviation where it has one", () => {
  expect(formatTime("2026-03-01T08:15:00Z", "America/Los_Angeles")).toBe("1 Mar 2026, 00:15 PST");
  expect(formatTime("2026-07-01T08:15:00Z", "America/Los_Angeles")).toBe("1 Jul 2026, 01:15 PDT");
  expect(formatTime("2026-07-01T08:15:00Z", "Asia/Kathmandu")).toBe("1 Jul 2026, 14:00 GMT+5:45");
});

test("ages are said in their largest fitting unit", () => {
  const minute = 60_000;
  expect([minute, 12 * minute, 180 * minute, 3 * 1440 * minute].map(formatAge)).toEqual([
    "1 minute",
    "12 minutes",
    "3 hours",
    "3 days"
  ]);
});

test("a share says all and nothing only of all and of nothing", () => {
  expect([0, 0.0004, 0.5, 0.99999, 1].map(formatShare)).toEqual(["0 %", "<0.1 %", "50.0 %", "99.9 %", "100 %"]);
});

test("bytes are said in powers of a thousand", () => {
  expect([999, 1000, 450_000, 1_234_567].map(formatBytes)).toEqual(["999 B", "1.0 kB", "450.0 kB", "1.2 MB"]);
});
