import {copyFile, mkdir, readFile, rename, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import fc from "fast-check";
import {expect, test} from "vitest";
import {describeShared, shared} from "../shared.js";
import {harbour, quiet, readings, told} from "./inbox.js";
import {openDuck} from "./memory.js";

// ---- What is stored ----

test("a CSV becomes a series, and the same run again adds no transaction", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", "timestamp,Temperature.C,DO (mg/L)\n2026-01-01T00:00:00Z,11.5,9.25\n2026-01-01T01:00:00Z,,9\n");
  const first = await run();
  expect(told(first)).toEqual({...quiet, read: 2, stored: 2});
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: "2026-01-01T00:00:00.000Z", "Temperature.C": 11.5, "DO.mg/L": 9.25},
    {time: "2026-01-01T01:00:00.000Z", "Temperature.C": null, "DO.mg/L": 9}
  ]);
  const columns = await (await (await pond.fs()).series("/in/dock")).columns();
  expect(columns.map(({attributes}) => attributes)).toEqual([
    {instrument: "dock", parameter: "Temperature", unit: "C"},
    {instrument: "dock", parameter: "DO", unit: "mg/L"}
  ]);
  const second = await run();
  expect(told(second)).toEqual(quiet);
  expect(second.commits).toEqual([]);
});

test("the same content under another name for the same series is not read again", async () => {
  const {pond, at, put, run} = await harbour({files: "data/*_*.csv", into: "/in/$0"});
  await put("dock_1.csv", "time,DO\n2026-01-01,1\n");
  await run();
  await copyFile(at("dock_1.csv"), at("dock_2.csv"));
  await rename(at("dock_1.csv"), at("dock_3.csv"));
  const {commits} = await run();
  expect(commits).toEqual([]);
  expect(await (await pond.fs()).versions("/in/dock")).toHaveLength(1);
});

test("of a file that overlaps, only new and restated values are stored", async () => {
  const {pond, put, run} = await harbour({files: "data/*_*.csv", into: "/in/$0"});
  await put("dock_1.csv", "time,DO,pH\n2026-01-01 00:00,1,8\n2026-01-01 01:00,2,8\n2026-01-01 02:00,3,8\n");
  await run();
  await put("dock_2.csv", "time,DO,pH\n2026-01-01 01:00,2,8\n2026-01-01 02:00,3.5,\n2026-01-01 03:00,4,8.1\n");
  const second = await run();
  expect(told(second)).toEqual({...quiet, read: 3, stored: 2});
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: "2026-01-01T00:00:00.000Z", DO: 1, pH: 8},
    {time: "2026-01-01T01:00:00.000Z", DO: 2, pH: 8},
    {time: "2026-01-01T02:00:00.000Z", DO: 3.5, pH: 8},
    {time: "2026-01-01T03:00:00.000Z", DO: 4, pH: 8.1}
  ]);
  await put("dock_3.csv", "time,DO,pH\n2026-01-01 03:00,4.0,8.1\n");
  expect(told(await run())).toEqual({...quiet, read: 1});
  expect((await (await pond.fs()).versions("/in/dock")).map(({rows}) => rows)).toEqual([3, 2]);
});

test("files of a series that was taken away are read again", async () => {
  const {pond, put, run} = await harbour({files: "data/*.csv", into: "/in/all"});
  await put("a.csv", "time,DO\n2026-01-01,1\n");
  await put("b.csv", "time,DO\n1970-01-01,5\n2026-01-01,1\n2026-01-02,2\n");
  expect(told(await run())).toEqual({...quiet, read: 4, stored: 2, aside: 1});
  expect(told(await run())).toEqual(quiet);
  await pond.transaction({command: "test"}, (tx) => tx.remove("/in/all"));
  expect(told(await run())).toEqual({...quiet, read: 4, stored: 2});
  expect((await readings(pond, "/in/all")).map(({DO}) => DO)).toEqual([1, 2]);
  expect(told(await run())).toEqual(quiet);
});

