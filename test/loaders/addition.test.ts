import {createHash} from "node:crypto";
import {expect, test} from "vitest";
import {addReadings, type Rows} from "../../loaders/reduction/addition.js";
import {type Bins, joinBins} from "../../loaders/reduction/bins.js";
import {parseResolution} from "../../loaders/time/resolution.js";
import {day, hour, micros, minute, openDuck} from "./memory.js";

const begin = micros("2025-01-01T00:00Z");
const count = 5000; // more than DuckDB gives at a time
const stretches = [0, 1, 2, 3].map((index) => ({begin: begin + index * day, end: begin + (index + 1) * day}));

const blocks = [0, 11, 30, 100].map((hours) => ({begin: begin + hours * hour, end: begin + (hours + 11) * hour}));

interface Added {
  readonly bins: readonly Bins[]; // of each stretch
  readonly times: readonly string[]; // hashes of those of each block
}

/** What comes of rows that come by `order`. */
async function added(order: string, rows: Omit<Rows, "sql">): Promise<Added> {
  const duck = await openDuck();
  const from = `(SELECT make_timestamptz(${begin} + i * ${minute}) AS timestamp, i FROM range(${count}) AS t(i) ORDER BY ${order})`;
  const sql = `SELECT epoch_us(timestamp)::DOUBLE, i::DOUBLE FROM ${from}`;
  const tallying = {columns: [{name: "a"}], resolution: parseResolution("1h"), extras: {}};
  const found: Bins[] = [];
  const times = await addReadings(duck, {sql, ...rows}, {stretches, blocks, tallying}, async (bins, index) => {
    found[index] = joinBins([bins], ["a"]); // a copy: what it stands in is used again
  });
  return {bins: found, times};
}

test("readings come to the same bins, all at once or as they are read, and in whatever order", async () => {
  const expected = await added("i", {isMerged: false, isFew: false});
  const {bins, times} = expected;
  expect(bins.map(({starts}) => starts[0]! - begin)).toEqual([0, day, 2 * day, 3 * day]);
  expect(bins[3]!.starts.length).toBe(Math.ceil((count * minute) / hour) - 72);
  const sums = bins.map(({columns}) => columns.get("a")!.sum.reduce((sum, value) => sum + value, 0));
  expect(sums.reduce((sum, value) => sum + value, 0)).toBe((count * (count - 1)) / 2);
  const minutes = (from: number, to: number) =>
    Float64Array.from({length: Math.min(to, count) - from}, (_, index) => begin + (from + index) * minute);
  const hashOf = (one: Float64Array) => createHash("sha256").update(one).digest("hex");
  expect(times).toEqual(
    [0, 11, 30].map((from) => hashOf(minutes(60 * from, 60 * (from + 11)))).concat(hashOf(new Float64Array()))
  );
  for (const isFew of [false, true])
    for (const isMerged of [false, true])
      for (const order of ["i", "-i", "hash(i)"])
        expect(await added(order, {isMerged, isFew}), `${order}, ${isFew}, ${isMerged}`).toEqual(expected);
});
