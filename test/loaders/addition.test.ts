import {expect, test} from "vitest";
import {addReadings, type Rows} from "../../loaders/reduction/addition.js";
import {type Bins, joinBins} from "../../loaders/reduction/bins.js";
import {parseResolution} from "../../loaders/time/resolution.js";
import {day, hour, micros, minute, openDuck} from "./memory.js";

const begin = micros("2025-01-01T00:00Z");
const count = 5000; // more than DuckDB gives at a time
const stretches = [0, 1, 2, 3].map((index) => ({begin: begin + index * day, end: begin + (index + 1) * day}));

/** The bins of each stretch, of rows that come by `order`. */
async function added(order: string, rows: Omit<Rows, "sql">): Promise<readonly Bins[]> {
  const duck = await openDuck();
  const from = `(SELECT make_timestamptz(${begin} + i * ${minute}) AS timestamp, i FROM range(${count}) AS t(i) ORDER BY ${order})`;
  const sql = `SELECT epoch_us(timestamp)::DOUBLE, i::DOUBLE FROM ${from}`;
  const tallying = {columns: [{name: "a"}], resolution: parseResolution("1h"), extras: {}};
  const found: Bins[] = [];
  await addReadings(duck, {sql, ...rows}, {stretches, tallying}, async (bins, index) => {
    found[index] = joinBins([bins], ["a"]); // a copy: what it stands in is used again
  });
  return found;
}

test("readings come to the same bins, all at once or as they are read, and in whatever order", async () => {
  const expected = await added("i", {isMerged: false, isFew: false});
  expect(expected.map(({starts}) => starts[0]! - begin)).toEqual([0, day, 2 * day, 3 * day]);
  expect(expected[3]!.starts.length).toBe(Math.ceil((count * minute) / hour) - 72);
  const sums = expected.map(({columns}) => columns.get("a")!.sum.reduce((sum, value) => sum + value, 0));
  expect(sums.reduce((sum, value) => sum + value, 0)).toBe((count * (count - 1)) / 2);
  for (const isFew of [false, true])
    for (const isMerged of [false, true])
      for (const order of ["i", "-i", "hash(i)"])
        expect(await added(order, {isMerged, isFew}), `${order}, ${isFew}, ${isMerged}`).toEqual(expected);
});