test("a parameter that comes later is a column beside the others", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", "time,DO\n2026-01-01,1\n");
  await run();
  await put("dock.csv", "time,DO,pH\n2026-01-01,1,8\n2026-01-02,2,8\n");
  expect(told(await run())).toMatchObject({read: 2, stored: 2});
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: "2026-01-01T00:00:00.000Z", DO: 1, pH: 8},
    {time: "2026-01-02T00:00:00.000Z", DO: 2, pH: 8}
  ]);
});

test("however readings are spread over files and runs, the newest word on each time and column stands", async () => {
  const value = fc.option(fc.integer({min: 0, max: 3}), {nil: null});
  const file = fc.array(fc.tuple(fc.nat(5), value, value), {minLength: 1, maxLength: 8});
  await fc.assert(
    fc.asyncProperty(fc.array(file, {minLength: 1, maxLength: 4}), async (files) => {
      const {pond, put, run} = await harbour();
      const expected = new Map<string, Record<string, number>>();
      for (const rows of files) {
        const lines = rows.map(([hour, a, b]) => `2026-01-01 0${hour}:00,${a ?? ""},${b ?? ""},1`);
        await put("dock.csv", `time,a,b,c\n${lines.join("\n")}\n`);
        await run();
        for (const [hour, a, b] of rows) {
          const time = `2026-01-01T0${hour}:00:00.000Z`;
          const held = expected.get(time) ?? {};
          expected.set(time, {...held, ...(a === null ? {} : {a}), ...(b === null ? {} : {b}), c: 1});
        }
      }
      const found = await readings(pond, "/in/dock");
      const plain = found.map(({time, ...values}) => [
        time,
        Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null))
      ]);
      expect(plain).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)));
      expect((await run()).commits).toEqual([]);
    }),
    {numRuns: 12}
  );
}, 60_000);

