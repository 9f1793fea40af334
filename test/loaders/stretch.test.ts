import {join} from "node:path";
import {expect, test} from "vitest";
import {openSource} from "../../loaders/files/open.js";
import {cut} from "../../loaders/files/stretch.js";
import {timed} from "../../loaders/files/timed.js";
import {literal} from "../../pond/duck.js";
import {openDuck, temporaryDirectory} from "./memory.js";

/** A Parquet file of 20,000 seconds, in groups of so many rows; a NULL at some times, or times in another order. */
async function rowsOf({groups, time = "i"}: {groups: number; time?: string}) {
  const [duck, scratch] = [await openDuck(), await temporaryDirectory()];
  const file = join(scratch, "seconds[1].parquet");
  await duck.run("SET threads = 1"); // so that groups are as long as they are told to be
  await duck.run(
    `COPY (SELECT make_timestamp((${time})::BIGINT * 1000000) AS timestamp, i::DOUBLE AS "P.m" FROM range(20000) AS t(i))
     TO ${literal(file)} (FORMAT parquet, ROW_GROUP_SIZE ${groups})`
  );
  const how = {timeZone: "UTC", scratch};
  return {duck, rows: await timed(duck, await openSource(duck, file, how), how)};
}

test.each([
  {what: "groups that are smaller", groups: 2048, along: [4096, 4096, 4096, 4096, 3616]},
  {what: "groups that are larger", groups: 10_240, along: [3413, 3413, 3414, 4880, 4880]},
  {what: "a group that is larger, with times missing", groups: 20_480, time: "CASE WHEN i % 7 > 0 THEN i END"},
  {what: "times that fall", groups: 2048, time: "20000 - i"},
  {what: "times that come twice", groups: 2048, time: "i // 2"}
])("stretches hold all rows, each once, no more than the limit: $what", async ({along, ...file}) => {
  const {duck, rows} = await rowsOf(file);
  const stretches = await cut(duck, rows, {range: {}, limit: 5000});
  const {begin, end, timed: count} = rows.facts;
  expect(stretches.map((one) => one.begin)).toEqual([begin, ...stretches.slice(0, -1).map((one) => one.end)]);
  expect(stretches.at(-1)!.end).toBe(end + 1);
  expect(stretches.reduce((sum, one) => sum + one.rows, 0)).toBe(count);
  for (const stretch of stretches) {
    const [found] = await duck.rows(`SELECT count(*)::DOUBLE AS rows FROM ${rows.from} WHERE ${rows.within(stretch)}`);
    expect(found!.rows).toBe(stretch.rows);
    expect(stretch.rows).toBeLessThanOrEqual(5000);
  }
  if (along) expect(stretches.map((one) => one.rows)).toEqual(along);
});

test("times that doubles do not tell apart are a stretch before all others, or behind", async () => {
  const far = "CASE WHEN i < 3 THEN -100000000000 - i WHEN i < 10 THEN 250000000000 + i ELSE i END";
  const {duck, rows} = await rowsOf({groups: 2048, time: far});
  const stretches = await cut(duck, rows, {range: {}, limit: 5000});
  expect([stretches[0], stretches.at(-1)]).toEqual([
    {end: -Number.MAX_SAFE_INTEGER, rows: 3},
    {begin: Number.MAX_SAFE_INTEGER, rows: 7}
  ]);
  expect(stretches.reduce((sum, one) => sum + one.rows, 0)).toBe(20_000);
  const [late] = await cut(duck, rows, {range: {begin: 20_000e6}, limit: 5000});
  expect(late).toEqual({begin: Number.MAX_SAFE_INTEGER, rows: 7});
  expect(await cut(duck, rows, {range: {begin: 19_999e6, end: 20_000e6}, limit: 5000})).toHaveLength(1);
});

test("a part of the time is cut by time", async () => {
  const {duck, rows} = await rowsOf({groups: 2048});
  const stretches = await cut(duck, rows, {range: {begin: 1e9, end: 9e9}, limit: 5000});
  expect([stretches[0]!.begin, stretches.at(-1)!.end]).toEqual([1e9, 9e9]);
  expect(stretches.reduce((sum, one) => sum + one.rows, 0)).toBe(8000);
});
