import {expect, test} from "vitest";
import {binStart, nests, nextBin, parseResolution, parseResolutions} from "../../loaders/time/resolution.js";
import {hour, micros} from "./memory.js";

test("resolutions are read, sorted and told apart", () => {
  expect(parseResolutions(["24h", "15m", "1h"]).map(({name}) => name)).toEqual(["15m", "1h", "24h"]);
  expect(parseResolutions(["1y", "1mo", "1w", "1q", "1d"], "Asia/Kathmandu").map(({name}) => name)).toEqual([
    "1d",
    "1w",
    "1mo",
    "1q",
    "1y"
  ]);
  expect(() => parseResolution("1x")).toThrow('"1x" is no resolution: write a whole number and s, m, h or d');
  expect(() => parseResolution("0h")).toThrow("is no resolution");
  expect(() => parseResolution("2mo")).toThrow("is no resolution");
  expect(() => parseResolutions(["24h", "1d"])).toThrow("The resolutions 24h and 1d are the same: leave one out.");
  expect(parseResolutions(["24h", "1d"], "Europe/Berlin").length).toBe(2);
});

test("bins before 1970 begin before their readings too", () => {
  expect(binStart(-1, parseResolution("1h"))).toBe(-hour);
  expect(binStart(0, parseResolution("1h"))).toBe(0);
});

test("a calendar's bins begin at local midnights", () => {
  const month = parseResolution("1mo", "America/Los_Angeles");
  expect(binStart(micros("2025-03-20T00:00Z"), month)).toBe(micros("2025-03-01T08:00Z"));
  expect(nextBin(micros("2025-03-20T00:00Z"), month)).toBe(micros("2025-04-01T07:00Z"));
  expect(nextBin(micros("2025-03-01T08:00Z"), month)).toBe(micros("2025-03-01T08:00Z"));
});

test("coarse bins are made of fine ones only where borders meet", () => {
  const year = {begin: micros("2025-01-01T00:00Z"), end: micros("2026-01-01T00:00Z")};
  const fit = (fine: string, coarse: string, timeZone: string) =>
    nests(parseResolution(fine, timeZone), parseResolution(coarse, timeZone), year);
  expect(fit("1h", "1d", "America/Los_Angeles")).toBe(true);
  expect(fit("6h", "1d", "America/Los_Angeles")).toBe(false);
  expect(fit("1h", "1d", "Asia/Kathmandu")).toBe(false); // 5:45 ahead
  expect(fit("15m", "1d", "Asia/Kathmandu")).toBe(true);
  expect(fit("1h", "1d", "Australia/Lord_Howe")).toBe(false); // half an hour of summer time
  expect(fit("1d", "1mo", "Asia/Kathmandu")).toBe(true);
  expect(fit("1w", "1mo", "UTC")).toBe(false);
  expect(fit("1mo", "1q", "UTC")).toBe(true);
  expect(fit("24h", "1mo", "UTC")).toBe(true);
  expect(fit("1d", "7d", "Europe/Berlin")).toBe(false);
});