test("readings of clocks that were not set are set aside, at the bounds exactly", async () => {
  const {pond, put, run} = await harbour();
  const times = ["1970-01-01T00:00:40Z", "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "2026-01-11T00:00:00Z"];
  const late = "2026-01-11T00:00:01Z";
  await put("dock.csv", ["time,DO", ...[...times, late].map((time, index) => `${time},${index}`), ""].join("\n"));
  expect(told(await run())).toEqual({...quiet, read: 5, stored: 2, aside: 3});
  expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual([2, 3]);
  expect((await readings(pond, "/sys/aside/in/dock")).map(({DO}) => DO)).toEqual([0, 1, 4]);
  expect((await run()).commits).toEqual([]);
});

// ---- How files are written ----

const half = {time: "2026-01-01T00:00:00.000Z", "DO.mg/L": 1.5};

test.each([{}, {timeZone: "America/Los_Angeles"}])(
  "times beyond what doubles tell to the microsecond are set aside as they are, and known again: %j",
  async (spec) => {
    const {pond, put, run} = await harbour({files: "data/*", into: "/in/dock", timeZone: "UTC", ...spec});
    await put("a.csv", "time,DO\n2024-03-14 00:00,1\n9999-12-31 23:59:59.999,2\n2024-03-14 00:30,3\n1600-01-01,4\n");
    expect(told(await run())).toEqual({...quiet, read: 4, stored: 2, aside: 2});
    expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual([1, 3]);
    await put("b.csv", "time,DO\n9999-12-31 23:59:59.999,2\n2300-01-01,5\n");
    expect(told(await run())).toEqual({...quiet, read: 2, aside: 1});
    await put("c.csv", "time,DO\n9999-12-31 23:59:59.999,6\n");
    expect(told(await run())).toEqual({...quiet, read: 1, aside: 1});
    const aside = await (await (await pond.fs()).series("/sys/aside/in/dock")).relation();
    const rows = await pond.duck.rows(`SELECT "DO", year(timestamp)::DOUBLE AS y FROM ${aside} ORDER BY timestamp`);
    expect(rows.map(({DO, y}) => [DO, Math.min(Number(y), 9999)])).toEqual([
      [4, 1600],
      [5, 2300],
      [6, 9999]
    ]);
  }
);

test.each<[string, string | Uint8Array, object?]>([
  ["commas", "time,DO.mg/L\n2026-01-01 00:00,1.5\n"],
  ["tabs", "time\tDO.mg/L\n2026-01-01 00:00\t1.5\n"],
  ["semicolons and decimal commas", "time;DO.mg/L\n2026-01-01 00:00;1,5\n"],
  ["semicolons and decimal points", "time;DO.mg/L\n2026-01-01 00:00;1.5\n"],
  ["a byte order mark and CRLF", "\uFEFFtime,DO.mg/L\r\n2026-01-01 00:00,1.5\r\n"],
  ["quotes", '"time","DO (mg/L)"\n"2026-01-01 00:00","1.5"\n'],
  ["words before the header", "Instrument: X\nSerial: 12\n\ntime,DO (mg/L)\n2026-01-01 00:00,1.5\n"],
  ["the date and the time apart", "Date,Time,DO.mg/L\n2026-01-01,00:00,1.5\n"],
  ["an offset", "time,DO.mg/L\n2026-01-01T00:00:00Z,1.5\n", {timeZone: "America/Los_Angeles"}],
  ["another offset", "time,DO.mg/L\n2025-12-31 16:00:00-08:00,1.5\n", {timeZone: "Asia/Tokyo"}],
  ["local time", "time,DO.mg/L\n2025-12-31 16:00,1.5\n", {timeZone: "America/Los_Angeles"}],
  ["seconds", "timestamp,DO.mg/L\n1767225600,1.5\n", {timeZone: "America/Los_Angeles"}],
  ["milliseconds", "timestamp,DO.mg/L\n1767225600000,1.5\n"],
  ["microseconds", "timestamp,DO.mg/L\n1767225600000000,1.5\n"],
  ["a column of times that is named", "Logged at,DO.mg/L\n2026-01-01,1.5\n", {time: "Logged at"}],
  ["a column of times that is found by its type", "DO.mg/L,logged\n1.5,2026-01-01 00:00\n"]
])("CSV with %s", async (_, content, spec = {}) => {
  const {pond, put, run} = await harbour(spec);
  await put("dock.csv", content);
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  expect(await readings(pond, "/in/dock")).toEqual([half]);
});

test("CSV in Latin-1, as old loggers write it", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", Buffer.from("time,Temperature (°C)\n2026-01-01,11\n", "latin1"));
  await run();
  expect(await readings(pond, "/in/dock")).toEqual([{time: half.time, "Temperature.°C": 11}]);
});

test("a header with a dot in its parameter, and names that SQL might take for its own", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", "timestamp,Sp. Conductivity (uS/cm),row,rowid,instant,v0\n2026-01-01,1,2,3,4,5\n");
  await run();
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: half.time, "Sp. Conductivity.uS/cm": 1, row: 2, rowid: 3, instant: 4, v0: 5}
  ]);
  const [column] = await (await (await pond.fs()).series("/in/dock")).columns();
  expect(column!.attributes).toEqual({instrument: "dock", parameter: "Sp. Conductivity", unit: "uS/cm"});
});

