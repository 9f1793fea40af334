import * as arrow from "apache-arrow";
import {expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {decodeParquet} from "../../pond/parquet.js";
import type {Pond} from "../../pond/pond.js";
import {newPond, rowsOf, write} from "./harness.js";
import {readings, readingsOf} from "./readings.js";

const text = (values: readonly (string | null)[]): arrow.Vector => arrow.vectorFromArray(values, new arrow.Utf8());
const terms = (values: readonly (string | null)[]): arrow.Vector =>
  arrow.vectorFromArray(values, new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()));
const nothing = (rows: number): arrow.Vector =>
  arrow.vectorFromArray(new Array<null>(rows).fill(null), new arrow.Null());

async function shownBy(pond: Pond): Promise<unknown> {
  return rowsOf(pond, await (await (await pond.fs()).series("/runs")).relation());
}

test("a series holds text beside numbers, and the newest that says something wins", async () => {
  const {pond} = await newPond();
  await write(pond, (tx) => tx.append("/runs", readingsOf([20, 10, 20], "why", text(["late", "né 'é'", null]))));
  await write(pond, (tx) => tx.append("/runs", readingsOf([10, 30], "why", terms([null, "disk"]))));
  await write(pond, (tx) => tx.append("/runs", readings([20, 30], {took: [1.5, 2]})));
  await write(pond, (tx) => tx.append("/runs", readingsOf([30], "why", nothing(1))));
  await write(pond, (tx) => tx.append("/runs", readingsOf([30, 40], "why", text(["full", ""]))));
  const all = {10: {why: "né 'é'"}, 20: {why: "late", took: 1.5}, 30: {why: "full", took: 2}, 40: {why: ""}};
  expect(await shownBy(pond)).toEqual(all);
  const fs = await pond.fs();
  const series = await fs.series("/runs");
  expect((await series.columns()).map(({name, type}) => [name, type])).toEqual([
    ["why", "VARCHAR"],
    ["took", "DOUBLE"]
  ]);
  const empty = await pond.duck.table(`FROM ${await series.relation({begin: 1e12})}`);
  expect(empty.schema.fields.map(String)).toContain("why: Utf8");
  expect(
    decodeParquet(await fs.read("/runs"), "runs")
      .getChild("why")!
      .toArray()
  ).toEqual(["né 'é'", "late", "full", ""]);
  expect((await fs.query(`SELECT why FROM '/runs' WHERE took = 2`)).get(0)!.why).toBe("full");
});

test("a reading is restated where an older version told one of its time and column, before and after maintenance", async () => {
  const {pond} = await newPond();
  const restated = async () => (await pond.fs()).restated("/x");
  const append = (times: readonly number[], columns: Record<string, (number | null)[]>) =>
    write(pond, (tx) => tx.append("/x", readings(times, columns)));
  await append([10, 20, 30], {a: [1, 2, null]});
  expect(await restated()).toBe(0);
  await append([10, 20, 30], {b: [1, 2, 3]}); // a column that comes later restates nothing
  await append([30, 40], {a: [3, 4]}); // nor does a reading where there was none
  expect(await restated()).toBe(0);
  await append([20, 50], {a: [7, 5], b: [null, 5]});
  expect(await restated()).toBe(1);
  for (const value of [8, 7, 8]) await append([20], {a: [value]}); // there and back is thrice
  expect(await restated()).toBe(4);
  for (let time = 60; time < 90; time++) await append([time], {a: [time]});
  expect((await pond.maintain()).versions).toBeGreaterThan(15);
  expect(await restated()).toBe(4);
  await write(pond, (tx) => tx.write("/note", "a note"));
  expect(await (await pond.fs()).restated("/note")).toBeUndefined();
});

test("text far apart in time is cut, and merged by maintenance, without a letter lost", async () => {
  const {pond} = await newPond();
  const year = 366 * 86_400;
  await write(pond, (tx) => tx.append("/runs", readingsOf([year, 0, 1], "why", text(["c", "a", "bb"]))));
  expect(await shownBy(pond)).toEqual({0: {why: "a"}, 1: {why: "bb"}, [year]: {why: "c"}});
  for (let i = 0; i < 30; i++)
    await write(pond, (tx) =>
      tx.append("/runs", readingsOf([year + i], "why", i % 3 === 1 ? nothing(1) : text([`${i}`])))
    );
  const before = await shownBy(pond);
  expect((await pond.maintain()).versions).toBeGreaterThan(15);
  expect(await shownBy(pond)).toEqual(before);
  expect((await check(pond, {data: true})).problems).toEqual([]);
});

test("a column whose type is not the one it had is refused, with both types and the version that brought it", async () => {
  const {pond} = await newPond();
  await write(pond, (tx) => tx.append("/runs", readings([1], {took: [1]})));
  await write(pond, (tx) => tx.append("/runs", readingsOf([1], "why", text(["x"]))));
  await write(pond, (tx) => tx.append("/runs", readings([2], {took: [2]})));
  const before = (await pond.fs()).version;
  const refused = (body: Parameters<typeof write<unknown>>[1]) => expect(write(pond, body)).rejects;
  await refused((tx) => tx.append("/runs", readingsOf([3], "took", text(["3 s"])))).toMatchObject({
    code: "BAD_CONTENT",
    message:
      "Column took of the readings for /runs is VARCHAR, and DOUBLE since version 1; give it as that, or under another name."
  });
  await refused((tx) => tx.append("/runs", readings([3], {why: [3]}))).toThrow(
    "is DOUBLE, and VARCHAR since version 2"
  );
  const sql = ["SELECT make_timestamptz(5) AS timestamp, 5 AS why"];
  await refused((tx) => tx.append("/runs", {sql, columns: [{name: "why", attributes: {}}]})).toThrow("since version 2");
  await refused(async (tx) => {
    await tx.append("/new", readings([1], {a: [1]}));
    await tx.append("/new", readingsOf([2], "a", text(["a"]))); // its own transaction's version counts as well
  }).toThrow("since version 1");
  const bool = arrow.vectorFromArray([true], new arrow.Bool());
  await refused((tx) => tx.append("/runs", readingsOf([3], "ok", bool))).toThrow(
    "is Bool; a series holds doubles and text"
  );
  expect((await pond.fs()).version).toBe(before);
});
