import fc from "fast-check";
import {expect, test} from "vitest";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {Effects} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import type {Range} from "../../pond/types.js";
import {day, hour, micros} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

/** What `pond cat` prints of a series, and pages are given: batches of each kind. */

const effects: Effects = {now: () => Date.parse("2026-01-01T00:00Z"), env: {}, reporter: silent};
const begin = micros("2021-05-05T04:00Z");

const scopes = [{name: "S", inputs: [{series: "/in/a", to: "2021-07-01T00:00Z"}, {series: "/in/a"}]}];
const sql = `SELECT timestamp, avg("T.C") OVER (ORDER BY timestamp RANGE INTERVAL 6 HOUR PRECEDING) AS "T.C" FROM a`;
const resources = [
  resource("Combine", "c", {output: "/made/combined", scopes}),
  resource("Rename", "r", {input: "/in/a", output: "/made/renamed", columns: [{from: "T.C", to: "Temp.C"}]}),
  resource("Correct", "k", {input: "/in/a", output: "/made/corrected", corrections: [{parameter: "T", offset: 1}]}),
  resource("Validate", "v", {
    input: "/in/a",
    output: "/made/checked",
    interval: "3h",
    tests: [{parameter: "T", grossRange: {fail: [0, 20]}}]
  }),
  resource("Derive", "d", {output: "/made/derived", inputs: {a: "/in/a"}, sql, lookback: "6h"}),
  resource("Derive", "w", {output: "/made/whole", inputs: {a: "/in/a"}, sql}),
  resource("Reduce", "all", {
    input: "/in/*",
    output: "/reduced/$0",
    timeZone: "America/Los_Angeles",
    resolutions: ["raw", "6h", "1d", "1w", "1mo", "1q", "1y"]
  })
];

const version = fc.record({from: fc.integer({min: 0, max: 500}), days: fc.integer({min: 1, max: 400})});
const bound = fc.option(
  fc.nat(900 * 4).map((quarter) => begin + quarter * 6 * hour),
  {nil: undefined}
);

async function ponded(versions: readonly {readonly from: number; readonly days: number}[]): Promise<Pond> {
  const pond = await openPond();
  for (const {from, days} of versions) {
    const times = Array.from({length: days * 8}, (_, step) => begin + from * day + step * 3 * hour);
    await appendReadings(
      pond,
      "/in/a",
      times.map((time, index) => ({time, values: {"T.C": index % 24}}))
    );
  }
  await run(pond, resources, effects);
  return pond;
}

/** The times of what batches tell, in µs, as they come. */
async function timesOf(pond: Pond, path: string, range: Range): Promise<number[]> {
  const times: number[] = [];
  for await (const batch of (await pond.fs()).batches(path, range))
    for (const time of batch.getChild("timestamp")!) times.push(Math.round(Number(time) * 1000));
  return times;
}

test("each row of a series comes once, in order, be it stored, computed or reduced", {timeout: 120_000}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(version, {minLength: 1, maxLength: 4}), bound, bound, async (versions, first, last) => {
      const range = {begin: first, end: last};
      fc.pre((first ?? -Infinity) < (last ?? Infinity));
      const pond = await ponded(versions);
      const fs = await pond.fs();
      const paths = (await Promise.all(["/in/*", "/made/*", "/reduced/a/*"].map((pattern) => fs.glob(pattern)))).flat();
      expect(paths).toHaveLength(14);
      for (const {path} of paths) {
        const table = await fs.query(`SELECT epoch_us(timestamp)::DOUBLE AS t FROM "${path}" ORDER BY t`);
        const all = Array.from(table.getChild("t")!) as number[];
        const asked = all.filter((time) => time >= (first ?? -Infinity) && time < (last ?? Infinity));
        expect({path, times: await timesOf(pond, path, range)}).toEqual({path, times: asked});
      }
    }),
    {numRuns: 6, examples: [[[{from: 0, days: 400}], undefined, undefined]]}
  );
});