test.each([
  ["whole seconds", "1767225600::BIGINT"],
  ["milliseconds", "1767225600000::BIGINT"],
  ["TIMESTAMP", "TIMESTAMP '2026-01-01'"],
  ["TIMESTAMP_S", "TIMESTAMP_S '2026-01-01'"],
  ["TIMESTAMP_NS", "TIMESTAMP_NS '2026-01-01'"],
  ["TIMESTAMPTZ", "TIMESTAMPTZ '2025-12-31 16:00:00-08:00'"],
  ["text", "'2026-01-01T00:00:00Z'"]
])("Parquet with its time as %s", async (_, time) => {
  const {pond, at, run} = await harbour();
  const duck = await openDuck();
  await duck.copy(`SELECT ${time} AS timestamp, 1.5::FLOAT AS "DO.mg/L"`, at("dock.parquet"));
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  expect(await readings(pond, "/in/dock")).toEqual([half]);
});

test("names of files mean themselves, and patterns what they mean in the pond", async () => {
  const {pond, root, run} = await harbour({files: "data/*(*).csv", into: "/in/$1/$0"});
  await mkdir(join(root, "data/sub"));
  const names = ["log[1] (a).csv", "log1 (a).csv", "log* (b).csv", "logger (b).csv"];
  for (const [index, name] of [...names, "log.csv", "sub/log (c).csv", ".part (d).csv"].entries())
    await writeFile(join(root, "data", name), `time,DO\n2026-01-01,${index}\n`);
  expect(told(await run()).errors).toEqual([]);
  const found = await (await pond.fs()).glob("/in/*/*");
  expect(found.map(({path}) => path)).toEqual(["/in/a/log1 ", "/in/a/log[1] ", "/in/b/log* ", "/in/b/logger "]);
  const values = await Promise.all(found.map(async ({path}) => (await readings(pond, path)).map(({DO}) => DO)));
  expect(values).toEqual([[1], [0], [2], [3]]);
});

test("a pattern that reaches up and through directories", async () => {
  const {pond, root, run} = await harbour({files: "../{a,b}/**/*.csv", into: "/in/$0/$1/$2"});
  for (const folder of ["../a/x/y", "../b"]) await mkdir(join(root, folder), {recursive: true});
  await writeFile(join(root, "../a/x/y/one.csv"), "time,DO\n2026-01-01,1\n");
  await writeFile(join(root, "../b/two.csv"), "time,DO\n2026-01-01,2\n");
  await run();
  const fs = await pond.fs();
  expect((await fs.glob("/in/**")).filter(({stat}) => stat.kind === "series").map(({path}) => path)).toEqual([
    "/in/a/x/y/one",
    "/in/b/two"
  ]);
});

// ---- What is said ----

test("notes are told as long as the file is there, and only news is written", async () => {
  const {pond, named, put, run} = await harbour();
  const rows = [
    "2026-01-01 00:00,n/a,8,north",
    "2026-01-01 01:00,2,8,north",
    ",3,8,north",
    "2026-01-01 01:00,5,8,south"
  ];
  await put("dock.csv", ["time,DO,pH,Remark", ...rows, ""].join("\n"));
  const notes = [
    'column "DO" has text in 1 row, such as "n/a", taken as missing',
    'column "Remark" left out (it holds text)',
    "1 row without a time left out",
    "1 time stands in rows that differ, the last of which counts"
  ].map((note) => `${named("dock.csv")}: ${note}.`);
  expect(told(await run())).toEqual({...quiet, read: 3, stored: 2, notes});
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: "2026-01-01T00:00:00.000Z", DO: null, pH: 8},
    {time: "2026-01-01T01:00:00.000Z", DO: 5, pH: 8}
  ]);
  const again = await run();
  expect(told(again)).toEqual({...quiet, notes});
  expect(again.commits).toEqual([]);
});

