import {vectorFromArray, Float64, Table} from "apache-arrow";
import {beforeAll, afterAll, expect, test} from "vitest";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import {readings} from "./readings.js";
import {write} from "./harness.js";

/** What a query gets that cannot be answered: one sentence, where it is wrong, and no word of the host. */

let directory: string;
let ponds: readonly Pond[]; // on a disk that DuckDB reads itself, and one whose content is copied for it

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "complaint-"));
  const [disk, memory] = [join(directory, "pond"), join(directory, "cache")];
  ponds = [await Pond.init(disk), await Pond.over(new MemoryStore(), memory, {create: true})];
  const rows = Array.from({length: 30_000}, (_, i) => `${i},${i}\n`).join("");
  for (const pond of ponds)
    await write(pond, async (tx) => {
      await tx.append("/pier", readings([1, 2], {"DO.mg/L": [1, 2], Temperature: [3, 4]}));
      await tx.table("/sites", new Table({depth: vectorFromArray([1], new Float64())}));
      await tx.write("/data/wrong.csv", `a,b\n${rows}x,y\n`, {parents: true}); // so long that it is a blob
      await tx.write("/data/wrong.json", "no json");
      await tx.write("/data/small.parquet", "no parquet");
      await tx.write("/data/large.parquet", "no parquet".repeat(9000));
    });
});
afterAll(async () => {
  for (const pond of ponds) await pond.close();
  await rm(directory, {recursive: true});
});

const notAnswered = "The query cannot be answered";

test.each([
  ["SELECT * FORM '/pier'", `${notAnswered} at line 1, column 15: syntax error at or near "'/pier'".`],
  ["SELECT", `${notAnswered}: SELECT clause without selection list.`],
  ["SELECT Temprature FROM '/pier'", "at line 1, column 8: there is no column Temprature; the nearest is Temperature."],
  [
    'SELECT\n  1,\n  "DO.mg" + 1\nFROM "/pier"',
    "at line 3, column 3: there is no column DO.mg; the nearest is DO.mg/L."
  ],
  [`SELECT ${"1, ".repeat(90)} nothing FROM '/pier'`, "at line 1, column 279: there is no column nothing"],
  [
    "SELECT * FROM pier",
    "column 15: there is no table pier; a path of the pond is written in quotes, its log as oplog."
  ],
  ["SELECT avrage(depth) FROM '/sites'", "column 8: there is no function avrage; the nearest is "],
  ["SELECT sum('x') FROM '/pier'", "column 8: no function matches the given name and argument types 'sum(VARCHAR)'."],
  ["SELECT 'x'::INTEGER FROM '/pier'", "column 11: could not convert string 'x' to INT32."],
  [
    "SELECT sum(a) FROM '/data/wrong.csv'",
    ": line 30002 of /data/wrong.csv is not like those before it: Error when converting"
  ],
  ["SELECT * FROM '/data/wrong.json'", `${notAnswered}: malformed JSON in file "/data/wrong.json", at byte`],
  ["SELECT * FROM '/data/small.parquet'", `${notAnswered}: `],
  ["SELECT * FROM '/data/large.parquet'", "'/data/large.parquet'"],
  ["FROM '/data/*.csv' JOIN '/sites' ON none", "column 37: there is no column none; the nearest is a."]
])("%s", async (sql, expected) => {
  for (const pond of ponds) {
    const error = await (await pond.fs()).query(sql).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({name: "PondError", code: "BAD_QUERY"});
    const {message} = error as Error;
    expect(message).toContain(expected);
    expect(message).toMatch(/^[^\n]+[^.]\.$/);
    expect(message).not.toContain(directory);
  }
});

test("what is wrong is placed in the query as it was asked, also beside a source", async () => {
  const fs = await ponds[0]!.fs();
  expect((await fs.query('SELECT max("DO.mg/L")::INTEGER AS n FROM source', {source: "/pier"})).get(0)!.n).toBe(2);
  await expect(fs.query("SELECT oxygen FROM source", {source: "/pier"})).rejects.toMatchObject({
    data: {sql: "SELECT oxygen FROM source", line: 1, column: 8}
  });
  await expect(fs.query("FROM source", {source: "/none"})).rejects.toThrow(
    "There is no /none in the pond; pond list / shows what is there."
  );
  await expect(fs.query("FROM source")).rejects.toThrow("there is no table source;");
});
