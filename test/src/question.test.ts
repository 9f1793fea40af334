import {expect, test} from "vitest";
import type {Catalogue, DatasetEntry} from "../../loaders/types.js";
import {
  columnsIn,
  examplesOf,
  localTimeSql,
  selectOf,
  sentenceOf,
  sourcesOf
} from "../../src/components/query/question.js";
import {turnsOf} from "../../src/components/time/zone.js";
import {Duck} from "../../pond/duck.js";

/** What can be asked of the published data, and what the answers mean. */

const column = {name: "Surface.DO.mg/L", scope: "Surface", parameter: "DO", unit: "mg/L", label: "Oxygen", spark: []};
const level = (name: string, widthMs: number, raw?: true) => ({
  name,
  widthMs,
  rows: 1,
  bytes: 1,
  shards: [],
  ...(raw ? {raw} : {})
});

function dataset(name: string): DatasetEntry {
  const resolutions = [
    level("raw", 900_000, true),
    level("15m", 900_000),
    level("1h", 3_600_000),
    level("1d", 86_400_000)
  ];
  return {
    name,
    label: `The ${name}`,
    intervalMs: 900_000,
    columns: [{...column, name: "Surface.Battery.V", parameter: "Battery"}, column],
    resolutions
  };
}

const catalogue = {
  datasets: [dataset("Basin"), dataset("2nd"), dataset("basin")],
  sites: [{slug: "inner-basin", dataset: "Basin"}]
} as unknown as Catalogue;
const sources = sourcesOf(catalogue);

test("each resolution is a table whose name needs no quotes", () => {
  expect(sources.map(({name}) => name)).toEqual([
    ...["inner_basin_raw", "inner_basin_15m", "inner_basin_1h", "inner_basin_1d"],
    ...["site_2nd_raw", "site_2nd_15m", "site_2nd_1h", "site_2nd_1d"],
    ...["basin_raw", "basin_15m", "basin_1h", "basin_1d"]
  ]);
});

test("a table of bins has four columns for each that is measured, one of readings has one", () => {
  expect(columnsIn(sources[3]!).slice(4)).toEqual(
    ["avg", "min", "max", "count"].map((name) => `Surface.DO.mg/L.${name}`)
  );
  expect(columnsIn(sources[0]!)).toEqual(["Surface.Battery.V", "Surface.DO.mg/L"]);
  expect(selectOf(sources[3]!, ["a", 'b"c'])).toBe(
    'SELECT timestamp, "a", "b""c"\nFROM inner_basin_1d\nORDER BY timestamp'
  );
});

test("the examples are about the first of the parameters, at resolutions that suit them", () => {
  const examples = examplesOf(sources, [{name: "DO"}, {name: "Battery"}]);
  expect(examples.map(({label}) => label)).toContain("Oxygen, The Basin beside The 2nd");
  for (const {sql} of examples) expect(sql).toContain("Surface.DO.mg/L");
  expect(examples.find(({label}) => label.includes("hour of the day"))!.sql).toContain("FROM inner_basin_1h");
  expect(examplesOf([], [])).toEqual([]);
});

test("local time is what the zone's clocks show, on both sides of every change", async () => {
  const [begin, end] = ["2024-01-01T00:00Z", "2026-06-01T00:00Z"].map((text) => Date.parse(text)) as [number, number];
  const turns = turnsOf("America/Los_Angeles", begin, end);
  expect(turns.map(({time, minutes}) => [new Date(time).toISOString(), minutes]).slice(0, 3)).toEqual([
    ["2024-01-01T00:00:00.000Z", -480],
    ["2024-03-10T10:00:00.000Z", -420],
    ["2024-11-03T09:00:00.000Z", -480]
  ]);
  const duck = new Duck();
  await duck.run(localTimeSql(turns));
  const instants = ["2024-03-10 09:59", "2024-03-10 10:00", "2024-11-03 08:59", "2024-11-03 09:00", "2026-05-01 00:00"];
  const rows = await duck.rows(
    `SELECT strftime(local_time(t::TIMESTAMP), '%d %H:%M') AS t FROM (VALUES ${instants.map((t) => `('${t}')`).join(", ")}) v(t)`
  );
  expect(rows.map(({t}) => t)).toEqual(["10 01:59", "10 03:00", "03 01:59", "03 01:00", "30 17:00"]);
  await duck.run(localTimeSql(turnsOf("UTC", begin, end)));
  expect(await duck.rows("SELECT local_time(TIMESTAMP '2024-01-01') = TIMESTAMP '2024-01-01' AS same")).toEqual([
    {same: true}
  ]);
  await duck.close();
});

test.each([
  [
    'Parser Error: syntax error at or near "FRM"\nLINE 2: FRM x',
    'The query cannot be read (line 2): syntax error at or near "FRM".'
  ],
  [
    'Binder Error: Referenced column "nope" not found in FROM clause!\nCandidate bindings: "a.timestamp"\nLINE 1: x',
    'Referenced column "nope" not found in FROM clause (line 1); did you mean "a.timestamp"?'
  ],
  [
    "Catalog Error: Table with name nowhere does not exist!\nDid you mean",
    "There is no table nowhere; there are inner_basin_raw, inner_basin_15m."
  ],
  ["Out of Memory Error: failed to allocate", "The query needs more memory than a browser has: ask for less at once."],
  ["Conversion Error: Could not convert string", "The query does not work: Could not convert string."],
  [
    "The data file x could not be fetched: is this device offline?",
    "The data file x could not be fetched: is this device offline?"
  ]
])("an error is said in a sentence: %s", (message, sentence) => {
  expect(sentenceOf(message, sources.slice(0, 2))).toBe(sentence);
});