test("a row without a value is told as such, and not as one that is known already", async () => {
  const {lines, named, put, run} = await harbour({files: "data/*_*.csv", into: "/in/$0"});
  const write = (name: string, ...rows: string[]) => put(name, ["time,DO,pH", ...rows, ""].join("\n"));
  await write("dock_1.csv", "2026-01-01 00:00,1,8", "2026-01-01 01:00,,", "2026-01-01 01:00,,", "2026-01-01 02:00,,8");
  await run();
  await write("dock_2.csv", "2026-01-01 00:00,1,", "2026-01-01 01:00,,", "2026-01-01 02:00,3,", "2026-01-01 03:00,,");
  await run();
  await put("quay_1.csv", "time,parameter,value\n2026-01-01,DO,1\n2026-01-02,DO,\n2026-01-03,,4\n");
  await run();
  expect(lines.filter((line) => line.includes("read"))).toEqual([
    `${named("dock_1.csv")}: 4 rows read, 2 stored, 0 known already, 1 without a value.`,
    `${named("dock_2.csv")}: 4 rows read, 1 stored, 1 known already, 2 without a value.`,
    `${named("quay_1.csv")}: 3 rows read, 1 stored, 0 known already, 2 without a value.`
  ]);
});

test("files without readings, and no file at all, are noted", async () => {
  const {named, put, run} = await harbour();
  expect(told(await run())).toEqual({...quiet, notes: ["No file matches data/*.*."]});
  await put("a.csv", "time,DO\n");
  await put("b.csv", "time,DO\n2026-01-01,\n");
  const notes = [`${named("a.csv")}: it has a header and no rows.`, `${named("b.csv")}: it has times and no values.`];
  expect(told(await run())).toEqual({...quiet, notes});
});

const minutes = (count: number) =>
  Array.from({length: count}, (_, i) => `${new Date(1.7e12 + i * 60_000).toISOString()},${(i * 7919) % 1000}\n`).join(
    ""
  );

test.each<[string, string, string | Uint8Array, string, object?]>([
  ["is empty", "bad.csv", "", "it is empty"],
  [
    "is no CSV",
    "bad.csv",
    "lorem ipsum\ndolor\n",
    "it has no column of times (it has lorem ipsum); set time to the one that holds them"
  ],
  ["is no text", "bad.csv", "PK\u0003\u0000,\u0000'\n", "it is no text, as CSV is"],
  [
    "has no header",
    "bad.csv",
    "2026-01-01,1,2\n2026-01-02,3,NaN\n",
    "it has no header, for its first line is 2026-01-01, 1, 2; write the names of its columns above"
  ],
  [
    "has a line too short",
    "bad.csv",
    "a\n\ntime,DO,pH\n2026-01-01,1,2\n2026-01-02,1\n",
    "its line 5 has 2 values where its header has 3"
  ],
  [
    "has lines too long far down",
    "bad.csv",
    `time,DO\n${"2026-01-01,1\n".repeat(30_000)}${"2026-01-02,1,2\n".repeat(3)}`,
    "its line 30002 has 3 values where its header has 2"
  ],
  [
    "has an open quote",
    "bad.csv",
    'time,DO\n2026-01-01,1\n"2026-01-02,2\n2026-01-03,3\n',
    "its line 3 cannot be read (Value with unterminated quote found)"
  ],
  [
    "has its header again, with other columns",
    "bad.csv",
    "time,DO,pH\n2026-01-01,1,8\ntime,pH,DO\n2026-01-02,8,1\n",
    "its header comes again in row 2 with other columns; make two files of it"
  ],
  [
    "is packed and cut",
    "bad.csv.gz",
    gzipSync(`time,DO\n${minutes(3000)}`).subarray(0, 6000),
    "it ends in the middle of what is packed in it, as a copy that is not finished does"
  ],
  ["has no numbers", "bad.csv", "time,who\n2026-01-01,me\n", "it has no column of numbers beside its times"],
  [
    "is of no known kind",
    "bad.xlsx",
    "PK",
    "it is none of .csv, .parquet, .jsonl, .json and .html, nor one of these packed as .gz or .zst"
  ],
  [
    "has a bad time",
    "bad.csv",
    "time,DO\n2026-01-01 00:00,1\nyesterday,2\n",
    'its column "time" holds "yesterday" in row 2, which is no time such as 2024-03-01 12:00 or 2024-03-01T12:00:00Z'
  ],
  [
    "lacks the column that is asked for",
    "bad.csv",
    "Logged at,DO\n2026-01-01,1\n",
    'it has no column "Loged at", but one "Logged at" (it has Logged at, DO)',
    {time: "Loged at"}
  ],
  [
    "has one column twice",
    "bad.csv",
    "time,DO (mg/L),DO.mg/L\n2026-01-01,1,2\n",
    'its columns "DO (mg/L)" and "DO.mg/L" are both DO.mg/L'
  ],
  ["is no Parquet", "bad.parquet", "PAR1 is how they begin", "it cannot be read as Parquet (Invalid Input Error: "]
])("a file that %s is named in every run, and the rest goes on", async (_, name, content, reason, spec = {}) => {
  const {pond, named, put, run} = await harbour(spec);
  const good = "time,DO,Logged at,Loged at\n2026-01-01,1,2026-01-01,2026-01-01\n";
  await put("a.csv", good);
  await put(name, content);
  await put("z.csv", good);
  const first = await run();
  const [error] = told(first).errors;
  expect(error).toContain(`${named(name)} was skipped: ${reason}`);
  expect(error).toMatch(/; mend it or take it away\.$/);
  if (!reason.endsWith(" ")) expect(error).toBe(`${named(name)} was skipped: ${reason}; mend it or take it away.`);
  expect(first.failed).toBe(true);
  const fs = await pond.fs();
  expect((await fs.list("/in")).map((stat) => stat.name)).toEqual(["a", "z"]);
  const second = await run();
  expect(told(second).errors).toEqual([error]);
  expect(second.failed).toBe(true);
  expect(second.commits).toEqual([]);
});

