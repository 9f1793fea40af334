import {writeFile} from "node:fs/promises";
import {join} from "node:path";
import {tableFromArrays, vectorFromArray, Table, TimestampMicrosecond} from "apache-arrow";
import fc from "fast-check";
import {expect, test} from "vitest";
import {formatBytes, formatRows, formats, formatStream, rowsOf} from "../../loaders/format.js";
import {encodeParquet} from "../../pond/parquet.js";
import {openDuck, temporaryDirectory} from "./memory.js";

const rows = [
  {name: "a", rows: 12, when: new Date(0)},
  {name: "longer, name", rows: 3, when: null}
];

test("a table aligns text left and numbers right", () => {
  expect(formatRows(rows, "table")).toBe(
    ["name          rows  when", "a               12  1970-01-01T00:00:00.000Z", "longer, name     3"].join("\n")
  );
});

test("CSV quotes what needs quotes and leaves missing values empty", () => {
  expect(formatRows(rows, "csv")).toBe('name,rows,when\na,12,1970-01-01T00:00:00.000Z\n"longer, name",3,');
});

test("CSV looks at what columns rows have a few times each, however many they are", () => {
  let looks = 0;
  const watched = Array.from(
    {length: 100},
    (_, a) => new Proxy({a}, {ownKeys: (row) => (looks++, Reflect.ownKeys(row))})
  );
  expect(formatRows(watched, "csv").split("\n")).toHaveLength(101);
  expect(looks).toBeLessThan(500);
});

test("JSON keeps null and reads back", () => {
  expect(JSON.parse(formatRows(rows, "json"))).toEqual([
    {name: "a", rows: 12, when: "1970-01-01T00:00:00.000Z"},
    {name: "longer, name", rows: 3, when: null}
  ]);
  expect(formatRows(rows, "ndjson").split("\n")).toHaveLength(2);
});

test("Arrow rows become plain values: bigints numbers, timestamps dates", () => {
  const table = new Table({
    timestamp: vectorFromArray([1], new TimestampMicrosecond("UTC")),
    count: tableFromArrays({count: BigInt64Array.of(7n)}).getChild("count")!
  });
  expect(rowsOf(table)).toEqual([{timestamp: new Date(1), count: 7}]);
});

test.each([
  ["1969-12-31 23:59:59.999999", "1969-12-31T23:59:59.999999Z"],
  ["1969-12-31 23:59:59.999", "1969-12-31T23:59:59.999Z"],
  ["2024-01-01 00:00:00.000001", "2024-01-01T00:00:00.000001Z"],
  ["2024-01-01 00:00:00.001", "2024-01-01T00:00:00.001Z"],
  ["2024-01-01", "2024-01-01T00:00:00.000Z"],
  ["0999-01-01 00:00:00.123456", "0999-01-01T00:00:00.123456Z"],
  ["infinity", "infinity"],
  ["-infinity", "-infinity"]
])("a time is told as exactly as it is: %s", async (time, told) => {
  const duck = await openDuck();
  for (const type of ["TIMESTAMPTZ", "TIMESTAMP"]) {
    const rows = rowsOf(await duck.table(`SELECT ${type} '${time}' AS t UNION ALL SELECT NULL ORDER BY t NULLS LAST`));
    expect(formatRows(rows, "csv")).toBe(`t\n${told}\n`);
    expect(JSON.parse(formatRows(rows, "json"))).toEqual([{t: told}, {t: null}]);
    expect(formatRows(rows, "ndjson").split("\n")[0]).toBe(`{"t":"${told}"}`);
    expect(formatRows(rows, "table").split("\n")[1]).toBe(told);
  }
});

test("times are told in the unit that counts them, each as finely as it needs", async () => {
  const sql = `SELECT TIMESTAMP_NS '2024-01-01 00:00:00.000000001' AS ns, TIMESTAMP_NS '1960-01-01 00:00:00.000001' AS us,
               TIMESTAMP_MS '2024-01-01 00:00:00.001' AS ms, TIMESTAMP_S '1960-01-01 00:00:01' AS s, DATE '1960-01-02' AS d`;
  expect(formatRows(rowsOf(await (await openDuck()).table(sql)), "csv").split("\n")[1]).toBe(
    "2024-01-01T00:00:00.000000001Z,1960-01-01T00:00:00.000001Z,2024-01-01T00:00:00.001Z,1960-01-01T00:00:01.000Z,1960-01-02T00:00:00.000Z"
  );
});

test("what becomes a file of Parquet is as exact", async () => {
  const duck = await openDuck();
  const file = join(await temporaryDirectory(), "t.parquet");
  await writeFile(file, encodeParquet(await duck.table("SELECT TIMESTAMPTZ '1969-12-31 23:59:59.999999Z' AS t")));
  expect(await duck.rows(`SELECT epoch_us(t)::INTEGER AS us FROM read_parquet('${file}')`)).toEqual([{us: -1}]);
});

test("bytes are said in powers of a thousand", () => {
  expect([0, 999, 1000, 1_234_567].map(formatBytes)).toEqual(["0 B", "999 B", "1.0 kB", "1.2 MB"]);
});

test("rows that come a few at a time make the same text as all of them at once", async () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.constant(null), fc.date({noInvalidDate: true}));
  const row = fc.record({name: value, "a, b": value});
  await fc.assert(
    fc.asyncProperty(
      fc.array(row),
      fc.constantFrom(...formats),
      fc.integer({min: 1, max: 5}),
      async (all, format, some) => {
        async function* few() {
          for (let at = 0; at < all.length; at += some) yield all.slice(at, at + some);
        }
        let text = "";
        for await (const piece of formatStream(few, format)) text += piece;
        const whole = formatRows(all, format);
        expect(text).toBe(format === "ndjson" && all.length === 0 ? "" : `${whole}\n`);
      }
    )
  );
});
