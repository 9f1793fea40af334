import {expect, test} from "vitest";
import {pickResolution, resolutionWords} from "../../src/components/data/resolution.js";

const hour = 3_600_000;
const ladder = [
  {name: "15m", widthMs: hour / 4, rows: 0, bytes: 0, shards: []},
  {name: "1h", widthMs: hour, rows: 0, bytes: 0, shards: []},
  {name: "1d", widthMs: 24 * hour, rows: 0, bytes: 0, shards: []}
];
const pick = (days: number, width: number) => pickResolution(ladder, days * 24 * hour, width).name;

test("the finest resolution whose bins get their pixels", () => {
  expect(pick(1, 1000)).toBe("15m");
  expect(pick(7, 1000)).toBe("15m");
  expect(pick(30, 1000)).toBe("1h");
  expect(pick(30, 300)).toBe("1d");
  expect(pick(730, 1000)).toBe("1d");
});

test("the coarsest when none is coarse enough, and when there is no width yet", () => {
  expect(pick(100_000, 300)).toBe("1d");
  expect(pick(30, 0)).toBe("1d");
});

test("a dataset without resolutions is said", () => {
  expect(() => pickResolution([], 1, 1)).toThrow("The dataset has no resolution");
});

test("a resolution is said in words", () => {
  expect(["raw", "15m", "1h", "6h", "1d", "24h", "1mo", "2h30m"].map((name) => resolutionWords({name}))).toEqual([
    "readings",
    "15-minute means",
    "hourly means",
    "6-hour means",
    "daily means",
    "daily means",
    "monthly means",
    "2h30m means"
  ]);
});