test("Parquet that is cut, or damaged inside, changes nothing that is stored", async () => {
  const {pond, at, named, put, run} = await harbour();
  const duck = await openDuck();
  await duck.copy(
    "SELECT make_timestamp(1767225600000000 + i * 1000000) AS timestamp, random() AS DO FROM range(50000) t(i)",
    at("dock.parquet")
  );
  await run();
  const before = await readings(pond, "/in/dock");
  const bytes = await readFile(at("dock.parquet"));
  await put("dock.parquet", bytes.subarray(0, bytes.length / 2));
  expect(told(await run()).errors[0]).toContain(`${named("dock.parquet")} was skipped: it cannot be read as Parquet (`);
  await put("dock.parquet", Buffer.from(bytes).fill(0x5a, 5000, 100_000));
  expect(told(await run()).errors[0]).toContain(`${named("dock.parquet")} was skipped: it cannot be read as Parquet (`);
  expect(await readings(pond, "/in/dock")).toEqual(before);
  await put("dock.parquet", bytes);
  const mended = await run();
  expect(told(mended)).toEqual(quiet);
  expect(await (await pond.fs()).versions("/in/dock")).toHaveLength(1);
});

test("Parquet whose type of times DuckDB does not know is named, and the rest goes on", async () => {
  const {pond, at, named, put, run} = await harbour();
  const duck = await openDuck();
  await duck.copy("SELECT make_timestamp(1767225600000000) AS timestamp, 1.5 AS DO", at("dock.parquet"));
  const bytes = await readFile(at("dock.parquet"));
  const unit = bytes.indexOf(Buffer.from([0x8c, 0x12, 0x1c, 0x2c])); // a type of timestamps, not in UTC, in units: µs
  bytes[unit + 3] = 0x4c; // in units that are none
  await put("dock.parquet", bytes);
  await put("quay.csv", "time,q\n2026-01-01,1\n");
  expect(told(await run())).toMatchObject({
    stored: 1,
    errors: [
      `${named("dock.parquet")} was skipped: it cannot be read as Parquet (Not implemented Error: Unimplemented TIMESTAMP encoding - missing UNIT); mend it or take it away.`
    ]
  });
  expect(await readings(pond, "/in/quay")).toEqual([{time: half.time, q: 1}]);
});

