import fc from "fast-check";
import {expect, test} from "vitest";
import {aligned} from "../../loaders/site/alignment.js";
import type {Table} from "../../loaders/reduction/told.js";

/** Times that rise, some of them twice or more. */
const times = fc.array(fc.nat(20), {maxLength: 30}).map((list) => list.sort((a, b) => a - b));

/** A table of one column, which tells of each row which it is. */
function table(name: string, rows: readonly number[]): Table {
  const values = Float64Array.from(rows, (time, index) => 100 * time + index);
  return {times: Float64Array.from(rows), columns: [{name, type: "DOUBLE", values, isFull: true}]};
}

test("each instant has as many rows as any table has of it, and of each table all that it has", () => {
  fc.assert(
    fc.property(fc.array(times, {minLength: 1, maxLength: 5}), fc.integer({min: 1, max: 7}), (lists, step) => {
      const {times, columns} = aligned(lists.map((rows, index) => table(`t${index}`, rows)));
      const often = (rows: readonly number[], time: number) => rows.filter((one) => one === time).length;
      const wanted = Array.from({length: 21}, (_, time) =>
        new Array<number>(Math.max(...lists.map((rows) => often(rows, time)))).fill(time)
      );
      expect([...times]).toEqual(wanted.flat());
      for (const [index, {name, values, isFull}] of columns.entries()) {
        expect([name, values.length]).toEqual([`t${index}`, times.length]);
        const all: number[] = []; // as DuckDB asks for them
        for (let row = 0; row < times.length; row += step)
          all.push(...values.subarray(row, Math.min(row + step, times.length)));
        const rows = [...all.entries()].filter(([, value]) => !Number.isNaN(value));
        expect(rows.map(([, value]) => value)).toEqual(lists[index]!.map((time, at) => 100 * time + at));
        for (const [row, value] of rows) expect(Math.floor(value / 100)).toBe(times[row]);
        expect(isFull).toBe(rows.length === times.length);
      }
    })
  );
});