test("a series whose path is taken is named, and the rest goes on", async () => {
  const {pond, named, put, run} = await harbour();
  await pond.transaction({command: "test"}, (tx) => tx.mkdir("/in/dock", {recursive: true}));
  for (const name of ["dock.csv", "quay.csv"]) await put(name, `time,${name[0]}\n2026-01-01,1\n`);
  expect(told(await run()).errors).toEqual([
    `${named("dock.csv")} was not stored: /in/dock is a directory, not a series.`
  ]);
  expect(await readings(pond, "/in/quay")).toEqual([{time: half.time, q: 1}]);
});

// ---- Real measurements ----

describeShared("readings of a real harbour", "noyo/hydrovu", () => {
  test("five instruments: 23 readings of 1970 set aside, 12,699 hours at one site", async () => {
    const {pond, run} = await harbour({files: shared("noyo/hydrovu/NoyoCenter*.parquet"), into: "/hydrovu/$0"});
    const gathered = Date.parse("2026-06-01T00:00Z");
    const {rows, commits} = await run(gathered);
    const [report] = rows;
    expect(report!.errors).toEqual([]);
    expect(report!.read).toBe(report!.stored + report!.aside);
    expect(commits).not.toEqual([]);
    const site = (before: string) =>
      `SELECT timestamp FROM '${before}/hydrovu/Vulink_1' UNION SELECT timestamp FROM '${before}/hydrovu/AT500_1'`;
    const count = async (from: string) => {
      const sql = `SELECT count(*)::DOUBLE AS n FROM (${from}) WHERE timestamp < TIMESTAMPTZ '2025-10-16 21:00:00Z'`;
      return ((await (await pond.fs()).query(sql)).get(0) as unknown as {n: number}).n;
    };
    expect(await count(site(""))).toBe(12_699);
    expect(await count(`${site("")} UNION ${site("/sys/aside")}`)).toBe(12_722);
    const aside = await (await pond.fs()).query(`SELECT year(timestamp)::DOUBLE AS year FROM (${site("/sys/aside")})`);
    expect(aside.toArray().map((row) => (row as {year: number}).year)).toEqual(Array<number>(23).fill(1970));
    expect((await run(gathered)).commits).toEqual([]);
  });
});

test("a large file whose rows stand in no order is stored in stretches that do not overlap", async () => {
  const {pond, at, run} = await harbour({into: "/in/big"});
  const duck = await openDuck();
  const count = 700_000;
  const rows = `SELECT make_timestamp(1700000000000000 + i * 1000000) AS timestamp, i::DOUBLE AS a, (i % 7)::DOUBLE AS b FROM range(${count}) AS t(i)`;
  for (const order of ["hash(timestamp)", "timestamp DESC"]) {
    await duck.copy(`${rows} ORDER BY ${order}`, at("big.parquet"));
    const {read, stored, errors} = told(await run());
    expect({read, stored, errors}).toEqual({read: count, stored: order.startsWith("hash") ? count : 0, errors: []});
  }
  const fs = await pond.fs();
  const pieces = [...(await (await fs.series("/in/big")).pieces())].sort((a, b) => a.minTime - b.minTime);
  expect(pieces.length).toBeGreaterThan(1);
  for (const [index, {minTime}] of pieces.slice(1).entries()) expect(minTime).toBeGreaterThan(pieces[index]!.maxTime);
  const sums = "count(*)::DOUBLE AS n, sum(a) AS a, sum(b) AS b, count(DISTINCT timestamp)::DOUBLE AS times";
  const [found] = await pond.duck.rows(`SELECT ${sums} FROM ${await (await fs.series("/in/big")).relation()}`);
  const [plain] = await duck.rows(`SELECT ${sums} FROM (${rows})`);
  expect(found).toEqual(plain);
});
